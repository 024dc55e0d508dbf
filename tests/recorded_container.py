"""What the container calls besides what the functions do in whose place it works."""

from dataclasses import replace

from container.__main__ import pollers
from infra.recording import Call, Recorder
from infra.recording_scenarios import PNG, failing
from infra.settings import Worker
from sandbox.faults import Action
from sandbox.world import World

CONTAINER = "container"
# Long enough for a file that WhatsApp does not give at first, and for a queue to be found empty.
TURNS, TURN_SECONDS = 40, 5
EVENTS = {"whatsapp_events_queue_url": "whatsapp-events", "chat_events_queue_url": "chat-events"}
READ_BY = {"whatsapp-events": "ingest", "chat-events": "ingest", "voice-notes": "voice_notes"}


def container_reads(mode: str) -> set[Call]:
    """A customer writes, and sends a file that is late; the container reads its mode's queues."""
    with World(settings={"RUN_MODE": mode}) as world:
        replaced = Worker(mode=mode).instead_of
        world.deliverer.mappings[:] = [
            one
            for one in world.deliverer.mappings
            if READ_BY.get(one.function_name, one.function_name) not in replaced
        ]
        if mode == "inline":
            urls = {name: world.sqs.url(queue) for name, queue in EVENTS.items()}
            world.app.settings = replace(world.app.settings, **urls)
        recorder, readers = Recorder(world), pollers(world.app)
        mia = world.phones.add("Mia", "15550100001")
        mia.says("Hello")
        failing(world, lambda call: call.operation == "GetWhatsAppMessageMedia", Action.THROTTLE)
        mia.sends("image", media=PNG)
        for _ in range(TURNS):
            world.run_for(TURN_SECONDS)
            with recorder.during(CONTAINER):
                for reader in readers:
                    reader.turn()
        assert mia.texts, "the greeting came, so the container worked"
        return {call for call in recorder.calls if call.function == CONTAINER}
