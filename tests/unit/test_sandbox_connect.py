"""Starting, watching, changing and ending chats through Connect's own API."""

import pytest

from sandbox.amazon_connect.switches import TokenMemory
from sandbox.wire import AwsError
from tests.unit.sandbox_stage import CHAT_TOPIC, Stage


@pytest.fixture
def stage():
    return Stage()


def refusal(call, *args, **kwargs):
    with pytest.raises(AwsError) as refused:
        call(*args, **kwargs)
    return refused.value.code


class TestStartingAChat:
    def test_one_call_gives_contact_tokens_and_streaming(self, stage):
        started = stage.start_chat()

        assert started["ContactId"]
        assert started["ParticipantToken"]
        assert started["ConnectionCredentials"]["ConnectionToken"]
        assert started["StreamingId"]

    def test_the_customers_first_words_and_the_flows_greeting_are_streamed_in_order(self, stage):
        stage.start_chat(InitialMessage={"ContentType": "text/plain", "Content": "Hello"})
        stage.settle()

        assert stage.streamed() == [
            ("CUSTOMER", "participant.joined", None),
            ("CUSTOMER", "text/plain", "Hello"),
            ("SYSTEM", "text/plain", "Welcome"),
        ]

    def test_the_greeting_comes_after_the_answer_unless_the_switch_says_before(self, stage):
        stage.start_chat()
        assert ("SYSTEM", "text/plain", "Welcome") not in stage.streamed()

        stage.switches.greeting_before_answer = True
        stage.start_chat()
        assert ("SYSTEM", "text/plain", "Welcome") in stage.streamed()

    def test_the_classic_form_takes_three_calls(self, stage):
        started = stage.start_chat(ConnectionTypes=None, ChatStreamingConfiguration=None)
        assert set(started) == {"ContactId", "ParticipantId", "ParticipantToken"}

        streaming = stage.call(
            stage.connect,
            "StartContactStreaming",
            InstanceId=stage.instance.id,
            ContactId=started["ContactId"],
            ChatStreamingConfiguration={"StreamingEndpointArn": CHAT_TOPIC},
            ClientToken="c1",
        )
        connection = stage.call(
            stage.participant,
            "CreateParticipantConnection",
            ParticipantToken=started["ParticipantToken"],
            Type=["CONNECTION_CREDENTIALS"],
            ConnectParticipant=True,
        )
        stage.settle()

        assert streaming["StreamingId"]
        assert connection["ConnectionCredentials"]["ConnectionToken"]
        assert stage.streamed() == [
            ("CUSTOMER", "participant.joined", None),
            ("SYSTEM", "text/plain", "Welcome"),
        ]

    def test_a_websocket_address_comes_only_when_it_is_asked_for(self, stage):
        assert "Websocket" not in stage.start_chat()
        assert stage.start_chat(ConnectionTypes=["WEBSOCKET"])["Websocket"]["Url"]

    def test_a_continued_conversation_names_where_it_continues(self, stage):
        persistent = {"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": "earlier"}

        assert stage.start_chat(PersistentChat=persistent)["ContinuedFromContactId"] == "earlier"

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"InstanceId": "other"}, "ResourceNotFoundException"),
            ({"ContactFlowId": "none"}, "ResourceNotFoundException"),
            ({"Attributes": {"not allowed": "x"}}, "InvalidRequestException"),
            ({"Attributes": {"big": "é" * 16_384}}, "InvalidRequestException"),
            (
                {"InitialMessage": {"ContentType": "text/plain", "Content": "é" * 8_193}},
                "InvalidRequestException",
            ),
            (
                {"InitialMessage": {"ContentType": "text/markdown", "Content": "x"}},
                "InvalidRequestException",
            ),
            ({"SupportedMessagingContentTypes": ["text/markdown"]}, "InvalidRequestException"),
            (
                {"SupportedMessagingContentTypes": ["text/plain", "image/png"]},
                "InvalidRequestException",
            ),
            (
                {
                    "RelatedContactId": "a",
                    "PersistentChat": {
                        "RehydrationType": "FROM_SEGMENT",
                        "SourceContactId": "b",
                    },
                },
                "InvalidRequestException",
            ),
            ({"ChatDurationInMinutes": 59}, "ValidationException"),
        ],
    )
    def test_what_connect_does_not_accept_starts_no_chat(self, stage, params, code):
        assert refusal(stage.start_chat, **params) == code
        assert stage.chats.active() == []

    def test_attributes_may_fill_the_limit_exactly(self, stage):
        started = stage.start_chat(Attributes={"big": "x" * 32_765})

        assert len(stage.chat(started).attributes["big"]) == 32_765

    def test_over_the_quota_of_active_chats_no_chat_starts(self, stage):
        stage.switches.concurrent_chats = 1
        stage.start_chat()

        assert refusal(stage.start_chat) == "LimitExceededException"

    def test_over_the_rate_requests_are_throttled_until_time_passes(self, stage):
        stage.switches.rate_limits = True
        for _ in range(8):
            stage.start_chat()

        assert refusal(stage.start_chat) == "TooManyRequestsException"
        stage.advance(1)
        assert stage.start_chat()["ContactId"]


class TestRepeatingAStart:
    def test_the_same_token_answers_the_same_contact(self, stage):
        first = stage.start_chat(ClientToken="t1")

        assert stage.start_chat(ClientToken="t1") == first
        assert len(stage.chats.active()) == 1
        assert stage.tokens.conflicts == 0

    def test_one_token_for_two_requests_is_counted_as_the_callers_mistake(self, stage):
        stage.start_chat(ClientToken="t1")
        stage.start_chat(ClientToken="t1", Attributes={"a": "b"})

        assert stage.tokens.conflicts == 1

    @pytest.mark.parametrize(
        ("memory", "after_s", "chats"),
        [
            (TokenMemory.SEVEN_DAYS, 60, 1),
            (TokenMemory.FIVE_MINUTES, 299, 1),
            (TokenMemory.FIVE_MINUTES, 300, 2),
            (TokenMemory.NONE, 0, 2),
        ],
    )
    def test_a_token_is_remembered_as_long_as_the_switch_says(self, stage, memory, after_s, chats):
        stage.switches.token_memory_of["StartChatContact"] = memory
        stage.start_chat(ClientToken="t1")
        stage.advance(after_s)
        stage.start_chat(ClientToken="t1")

        assert len(list(stage.chats)) == chats

    def test_the_repeat_can_come_without_a_participant_token(self, stage):
        stage.switches.repeat_returns_participant_token = False
        first = stage.start_chat(ClientToken="t1")
        again = stage.start_chat(ClientToken="t1")

        assert again["ContactId"] == first["ContactId"]
        assert "ParticipantToken" not in again

    def test_the_repeat_after_the_end_has_no_websocket_address(self, stage):
        asked = {"ClientToken": "t1", "ConnectionTypes": ["WEBSOCKET"]}
        first = stage.start_chat(**asked)
        stage.chats.end(stage.chat(first), "API")

        assert "Websocket" not in stage.start_chat(**asked)


class TestTheLifeOfAContact:
    def ask(self, stage, operation, started, **params):
        return stage.call(
            stage.connect, operation, InstanceId=stage.instance.id, **params
        ) or stage.chat(started)

    def test_attributes_can_be_read_and_changed_by_the_initial_contact_id(self, stage):
        started = stage.start_chat(Attributes={"conversation": "c-1"})
        who = {"InitialContactId": started["ContactId"]}
        self.ask(stage, "UpdateContactAttributes", started, **who, Attributes={"language": "es"})

        assert self.ask(stage, "GetContactAttributes", started, **who)["Attributes"] == {
            "conversation": "c-1",
            "language": "es",
        }

    def test_attributes_over_the_limit_change_nothing(self, stage):
        started = stage.start_chat(Attributes={"a": "1"})
        who = {"InitialContactId": started["ContactId"]}

        too_much = {"a": "2", "b": "x" * 20_000, "c": "x" * 20_000}
        code = refusal(
            self.ask, stage, "UpdateContactAttributes", started, **who, Attributes=too_much
        )
        assert code == "InvalidRequestException"
        assert stage.chat(started).attributes == {"a": "1"}

    def test_an_unknown_contact_is_not_found(self, stage):
        code = refusal(
            stage.call,
            stage.connect,
            "GetContactAttributes",
            InstanceId=stage.instance.id,
            InitialContactId="nobody",
        )
        assert code == "ResourceNotFoundException"

    def test_a_description_tells_queue_agent_and_times(self, stage):
        started = stage.start_chat()
        stage.settle()
        agent = stage.desk.agent("Luis", ["General"])
        agent.accept()
        contact = self.ask(stage, "DescribeContact", started, ContactId=started["ContactId"])[
            "Contact"
        ]

        assert contact["QueueInfo"]["Id"] == "queue-general"
        assert contact["AgentInfo"]["AcceptedByAgentTimestamp"] == stage.clock.now()
        assert contact["Channel"] == "CHAT"
        assert "DisconnectTimestamp" not in contact

    def test_name_references_and_tags_can_be_set(self, stage):
        started = stage.start_chat()
        who = {"ContactId": started["ContactId"]}
        self.ask(stage, "UpdateContact", started, **who, Name="Order 7", Description="late")
        self.ask(stage, "TagContact", started, **who, Tags={"kind": "voice"})
        contact = self.ask(stage, "DescribeContact", started, **who)["Contact"]

        assert (contact["Name"], contact["Tags"]) == ("Order 7", {"kind": "voice"})

    def test_a_contact_holds_six_tags(self, stage):
        started = stage.start_chat()
        who = {"ContactId": started["ContactId"]}
        self.ask(stage, "TagContact", started, **who, Tags={str(n): "x" for n in range(6)})

        code = refusal(self.ask, stage, "TagContact", started, **who, Tags={"seven": "x"})
        assert code == "InvalidRequestException"

    def test_the_api_does_not_transfer_chats(self, stage):
        started = stage.start_chat()
        code = refusal(
            self.ask,
            stage,
            "TransferContact",
            started,
            ContactId=started["ContactId"],
            QueueId="queue-billing",
            ContactFlowId=stage.flow.id,
        )
        assert code == "InvalidRequestException"

    def test_stopping_ends_the_chat_and_a_second_stop_finds_no_contact(self, stage):
        started = stage.start_chat()
        who = {"ContactId": started["ContactId"]}
        self.ask(stage, "StopContact", started, **who)

        assert stage.streamed()[-1] == (None, "chat.ended", None)
        assert refusal(self.ask, stage, "StopContact", started, **who) == "ContactNotFoundException"

    def test_a_chat_ends_when_its_duration_is_over(self, stage):
        started = stage.start_chat(ChatDurationInMinutes=60)
        stage.advance(3599)
        assert not stage.chat(started).is_over

        stage.advance(1)
        assert stage.chat(started).current.disconnect_reason == "EXPIRED"

    def test_without_a_duration_a_chat_lasts_25_hours(self, stage):
        started = stage.start_chat()
        stage.advance(25 * 3600 - 1)
        assert not stage.chat(started).is_over

        stage.advance(1)
        assert stage.chat(started).is_over

    def test_a_customer_who_is_not_connected_within_five_minutes_loses_the_chat(self, stage):
        started = stage.start_chat(ConnectionTypes=None)
        stage.advance(299)
        assert not stage.chat(started).is_over

        stage.advance(1)
        assert stage.chat(started).is_over


class TestStreaming:
    def stream(self, stage, started, topic, token):
        return stage.call(
            stage.connect,
            "StartContactStreaming",
            InstanceId=stage.instance.id,
            ContactId=started["ContactId"],
            ChatStreamingConfiguration={"StreamingEndpointArn": topic},
            ClientToken=token,
        )

    def test_a_repeated_token_starts_no_second_streaming(self, stage):
        started = stage.start_chat(ChatStreamingConfiguration=None)
        first = self.stream(stage, started, CHAT_TOPIC, "c1")

        assert self.stream(stage, started, CHAT_TOPIC, "c1") == first
        assert len(stage.chat(started).streaming) == 1

    def test_a_contact_streams_to_two_topics_at_most(self, stage):
        started = stage.start_chat()
        self.stream(stage, started, CHAT_TOPIC + "-2", "c1")

        code = refusal(self.stream, stage, started, CHAT_TOPIC + "-3", "c2")
        assert code == "LimitExceededException"

    def test_nothing_is_streamed_after_streaming_stopped(self, stage):
        started = stage.start_chat()
        stop = {
            "InstanceId": stage.instance.id,
            "ContactId": started["ContactId"],
            "StreamingId": started["StreamingId"],
        }
        stage.call(stage.connect, "StopContactStreaming", **stop)
        before = len(stage.topics.published)
        stage.say(started, "anyone?")

        assert len(stage.topics.published) == before
        code = refusal(stage.call, stage.connect, "StopContactStreaming", **stop)
        assert code == "ResourceNotFoundException"

    def test_an_ended_contact_cannot_be_streamed(self, stage):
        started = stage.start_chat()
        stage.chats.end(stage.chat(started), "API")

        code = refusal(self.stream, stage, started, CHAT_TOPIC, "c1")
        assert code == "InvalidRequestException"

    def test_a_record_and_its_attributes_have_the_published_shape(self, stage):
        started = stage.start_chat()
        stage.say(started, "hello")
        topic, record, attributes = stage.topics.published[-1]

        assert topic == CHAT_TOPIC
        assert set(record) == {
            "AbsoluteTime",
            "Content",
            "ContentType",
            "Id",
            "Type",
            "ParticipantId",
            "DisplayName",
            "ParticipantRole",
            "InitialContactId",
            "ContactId",
        }
        assert record["AbsoluteTime"] == "2026-11-20T12:00:00.000Z"
        assert attributes == {
            "InitialContactId": started["ContactId"],
            "ContactId": started["ContactId"],
            "ParticipantRole": "CUSTOMER",
            "InstanceId": stage.instance.id,
            "AccountId": "123456789012",
            "Type": "MESSAGE",
            "ContentType": "text/plain",
            "MessageVisibility": "ALL",
        }

    def test_the_end_of_a_chat_names_no_participant(self, stage):
        started = stage.start_chat()
        stage.chats.end(stage.chat(started), "API")
        _topic, record, attributes = stage.topics.published[-1]

        assert record["ContentType"].endswith("chat.ended")
        assert "ParticipantRole" not in record
        assert "ParticipantRole" not in attributes


class TestCustomParticipants:
    def create(self, stage, started, role="CUSTOM_BOT"):
        return stage.call(
            stage.connect,
            "CreateParticipant",
            InstanceId=stage.instance.id,
            ContactId=started["ContactId"],
            ParticipantDetails={"ParticipantRole": role, "DisplayName": "Bot"},
        )

    def test_a_bot_joins_writes_and_leaves(self, stage):
        started = stage.start_chat()
        token = self.create(stage, started)["ParticipantCredentials"]["ParticipantToken"]
        connection = stage.call(
            stage.participant,
            "CreateParticipantConnection",
            ParticipantToken=token,
            Type=["CONNECTION_CREDENTIALS"],
            ConnectParticipant=True,
        )["ConnectionCredentials"]["ConnectionToken"]
        who = {"ConnectionToken": connection}
        stage.call(
            stage.participant, "SendMessage", **who, ContentType="text/plain", Content="I am a bot"
        )
        stage.call(stage.participant, "DisconnectParticipant", **who)

        assert stage.streamed()[-2:] == [
            ("CUSTOM_BOT", "text/plain", "I am a bot"),
            ("CUSTOM_BOT", "participant.left", None),
        ]
        assert not stage.chat(started).is_over

    def test_a_contact_takes_one_bot(self, stage):
        started = stage.start_chat()
        self.create(stage, started)

        assert refusal(self.create, stage, started) == "ServiceQuotaExceededException"

    def test_nobody_else_can_be_created_and_nobody_joins_an_ended_chat(self, stage):
        started = stage.start_chat()
        assert refusal(self.create, stage, started, "AGENT") == "InvalidRequestException"

        stage.chats.end(stage.chat(started), "API")
        assert refusal(self.create, stage, started) == "InvalidRequestException"


def test_an_operation_the_sandbox_does_not_play_is_refused_by_name(stage):
    with pytest.raises(AwsError) as refused:
        stage.call(stage.connect, "ResumeContact", InstanceId=stage.instance.id, ContactId="x")

    assert refused.value.status == 501
    assert "connect.ResumeContact" in refused.value.message
