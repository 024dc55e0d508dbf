"""Names and ARNs of everything that is deployed. Plain data: known before anything exists.

The queues are those of the sandbox's world with the stage in front, so that what runs on a laptop
and what runs in AWS are told apart by the prefix only.
"""

from dataclasses import dataclass

WHATSAPP_EVENTS = "whatsapp-events"
CHAT_EVENTS = "chat-events"
INBOUND = "inbound.fifo"
OUTBOUND = "outbound.fifo"
VOICE_NOTES = "voice-notes.fifo"
DEAD_LETTERS = "dead-letters.fifo"
AI_KEY = "OPENAI_API_KEY"
LINK_KEY = "MEDIA_LINK_KEY"
# Settings of the product that name a secret in AWS. The last three: without End User Messaging.
SECRETS = (
    AI_KEY,
    LINK_KEY,
    "WHATSAPP_ACCESS_TOKEN",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_WEBHOOK_VERIFY_TOKEN",
)
TOPICS = (WHATSAPP_EVENTS, CHAT_EVENTS)
ALARMS = "alarms"  # the topic that tells people
# Services that open our key: they publish into encrypted topics, and topics write into encrypted
# queues. The key policy of End User Messaging: reference/whatsapp-eum.md, section 1.
KEY_USERS = ("social-messaging", "connect", "sns", "cloudwatch", "budgets")
REPLICATION = "to-the-other-region"  # the rule by which S3 copies files
# What an empty way in says, until the flows are published into it.
NOT_YET = "We are being set up. Please write again in a few minutes."
# Read by functions; `dead-letters.fifo` is read by people.
WORK_QUEUES = (WHATSAPP_EVENTS, CHAT_EVENTS, INBOUND, OUTBOUND, VOICE_NOTES)


@dataclass(frozen=True, kw_only=True)
class Names:
    """Physical names of one stage in one account and region."""

    prefix: str
    account: str
    region: str

    def queue(self, name: str) -> str:
        return self._staged(name)

    def letters(self, name: str) -> str:
        """The redrive queue of a work queue: what SQS itself gives up."""
        return self._staged(letters_of(name))

    def topic(self, name: str) -> str:
        return self._staged(name)

    def function(self, name: str) -> str:
        return self._staged(name.replace("_", "-"))

    def _staged(self, name: str) -> str:
        """Without a stage, as on a laptop, nothing stands in front."""
        return f"{self.prefix}-{name}" if self.prefix else name

    @property
    def conversations(self) -> str:
        return f"{self.prefix}-conversations"

    @property
    def messages(self) -> str:
        return f"{self.prefix}-messages"

    @property
    def media(self) -> str:
        return f"{self.prefix}-media-{self.account}-{self.region}"

    @property
    def in_instance(self) -> str:
        """First part of the names of flows, queues and hours: an instance may have others, too."""
        return f"{self.prefix}-"

    def secret(self, setting: str) -> str:
        """ "OPENAI_API_KEY" -> "puente-prod/openai-api-key"."""
        return f"{self.prefix}/{setting.lower().replace('_', '-')}"

    def link_secret(self, mark: str) -> str:
        """ "1f0c9ab27d" -> "puente-prod/media-link-key-1f0c9ab27d": by infra/link_keys.py."""
        return f"{self.secret(LINK_KEY)}-{mark}"

    @property
    def vault(self) -> str:
        """The vault of backups; that of the other region has the same name."""
        return self._staged("copies")

    @property
    def log_group(self) -> str:
        """One for all functions."""
        return f"/aws/lambda/{self.prefix}"

    @property
    def worker(self) -> str:
        """The container's service."""
        return self._staged("worker")

    def worker_setting(self, setting: str) -> str:
        """Parameter that holds a setting of the container."""
        return f"/{self.prefix}/worker/{setting}" if self.prefix else f"/worker/{setting}"

    # --- ARNs ---------------------------------------------------------------------------------

    def queue_arn(self, name: str) -> str:
        return self._arn("sqs", self.queue(name))

    def topic_arn(self, name: str) -> str:
        return self._arn("sns", self.topic(name))

    def function_arn(self, name: str) -> str:
        return self._arn("lambda", f"function:{self.function(name)}")

    def table_arn(self, table: str) -> str:
        return self._arn("dynamodb", f"table/{table}")

    def secret_arn(self, setting: str) -> str:
        """What the product asks for: without the six letters Secrets Manager puts behind it."""
        return self._arn("secretsmanager", f"secret:{self.secret(setting)}")

    def link_secret_arn(self, mark: str) -> str:
        """As `secret_arn`."""
        return self._arn("secretsmanager", f"secret:{self.link_secret(mark)}")

    def number_arn(self, number: str) -> str:
        """ "phone-number-id-<hex>" -> the ARN that IAM policies name."""
        key = number.removeprefix("phone-number-id-")
        return self._arn("social-messaging", f"phone-number-id/{key}")

    @property
    def log_streams_arn(self) -> str:
        """What CloudFormation gives as the log group's ARN: one group for all functions."""
        return self._arn("logs", f"log-group:{self.log_group}:*")

    @property
    def media_arn(self) -> str:
        return f"arn:aws:s3:::{self.media}"

    def copies(self, region: str) -> str:
        """The bucket of copies in the other region."""
        return f"{self.prefix}-copies-{self.account}-{region}"

    def copies_arn(self, region: str) -> str:
        return f"arn:aws:s3:::{self.copies(region)}"

    @property
    def replicator(self) -> str:
        """The role by which S3 copies files."""
        return f"{self.prefix}-replicator-{self.region}"

    @property
    def replicator_arn(self) -> str:
        return f"arn:aws:iam::{self.account}:role/{self.replicator}"

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def flow_export(name: str) -> str:
    """ "whatsapp_inbound" -> "flow-whatsapp-inbound": what its ARN is exported as, less prefix."""
    return f"flow-{name.replace('_', '-')}"


LINK_PAGE = "pages/link.html"  # what stands in for a link that opens no file (infra/pages)


def pages_export(prefix: str) -> str:
    """What the name of the bucket of pages is exported as."""
    return f"{prefix}-pages"


def letters_of(name: str) -> str:
    """ "inbound.fifo" -> "inbound-dlq.fifo"."""
    return name.replace(".fifo", "-dlq.fifo") if name.endswith(".fifo") else f"{name}-dlq"


LETTERS = (DEAD_LETTERS, *(letters_of(queue) for queue in (*WORK_QUEUES, DEAD_LETTERS)))
