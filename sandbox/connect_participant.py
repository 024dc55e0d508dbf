"""Amazon Connect's participant service (`connectparticipant`), emulated.

Its calls carry a bearer token instead of a signature: the participant token for
CreateParticipantConnection, the connection token for everything else.
"""

import json
from datetime import timedelta
from typing import Any, ClassVar

from sandbox.amazon_connect import limits, rules, transcript
from sandbox.amazon_connect.attachments import Attachments
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.connections import Connections
from sandbox.amazon_connect.records import EVENT, Chat, Item, Participant, iso
from sandbox.amazon_connect.tokens import TokenStore
from sandbox.rates import RateLimiter
from sandbox.wire import AwsError, Emulator, WireCall

Params = dict[str, Any]

_RECEIPTS = {"message.delivered", "message.read"}
_RECEIPT_PARTICIPANTS = 2  # model, SendEvent: more active participants make it a conflict


class ConnectParticipantEmulator(Emulator):
    """`connectparticipant` over the chats of one instance."""

    service: ClassVar[str] = "connectparticipant"

    def __init__(
        self, chats: Chats, connections: Connections, tokens: TokenStore, attachments: Attachments
    ) -> None:
        self._chats = chats
        self._connections = connections
        self._tokens = tokens
        self._attachments = attachments
        self._rates = RateLimiter(
            chats.clock,
            limits.PARTICIPANT_RATES,
            default=limits.PARTICIPANT_DEFAULT_RATE,
            shared={"SendEvent": "SendMessage"},
        )

    def handle(self, call: WireCall) -> Params:
        """Answer one call; with the switch `rate_limits`, throttle it first."""
        if self._chats.switches.rate_limits and not self._rates.allows(call.operation):
            raise AwsError("ThrottlingException", "Rate exceeded")
        return super().handle(call)

    def create_participant_connection(self, params: Params) -> Params:
        """A new connection token (1 day); asking for a connection marks the customer connected."""
        chat, participant = self._connections.by_participant_token(params["ParticipantToken"])
        wanted = params.get("Type") or []
        if params.get("ConnectParticipant") or "WEBSOCKET" in wanted:
            self._chats.join(chat, participant)
        return self._connections.answer(chat, participant, wanted)

    # --- writing --------------------------------------------------------------------------------

    def send_message(self, params: Params) -> Params:
        """A message into the chat. A repeated ClientToken answers the first item again."""
        chat, participant = self._who(params)
        self._check_message(chat, params["ContentType"], params["Content"])
        request = (params["ContentType"], params["Content"])
        token = params.get("ClientToken")
        answer: Params | None = self._tokens.recall("SendMessage", participant.id, token, request)
        if answer is None:
            answer = _sent(self._chats.say(chat, participant, *request))
            self._tokens.keep("SendMessage", participant.id, token, request, answer)
        return answer

    def _check_message(self, chat: Chat, content_type: str, content: str) -> None:
        if content_type not in chat.content_types:
            raise AwsError("ValidationException", f"Content type {content_type} is not supported")
        problem = rules.content_problem(content)
        if problem:
            raise AwsError("ValidationException", problem)

    def send_event(self, params: Params) -> Params:
        """Typing and receipts. Receipts need a known message and at most two participants."""
        chat, participant = self._who(params)
        name = params["ContentType"].removeprefix(EVENT)
        if name in _RECEIPTS:
            return _sent(self._receipt(chat, participant, name, params.get("Content")))
        if name not in ("typing", "connection.acknowledged"):
            raise AwsError("ValidationException", f"Event {params['ContentType']} is not supported")
        return _sent(self._chats.event(chat, name, participant, in_transcript=False))

    def _receipt(
        self, chat: Chat, participant: Participant, name: str, content: str | None
    ) -> Item:
        active = [one for one in chat.participants if one.is_present and one.role != "SYSTEM"]
        if len(active) > _RECEIPT_PARTICIPANTS:
            raise AwsError("ConflictException", "Receipts need at most two active participants")
        return self._chats.receive(chat, participant, name, self._message(chat, content))

    def _message(self, chat: Chat, content: str | None) -> Item:
        try:
            message_id = json.loads(content or "")["messageId"]
        except (ValueError, KeyError, TypeError) as unreadable:
            raise AwsError("ValidationException", "Content must name a messageId") from unreadable
        for item in chat.items:
            if item.id == message_id and item.in_transcript:
                return item
        raise AwsError("ValidationException", "No such message in this chat")

    def disconnect_participant(self, params: Params) -> Params:
        """Leave the chat. The customer's leaving ends it, unless an agent is to stay."""
        chat, participant = self._who(params)
        self._chats.leave(chat, participant)
        if participant is chat.customer:
            agent = chat.current.agent
            if agent is None or not agent.is_present or chat.disconnect_agent_on_exit:
                self._chats.end(chat, "CUSTOMER_DISCONNECT")
        elif participant.role == "CUSTOM_BOT" and self._chats.flows:
            self._chats.flows.bot_left(chat)
        return {}

    # --- reading --------------------------------------------------------------------------------

    def get_transcript(self, params: Params) -> Params:
        """The chat so far, in pages (see `transcript`)."""
        chat, participant = self._who(params)
        switches = self._chats.switches
        until = self._chats.clock.now() - timedelta(seconds=switches.transcript_lag_s)
        try:
            return transcript.read(
                chat,
                participant.role,
                params,
                until=until,
                inclusive=switches.start_position_inclusive,
            )
        except transcript.UnknownPositionError as unknown:
            raise AwsError("ValidationException", str(unknown)) from unknown

    def describe_view(self, params: Params) -> Params:
        """A view that a flow showed, by its token."""
        self._who(params)
        view = self._chats.instance.views.get(params["ViewToken"])
        if view is None:
            raise AwsError("ResourceNotFoundException", "View not found")
        return {"View": view}

    # --- attachments ----------------------------------------------------------------------------

    def start_attachment_upload(self, params: Params) -> Params:
        """Announce a file: type, size and count are checked here."""
        chat, participant = self._who(params)
        facts = (
            params["AttachmentName"],
            params["ContentType"],
            params["AttachmentSizeInBytes"],
        )
        token = params["ClientToken"]
        attachment = self._tokens.recall("StartAttachmentUpload", participant.id, token, facts)
        if attachment is None:
            name, content_type, size = facts
            attachment = self._attachments.begin(
                chat, participant, name=name, content_type=content_type, size=size
            )
            self._tokens.keep("StartAttachmentUpload", participant.id, token, facts, attachment)
        metadata = self._attachments.upload_metadata(attachment)
        return {"AttachmentId": attachment.id, "UploadMetadata": metadata}

    def complete_attachment_upload(self, params: Params) -> Params:
        """Show an uploaded file in the chat."""
        chat, participant = self._who(params)
        ids = params["AttachmentIds"]
        token = params["ClientToken"]
        done = self._tokens.recall("CompleteAttachmentUpload", participant.id, token, ids)
        if done is None:
            self._attachments.complete(chat, participant, ids[0])
            self._tokens.keep("CompleteAttachmentUpload", participant.id, token, ids, True)
        return {}

    def get_attachment(self, params: Params) -> Params:
        """An address to fetch a completed file from."""
        chat, participant = self._who(params)
        attachment = self._attachments.of_chat(chat, params["AttachmentId"])
        if participant.role == "CUSTOM_BOT" and attachment.owner is chat.customer:
            raise AwsError("AccessDeniedException", "Access denied")
        if attachment.status != "APPROVED":
            raise AwsError("ValidationException", "The attachment is not available")
        expires_s = params.get("UrlExpiryInSeconds") or limits.DOWNLOAD_URL_S
        url, until = self._attachments.download_url(attachment, expires_s)
        return {"Url": url, "UrlExpiry": until, "AttachmentSizeInBytes": attachment.size}

    def _who(self, params: Params) -> tuple[Chat, Participant]:
        return self._connections.who(params["ConnectionToken"])


def _sent(item: Item) -> Params:
    return {"Id": item.id, "AbsoluteTime": iso(item.at)}
