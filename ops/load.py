"""What a load needs of the quotas, in numbers of calls. Pure.

The load is what EXPECTED_CHATS, EXPECTED_MESSAGES_PER_SECOND and EXPECTED_NEW_CHATS_PER_SECOND say.
Calls per message: `python -m benchmarks calls`. Names and defaults of quotas: Amazon Connect
administrator guide, "Amazon Connect service quotas" and "API throttling quotas"; Lambda and
DynamoDB developer guides; End User Messaging Social user guide, "Quotas"; Meta, "Throughput".
"""

from collections.abc import Callable
from dataclasses import dataclass

WITH_FILE = 0.25  # of customers' messages: voice notes and pictures, each an upload of its own
STATUSES = 3  # sent, delivered, read: what WhatsApp tells of each answer
# Seconds a function works on one message (docs/costs.md), and on a slow voice note.
TEXT_SECONDS, STATUS_SECONDS, VOICE_SECONDS = 0.5, 0.2, 8.0
UNRESERVED = 100  # Lambda keeps so many out of what may be reserved
WRITES = 6  # units of DynamoDB, of the costliest message
ATTRIBUTES_EVERY = 6 * 3600  # seconds: flows hear of the service window in steps
SPARE = 1.25  # asked for beyond the peak, as peaks are estimates


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """At the busiest moment: open chats; customers' messages and new chats, a second."""

    chats: float
    messages: float
    new_chats: float

    @property
    def answers(self) -> float:
        """Agents and flows write about as much as customers."""
        return self.messages

    @property
    def is_said(self) -> bool:
        return bool(self.chats or self.messages or self.new_chats)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One limit, named as Service Quotas does. `of_instance`: asked for with the instance's ARN."""

    key: str
    service: str
    name: str
    default: float
    needs: Callable[[Load], float]
    about: str
    of_instance: bool = False


QUOTAS = (
    Quota(
        key="chats",
        service="connect",
        name="Concurrent active chats per instance",
        default=500,
        needs=lambda load: load.chats,
        about="chats open at once, idle ones and agents' guides included",
        of_instance=True,
    ),
    Quota(
        key="chat_starts",
        service="connect",
        name="Rate of StartChatContact API requests",
        default=5,
        needs=lambda load: load.new_chats,
        about="new chats a second",
    ),
    Quota(
        key="attributes",
        service="connect",
        name="Rate of UpdateContactAttributes API requests",
        default=10,
        needs=lambda load: load.new_chats + load.chats / ATTRIBUTES_EVERY,
        about="attributes for flows, once for a new chat and then every six hours",
    ),
    Quota(
        key="messages",
        service="connect",
        name="Rate of SendMessage API requests",
        default=10,
        needs=lambda load: load.messages,
        about="customers' messages a second",
    ),
    Quota(
        key="receipts",
        service="connect",
        name="Rate of SendEvent API requests",
        default=10,
        needs=lambda load: 2 * load.answers,
        about="delivered and read, for each answer (CHAT_RECEIPTS=read halves it)",
    ),
    Quota(
        key="uploads",
        service="connect",
        name="Rate of StartAttachmentUpload API requests",
        default=2,
        needs=lambda load: WITH_FILE * load.messages,
        about="voice notes and files a second, a quarter of the messages",
    ),
    Quota(
        key="functions",
        service="lambda",
        name="Concurrent executions",
        default=1000,
        needs=lambda load: UNRESERVED + _at_once(load),
        about="functions at work at once, and the hundred that Lambda keeps",
    ),
    Quota(
        key="writes",
        service="dynamodb",
        name="Table-level write throughput limit",
        default=40000,
        needs=lambda load: WRITES * (load.messages + (1 + STATUSES) * load.answers),
        about="write units a second of one table",
    ),
    Quota(
        key="whatsapp",
        service="social-messaging",
        name="Rate of SendWhatsAppMessage API requests",
        default=1000,
        needs=lambda load: load.answers + load.messages,  # answers, and read marks
        about="answers and read marks a second",
    ),
    Quota(
        key="media",
        service="social-messaging",
        name="Rate of GetWhatsAppMessageMedia API requests",
        default=100,
        needs=lambda load: WITH_FILE * load.messages,
        about="customers' files a second",
    ),
)


def _at_once(load: Load) -> float:
    """Invocations at work at the same moment: how many a second, times how long (Little)."""
    return (
        load.messages * TEXT_SECONDS
        + WITH_FILE * load.messages * VOICE_SECONDS
        + load.answers * (TEXT_SECONDS + STATUSES * STATUS_SECONDS)
    )
