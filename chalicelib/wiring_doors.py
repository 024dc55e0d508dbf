"""Builds the doors: clients, and the gateways in front of them. Nothing else constructs a client.

Each is built once a process, and only when first asked for: `app.ingest` needs SQS alone, a text in
a live chat no `connect` client (its model is large), no audio, no AI.
"""

import threading
import time
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore import UNSIGNED
from botocore.config import Config

from chalicelib.gateways import sdk
from chalicelib.gateways.queues import Queues
from chalicelib.settings import Settings

if TYPE_CHECKING:
    import urllib3
    from botocore.session import Session

    from chalicelib.gateways.connect_chat import ConnectChat
    from chalicelib.gateways.contact_table import ContactTable
    from chalicelib.gateways.conversation_table import ConversationTable
    from chalicelib.gateways.dynamodb import DynamoDb
    from chalicelib.gateways.end_user_messaging import EndUserMessaging
    from chalicelib.gateways.media import MediaBucket
    from chalicelib.gateways.message_table import MessageTable
    from chalicelib.gateways.queue_reader import QueueReader
    from chalicelib.gateways.secrets import Secrets
    from chalicelib.paced_ai import PacedAi
    from chalicelib.ports.whatsapp import WhatsApp
    from chalicelib.setting_values import Secret

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
# Reading a queue waits for messages (gateways/queue_reader.py, WAIT_SECONDS).
WAITING = QUICK.merge(Config(read_timeout=20))
# Asking whether somebody is there: a load balancer waits for the answer.
PROBING = QUICK.merge(
    Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1, "mode": "standard"})
)
# SendWhatsAppMessage cannot be repeated safely (protocol law 7).
NEVER_AGAIN = QUICK.merge(Config(retries={"total_max_attempts": 1, "mode": "standard"}))
# End User Messaging moves a file, up to 100 MB, before it answers. Twice the same does no harm, and
# the function's own end is the lease's concern: nothing of it is seen before it has returned.
MOVING_FILES = NEVER_AGAIN.merge(Config(read_timeout=15))
# The participant service looks at its tokens, not at who signs: "do not use Signature Version 4"
# (Amazon Connect Participant Service API reference, each operation).
BY_TOKEN = QUICK.merge(Config(signature_version=UNSIGNED))
# Older S3 signatures ignore expiry; virtual hosts keep presigned links on one name.
SIGNED = QUICK.merge(Config(signature_version="s3v4"))


class Doors:
    """Every door of the product. `clock` gives epoch seconds, `new_id` a unique id."""

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
        self.clients: dict[tuple[str, int, str], Any] = {}  # those built so far

    def clock(self) -> int:
        return int(self._now())

    def client(self, service: str, config: Config = QUICK, region: str = "") -> Any:
        """A client, built once for each configuration above; what `boto3.client` gives, without the
        import of S3's transfer manager. `region` "" is our own.

        Building is not safe on several threads at a time.
        """
        name = (service, id(config), region)
        with self._building:
            if name not in self.clients:
                where = region or self.settings.aws_region
                self.clients[name] = sdk.client(
                    self._session, service, where, config.merge(self._for_all)
                )
            return self.clients[name]

    @cached_property
    def _session(self) -> "Session":
        return sdk.session()

    @cached_property
    def _for_all(self) -> Config:
        checks = Config(parameter_validation=self.settings.check_parameters)
        return sdk.user_agent(self._session).merge(checks)

    @cached_property
    def http(self) -> "urllib3.PoolManager":
        import urllib3

        limit = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        return urllib3.PoolManager(maxsize=POOL, retries=False, timeout=limit)

    @cached_property
    def queues(self) -> Queues:
        return Queues(self.client("sqs", PATIENT), self.settings.queue_urls)

    def reader(self, queue: str) -> "QueueReader":
        """For a process that reads queues itself; `queue` is an address."""
        from chalicelib.gateways.queue_reader import QueueReader

        return QueueReader(self.client("sqs", WAITING), queue)

    # --- what is stored ------------------------------------------------------------------

    @cached_property
    def db(self) -> "DynamoDb":
        from chalicelib.gateways import items
        from chalicelib.gateways.dynamodb import DynamoDb

        items.use_tables(
            conversations=self.settings.dynamodb_table_conversations,
            messages=self.settings.dynamodb_table_messages,
        )
        return DynamoDb(self.client("dynamodb"))

    @cached_property
    def conversations(self) -> "ConversationTable":
        from chalicelib.gateways.conversation_table import ConversationTable

        return ConversationTable(
            self.db,
            expires=self._conversation_expires,
            history_expires=self._history_expires,
            salt=self.salt,
        )

    def salt(self) -> str:
        """What the keys of erased customers are hashed with."""
        given = self.settings.erase_salt.get_secret_value()
        return self.secrets.value(given) if given else self.settings.connect_instance_id

    @cached_property
    def contacts(self) -> "ContactTable":
        from chalicelib.gateways.contact_table import ContactTable

        return ContactTable(
            self.db, expires=self._conversation_expires, history_expires=self._history_expires
        )

    @cached_property
    def history(self) -> "MessageTable":
        from chalicelib.gateways.message_table import MessageTable

        return MessageTable(self.db, expires=self._history_expires)

    @cached_property
    def media(self) -> "MediaBucket":
        from chalicelib.gateways.media import MediaBucket

        link = self._cloudfront_link if self.settings.media_link_domain else None
        return MediaBucket(self.client("s3", SIGNED), self.settings.s3_bucket_media, link)

    def _cloudfront_link(self, key: str) -> str:
        from chalicelib.gateways.media_links import CloudFrontLinks

        links = CloudFrontLinks(
            domain=self.settings.media_link_domain,
            key_id=self.settings.media_link_key_id,
            private_key=self.secret(self.settings.media_link_key),
            clock=self._now,
        )
        return links.link(key)

    @cached_property
    def secrets(self) -> "Secrets":
        from chalicelib.gateways.secrets import Secrets

        return Secrets(lambda: self.client("secretsmanager"), self._now)

    def secret(self, setting: "Secret") -> Callable[[], str]:
        """Reads a secret when it is needed, never before."""
        return lambda: self.secrets.value(setting.get_secret_value())

    # --- who is spoken to ----------------------------------------------------------------

    @cached_property
    def chat(self) -> "ConnectChat":
        from chalicelib.breaker import Breaker
        from chalicelib.gateways.connect_chat import ConnectChat, rates
        from chalicelib.pacing import Pace

        quotas = rates(
            messages=self.settings.connect_messages_per_second,
            chats=self.settings.connect_chats_per_second,
            uploads=self.settings.connect_uploads_per_second,
        )
        return ConnectChat(
            connect=lambda: self.client("connect"),
            participant=self.client("connectparticipant", BY_TOKEN),
            http=self.http,
            instance_id=self.settings.connect_instance_id,
            flow_id=self.settings.connect_contact_flow_id,
            flows=dict(self.settings.connect_flows_by_number),
            streaming_topic=self.settings.chat_streaming_topic_arn,
            duration_minutes=self.settings.chat_duration_minutes,
            one_call=self.settings.start_chat_in_one_call,
            breaker=Breaker("connect", self._now),
            pace=Pace("connect", quotas, self._now),
        )

    @cached_property
    def whatsapp(self) -> "WhatsApp":
        """The provider that the settings name, at its pace."""
        from chalicelib.breaker import Breaker
        from chalicelib.paced_whatsapp import PacedWhatsApp, rates
        from chalicelib.pacing import Pace

        quotas = rates(
            self.settings.whatsapp_messages_per_second, self.settings.whatsapp_pair_seconds
        )
        return PacedWhatsApp(
            self._provider, Pace("whatsapp", quotas, self._now), Breaker("whatsapp", self._now)
        )

    def _provider(self) -> "WhatsApp":
        if self.settings.whatsapp_provider == "eum":
            return self.end_user_messaging
        return self.cloud_api

    @cached_property
    def cloud_api(self) -> "WhatsApp":
        from chalicelib.gateways.cloud_api import CloudApi
        from chalicelib.gateways.web_files import WebFiles

        return CloudApi(
            self.http,
            base_url=self.settings.meta_api_base_url,
            version=self.settings.meta_api_version,
            token=self.secret(self.settings.whatsapp_access_token),
            read=self.media.read,
            write=self.media.write,
            download=WebFiles(self.http).read,
        )

    @cached_property
    def end_user_messaging(self) -> "EndUserMessaging":
        from chalicelib.gateways.end_user_messaging import EndUserMessaging

        return EndUserMessaging(
            self.client("socialmessaging", NEVER_AGAIN),
            files=lambda: self.client("socialmessaging", MOVING_FILES),
            put_url=self._put_url,
            bucket=self.settings.s3_bucket_media,
            meta_api_version=self.settings.meta_api_version,
        )

    def _put_url(self, key: str) -> str:
        """A text needs no bucket: its client is built for the first file, 20 ms of a cold start."""
        return self.media.put_url(key)

    @cached_property
    def ai(self) -> "PacedAi":
        from httpx2 import Limits  # what the openai package speaks HTTP with
        from openai import DefaultHttpxClient, OpenAI

        from chalicelib.gateways.openai_ai import OpenAiGateway
        from chalicelib.paced_ai import PacedAi, rates
        from chalicelib.pacing import Pace

        client = OpenAI(
            api_key=self.secret(self.settings.openai_api_key),
            base_url=self.settings.openai_base_url,
            max_retries=0,  # the gateway retries within the caller's budget
            timeout=READ_SECONDS,
            http_client=DefaultHttpxClient(limits=Limits(max_connections=POOL)),
        )
        gateway = OpenAiGateway(
            client,
            transcription_models=self.settings.transcription_models,
            structuring_models=self.settings.llm_models,
        )
        quota = rates(self.settings.ai_calls_per_minute)
        return PacedAi(gateway, Pace("ai", quota, self._now))

    def _conversation_expires(self) -> int:
        return self.clock() + self.settings.conversation_retention_days * DAY

    def _history_expires(self) -> int:
        return self.clock() + self.settings.message_retention_days * DAY
