"""Builds everything from the settings; nothing else constructs a client.

What a text does not need is built when first asked for: the `connect` client (its model is large),
audio, media and AI. Each client is built once a process.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from botocore.config import Config
from pynamodb.connection import Connection

from chalicelib.arrivals import LOST
from chalicelib.breaker import Breaker
from chalicelib.bundles import Bundle
from chalicelib.content import Contents
from chalicelib.entries import InboundWork, Ingest, LateCardWork, OutboundWork, Worker
from chalicelib.errors import ServiceError
from chalicelib.gateways.contact_table import ContactTable
from chalicelib.gateways.conversation_table import ConversationTable
from chalicelib.gateways.dynamodb import DynamoDb
from chalicelib.gateways.message_table import MessageTable
from chalicelib.gateways.queues import Queues
from chalicelib.identities import Identities
from chalicelib.log import count
from chalicelib.receive import Receive
from chalicelib.settings import Settings
from chalicelib.texts import Texts
from chalicelib.whatsapp.payloads import read_receipt, typing

if TYPE_CHECKING:
    from chalicelib.flow_voice_notes import FlowVoiceNotes
    from chalicelib.gateways.connect_chat import ConnectChat
    from chalicelib.gateways.end_user_messaging import EndUserMessaging
    from chalicelib.gateways.media import MediaBucket
    from chalicelib.gateways.openai_ai import OpenAiGateway
    from chalicelib.inbound_files import InboundFiles
    from chalicelib.ports import WhatsApp
    from chalicelib.send_template import SendTemplate
    from chalicelib.showing import Showing
    from chalicelib.tell_agent import TellAgent
    from chalicelib.to_agent import ToAgent
    from chalicelib.to_customer import ToCustomer
    from chalicelib.voice_content import VoiceContents
    from chalicelib.voice_notes import VoiceNotes
    from chalicelib.webhook_entry import WebhookEntry

DAY = 24 * 3600
# No client call may outlive the function (protocol law 6): inbound ends after 20 s.
CONNECT_SECONDS = 2
READ_SECONDS = 8
POOL = 20  # SA-52: at most 20 connections
QUICK = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    max_pool_connections=POOL,
    retries={"total_max_attempts": 2, "mode": "standard"},
)
# Repeating a send into a FIFO queue is harmless, and an event that ingest could not queue comes
# back only after its long time-out: three quick tries.
PATIENT = QUICK.merge(Config(read_timeout=4, retries={"total_max_attempts": 3, "mode": "standard"}))
# SendWhatsAppMessage cannot be repeated safely (protocol law 7).
NEVER_AGAIN = QUICK.merge(Config(retries={"total_max_attempts": 1, "mode": "standard"}))
# Older S3 signatures ignore expiry; virtual hosts keep presigned links on one name.
SIGNED = QUICK.merge(Config(signature_version="s3v4"))


@cache
def texts_of(language: str) -> Texts:
    """The texts of one language."""
    return Texts(language)


class App:
    """The product, wired. `clock` gives epoch seconds, `new_id` a unique id."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.settings = settings
        self._now = clock
        self.new_id = new_id
        self._building = threading.RLock()
        self._clients: dict[str, Any] = {}

    def clock(self) -> int:
        return int(self._now())

    def agent_texts(self, _customer_language: str) -> Texts:
        """Agents read their own language, whatever the customer speaks."""
        return texts_of(self.settings.agent_language)

    def customer_texts(self, language: str) -> Texts:
        """Customers read theirs, where we know it."""
        return texts_of(language or self.settings.default_language)

    # --- doors ---------------------------------------------------------------------------

    def client(self, service: str, config: Config = QUICK) -> Any:
        """A boto3 client, built once; building is not safe on several threads at a time."""
        with self._building:
            if service not in self._clients:
                self._clients[service] = boto3.client(  # type: ignore[call-overload]
                    service, region_name=self.settings.aws_region, config=config
                )
            return self._clients[service]

    @cached_property
    def queues(self) -> Queues:
        urls = {
            "inbound": self.settings.inbound_queue_url,
            "outbound": self.settings.outbound_queue_url,
            "voice_notes": self.settings.voice_notes_queue_url,
            "dead_letters": self.settings.dead_letters_queue_url,
        }
        return Queues(self.client("sqs", PATIENT), urls)

    @cached_property
    def db(self) -> DynamoDb:
        from chalicelib.gateways import items

        items.use_tables(
            conversations=self.settings.dynamodb_table_conversations,
            messages=self.settings.dynamodb_table_messages,
        )
        connection = Connection(
            region=self.settings.aws_region,
            connect_timeout_seconds=CONNECT_SECONDS,
            read_timeout_seconds=READ_SECONDS,
            max_retry_attempts=1,
            max_pool_connections=POOL,
        )
        return DynamoDb(connection)

    @cached_property
    def conversations(self) -> ConversationTable:
        return ConversationTable(
            self.db, expires=self._conversation_expires, history_expires=self._history_expires
        )

    @cached_property
    def contacts(self) -> ContactTable:
        return ContactTable(
            self.db, expires=self._conversation_expires, history_expires=self._history_expires
        )

    @cached_property
    def history(self) -> MessageTable:
        return MessageTable(self.db, expires=self._history_expires)

    @cached_property
    def http(self) -> urllib3.PoolManager:
        return urllib3.PoolManager(maxsize=POOL, retries=False)

    @cached_property
    def chat(self) -> "ConnectChat":
        from chalicelib.gateways.connect_chat import ConnectChat

        return ConnectChat(
            connect=lambda: self.client("connect"),
            participant=self.client("connectparticipant"),
            http=self.http,
            instance_id=self.settings.connect_instance_id,
            flow_id=self.settings.connect_contact_flow_id,
            streaming_topic=self.settings.chat_streaming_topic_arn,
            duration_minutes=self.settings.chat_duration_minutes,
            one_call=self.settings.start_chat_in_one_call,
            breaker=Breaker("connect", self._now),
        )

    @cached_property
    def media(self) -> "MediaBucket":
        from chalicelib.gateways.media import MediaBucket

        return MediaBucket(self.client("s3", SIGNED), self.settings.s3_bucket_media)

    @cached_property
    def whatsapp(self) -> "WhatsApp":
        from chalicelib import wiring_whatsapp as forms

        return forms.provider(self)

    @cached_property
    def end_user_messaging(self) -> "EndUserMessaging":
        from chalicelib.gateways.end_user_messaging import EndUserMessaging

        return EndUserMessaging(
            self.client("socialmessaging", NEVER_AGAIN),
            put_url=self.media.put_url,
            bucket=self.settings.s3_bucket_media,
            meta_api_version=self.settings.meta_api_version,
        )

    @cached_property
    def ai(self) -> "OpenAiGateway":
        from openai import OpenAI

        from chalicelib.gateways.openai_ai import OpenAiGateway

        client = OpenAI(
            api_key=self.settings.openai_api_key.get_secret_value(),
            base_url=self.settings.openai_base_url,
            max_retries=0,  # the gateway retries within the caller's budget
            timeout=READ_SECONDS,
        )
        return OpenAiGateway(
            client,
            transcription_models=self.settings.transcription_models,
            structuring_models=self.settings.llm_models,
        )

    # --- use cases -----------------------------------------------------------------------

    @cached_property
    def to_agent(self) -> "ToAgent":
        from chalicelib.to_agent import ToAgent

        return ToAgent(
            conversations=self.conversations,
            history=self.history,
            showing=self.showing,
            queues=self.queues,
            clock=self.clock,
            new_id=self.new_id,
        )

    @cached_property
    def showing(self) -> "Showing":
        from chalicelib.showing import Showing

        return Showing(
            chat=self.chat,
            conversations=self.conversations,
            contents=Contents(
                files=lambda *args: self.inbound_files.of(*args),  # noqa: PLW0108  (built late)
                voice=lambda *args: self.voice_contents.of(*args),  # noqa: PLW0108  (built late)
                texts=self.agent_texts,
            ),
            read_media=lambda key: self.media.read(key),  # noqa: PLW0108  (built late)
            link=lambda key: self.media.link(key),  # noqa: PLW0108  (built late)
            texts=self.agent_texts,
            clock=self.clock,
        )

    @cached_property
    def voice_notes(self) -> "VoiceNotes":
        from chalicelib.gateways import audio
        from chalicelib.voice_notes import VoiceNotes

        return VoiceNotes(
            notes=self.history,
            whatsapp=self.whatsapp,
            media=self.media,
            ai=self.ai,
            audio=audio,
            clock=self.clock,
            breaker=Breaker("ai", self._now),
        )

    @cached_property
    def voice_contents(self) -> "VoiceContents":
        from chalicelib.voice_content import VoiceContents

        return VoiceContents(
            notes=self.voice_notes,
            queues=self.queues,
            texts=self.agent_texts,
            language=self.settings.agent_language,
        )

    @cached_property
    def flow_voice_notes(self) -> "FlowVoiceNotes":
        from chalicelib.flow_voice_notes import FlowVoiceNotes

        return FlowVoiceNotes(self.voice_notes)

    @cached_property
    def inbound_files(self) -> "InboundFiles":
        from chalicelib import wiring_whatsapp as forms

        return forms.inbound_files(self)

    @cached_property
    def send_template(self) -> "SendTemplate":
        from chalicelib import wiring_whatsapp as forms

        return forms.send_template(self)

    @cached_property
    def tell_agent(self) -> "TellAgent":
        from chalicelib.tell_agent import TellAgent

        return TellAgent(
            chat=self.chat, contacts=self.contacts, texts=self.agent_texts, clock=self.clock
        )

    @cached_property
    def to_customer(self) -> "ToCustomer":
        from chalicelib import wiring_whatsapp as forms
        from chalicelib.to_customer import ToCustomer

        return ToCustomer(
            contacts=self.contacts,
            conversations=self.conversations,
            history=self.history,
            chat=self.chat,
            whatsapp=self.whatsapp,
            replies=forms.outbound_replies(self),
            tell_agent=self.tell_agent,
            queues=self.queues,
            clock=self.clock,
            new_id=self.new_id,
            unsure_wait_s=self.settings.unsure_wait_seconds,
        )

    # --- entry points --------------------------------------------------------------------

    @cached_property
    def receive(self) -> Receive:
        return Receive(
            history=self.history,
            identities=Identities(self.conversations),
            texts=texts_of(self.settings.agent_language),
            origination_id=self.settings.whatsapp_phone_number_id,
            by_meta_id=self.settings.whatsapp_provider == "cloud_api",
            late_after_s=self.settings.late_notice_seconds,
            clock=self.clock,
        )

    @cached_property
    def webhook(self) -> "WebhookEntry":
        from chalicelib.webhook_entry import WebhookEntry

        return WebhookEntry(
            ingest=self.ingest,
            verify_token=self.settings.whatsapp_webhook_verify_token.get_secret_value(),
            app_secret=self.settings.whatsapp_app_secret.get_secret_value(),
        )

    @cached_property
    def ingest(self) -> Ingest:
        return Ingest(self.queues, agent_reads=self.settings.read_receipts == "on_agent")

    @cached_property
    def inbound(self) -> Worker:
        work = InboundWork(
            queues=self.queues,
            arrive=lambda record: self.receive.message(record.message_id, record.body),
            deliver=self._deliver,
            abandon=self.to_agent.abandon,
            shown=self._shown,
            moved=self.receive.moved,
        )
        return Worker("inbound", self.queues, work)

    @cached_property
    def outbound(self) -> Worker:
        from chalicelib import wiring_whatsapp as forms

        again = forms.send_again(self, self.tell_agent)
        work = OutboundWork(
            forward=self.to_customer.forward,
            end=self.to_customer.end,
            status=forms.deliveries(self, self.tell_agent, again).store,
            park=self.queues.park_unreadable,
            again=again.send,
            read=forms.agent_reads(self).mark,
        )
        return Worker("outbound", self.queues, work)

    @cached_property
    def late_cards(self) -> Worker:
        from chalicelib import wiring_whatsapp as forms
        from chalicelib.late_cards import LateCards

        cards = LateCards(
            notes=self.voice_notes,
            conversations=self.conversations,
            to_agent=self.to_agent,
            language=self.settings.agent_language,
        )
        work = LateCardWork(cards.deliver, forms.late_files(self).deliver)
        return Worker("voice_notes", self.queues, work)

    def _deliver(self, bundle: Bundle, remaining_s: Callable[[], float]) -> None:
        if self.settings.typing_indicator and bundle.members[0].kind == "voice":
            self._post_status(bundle, typing(bundle.members[-1].wamid))
        self.to_agent.deliver(bundle, remaining_s)

    def _shown(self, bundle: Bundle) -> None:
        """What the customer notices of it: blue ticks, or that we ask for it again."""
        if any(LOST in member.attributes for member in bundle.members):
            self._ask_again(bundle)
        if self.settings.read_receipts == "on_delivery":
            self._post_status(bundle, read_receipt(bundle.members[-1].wamid))

    def _ask_again(self, bundle: Bundle) -> None:
        from chalicelib import wiring_whatsapp as forms

        arrival = bundle.arrival
        forms.ask_again(self).ask(arrival.key, arrival.reply, arrival.language)

    def _post_status(self, bundle: Bundle, body: dict[str, Any]) -> None:
        """Best effort: a missing tick is no reason to show a message again."""
        try:
            self.whatsapp.post_status(bundle.arrival.reply.origination_id, body)
        except ServiceError:
            count("ReceiptsNotSent")

    def _conversation_expires(self) -> int:
        return self.clock() + self.settings.conversation_retention_days * DAY

    def _history_expires(self) -> int:
        return self.clock() + self.settings.message_retention_days * DAY


_current: list[App] = []


def current() -> App:
    """The App of this process, built from the environment at the first use."""
    if not _current:
        _current.append(App(Settings.from_environment()))
    return _current[-1]


@contextmanager
def using(app: App) -> Iterator[App]:
    """Let the entry points use `app` meanwhile: another clock, other settings."""
    _current.append(app)
    try:
        yield app
    finally:
        _current.remove(app)
