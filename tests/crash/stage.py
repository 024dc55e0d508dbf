"""Customers, one after the other, in worlds that are replaced once a day.

Building a world takes a second, a customer nothing: a crash matrix of hundreds of runs shares
worlds, and every run has a customer of its own.
"""

import io
import itertools
import json
import re
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import boto3
from PIL import Image

from chalicelib.gateways.audio import wav_file
from chalicelib.whatsapp.limits import TEXT
from chalicelib.whatsapp.split import split
from chalicelib.whatsapp.to_chat import NOTICE_MARK
from sandbox.wire import HttpResponse
from sandbox.world import OPENING_TIME, World

QUEUES = ["General", "Orders", "Billing", "Support", "Claims", "Urgent"]
LIVES_FOR = timedelta(hours=24)  # a world that grows old grows slow
TRANSCRIPT = "Hello my order number 12345 has not arrived"
GREETED = "greeted"
# A message that waited, or was overtaken, tells its own time.
LATE = re.compile(r"\(sent (.* received|before the message above,) .*\)$")
# A file that does not load is announced in its place and follows when it can.
ANNOUNCED = re.compile(
    r".*(does not load yet; it follows here|that did not load before:"
    r"|^Voice note received, transcribing)"
)
LINK = "Open it: http"


def quick_transcription(_request):
    """A speech service that hears the same sentence in everything, at once."""
    answer = {
        "text": TRANSCRIPT,
        "logprobs": [{"token": word, "logprob": -0.05} for word in TRANSCRIPT.split()],
        "usage": {"type": "duration", "seconds": 2.0},
    }
    return HttpResponse(
        headers={"content-type": "application/json"}, body=json.dumps(answer).encode()
    )


def voice_note():
    """Two seconds of a low tone, enough to be a voice note."""
    return wav_file(b"\x00\x10" * 16_000 + b"\x00\xf0" * 16_000)


def picture():
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (37, 211, 102)).save(file, "jpeg")
    return file.getvalue()


def about_itself(line):
    """Whether the product says something about a message, not the customer."""
    return bool(LATE.match(line) or ANNOUNCED.match(line))


class Stage:
    """One customer, one agent, and what they did. `wrote`: what the agent must come to see.

    `tables` is a client of DynamoDB; `bodies`: what every queue gave to a function, by message id.
    """

    def __init__(self, world, phone, agent, tables, bodies):
        self.world, self.phone, self.agent = world, phone, agent
        self._tables, self._bodies = tables, bodies
        self._began = len(world.deliverer.deliveries)
        self.wrote = []
        self.chats_expected = 1
        self.collected = []

    # --- what people do -------------------------------------------------------------------

    def writes(self, text):
        self.phone.says(text)
        self.wrote.append([text])

    def sends_voice_note(self):
        self.phone.sends_voice_note(voice_note(), "audio/wav")
        self.wrote.append(["card", "file"])

    def sends_picture(self, caption=""):
        content = {"caption": caption} if caption else {}
        self.phone.sends("image", media=picture(), **content)
        self.wrote.append([*([f"[Photo] {caption}"] if caption else []), "file"])

    def answers(self):
        """The agent takes this customer's chat."""
        while True:
            chat = self.agent.accept()
            if chat.customer.display_name == self.phone.name:
                return chat

    def talks(self):
        """Customer and agent are in a live chat, and nothing is under way."""
        self.writes(GREETED)
        self.world.run_for(3)
        self.answers()
        self.world.run_for(3)

    def all_over(self):
        """Everybody leaves, so that the next customer finds an empty center."""
        for chat in self.world.chats.active():
            self.world.chats.end(chat, "CONTACT_FLOW_DISCONNECT")
        self.world.run_for(2)

    # --- what there is to see -------------------------------------------------------------

    def chats(self):
        return [chat for chat in self.world.chats if chat.customer.display_name == self.phone.name]

    def seen_by_agent(self, chat):
        """What the customer says in a chat, in words of `wrote`; notices are not theirs."""
        seen = []
        for item in chat.items:
            if item.type == "EVENT" or item.role != "CUSTOMER":
                continue
            if item.type == "ATTACHMENT":
                seen.append("file")
            elif LINK in item.content:
                seen.append("file")  # the chat took no attachment: the agent has a link
            elif TRANSCRIPT in item.content:
                seen.append("card")
            elif not item.content.startswith(NOTICE_MARK):
                lines = item.content.split("\n")
                seen += [line for line in lines if not about_itself(line)]
        return seen

    @property
    def promised_files(self):
        """Whether the agent was told that a file follows."""
        return any(ANNOUNCED.match(item.content or "") for c in self.chats() for item in c.items)

    def notices(self, chat):
        return [
            item.content
            for item in chat.items
            if item.type == "MESSAGE" and (item.content or "").startswith(NOTICE_MARK)
        ]

    def said_to_customer(self):
        """What flows and agents said, chat by chat, as WhatsApp's messages; files as "file"."""
        return [
            part
            for chat in self.chats()
            for item in chat.items
            if item.type != "EVENT" and item.role != "CUSTOMER" and item.visible_to("CUSTOMER")
            for part in (["file"] if item.type == "ATTACHMENT" else split(item.content, TEXT))
        ]

    def on_the_phone(self):
        return [
            "file" if bubble.kind in ("image", "document", "audio") else bubble.text
            for bubble in self.phone.screen
        ]

    def dead_letters(self):
        return [
            json.loads(message.body)
            for name, queue in self.world.sqs.queues.items()
            if name.startswith("dead-letters") or "-dlq" in name
            for message in queue.messages.values()
        ]

    def collect_dead_letters(self):
        """An operator takes them away."""
        self.collected += self.dead_letters()
        self.world.sqs.queues["dead-letters.fifo"].purge()

    def claims(self):
        """Items with work that nobody ended."""
        found = self._tables.scan(
            TableName="puente-conversations",
            FilterExpression="attribute_exists(#pending)",
            ExpressionAttributeNames={"#pending": "pending_id"},
        )
        return [row["key"]["S"] for row in found["Items"]]

    def died_with(self, words):
        """Whether an invocation died that had an event with all these words in hand."""
        deliveries = self.world.deliverer.deliveries[self._began :]
        lost = [each for one in deliveries if one.outcome == "killed" for each in one.message_ids]
        return any(all(word in self._bodies[each] for word in words) for each in lost)

    def left_in_queues(self):
        return [
            name
            for name, queue in self.world.sqs.queues.items()
            if queue.messages and not name.startswith("dead-letters")
        ]


class Stages:
    """Gives out stages; a world that saw a failure, or a whole day, is not used again.

    `prepare`: what a new world gets besides; `lives_for`: until it is replaced.
    """

    def __init__(
        self,
        *,
        transcription=quick_transcription,
        prepare=lambda world: None,
        lives_for=LIVES_FOR,
        **world,
    ):
        self._settings = world
        self._transcription, self._prepare, self._lives_for = transcription, prepare, lives_for
        self._open = ExitStack()
        self._world = None
        self._numbers = itertools.count(1)
        self._bodies = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open.close()

    def take(self):
        if self._world is not None and self._world.clock.now() > OPENING_TIME + self._lives_for:
            self.discard()
        if self._world is None:
            self._start()
        self._bodies.clear()
        self._world.network.switches.statuses = "soon"
        number = next(self._numbers)
        phone = self._world.phones.add(f"Customer {number}", f"1555{number:07}")
        return Stage(self._world, phone, self._agent, self._tables, self._bodies)

    def discard(self):
        """Start a new world at the next `take`."""
        self._open.close()
        self._open, self._world = ExitStack(), None

    def _start(self):
        self._world = self._open.enter_context(World(**self._settings))
        path = "/v1/audio/transcriptions"
        self._world.router.mount(path, self._transcription, name="openai", locked=False)
        self._prepare(self._world)
        self._agent = self._world.desk.agent("Ana", QUEUES)
        self._tables = boto3.client("dynamodb")
        instance = self._world.instance
        for hours in list(instance.hours.values()):
            instance.add_hours(hours.name, hours_id=hours.id)  # day and night
        deliverer = self._world.deliverer
        deliverer.mappings[:] = [self._witnessed(mapping) for mapping in deliverer.mappings]

    def _witnessed(self, mapping):
        def handler(event, context):
            self._bodies.update((each["messageId"], each["body"]) for each in event["Records"])
            return mapping.handler(event, context)

        return replace(mapping, handler=handler)
