"""The operations of `connect` that begin, watch, change and end contacts."""

from typing import Any, ClassVar

from sandbox.amazon_connect import limits, rules
from sandbox.amazon_connect.chat_request import ChatRequest
from sandbox.amazon_connect.chats import Chats
from sandbox.amazon_connect.connections import Connections
from sandbox.amazon_connect.instance import last_part
from sandbox.amazon_connect.records import Chat, Contact
from sandbox.amazon_connect.tokens import TokenStore
from sandbox.wire import AwsError

Params = dict[str, Any]


class ContactOperations:
    """Mixed into the `connect` emulator."""

    chats: Chats
    connections: Connections
    tokens: TokenStore

    _CONTACT_FIELDS: ClassVar = {"Name": "name", "Description": "description"}

    # --- beginning ------------------------------------------------------------------------------

    def start_chat_contact(self, params: Params) -> Params:
        """One-call and classic form. A repeated ClientToken answers the original contact."""
        request = {key: value for key, value in params.items() if key != "ClientToken"}
        token = params.get("ClientToken")
        earlier = self.tokens.recall("StartChatContact", "", token, request)
        if earlier is not None:
            return self._repeated_start(earlier)
        self._check_start(params)
        chat = self.chats.open(_chat_request(params, self._flow_id(params)))
        answer = self._start_answer(chat, params)
        self.tokens.keep("StartChatContact", "", token, request, answer)
        return answer

    def _check_start(self, params: Params) -> None:
        self._check_instance(params)
        types = params.get("SupportedMessagingContentTypes")
        problem = rules.attributes_problem(params.get("Attributes") or {})
        problem = problem or (rules.content_types_problem(types) if types else None)
        if params.get("InitialMessage"):
            problem = problem or rules.content_problem(params["InitialMessage"]["Content"])
            if params["InitialMessage"]["ContentType"] not in (types or ["text/plain"]):
                problem = problem or "InitialMessage has an unsupported content type"
        if params.get("PersistentChat") and params.get("RelatedContactId"):
            problem = problem or "Use either RelatedContactId or PersistentChat"
        if problem:
            raise AwsError("InvalidRequestException", problem)
        quota = self.chats.switches.concurrent_chats
        if quota is not None and len(self.chats.active()) >= quota:
            raise AwsError("LimitExceededException", "Quota of concurrent active chats exceeded")

    def _flow_id(self, params: Params) -> str:
        flow = self.chats.instance.flows.find(params["ContactFlowId"], "contact-flow")
        if flow is None:
            raise AwsError("ResourceNotFoundException", "Contact flow not found")
        return flow.id

    def _start_answer(self, chat: Chat, params: Params) -> Params:
        wanted = params.get("ConnectionTypes") or []
        source = (params.get("PersistentChat") or {}).get("SourceContactId")
        answer: Params = {
            "ContactId": chat.id,
            "ParticipantId": chat.customer.id,
            "ParticipantToken": chat.customer.token,
            **self.connections.answer(chat, chat.customer, wanted),
        }
        if source:
            answer["ContinuedFromContactId"] = source
        if chat.streaming:
            answer["StreamingId"] = next(iter(chat.streaming))
        return answer

    def _repeated_start(self, earlier: Params) -> Params:
        """The original contact again; no websocket URL of a chat that is over (model)."""
        answer = dict(earlier)
        if not self.chats.switches.repeat_returns_participant_token:
            answer.pop("ParticipantToken")
            answer.pop("ConnectionCredentials", None)
        chat = self.chats.find(earlier["ContactId"])
        if chat is not None and chat.is_over:
            answer.pop("Websocket", None)
        return answer

    def create_participant(self, params: Params) -> Params:
        """A custom participant (CUSTOM_BOT) for a chat that is going on."""
        chat = self._chat(params, params["ContactId"])
        details = params["ParticipantDetails"]
        if details.get("ParticipantRole") != "CUSTOM_BOT":
            raise AwsError("InvalidRequestException", "Only CUSTOM_BOT can join a chat")
        if chat.is_over:
            raise AwsError("InvalidRequestException", "The contact has ended")
        bots = [one for one in chat.participants if one.role == "CUSTOM_BOT" and not one.left_at]
        if len(bots) >= limits.CUSTOM_BOTS:
            raise AwsError("ServiceQuotaExceededException", "One custom participant per contact")
        bot = self.chats.new_participant("CUSTOM_BOT", details.get("DisplayName") or "CUSTOM_BOT")
        chat.participants.append(bot)
        credentials = {"ParticipantToken": bot.token, "Expiry": self.connections.expiry()}
        return {"ParticipantCredentials": credentials, "ParticipantId": bot.id}

    # --- streaming ------------------------------------------------------------------------------

    def start_contact_streaming(self, params: Params) -> Params:
        """Stream a running chat to one more topic; two at most."""
        chat = self._chat(params, params["ContactId"])
        if chat.is_over:
            raise AwsError("InvalidRequestException", "The contact has ended")
        topic = params["ChatStreamingConfiguration"]["StreamingEndpointArn"]
        earlier = self.tokens.recall(
            "StartContactStreaming", chat.id, params.get("ClientToken"), topic
        )
        if earlier is not None:
            return dict(earlier)
        if len(chat.streaming) >= limits.STREAMING_TOPICS:
            raise AwsError("LimitExceededException", "Two streaming endpoints per contact")
        answer = {"StreamingId": self.chats.start_streaming(chat, topic)}
        self.tokens.keep("StartContactStreaming", chat.id, params.get("ClientToken"), topic, answer)
        return answer

    def stop_contact_streaming(self, params: Params) -> Params:
        """Stop one streaming of the chat."""
        chat = self._chat(params, params["ContactId"])
        if chat.streaming.pop(params["StreamingId"], None) is None:
            raise AwsError("ResourceNotFoundException", "No such streaming")
        return {}

    # --- reading and changing -------------------------------------------------------------------

    def get_contact_attributes(self, params: Params) -> Params:
        """By InitialContactId; works for ended contacts too."""
        return {"Attributes": dict(self._chat(params, params["InitialContactId"]).attributes)}

    def update_contact_attributes(self, params: Params) -> Params:
        """Add or replace attributes; all or none."""
        chat = self._chat(params, params["InitialContactId"])
        merged = chat.attributes | params["Attributes"]
        problem = rules.attributes_problem(merged)
        if problem:
            raise AwsError("InvalidRequestException", problem)
        chat.attributes.update(params["Attributes"])
        return {}

    def describe_contact(self, params: Params) -> Params:
        """One contact of the chain, with its queue, agent and times."""
        chat = self._chat(params, params["ContactId"])
        return {"Contact": self._contact(chat, self._link(chat, params["ContactId"]))}

    def list_associated_contacts(self, params: Params) -> Params:
        """The whole chain of a chat, however it is named; all on one page."""
        chat = self._chat(params, params["ContactId"])
        return {"ContactSummaryList": [self._summary(chat, contact) for contact in chat.contacts]}

    def _summary(self, chat: Chat, contact: Contact) -> Params:
        facts = self._contact(chat, contact)
        wanted = ("InitialContactId", "PreviousContactId", "RelatedContactId", "Channel")
        times = ("InitiationTimestamp", "DisconnectTimestamp", "InitiationMethod")
        summary = {name: facts[name] for name in (*wanted, *times) if name in facts}
        return {"ContactId": facts["Id"], "ContactArn": facts["Arn"], **summary}

    def _contact(self, chat: Chat, contact: Contact) -> Params:
        facts: Params = {
            "Arn": f"{self.chats.instance.arn}/contact/{contact.id}",
            "Id": contact.id,
            "InitialContactId": chat.id,
            "PreviousContactId": contact.previous_id,
            "RelatedContactId": chat.related_contact_id,
            "InitiationMethod": contact.initiation_method,
            "Channel": "CHAT",
            "Name": contact.name,
            "Description": contact.description,
            "CustomerId": chat.customer_id,
            "InitiationTimestamp": contact.started_at,
            "DisconnectTimestamp": contact.disconnected_at,
            "DisconnectReason": contact.disconnect_reason,
            "LastUpdateTimestamp": self.chats.clock.now(),
            "Tags": contact.tags or None,
            "Attributes": dict(chat.attributes),
            "SegmentAttributes": chat.segment_attributes or None,
        }
        facts |= _queue_and_agent(contact)
        return {key: value for key, value in facts.items() if value is not None}

    def update_contact(self, params: Params) -> Params:
        """Name, description and references of one contact."""
        chat = self._chat(params, params["ContactId"])
        contact = self._link(chat, params["ContactId"])
        contact.name = params.get("Name", contact.name)
        contact.description = params.get("Description", contact.description)
        contact.references.update(params.get("References") or {})
        chat.segment_attributes.update(params.get("SegmentAttributes") or {})
        return {}

    def tag_contact(self, params: Params) -> Params:
        """Up to six tags in all."""
        contact = self._link(self._chat(params, params["ContactId"]), params["ContactId"])
        merged = contact.tags | params["Tags"]
        if len(merged) > limits.TAGS:
            raise AwsError("InvalidRequestException", f"At most {limits.TAGS} tags per contact")
        contact.tags = merged
        return {}

    # --- moving and ending ----------------------------------------------------------------------

    def transfer_contact(self, params: Params) -> Params:
        """Refused for chats, as the model says: only TASK and EMAIL contacts are transferred."""
        self._chat(params, params["ContactId"])
        raise AwsError(
            "InvalidRequestException", "Transfer is only supported for TASK and EMAIL contacts"
        )

    def stop_contact(self, params: Params) -> Params:
        """End a chat in any state. An ended one answers ContactNotFoundException (410)."""
        chat = self._chat(params, params["ContactId"])
        if chat.is_over or params["ContactId"] != chat.current.id:
            raise AwsError("ContactNotFoundException", "The contact is no longer active")
        self.chats.end(chat, "API")
        return {}

    # --- looking up -----------------------------------------------------------------------------

    def _check_instance(self, params: Params) -> None:
        if last_part(params["InstanceId"]) != self.chats.instance.id:
            raise AwsError("ResourceNotFoundException", "Instance not found")

    def _chat(self, params: Params, contact_id: str) -> Chat:
        self._check_instance(params)
        chat = self.chats.find(contact_id)
        if chat is None:
            raise AwsError("ResourceNotFoundException", "Contact not found")
        return chat

    def _link(self, chat: Chat, contact_id: str) -> Contact:
        return next(one for one in chat.contacts if one.id == contact_id)


def _chat_request(params: Params, flow_id: str) -> ChatRequest:
    message = params.get("InitialMessage")
    types = params.get("SupportedMessagingContentTypes") or ["text/plain"]
    return ChatRequest(
        display_name=params["ParticipantDetails"]["DisplayName"],
        flow_id=flow_id,
        attributes=params.get("Attributes") or {},
        initial_message=(message["ContentType"], message["Content"]) if message else None,
        duration_min=params.get("ChatDurationInMinutes") or limits.CHAT_DURATION_MIN,
        content_types=frozenset(types),
        streaming_topic=(params.get("ChatStreamingConfiguration") or {}).get(
            "StreamingEndpointArn"
        ),
        connect_customer=bool(params.get("ConnectionTypes")),
        segment_attributes=params.get("SegmentAttributes") or {},
        customer_id=params.get("CustomerId"),
        related_contact_id=params.get("RelatedContactId"),
        disconnect_agent_on_exit="AGENT" in (params.get("DisconnectOnCustomerExit") or []),
    )


def _queue_and_agent(contact: Contact) -> Params:
    facts: Params = {}
    if contact.queue_id:
        facts["QueueInfo"] = {"Id": contact.queue_id, "EnqueueTimestamp": contact.enqueued_at}
    if contact.agent and contact.accepted_at:
        facts["AgentInfo"] = {
            "Id": contact.agent.id,
            "AcceptedByAgentTimestamp": contact.accepted_at,
            "ConnectedToAgentTimestamp": contact.accepted_at,
        }
    return facts
