"""Puente in a container: the entry points of `app.py`, fed by a process instead of by Lambda."""
