"""A customer of whom something lies everywhere, and a scan that finds it."""

import base64
import json
from pathlib import Path

import boto3

from sandbox import wishes
from sandbox.faults import Action
from sandbox.world import BUCKET, TABLES

NUMBER, USER_ID, NAME = "15550100001", "US.1349712345", "Mia Merkwuerdig"
VOICE_NOTE = Path(__file__).parents[2] / "sandbox" / "voice_notes" / "claim_en.ogg"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
WORDS = ("turquoise bicycle", "violet lamp", "I am on it, dear", "lost in the letters")


class Story:
    """Mia writes, speaks, sends a picture; Ana answers; one message is parked."""

    def __init__(self, world):
        self.world = world
        self.mia = world.phones.add(NAME, NUMBER, user_id=USER_ID)
        self.ana = world.desk.agent("Ana", list(world.bundle.settings["queues"]))
        self.first_event = ""
        self._happens()

    def _happens(self):
        self.mia.says("My turquoise bicycle")
        (event,) = self.world.sqs.queues["whatsapp-events"].messages.values()
        self.first_event = event.body
        self.world.run_for(5)
        self.chat = self.ana.accept()
        self.mia.sends("image", media=PNG, caption="the violet lamp")
        self.mia.sends_voice_note(VOICE_NOTE.read_bytes())
        self.world.run_for(60)
        self.ana.say("I am on it, dear")
        self.world.run_for(5)
        self._parked("lost in the letters")
        self.world.run_for(60)

    def _parked(self, text):
        faults = self.world.router.faults
        # Whatever else is shown at this moment (a late card) is refused as well.
        faults.on("connectparticipant", "SendMessage", Action.VALIDATION, nth=None)
        faults.arm()
        self.mia.says(text)
        self.world.run_for(5)
        faults.clear()

    @property
    def keys(self):
        return wishes.keys(self.world, NUMBER, USER_ID)

    def wishes_to_be_forgotten(self):
        self.enters_the_wish()
        self.world.settle()

    def enters_the_wish(self):
        wishes.forget(self.world, NUMBER, USER_ID)

    def stored(self):
        """Everything that lies anywhere, as text."""
        return json.dumps([items(self.world), objects(), queued(self.world)], default=str)

    def left(self):
        """What of Mia can still be found."""
        traces = (NUMBER, USER_ID, NAME, *WORDS, *self.keys, _in_wamids(NUMBER))
        text = self.stored()
        return [trace for trace in traces if trace in text]


def _in_wamids(number):
    """A wamid holds the customer's number in base64."""
    return base64.b64encode(number[:9].encode()).decode()


def items(world):
    return {
        name: boto3.client("dynamodb").scan(TableName=name)["Items"] for name in TABLES.values()
    }


def objects():
    page = boto3.client("s3").list_object_versions(Bucket=BUCKET)
    return page.get("Versions", []) + page.get("DeleteMarkers", [])


def queued(world):
    return {
        name: [message.body for message in queue.messages.values()]
        for name, queue in world.sqs.queues.items()
    }


class Forgettable(Story):
    """The shortest story that leaves something everywhere."""

    def _happens(self):
        self.mia.says("My turquoise bicycle")
        self.world.run_for(5)
        self.chat = self.ana.accept()
        self.mia.sends("image", media=PNG, caption="the violet lamp")
        self.world.run_for(5)
        self._parked("lost in the letters")

    def erased_with(self, index, action):
        """Erase with this call failing; returns how many calls the undisturbed part makes."""
        faults = self.world.router.faults
        self.enters_the_wish()
        faults.at(index, action)
        faults.arm()
        self.world.settle()
        calls = faults.calls()
        self.world.run_for(2400)
        faults.clear()
        return calls
