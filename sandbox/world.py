"""The whole sandbox in one process: AWS, WhatsApp and OpenAI at the wire, Puente in the middle.

    with World() as world:
        mia = world.phones.add("Mia", "15550100001")
        mia.says("Hello")
        world.settle()

One clock, one seed: the same calls happen in the same order every time. Everything the product
does goes through real clients.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

import app as entry_points
from chalicelib import wiring
from chalicelib.gateways import items
from chalicelib.settings import Settings
from flowkit.bundle import Bundle
from lambdas import send_template, structure_voice_note, transcribe_voice_note
from sandbox import flow_files
from sandbox.amazon_connect import attachments
from sandbox.amazon_connect.attachments import Attachments
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.connections import Connections
from sandbox.amazon_connect.instance import Instance
from sandbox.amazon_connect.switches import ConnectSwitches
from sandbox.amazon_connect.tokens import TokenStore
from sandbox.clock import SandboxClock
from sandbox.connect import ConnectEmulator
from sandbox.connect_participant import ConnectParticipantEmulator
from sandbox.deliverer import Deliverer
from sandbox.deliverer import Mapping as EventSource
from sandbox.deployed import Deployed
from sandbox.desk import Desk
from sandbox.dynamodb import DynamoDbEmulator
from sandbox.flow_runner import FlowRunner
from sandbox.iam import IamEmulator
from sandbox.ids import Ids
from sandbox.in_process import in_process
from sandbox.lambda_functions import LambdaFunctions
from sandbox.object_store import ObjectStore, create_bucket
from sandbox.openai_endpoint import OpenAiEndpoint
from sandbox.phones import Phones
from sandbox.plain_http import LoopbackHttp
from sandbox.scheduler import Scheduler
from sandbox.service_quotas import ServiceQuotasEmulator
from sandbox.sns import SnsEmulator
from sandbox.social_messaging import SocialMessagingEmulator
from sandbox.sqs.emulator import SqsEmulator
from sandbox.topics import Topics
from sandbox.whatsapp.account import BusinessNumber, Template, WhatsAppAccount
from sandbox.whatsapp.network import WhatsAppNetwork
from sandbox.whatsapp.storage import Storage
from sandbox.wire.router import Router

REGION = "us-east-1"
BUCKET = "puente-media"
OPENAI = "/v1"
TABLES = {"conversations": "puente-conversations", "messages": "puente-messages"}
# A Wednesday inside the opening hours of contact_flows/settings.yaml (New York, 11 o'clock).
OPENING_TIME = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
FIFO_QUEUES = ("inbound.fifo", "outbound.fifo", "voice-notes.fifo")
EVENT_QUEUES = ("whatsapp-events", "chat-events")
# As infra deploys them: visibility at least six function time-outs, receives enough for outages.
FUNCTION_SECONDS = 20
VISIBILITY_SECONDS = 120
MAX_RECEIVES = 100
FLOWS = Path(__file__).parent.parent / "contact_flows"


# Nobody limits us here, unless a switch says so: then a test sets the quotas as well.
NO_QUOTAS = (
    "CONNECT_MESSAGES_PER_SECOND",
    "CONNECT_CHATS_PER_SECOND",
    "CONNECT_UPLOADS_PER_SECOND",
    "WHATSAPP_MESSAGES_PER_SECOND",
    "WHATSAPP_PAIR_SECONDS",
    "AI_CALLS_PER_MINUTE",
)


class World:
    """A running sandbox. `settings` overrides environment values of the product by name.

    `dynamodb`: our own quick emulator, or moto as a second opinion.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        clock: SandboxClock | None = None,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        flows: Path = FLOWS,
        dynamodb: Literal["own", "moto"] = "own",
    ) -> None:
        self.clock = clock or SandboxClock(OPENING_TIME)
        self.product_ahead_s = 0.0  # how far the clock of the product's machine is wrong
        self.ids = Ids(seed)
        self.router = Router(self.clock)
        self.scheduler = Scheduler(self.clock, self.router.lock)
        self.router.wake = self.scheduler.at
        self.sqs = SqsEmulator(self.clock, self.ids)
        self.topics = Topics(self.clock, self.scheduler, self.sqs, self.ids, seed=seed)
        self.whatsapp_topic = self.topics.create("whatsapp-events")
        self.chat_topic = self.topics.create("chat-events")
        self.deliverer = Deliverer(self.router, self.scheduler, self.sqs, self.ids)
        self.bundle: Bundle = flow_files.rendered(flows)
        self._port = port
        self._overrides = dict(settings or {})
        self._stack = ExitStack()
        self._connect()
        self._whatsapp()
        self.quotas, self.iam = ServiceQuotasEmulator(), IamEmulator()
        emulators = (self.connect, self.participant, self.social, self.sqs)
        self.sns, self.deployed = SnsEmulator(self.topics), Deployed(self.clock)
        self.router.add(*emulators, self.quotas, self.iam, self.sns, *self.deployed.emulators)
        if dynamodb == "own":
            self.router.add(DynamoDbEmulator(self.clock))

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            running = stack.enter_context(in_process(self.router, port=self._port))
            self.url = running.url
            self._mount()
            self._resources()
            self.app = wiring.App(
                Settings.from_environment(self.environment()),
                clock=lambda: self.clock.now().timestamp() + self.product_ahead_s,
                new_id=self.ids.uuid,
            )
            stack.enter_context(wiring.using(self.app))
            self._functions()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    # --- living in it ---------------------------------------------------------------------

    def settle(self) -> None:
        """Let everything happen that happens at this moment."""
        self.deliverer.run_until_idle()

    def run_for(self, seconds: float) -> None:
        """Let time pass, with everything that becomes due on the way."""
        self.deliverer.run_for(seconds)

    def environment(self) -> dict[str, str]:
        """What the product's functions have in their environment."""
        flow = self.bundle.settings["flows"]["whatsapp_inbound"]["id"]
        queues = {
            "INBOUND_QUEUE_URL": "inbound.fifo",
            "OUTBOUND_QUEUE_URL": "outbound.fifo",
            "VOICE_NOTES_QUEUE_URL": "voice-notes.fifo",
            "DEAD_LETTERS_QUEUE_URL": "dead-letters.fifo",
        }
        return {
            "APP_ENV": "local",
            "CHECK_PARAMETERS": "true",
            "AWS_REGION": REGION,
            "CONNECT_INSTANCE_ID": self.instance.id,
            "CONNECT_CONTACT_FLOW_ID": flow,
            "CHAT_STREAMING_TOPIC_ARN": self.chat_topic,
            "WHATSAPP_PHONE_NUMBER_ID": self.number.eum_id,
            "DYNAMODB_TABLE_CONVERSATIONS": TABLES["conversations"],
            "DYNAMODB_TABLE_MESSAGES": TABLES["messages"],
            "S3_BUCKET_MEDIA": BUCKET,
            "OPENAI_API_KEY": "sandbox",
            "OPENAI_BASE_URL": f"{self.url}{OPENAI}",
            # The offline recogniser knows how sure it is and says so only to models that have
            # logprobs; the default model has none.
            "TRANSCRIPTION_MODELS": "gpt-4o-transcribe",
            **dict.fromkeys(NO_QUOTAS, "0"),
            **{name: self.sqs.url(queue) for name, queue in queues.items()},
            **self._overrides,
        }

    # --- building it ----------------------------------------------------------------------

    def _connect(self) -> None:
        values = self.bundle.settings
        self.instance = Instance(ids=self.ids, id=values["instance"])
        for name, hours in values["hours"].items():
            self.instance.add_hours(
                name,
                time_zone=hours["time_zone"],
                open_on=tuple(
                    (day.upper(), *span.split("-"))
                    for day, spans in hours["open"].items()
                    for span in spans
                ),
                hours_id=hours["id"],
            )
        for name, queue in values["queues"].items():
            self.instance.add_queue(name, queue_id=queue["id"])
        self.switches = ConnectSwitches()
        self.chats = Chats(self.instance, self.clock, self.scheduler, self.topics, self.switches)
        self.connections = Connections(self.chats)
        tokens = TokenStore(self.clock, self.switches)
        self.attachments = Attachments(self.chats)
        self.lambdas = LambdaFunctions(self.clock, self.ids, self.router.lock.released)
        self.flow_runner = FlowRunner(self.chats, self.lambdas)
        self.desk = Desk(self.chats, self.flow_runner)
        self.connect = ConnectEmulator(self.chats, self.connections, tokens)
        self.connect.agents = lambda: self.desk.agents
        self.participant = ConnectParticipantEmulator(
            self.chats, self.connections, tokens, self.attachments
        )
        self._publish_flows()

    def _whatsapp(self) -> None:
        self.number = BusinessNumber(meta_id="106540352242922", key="a" * 32, number="15550100200")
        account = WhatsAppAccount(
            numbers=[self.number],
            templates=[
                Template(name="reopen", text="Hello {{1}}, may we go on?"),
                Template(
                    name="feedback",
                    text="Hello {{1}}, we would like to hear how it went.",
                    meta_id="1000000000000002",
                ),
            ],
            destinations=[{"eventDestinationArn": self.whatsapp_topic}],
        )
        self.network = WhatsAppNetwork(
            account, self.clock, self.scheduler, self.topics, ids=self.ids
        )
        self.objects = ObjectStore()
        self.social = SocialMessagingEmulator(
            self.network,
            Storage(
                put_object=self.objects.put,
                get_object=self.objects.get,
                fetch=LoopbackHttp(lambda: self.url).fetch,
                released=self.router.lock.released,
            ),
        )
        self.phones = Phones(self.network)

    def _publish_flows(self) -> None:
        for kind, flows in (("flows", self.bundle.flows), ("modules", self.bundle.modules)):
            for name, flow in flows.items():
                self.instance.flows.add(
                    name,
                    flow.to_json(indent=None),
                    flow_id=self.bundle.settings[kind][name]["id"],
                    kind="flow-module" if kind == "modules" else "contact-flow",
                )
        for name, view in self.bundle.views.items():
            view_id = self.bundle.settings["views"][name]["id"]
            self.instance.own_views.add(view, view_id=view_id)

    def _mount(self) -> None:
        self.attachments.base_url = self.url
        self.router.mount(attachments.PREFIX, self.attachments.files, name="attachments")
        # Recognising takes seconds: not under the sandbox's lock.
        openai = OpenAiEndpoint(self.clock.now)
        self.router.mount(OPENAI, openai.handle, name="openai", locked=False)

    def _resources(self) -> None:
        create_bucket(BUCKET)
        items.use_tables(**TABLES)
        for model in (items.ConversationItem, items.MessageItem):
            model.create_table(billing_mode="PAY_PER_REQUEST", wait=False)
        for name in ("dead-letters.fifo", *FIFO_QUEUES, *EVENT_QUEUES):
            self._queue_with_redrive(name)
        self.topics.subscribe(self.whatsapp_topic, "whatsapp-events")
        self.topics.subscribe(self.chat_topic, "chat-events")

    def _queue_with_redrive(self, name: str) -> None:
        letters = name.replace(".fifo", "-dlq.fifo") if name.endswith(".fifo") else f"{name}-dlq"
        self._queue(letters, {})
        arn = f"arn:aws:sqs:{REGION}:123456789012:{letters}"
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": "{MAX_RECEIVES}"}}'
        self._queue(name, {"RedrivePolicy": policy, "VisibilityTimeout": str(VISIBILITY_SECONDS)})

    def _queue(self, name: str, attributes: dict[str, str]) -> None:
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        self.sqs.create_queue({"QueueName": name, "Attributes": {**fifo, **attributes}})

    def _functions(self) -> None:
        sources: dict[str, Callable[..., Any]] = {
            "whatsapp-events": entry_points.ingest,
            "chat-events": entry_points.ingest,
            "inbound.fifo": entry_points.inbound,
            "outbound.fifo": entry_points.outbound,
            "voice-notes.fifo": entry_points.voice_notes,
        }
        for queue, handler in sources.items():
            self.deliverer.map(
                EventSource(
                    queue=queue,
                    handler=handler,
                    function_name=queue.partition(".")[0],
                    timeout_s=FUNCTION_SECONDS,
                )
            )
        arns = self.bundle.settings["arns"]["lambdas"]
        handlers = {
            "transcribe": transcribe_voice_note.handler,
            "structure": structure_voice_note.handler,
            "send_template": send_template.handler,
        }
        for name, function in handlers.items():
            self.flow_runner.register_lambda(arns[name].rsplit(":", 1)[1], function)
