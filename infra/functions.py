"""The Lambda functions: which handler, from which queues, with how much time, using what.

Plain data; the stacks, the policies and the tests read it. Which calls a function makes was
recorded in the sandbox (`infra/recording.py`) and is held to by tests/test_infra.py.
"""

from dataclasses import dataclass

from infra import names

RUNTIME = "python3.13"
FUNCTION_SECONDS = 20  # chalicelib.conversation.TAKEOVER_AFTER_SECONDS counts on it
# Lambda's guide asks for six function timeouts, so that a throttled poller does not cause repeats.
VISIBILITY_TIMES = 6
MAX_RECEIVES = 100  # an outage must not spend it (reference/protocol.md, law 9)
FLOW_SECONDS = 10  # Connect itself gives up after 8
RETENTION_DAYS = 4  # queues keep messages four days: StartChatContact's token lives longer (I3)


CHAT_ENDED = "application/vnd.amazonaws.connect.event.chat.ended"
# What agents and flows write for the customer, and the end of a chat (which names no role). The
# customer's own messages, typing, receipts and joins never wake a function.
CHAT_FILTER = {
    "$or": [
        {
            "Type": ["MESSAGE", "ATTACHMENT"],
            "MessageVisibility": ["CUSTOMER", "ALL"],
            "ParticipantRole": [{"anything-but": ["CUSTOMER"]}],
        },
        {"Type": ["EVENT"], "ContentType": [CHAT_ENDED]},
    ]
}
FILTERS = {names.CHAT_EVENTS: CHAT_FILTER}  # of a topic: what reaches its queue
WORKERS = ("inbound", "outbound", "voice_notes")
# The functions whose queues the container of `container/` reads, by its RUN_MODE.
INSTEAD_OF = {"off": (), "queued": WORKERS, "inline": ("ingest", *WORKERS)}


@dataclass(frozen=True, kw_only=True)
class Source:
    """An event source mapping. `window_s`: how long Lambda gathers a batch."""

    queue: str
    batch: int = 10
    window_s: int = 0


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function. `media`: gets the layer of media libraries; `ai`: may read the key."""

    name: str
    handler: str
    about: str
    timeout_s: int = FUNCTION_SECONDS
    memory_mb: int = 512
    sources: tuple[Source, ...] = ()
    media: bool = False
    ai: bool = False
    flow: bool = False

    @property
    def visibility_s(self) -> int:
        return self.timeout_s * VISIBILITY_TIMES


FUNCTIONS = (
    Function(
        name="ingest",
        handler="app.ingest",
        about="Splits WhatsApp events and chat records into queue entries",
        sources=(Source(queue=names.WHATSAPP_EVENTS), Source(queue=names.CHAT_EVENTS)),
    ),
    Function(
        name="inbound",
        handler="app.inbound",
        about="Customer to agent",
        memory_mb=1024,
        sources=(Source(queue=names.INBOUND),),
        media=True,
        ai=True,
    ),
    Function(
        name="outbound",
        handler="app.outbound",
        about="Agent to customer, delivery statuses, ends of chats",
        memory_mb=1024,
        sources=(Source(queue=names.OUTBOUND),),
        media=True,
    ),
    Function(
        name="voice_notes",
        handler="app.voice_notes",
        about="Voice notes that take long",
        memory_mb=1024,
        sources=(Source(queue=names.VOICE_NOTES, batch=1),),
        media=True,
        ai=True,
    ),
    Function(
        name="transcribe-voice-note",
        handler="lambdas.transcribe_voice_note.handler",
        about="The transcript a contact flow asks for",
        timeout_s=FLOW_SECONDS,
        memory_mb=1024,
        media=True,
        ai=True,
        flow=True,
    ),
    Function(
        name="structure-voice-note",
        handler="lambdas.structure_voice_note.handler",
        about="The facts a contact flow asks for",
        timeout_s=FLOW_SECONDS,
        memory_mb=1024,
        media=True,
        ai=True,
        flow=True,
    ),
    Function(
        name="send-template",
        handler="lambdas.send_template.handler",
        about="The message template a contact flow or a guide sends",
        timeout_s=FLOW_SECONDS,
        flow=True,
    ),
    # Readiness needs a client for each service at once: memory is also processor time.
    Function(name="api", handler="app.app", about="REST routes", timeout_s=15, ai=True),
)

# Those of app.py; tests/test_infra.py compares.
ROUTES = (("GET", "/api/health"), ("GET", "/api/health/ready"), ("GET", "/health"))

# Meta's own webhook (provider `cloud_api`): in AWS, End User Messaging brings the events, and an
# address anybody can reach would need a web firewall before it.
ROUTES_LEFT_OUT = tuple(
    (method, path)
    for path in ("/webhook/whatsapp", "/webhook", "/whatsapp/v2")
    for method in ("GET", "POST")
)


def by_name(name: str) -> Function:
    """Raises KeyError for an unknown function."""
    return {function.name: function for function in FUNCTIONS}[name]


def reader_of(queue: str) -> Function:
    """The function that reads a queue. Raises KeyError when nobody does."""
    readers = {source.queue: f for f in FUNCTIONS for source in f.sources}
    return readers[queue]
