"""Every kind of conversation, so that each call the product can make is made once.

Happy ways, files, voice notes, lost answers, crashes, refusals and repeats; each function takes a
running `World`.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.desk import Agent
from sandbox.faults import Action, CallFacts
from sandbox.phones import Phone
from sandbox.sample_files import sample_file
from sandbox.world import World

QUEUES = ("General", "Orders", "Billing", "Support", "Claims", "Urgent")
VOICE_NOTE = Path(__file__).parent.parent / "sandbox" / "voice_notes" / "claim_en.ogg"
KILLED = Action.KILL_AFTER
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PDF = b"%PDF-1.4\n%%EOF\n"


def conversation(world: World) -> None:
    """A customer writes, an agent answers, both send files, the chat ends and begins again."""
    mia, agent = in_a_chat(world)
    agent.say("Hi **Mia**, it is on its way", "text/markdown")
    world.run_for(5)
    mia.says("Thanks")
    mia.sends("image", media=PNG, caption="the parcel")
    mia.sends("document", media=PDF, filename="odd.xyz", mime_type="application/x-odd")
    mia.sends_voice_note(VOICE_NOTE.read_bytes())
    world.run_for(60)
    agent.attach("bill.pdf", "application/pdf", PDF)
    world.run_for(5)
    agent.end()
    world.settle()
    mia.says("One more thing")
    world.run_for(5)


def voice_note_first(world: World) -> None:
    """A conversation that opens with a voice note: the flow asks for transcript and facts."""
    mia = world.phones.add("Mia", "15550100001")
    mia.sends_voice_note(VOICE_NOTE.read_bytes())
    world.run_for(120)


def slow_voice_note(world: World) -> None:
    """The speech service fails, WhatsApp's audio is late: queued once, and again for its card."""
    mia, _ = in_a_chat(world)
    failing(world, lambda call: call.service == "http:openai", Action.SERVER_ERROR, times=20)
    mia.sends_voice_note(VOICE_NOTE.read_bytes())
    world.run_for(600)
    failing(world, lambda call: call.operation == "GetWhatsAppMessageMedia", Action.THROTTLE)
    mia.sends_voice_note(VOICE_NOTE.read_bytes())
    world.run_for(600)


def flow_does_the_work(world: World) -> None:
    """The workers cannot reach the speech service; the flow's own functions can, later."""
    unheard(world, "voice-notes.fifo")
    until = world.clock.now() + timedelta(seconds=5)
    failing(
        world,
        lambda call: call.service == "http:openai" and call.at < until,
        Action.SERVER_ERROR,
        times=100,
    )
    mia = world.phones.add("Mia", "15550100001")
    mia.sends_voice_note(VOICE_NOTE.read_bytes())
    world.run_for(300)


def flow_asks_later(world: World) -> None:
    """The flow asks for facts long after the transcript was made."""
    flow_does_the_work(world)
    event = world.lambdas.invocations[-1].event
    world.lambdas.invoke(world.bundle.settings["arns"]["lambdas"]["structure"], event, limit_s=8)


def card_refused(world: World) -> None:
    """Connect refuses the late card for good: it is parked; another one is read back."""
    mia, _ = in_a_chat(world)
    for action, times in ((Action.VALIDATION, 30), (KILLED, 1)):
        failing(world, lambda call: call.service == "http:openai", Action.SERVER_ERROR, times=6)
        mia.sends_voice_note(VOICE_NOTE.read_bytes())
        world.settle()
        failing(
            world,
            lambda call: call.operation == "SendMessage" and on_chat(call),
            action,
            times=times,
        )
        world.run_for(900)


def note_killed(world: World) -> None:
    """The worker dies with a voice note in its hands: the next one goes on from what is saved."""
    mia, _ = in_a_chat(world)
    failing(world, lambda call: call.service == "http:openai", Action.KILL_BEFORE)
    mia.sends_voice_note(VOICE_NOTE.read_bytes())
    world.run_for(600)


def files_and_words_of_every_form(world: World) -> None:
    """Converted files, quotes, a file that comes late, paced messages, a template."""
    mia, agent = in_a_chat(world)
    agent.attach("recording.wav", "audio/wav", sample_file("audio/wav"))
    agent.say("Which one do you mean?")
    world.run_for(5)
    quoted = {"id": mia.screen[-1].wamid}
    mia.says("This one", context=quoted)
    failing(world, lambda call: call.operation == "GetWhatsAppMessageMedia", Action.THROTTLE)
    mia.sends("image", media=sample_file("image/jpeg"))
    world.run_for(300)
    for number in range(60):
        agent.say(f"line {number}")
    world.run_for(600)
    chat = world.chats.active()[0]
    details = {
        "ContactData": {"ContactId": chat.id, "Attributes": dict(chat.attributes)},
        "Parameters": {"template": "reopen", "name": "Mia"},
    }
    function = world.bundle.settings["arns"]["lambdas"]["send_template"]
    world.lambdas.invoke(function, {"Details": details}, limit_s=8)
    world.run_for(5)


def late_repeats(world: World) -> None:
    """A repeat of a message so old that only the history can tell whether it was shown."""
    published: list[str] = []
    publish = world.topics.publish

    def keeping(topic: str, message: str, attributes: Any = None) -> str:
        published.append(message)
        return publish(topic, message, attributes)

    world.topics.publish = keeping  # type: ignore[method-assign,assignment]
    mia, agent = in_a_chat(world)
    for number in range(70):  # the ring of done messages holds 64
        mia.says(f"line {number}")
        agent.say(f"answer {number}")
        world.run_for(7)
    world.topics.publish(world.whatsapp_topic, published[0])
    world.topics.publish(world.chat_topic, next(m for m in published if "answer 0" in m))
    world.run_for(60)


def crashes(world: World) -> None:
    """Workers die after writing: chats are read back, claims taken over, sends proven."""
    mia, agent = in_a_chat(world)
    failing(world, lambda call: call.operation == "SendMessage" and on_chat(call), KILLED)
    mia.says("again")
    world.run_for(300)
    failing(world, lambda call: call.operation == "SendWhatsAppMessage", Action.TIMEOUT_AFTER)
    agent.say("It may have arrived")
    world.run_for(300)
    failing(
        world,
        lambda call: call.operation == "SendMessage" and on_chat(call),
        Action.THROTTLE,
        times=4,
    )
    mia.says("and again")
    world.run_for(300)
    failing(world, lambda call: call.operation == "StartAttachmentUpload", KILLED)
    mia.sends("image", media=PNG)
    world.run_for(300)


def ends_nobody_heard_of(world: World) -> None:
    """Connect is asked whether a chat that refuses us is over: for a message, for a file."""
    mia, agent = in_a_chat(world)
    agent.attach("bill.pdf", "application/pdf", PDF)
    agent.end()
    world.run_for(60)
    mia.says("One more thing")
    world.run_for(5)
    unheard(world, "chat-events")
    world.chats.end(world.chats.active()[0], "OTHER")
    mia.says("Still there?")
    world.run_for(5)


def silence(world: World) -> None:
    """No status comes back at all: a send whose answer was lost is proven by none."""
    world.network.switches.statuses = "never"
    _, agent = in_a_chat(world)
    failing(world, lambda call: call.operation == "SendWhatsAppMessage", Action.TIMEOUT_AFTER)
    agent.say("It may have arrived")
    world.run_for(300)


def anonymous_statuses(world: World) -> None:
    """Statuses come back without our callback data and are found by the message's id."""
    world.network.switches.callback_data = False
    world.network.switches.message_id_is_wamid = True
    _, agent = in_a_chat(world)
    agent.say("On its way")
    world.run_for(10)


def window_closed(world: World) -> None:
    """The window moves on with a later message; a reply a day after that is not sent."""
    mia, agent = in_a_chat(world)
    world.run_for(7 * 3600)
    mia.says("Any news?")
    world.run_for(24 * 3600 + 60)
    agent.say("Are you still there?")
    world.run_for(60)


def early_greeting(world: World) -> None:
    """The flow greets before StartChatContact has answered."""
    world.switches.greeting_before_answer = True
    in_a_chat(world)


def forgotten_tokens(world: World) -> None:
    """StartChatContact is repeated and yields no participant token: that chat is stopped."""
    world.switches.repeat_returns_participant_token = False
    failing(world, lambda call: call.operation == "StartChatContact", Action.TIMEOUT_AFTER)
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello")
    world.run_for(300)


def two_identifiers(world: World) -> None:
    """A customer known by user id changes to an event that carries the number only, and back."""
    mia, _ = in_a_chat(world)
    world.network.switches.user_ids = False
    mia.says("Without a user id")
    world.run_for(10)


def parked(world: World) -> None:
    """Connect refuses a message for good; it is parked and the agent gets a placeholder."""
    mia, agent = in_a_chat(world)
    failing(world, on_chat, Action.VALIDATION)
    mia.says("unacceptable")
    world.run_for(600)
    failing(world, lambda call: call.operation == "SendWhatsAppMessage", Action.VALIDATION, times=5)
    agent.say("unacceptable")
    world.run_for(600)


def unreadable_events(world: World) -> None:
    """Events nobody can read are parked whole."""
    world.topics.publish(world.whatsapp_topic, "not an event")
    world.topics.publish(world.chat_topic, "not a record")
    for queue in ("inbound.fifo", "outbound.fifo", "voice-notes.fifo"):
        entry = {"MessageBody": "{}", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
        world.sqs.send(queue, entry)
    world.settle()


SCENARIOS = (
    conversation,
    voice_note_first,
    slow_voice_note,
    flow_does_the_work,
    flow_asks_later,
    card_refused,
    note_killed,
    late_repeats,
    files_and_words_of_every_form,
    crashes,
    ends_nobody_heard_of,
    silence,
    anonymous_statuses,
    window_closed,
    early_greeting,
    forgotten_tokens,
    two_identifiers,
    parked,
    unreadable_events,
)


def in_a_chat(world: World) -> tuple[Phone, Agent]:
    """Mia has written and Ana has taken the chat."""
    mia = world.phones.add("Mia", "15550100001")
    mia.says("Hello, where is my order 12345?")
    world.run_for(5)
    agent = world.desk.agent("Ana", list(QUEUES))
    agent.accept()
    world.run_for(5)
    return mia, agent


def unheard(world: World, queue: str) -> None:
    """From now on nobody takes from this queue."""
    world.deliverer.mappings[:] = [m for m in world.deliverer.mappings if m.queue != queue]


def on_chat(call: CallFacts) -> bool:
    return call.service == "connectparticipant"


def failing(
    world: World, which: Callable[[CallFacts], bool], action: Action, *, times: int = 1
) -> None:
    world.router.faults.clear()
    world.router.faults.when(which, action, times=times)
    world.router.faults.arm()
