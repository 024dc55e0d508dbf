"""The door to Amazon Connect chat, from the customer's side.

Two clients: `connect` (control plane, IAM) opens and stops chats and is built only when one is
needed, for its model is the one expensive to load; `participant` (tokens) writes into them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3

from chalicelib.breaker import Breaker
from chalicelib.connect_events import EVENT_PREFIX, INTERACTIVE_RESPONSE
from chalicelib.conversation import OpenChat
from chalicelib.errors import Denied, Rejected, Throttled, Unsure
from chalicelib.gateways.aws_errors import aws
from chalicelib.gateways.connect_answers import ids, is_content, opened, shown, with_connection
from chalicelib.pacing import Pace, Rate, within
from chalicelib.ports.chat import ChatFile, ShownItem

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient
    from mypy_boto3_connectparticipant import ConnectParticipantClient

CONNECT = "connect"
PARTICIPANT = "connectparticipant"
# What our side can show to customers; agents may then use Markdown and interactive messages
# (StartChatContact.SupportedMessagingContentTypes; text/plain is obligatory).
CONTENT_TYPES = (
    "text/plain",
    "text/markdown",
    "application/json",
    "application/vnd.amazonaws.connect.message.interactive",
    "application/vnd.amazonaws.connect.message.interactive.response",
)
NO_SUCH_RESOURCE = "ResourceNotFoundException"
MAX_NAME = 256  # ParticipantDetails.DisplayName, 1..256
TRANSCRIPT_PAGE = 100  # GetTranscript.MaxResults, at most
# Kinds of calls with a quota of their own (administrator guide, service quotas: rate and burst);
# SendEvent shares SendMessage's, and each upload is one start and one completion.
MESSAGES, CHATS, UPLOADS = "messages", "chats", "uploads"
BURSTS = {MESSAGES: 15 / 10, CHATS: 8 / 5, UPLOADS: 5 / 2}
CHAIN = 100  # ListAssociatedContacts.MaxResults, at most; a chat is transferred 11 times at most
URL_SECONDS = 300  # GetAttachment.UrlExpiryInSeconds, 5..300
UPLOAD_TIMEOUT = urllib3.Timeout(connect=2, read=8)


def rates(**per_second: float) -> dict[str, Rate]:
    """The rates of `messages`, `chats` and `uploads`; a raised quota bursts in proportion."""
    return {kind: within(rate, rate * BURSTS[kind]) for kind, rate in per_second.items()}


class ConnectChat:
    """One instance serves every chat. `one_call`: StartChatContact also connects and streams.

    `flows`: ids of flows for some business numbers; `flow_id` serves the others.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], "ConnectClient"],
        participant: "ConnectParticipantClient",
        http: urllib3.PoolManager,
        instance_id: str,
        flow_id: str,
        flows: Mapping[str, str],
        streaming_topic: str,
        duration_minutes: int,
        one_call: bool,
        breaker: Breaker,
        pace: Pace,
    ) -> None:
        self._breaker = breaker
        self._pace = pace
        self._connect = connect
        self._participant = participant
        self._http = http
        self._instance_id = instance_id
        self._flow_id = flow_id
        self._flows = flows
        self._streaming_topic = streaming_topic
        self._duration_minutes = duration_minutes
        self._one_call = one_call

    def start(
        self,
        *,
        name: str,
        attributes: Mapping[str, str],
        initial_text: str,
        token: str,
        number: str = "",
    ) -> OpenChat:
        """Open a chat; see `Chat.start` in `ports`."""
        request: dict[str, Any] = {
            "InstanceId": self._instance_id,
            "ContactFlowId": self._flows.get(number, self._flow_id),
            "Attributes": dict(attributes),
            "ParticipantDetails": {"DisplayName": name[:MAX_NAME] or "Customer"},
            "ChatDurationInMinutes": self._duration_minutes,
            "SupportedMessagingContentTypes": list(CONTENT_TYPES),
            "ClientToken": token,
        }
        if initial_text:
            request["InitialMessage"] = {"ContentType": "text/plain", "Content": initial_text}
        if self._one_call:
            request["ConnectionTypes"] = ["CONNECTION_CREDENTIALS"]
            request["ChatStreamingConfiguration"] = {"StreamingEndpointArn": self._streaming_topic}
        chat = opened(self._started(request))
        return chat if self._one_call else self._connected(chat, token)

    def ready(self) -> None:
        self._breaker.refuse_while_open()
        self._pace.reserve(MESSAGES)

    def send_text(self, chat: OpenChat, text: str, token: str) -> str:
        with self._calling(PARTICIPANT, MESSAGES):
            answer = self._participant.send_message(
                ContentType="text/plain",
                Content=text,
                ClientToken=token,
                ConnectionToken=chat.connection_token,
            )
        return answer["Id"]

    def send_response(self, chat: OpenChat, response: str, token: str) -> str:
        with self._calling(PARTICIPANT, MESSAGES):
            answer = self._participant.send_message(
                ContentType=INTERACTIVE_RESPONSE,
                Content=response,
                ClientToken=token,
                ConnectionToken=chat.connection_token,
            )
        return answer["Id"]

    def receipt(self, chat: OpenChat, kind: str, message_id: str) -> None:
        with self._calling(PARTICIPANT, MESSAGES):
            self._participant.send_event(
                ContentType=f"{EVENT_PREFIX}message.{kind}",
                Content=json.dumps({"messageId": message_id}),
                ConnectionToken=chat.connection_token,
            )

    def attach(self, chat: OpenChat, name: str, content_type: str, body: bytes, token: str) -> str:
        with self._calling(PARTICIPANT, UPLOADS):
            upload = self._participant.start_attachment_upload(
                ContentType=content_type,
                AttachmentSizeInBytes=len(body),
                AttachmentName=name,
                ClientToken=token,
                ConnectionToken=chat.connection_token,
            )
        metadata = upload["UploadMetadata"]
        self._put(metadata["Url"], metadata["HeadersToInclude"], body)
        with self._calling(PARTICIPANT):
            self._participant.complete_attachment_upload(
                AttachmentIds=[upload["AttachmentId"]],
                ClientToken=token,
                ConnectionToken=chat.connection_token,
            )
        return upload["AttachmentId"]

    def reconnect(self, chat: OpenChat) -> OpenChat:
        with self._calling(PARTICIPANT):
            answer = self._participant.create_participant_connection(
                Type=["CONNECTION_CREDENTIALS"],
                ConnectParticipant=True,
                ParticipantToken=chat.participant_token,
            )
        return with_connection(chat, answer["ConnectionCredentials"])

    def shown(self, chat: OpenChat, after: str) -> list[ShownItem]:
        request: dict[str, Any] = {
            "ConnectionToken": chat.connection_token,
            "MaxResults": TRANSCRIPT_PAGE,
            "ScanDirection": "FORWARD",
            "SortOrder": "ASCENDING",
        }
        if after:
            request["StartPosition"] = {"Id": after}
        items: list[ShownItem] = []
        while True:
            with self._calling(PARTICIPANT):
                answer = self._participant.get_transcript(**request)
            items.extend(shown(item) for item in answer["Transcript"] if is_content(item))
            if not answer.get("NextToken"):
                return [item for item in items if item.id != after]
            request["NextToken"] = answer["NextToken"]

    def attachment(self, chat: OpenChat, attachment_id: str) -> ChatFile:
        with self._calling(PARTICIPANT):
            answer = self._participant.get_attachment(
                AttachmentId=attachment_id,
                ConnectionToken=chat.connection_token,
                UrlExpiryInSeconds=URL_SECONDS,
            )
        return ChatFile(answer["Url"], answer.get("AttachmentSizeInBytes", 0))

    def attributes(self, contact: str) -> Mapping[str, str]:
        answer = self._known(
            lambda connect: connect.get_contact_attributes(
                InstanceId=self._instance_id, InitialContactId=contact
            )
        )
        return answer.get("Attributes", {}) if answer else {}

    def tell_flows(self, contact: str, attributes: Mapping[str, str]) -> None:
        with self._breaker.passing(), aws(CONNECT):
            self._connect().update_contact_attributes(
                InstanceId=self._instance_id,
                InitialContactId=contact,
                Attributes=dict(attributes),
            )

    def over(self, contact: str) -> bool:
        """Not DescribeContact: a transfer ends the first contact and goes on in another one."""
        answer = self._known(
            lambda connect: connect.list_associated_contacts(
                InstanceId=self._instance_id, ContactId=contact, MaxResults=CHAIN
            )
        )
        summaries = answer["ContactSummaryList"] if answer else []
        chain = [each for each in summaries if contact in ids(each)]
        return all(each.get("DisconnectTimestamp") for each in chain)

    def _known(self, ask: Callable[["ConnectClient"], Any]) -> Any:
        """The answer about a contact; None when it is not, or no more, one of this instance."""
        try:
            with self._calling(CONNECT):
                return ask(self._connect())
        except Rejected as refused:
            if refused.code != NO_SUCH_RESOURCE:
                raise
            return None

    def stop(self, contact: str) -> None:
        with self._calling(CONNECT):
            self._connect().stop_contact(ContactId=contact, InstanceId=self._instance_id)

    @contextmanager
    def _calling(self, service: str, *kinds: str) -> Iterator[None]:
        """One call: within its quota, if `kinds` has one, and not while the service is silent."""
        self._pace.take(*kinds)
        with self._breaker.passing(), self._pace.minding(*kinds), aws(service):
            yield

    def _started(self, request: dict[str, Any]) -> Mapping[str, Any]:
        try:
            with self._calling(CONNECT, CHATS):
                return self._connect().start_chat_contact(**request)
        except Rejected as refused:
            if refused.code != NO_SUCH_RESOURCE:
                raise
            # A wrong instance or flow id is a mistake of the installation, not of a message:
            # everything waits in the queue until it is mended, instead of being parked.
            raise Denied(
                "the instance or the flow is not there", service=CONNECT, code=refused.code
            ) from refused

    def _connected(self, chat: OpenChat, token: str) -> OpenChat:
        """The classic way: streaming and connection by calls of their own."""
        with self._calling(CONNECT):
            self._connect().start_contact_streaming(
                InstanceId=self._instance_id,
                ContactId=chat.contact,
                ChatStreamingConfiguration={"StreamingEndpointArn": self._streaming_topic},
                ClientToken=token,
            )
        return self.reconnect(chat) if chat.participant_token else chat

    def _put(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        host = urlsplit(url).hostname
        try:
            answer = self._http.request(
                "PUT", url, body=body, headers=dict(headers), timeout=UPLOAD_TIMEOUT, retries=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unsure(f"upload to {host} broke off", service="upload") from error
        if answer.status >= 500:  # noqa: PLR2004  (HTTP server errors)
            raise Throttled("the upload was refused for now", service="upload")
        if answer.status >= 400:  # noqa: PLR2004  (HTTP client errors)
            raise Rejected("the upload was refused", service="upload", code=str(answer.status))
