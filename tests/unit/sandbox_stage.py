"""A small Connect and WhatsApp for the emulators' own tests: no network, no clients, no product.

Calls are checked against botocore's models on the way in and on the way out, so an answer that a
real client could not read fails the test.
"""

import json
from datetime import datetime

from botocore.model import OperationModel

from sandbox.amazon_connect.attachments import Attachments
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.connections import Connections
from sandbox.amazon_connect.instance import Instance
from sandbox.amazon_connect.records import Chat
from sandbox.amazon_connect.switches import ConnectSwitches
from sandbox.amazon_connect.tokens import TokenStore
from sandbox.clock import SandboxClock
from sandbox.connect import ConnectEmulator
from sandbox.connect_participant import ConnectParticipantEmulator
from sandbox.desk import Desk
from sandbox.flow_runner import FlowRunner
from sandbox.ids import Ids
from sandbox.lambda_functions import LambdaFunctions
from sandbox.phones import Phones
from sandbox.scheduler import Scheduler
from sandbox.social_messaging import SocialMessagingEmulator
from sandbox.whatsapp.account import BusinessNumber, Template, WhatsAppAccount
from sandbox.whatsapp.network import WhatsAppNetwork
from sandbox.whatsapp.storage import Storage
from sandbox.wire import Emulator, HttpRequest, HttpResponse, WireCall
from sandbox.wire.answers import answer
from sandbox.wire.checks import check
from sandbox.wire.models import service_api

CHAT_TOPIC = "arn:aws:sns:us-east-1:123456789012:chat-events"
EVENT_TOPIC = "arn:aws:sns:us-east-1:123456789012:whatsapp-events"

GREETING_THEN_QUEUE = {
    "Version": "2019-10-30",
    "StartAction": "Greet",
    "Metadata": {},
    "Actions": [
        {
            "Identifier": "Greet",
            "Type": "MessageParticipant",
            "Parameters": {"Text": "Welcome"},
            "Transitions": {
                "NextAction": "Choose queue",
                "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
                "Conditions": [],
            },
        },
        {
            "Identifier": "Choose queue",
            "Type": "UpdateContactTargetQueue",
            "Parameters": {"QueueId": "queue-general"},
            "Transitions": {
                "NextAction": "Queue",
                "Errors": [{"ErrorType": "NoMatchingError", "NextAction": "End"}],
                "Conditions": [],
            },
        },
        {
            "Identifier": "Queue",
            "Type": "TransferContactToQueue",
            "Parameters": {},
            "Transitions": {
                "NextAction": "End",
                "Errors": [
                    {"ErrorType": "QueueAtCapacity", "NextAction": "End"},
                    {"ErrorType": "NoMatchingError", "NextAction": "End"},
                ],
                "Conditions": [],
            },
        },
        {"Identifier": "End", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
    ],
}


class RecordedTopics:
    """SNS that keeps what was published: (topic, decoded message, attributes)."""

    def __init__(self):
        self.published = []

    def publish(self, topic_arn, message, attributes):
        self.published.append((topic_arn, json.loads(message), attributes))

    def records(self, topic_arn=CHAT_TOPIC):
        return [message for topic, message, _ in self.published if topic == topic_arn]


class Stage:
    """Everything wired up. `advance` lets time pass and due jobs run on their way."""

    def __init__(self):
        self.clock = SandboxClock()
        self.scheduler = Scheduler(self.clock)
        self.topics = RecordedTopics()
        self.ids = Ids(7)
        self._connect()
        self._whatsapp()

    def _connect(self):
        self.instance = Instance(ids=self.ids)
        self.instance.add_queue("General", queue_id="queue-general")
        self.instance.add_queue("Billing", queue_id="queue-billing")
        self.flow = self.instance.flows.add("inbound", json.dumps(GREETING_THEN_QUEUE))
        self.switches = ConnectSwitches()
        self.chats = Chats(self.instance, self.clock, self.scheduler, self.topics, self.switches)
        self.connections = Connections(self.chats)
        self.tokens = TokenStore(self.clock, self.switches)
        self.attachments = Attachments(self.chats, "http://127.0.0.1:1")
        self.lambdas = LambdaFunctions(self.clock, self.ids)
        self.runner = FlowRunner(self.chats, self.lambdas)
        self.desk = Desk(self.chats, self.runner)
        self.connect = ConnectEmulator(self.chats, self.connections, self.tokens)
        self.participant = ConnectParticipantEmulator(
            self.chats, self.connections, self.tokens, self.attachments
        )

    def _whatsapp(self):
        number = BusinessNumber(meta_id="106540352242922", key="a" * 32, number="15550100200")
        self.account = WhatsAppAccount(
            numbers=[number],
            templates=[
                Template(name="reopen", text="Hello {{1}}, may we go on?"),
                Template(name="paused", status="PAUSED", meta_id="1000000000000002"),
                Template(
                    name="code",
                    category="AUTHENTICATION",
                    text="{{1}}",
                    meta_id="1000000000000003",
                ),
            ],
            destinations=[{"eventDestinationArn": EVENT_TOPIC}],
        )
        self.number = number
        self.network = WhatsAppNetwork(
            self.account, self.clock, self.scheduler, self.topics, ids=self.ids
        )
        self.bucket = {}
        self.presigned = {}
        storage = Storage(
            put_object=self._put_object, get_object=self._get_object, fetch=self._fetch
        )
        self.social = SocialMessagingEmulator(self.network, storage)
        self.phones = Phones(self.network)

    # --- S3 in a dictionary ---------------------------------------------------------------------

    def _put_object(self, bucket, key, body, mime_type):
        if bucket != "puente-media":
            raise LookupError(bucket)
        self.bucket[key] = (body, mime_type)

    def _get_object(self, bucket, key):
        return self.bucket[key]

    def _fetch(self, request: HttpRequest) -> HttpResponse:
        if "broken" in request.url:
            raise ConnectionError("no answer")
        if "status=" in request.url:
            return HttpResponse(status=int(request.url.rpartition("status=")[2]))
        if request.method == "PUT":
            self.presigned[request.url] = (request.body, dict(request.headers))
            return HttpResponse()
        return HttpResponse(body=self.presigned[request.url][0])

    # --- calls ----------------------------------------------------------------------------------

    def call(self, emulator: Emulator, name: str, **params):
        operation: OperationModel = service_api(emulator.service).operation(name)
        check(params, operation.input_shape, emulator.service)
        call = WireCall(
            service=emulator.service,
            operation=name,
            params=params,
            headers={},
            at=self.clock.now(),
        )
        output = emulator.handle(call)
        answer(operation, output)
        return output

    def start_chat(self, **params):
        asked = {
            "InstanceId": self.instance.id,
            "ContactFlowId": self.flow.id,
            "ParticipantDetails": {"DisplayName": "Ana"},
            "ConnectionTypes": ["CONNECTION_CREDENTIALS"],
            "ChatStreamingConfiguration": {"StreamingEndpointArn": CHAT_TOPIC},
        }
        asked |= params
        return self.call(
            self.connect, "StartChatContact", **{k: v for k, v in asked.items() if v is not None}
        )

    def chat(self, started) -> Chat:
        return self.chats.find(started["ContactId"])

    def token(self, started) -> str:
        return started["ConnectionCredentials"]["ConnectionToken"]

    def say(self, started, text, **params):
        return self.call(
            self.participant,
            "SendMessage",
            ConnectionToken=self.token(started),
            ContentType="text/plain",
            Content=text,
            **params,
        )

    def send(self, body, **params):
        asked = {
            "originationPhoneNumberId": self.number.eum_id,
            "metaApiVersion": "v23.0",
            "message": body if isinstance(body, bytes) else json.dumps(body).encode(),
        }
        return self.call(self.social, "SendWhatsAppMessage", **(asked | params))

    def text(self, phone, words, **more):
        return self.send(
            {
                "messaging_product": "whatsapp",
                "to": f"+{phone.number}",
                "type": "text",
                "text": {"body": words},
                **more,
            }
        )

    # --- time -----------------------------------------------------------------------------------

    def settle(self):
        """Run what is due now."""
        self.scheduler.run_due()

    def advance(self, seconds):
        """Let time pass, running every job at its own time."""
        end: datetime = self.clock.now()
        end = self.clock.now().fromtimestamp(end.timestamp() + seconds, tz=end.tzinfo)
        while (due := self.scheduler.next_at()) is not None and due <= end:
            self.clock.at(max(due, self.clock.now()))
            self.scheduler.run_due()
        self.clock.at(end)

    # --- what was published ---------------------------------------------------------------------

    def streamed(self):
        """(role, content type without prefix, content) of every streamed record."""
        return [
            (
                record.get("ParticipantRole"),
                record["ContentType"].rpartition("connect.event.")[2],
                record.get("Content"),
            )
            for record in self.topics.records()
        ]

    def entries(self):
        """The decoded WhatsApp entries that were published."""
        return [
            json.loads(message["whatsAppWebhookEntry"])
            for message in self.topics.records(EVENT_TOPIC)
        ]

    def values(self):
        return [change["value"] for entry in self.entries() for change in entry["changes"]]

    def statuses(self):
        return [status for value in self.values() for status in value.get("statuses") or []]
