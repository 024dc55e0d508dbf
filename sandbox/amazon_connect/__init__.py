"""The state of the emulated Amazon Connect instance: contacts, participants, flows, queues."""
