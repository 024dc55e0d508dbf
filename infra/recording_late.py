"""A late card and a chat that is over: what its worker may have to do for somebody else."""

from infra.recording_scenarios import VOICE_NOTE, failing, in_a_chat, on_chat, unheard
from sandbox.faults import Action
from sandbox.world import World


def card_after_the_chat(world: World) -> None:
    """The chat ends unheard while a note waits for its transcript: its card opens none. A text is
    there that nobody finished, and the card's worker opens a chat for that."""
    mia, agent = in_a_chat(world)
    unheard(world, "chat-events")
    world.switches.repeat_returns_participant_token = False
    failing(world, lambda call: call.service == "http:openai", Action.SERVER_ERROR, times=6)
    mia.sends_voice_note(VOICE_NOTE.read_bytes())
    world.settle()
    agent.end()
    failing(world, on_chat, Action.KILL_BEFORE)
    mia.says("One more thing")
    world.run_for(1)
    unheard(world, "inbound.fifo")
    failing(world, lambda call: call.operation == "StartChatContact", Action.TIMEOUT_AFTER, times=2)
    world.run_for(900)
