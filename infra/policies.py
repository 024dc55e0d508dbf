"""What each function may do: one least-privilege policy per function, as plain statements.

`USES` is the short form people review; `statements` turns it into IAM. tests/test_infra.py replays
what the functions really call in the sandbox against it, both ways.

Actions and the resources they take: AWS service authorization reference of each service. Calls of
`connectparticipant` carry tokens and need no permission.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from infra import names
from infra.functions import Function
from infra.names import AI_KEY, Names

Statement = dict[str, Any]
MEDIA_PREFIX = "inbound"  # chalicelib.inbound_files.media_key


@dataclass(frozen=True, kw_only=True)
class Uses:
    """What a function uses, by our names. Tables: actions on conversations, on messages.

    `forgets`: erases customers, with their files and letters. `shows_files`: makes links for
    agents. `asks_all`: whether everything is there (chalicelib/readiness.py).
    """

    sends_to: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    finds_messages_by: tuple[str, ...] = ()
    forgets: bool = False
    chats: tuple[str, ...] = ()
    opens_chats: bool = False
    shows_files: bool = False
    whatsapp: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    asks_all: bool = False


READ, WRITE, DELETE, CHECK = "GetItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"
# Asks for the instance; the other calls about chats for the contact, ListAssociatedContacts too
# (service authorization reference; tests/test_infra_permissions.py looks each action up).
ON_INSTANCE = ("StartContactStreaming",)
OPEN = ("StopContact", "StartContactStreaming", "ListAssociatedContacts")

USES = {
    "ingest": Uses(sends_to=(names.INBOUND, names.OUTBOUND, names.DEAD_LETTERS)),
    "inbound": Uses(
        sends_to=(names.INBOUND, names.VOICE_NOTES, names.DEAD_LETTERS),
        conversations=(READ, WRITE, CHECK, DELETE),
        messages=(READ, WRITE, DELETE),
        finds_messages_by=("by_message_id", "by_customer"),
        forgets=True,
        chats=(*OPEN, "UpdateContactAttributes"),
        opens_chats=True,
        shows_files=True,
        whatsapp=("SendWhatsAppMessage", "GetWhatsAppMessageMedia"),
        media=("GetObject", "PutObject"),
    ),
    "outbound": Uses(
        sends_to=(names.OUTBOUND, names.DEAD_LETTERS),
        conversations=(READ, WRITE),
        messages=(READ, WRITE, DELETE),
        finds_messages_by=("by_message_id",),
        chats=(
            *("GetContactAttributes", "UpdateContactAttributes", "StopContact"),
            "ListAssociatedContacts",
        ),
        whatsapp=("SendWhatsAppMessage", "PostWhatsAppMessageMedia"),
        media=("GetObject", "PutObject"),
    ),
    "voice_notes": Uses(
        sends_to=(names.VOICE_NOTES, names.DEAD_LETTERS),
        conversations=(READ, WRITE),
        messages=(READ, WRITE),
        chats=OPEN,
        opens_chats=True,
        shows_files=True,
        whatsapp=("GetWhatsAppMessageMedia",),
        media=("GetObject", "PutObject"),
    ),
    "send-template": Uses(sends_to=(names.OUTBOUND,), conversations=(READ,)),
    "transcribe-voice-note": Uses(messages=(READ, WRITE), media=("GetObject",), shows_files=True),
    "structure-voice-note": Uses(messages=(READ, WRITE)),
    "api": Uses(conversations=(READ,), messages=(READ,), asks_all=True),
}

# Granted though no scenario of the sandbox makes the call: (function, action) -> why.
UNRECORDED = {
    ("inbound", "s3:ListBucketVersions 2"): "the sandbox has no second region",
    ("inbound", "s3:DeleteObjectVersion 2/inbound/*"): "the sandbox has no second region",
    ("outbound", "s3:GetObject 1/inbound/*"): "End User Messaging reads a converted file with the "
    "caller's permission (PostWhatsAppMessageMedia, sourceS3File)",
}


@dataclass(frozen=True, kw_only=True)
class Places:
    """ARNs that are known only when the stacks exist.

    `copies` and `key`: "" where there is none. `link_secrets`: of the key that signs links and of
    the one beside it, which a function signs with until it is updated.
    """

    names: Names
    copies: str
    key: str
    instance: str
    flows: Sequence[str]
    numbers: Sequence[str]
    link_secrets: Sequence[str] = ()


def statements(function: Function, at: Places) -> list[Statement]:
    """The function's own policy; infra/runtime_policy.py has what Lambda does with its role."""
    uses = USES[function.name]
    made = [
        *_queues(function, uses, at),
        *_tables(uses, at),
        *_chats(uses, at),
        *_whatsapp(uses, at),
        *_media(uses, at),
        *(_questions(at) if uses.asks_all else []),
        *_secrets(function, uses, at),
    ]
    services = _encrypted(function, uses)
    return [*made, _key(services, at)] if services and at.key else made


def allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Statement:
    """A statement of a policy, as IAM's JSON has it."""
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _queues(function: Function, uses: Uses, at: Places) -> list[Statement]:
    made = [_letters(at)] if uses.forgets else []
    if function.sources:
        read = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]
        delayed = [] if function.name == "ingest" else ["ChangeMessageVisibility"]
        actions = [f"sqs:{action}" for action in (*read, *delayed)]
        made.append(allow("Take", actions, [at.names.queue_arn(s.queue) for s in function.sources]))
    if uses.sends_to:
        queues = [at.names.queue_arn(queue) for queue in uses.sends_to]
        made.append(allow("Send", ["sqs:SendMessage"], queues))
    return made


def _letters(at: Places) -> Statement:
    """Parked messages of a customer who is forgotten: found by looking at each."""
    actions = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
    queues = [at.names.queue_arn(queue) for queue in names.LETTERS]
    return allow("Letters", [f"sqs:{action}" for action in actions], queues)


def _tables(uses: Uses, at: Places) -> list[Statement]:
    conversations = at.names.table_arn(at.names.conversations)
    messages = at.names.table_arn(at.names.messages)
    made = []
    if uses.conversations:
        actions = [f"dynamodb:{action}" for action in uses.conversations]
        made.append(allow("Conversations", actions, [conversations]))
    if uses.messages:
        actions = [f"dynamodb:{action}" for action in uses.messages]
        made.append(allow("Messages", actions, [messages]))
    if uses.finds_messages_by:
        indexes = [f"{messages}/index/{index}" for index in uses.finds_messages_by]
        made.append(allow("FindMessages", ["dynamodb:Query"], indexes))
    if uses.forgets:
        index = f"{conversations}/index/of_customer"
        made.append(allow("FindCustomers", ["dynamodb:Query"], [index]))
    return made


def _chats(uses: Uses, at: Places) -> list[Statement]:
    made = []
    if uses.opens_chats:
        # Starting names the instance and one of its flows; the new contact has no id yet.
        where = [at.instance, *at.flows, f"{at.instance}/contact/*"]
        made.append(allow("OpenChats", ["connect:StartChatContact"], where))
    for sid, on in (("Chats", f"{at.instance}/contact/*"), ("Streaming", at.instance)):
        ours = [one for one in uses.chats if (one in ON_INSTANCE) == (sid == "Streaming")]
        if ours:
            made.append(allow(sid, [f"connect:{action}" for action in ours], [on]))
    return made


def _whatsapp(uses: Uses, at: Places) -> list[Statement]:
    if not (uses.whatsapp and at.numbers):
        return []
    actions = [f"social-messaging:{action}" for action in uses.whatsapp]
    return [allow("WhatsApp", actions, at.numbers)]


def _media(uses: Uses, at: Places) -> list[Statement]:
    if not uses.media:
        return []
    actions = [f"s3:{action}" for action in uses.media]
    files = f"{MEDIA_PREFIX}/*"
    made = [allow("Media", actions, [f"{at.names.media_arn}/{files}"])]
    if uses.forgets:
        buckets = [at.names.media_arn, *([at.copies] if at.copies else [])]
        made.append(allow("Versions", ["s3:ListBucketVersions"], buckets))
        every = [f"{bucket}/{files}" for bucket in buckets]
        made.append(allow("ForgetFiles", ["s3:DeleteObjectVersion"], every))
    return made


def _questions(at: Places) -> list[Statement]:
    """Each names one thing and reads no content; the flow is the one that chats start in."""
    queues = (names.INBOUND, names.OUTBOUND, names.VOICE_NOTES, names.DEAD_LETTERS)
    numbers = "social-messaging:GetLinkedWhatsAppBusinessAccountPhoneNumber"
    return [
        allow("Depths", ["sqs:GetQueueAttributes"], [at.names.queue_arn(one) for one in queues]),
        allow("Bucket", ["s3:ListBucket"], [at.names.media_arn]),
        allow("Flow", ["connect:DescribeContactFlow"], at.flows[:1]),
        *([allow("Number", [numbers], at.numbers[:1])] if at.numbers else []),
    ]


def _secrets(function: Function, uses: Uses, at: Places) -> list[Statement]:
    """The AI key for those who listen, the link keys for those who show files to agents."""
    wanted = [at.names.secret_arn(AI_KEY)] if function.ai else []
    wanted += at.link_secrets if uses.shows_files else ()
    # The six letters Secrets Manager puts behind a name (its user guide, IAM examples).
    secrets = [f"{one}-??????" for one in wanted]
    return [allow("Secrets", ["secretsmanager:GetSecretValue"], secrets)] if secrets else []


def _encrypted(function: Function, uses: Uses) -> list[str]:
    """Services that open the key on the function's behalf."""
    uses_of: dict[str, Callable[[], bool]] = {
        "sqs": lambda: bool(function.sources or uses.sends_to),
        "dynamodb": lambda: bool(uses.conversations or uses.messages),
        "s3": lambda: bool(uses.media),
        "secretsmanager": lambda: function.ai,
    }
    return [service for service, used in uses_of.items() if used()]


def _key(services: Sequence[str], at: Places) -> Statement:
    statement = allow("Key", ["kms:Decrypt", "kms:GenerateDataKey"], [at.key])
    via = [f"{service}.{at.names.region}.amazonaws.com" for service in services]
    return {**statement, "Condition": {"StringEquals": {"kms:ViaService": via}}}
