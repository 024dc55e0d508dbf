"""Agents are shown files and sound by a link: the calls of each function that makes one."""

from infra.recording_scenarios import PDF, QUEUES, failing, in_a_chat, voice_note_first
from sandbox.faults import Action, CallFacts
from sandbox.sample_files import sample_file
from sandbox.world import World


def links_in_the_chat(world: World) -> None:
    """An instance that takes no files: the agent has links, also to a file that comes late."""
    mia, _ = in_a_chat(world)
    failing(world, uploading, Action.VALIDATION, times=10)
    mia.sends("document", media=PDF, filename="form.pdf", mime_type="application/pdf")
    world.run_for(10)
    failing(world, lambda call: call.operation == "GetWhatsAppMessageMedia", Action.THROTTLE)
    world.router.faults.when(uploading, Action.VALIDATION, times=10)
    mia.sends("image", media=sample_file("image/jpeg"))
    world.run_for(300)


def a_link_in_the_guide(world: World) -> None:
    """A voice note opens the chat; the guide shows its words beside a link to the sound."""
    voice_note_first(world)
    agent = world.desk.agent("Ana", list(QUEUES))
    agent.accept()
    agent.open_guide()


def uploading(call: CallFacts) -> bool:
    return call.operation == "StartAttachmentUpload"


WITH_LINKS = (links_in_the_chat, a_link_in_the_guide)
