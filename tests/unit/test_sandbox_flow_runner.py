"""Flows run for real chats: they speak, call functions, wait, queue and end."""

import copy
import json

import pytest

from sandbox.faults import Killed
from tests.unit.sandbox_stage import GREETING_THEN_QUEUE, Stage

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:facts"


def action(identifier, kind, parameters=None, next_action=None, *branches):
    errors, conditions = (*branches, (), ())[:2]
    transitions = {}
    if next_action:
        transitions = {
            "NextAction": next_action,
            "Errors": [{"ErrorType": name, "NextAction": to} for name, to in errors],
            "Conditions": [
                {"NextAction": to, "Condition": {"Operator": "Equals", "Operands": [value]}}
                for value, to in conditions
            ],
        }
    return {
        "Identifier": identifier,
        "Type": kind,
        "Parameters": parameters or {},
        "Transitions": transitions,
    }


def flow(*actions):
    return json.dumps(
        {
            "Version": "2019-10-30",
            "StartAction": actions[0]["Identifier"],
            "Metadata": {},
            "Actions": list(actions),
        }
    )


def message(identifier, text, next_action):
    return action(
        identifier,
        "MessageParticipant",
        {"Text": text},
        next_action,
        [("NoMatchingError", next_action)],
    )


END = action("End", "DisconnectParticipant")


@pytest.fixture
def stage():
    return Stage()


def run(stage, content, **params):
    stored = stage.instance.flows.add("tested", content)
    started = stage.start_chat(ContactFlowId=stored.id, **params)
    stage.settle()
    return stage.chat(started), started


def spoken(stage):
    return [text for role, _, text in stage.streamed() if role == "SYSTEM"]


ASKING = flow(
    action(
        "Ask",
        "InvokeLambdaFunction",
        {
            "LambdaFunctionARN": FUNCTION,
            "InvocationTimeLimitSeconds": "8",
            "LambdaInvocationAttributes": {"voiceNoteId": "$.Attributes.voiceNoteId"},
            "ResponseValidation": {"ResponseType": "STRING_MAP"},
        },
        "Say",
        [("NoMatchingError", "Sorry")],
    ),
    message("Say", "It says $.External.transcript", "End"),
    message("Sorry", "Sorry", "End"),
    END,
)


class TestFunctions:
    def test_a_function_gets_connects_event_and_its_answer_is_used(self, stage):
        seen = []

        def handler(event, context):
            seen.append((event, context.function_name, context.get_remaining_time_in_millis()))
            return {"transcript": "hello"}

        stage.runner.register_lambda("facts", handler)
        run(stage, ASKING, Attributes={"voiceNoteId": "wamid.1"})
        event, name, remaining = seen[0]

        assert spoken(stage) == ["It says hello"]
        assert event["Name"] == "ContactFlowEvent"
        assert event["Details"]["Parameters"] == {"voiceNoteId": "wamid.1"}
        assert event["Details"]["ContactData"]["Channel"] == "CHAT"
        assert (name, remaining) == ("facts", 15_000)

    def raising(self, error):
        def handler(_event, _context):
            raise error

        return handler

    @pytest.mark.parametrize(
        "error", [ValueError("broken"), Killed("the process died"), KeyError("x")]
    )
    def test_a_function_that_fails_takes_the_error_branch(self, stage, error):
        stage.runner.register_lambda("facts", self.raising(error))
        run(stage, ASKING)

        assert spoken(stage) == ["Sorry"]
        assert not stage.lambdas.invocations[0].payload

    def test_a_function_nobody_registered_takes_the_error_branch(self, stage):
        run(stage, ASKING)
        assert spoken(stage) == ["Sorry"]

    def test_a_function_that_was_associated_but_does_not_exist_fails(self, stage):
        stage.instance.lambdas.append(FUNCTION)
        run(stage, ASKING)
        assert spoken(stage) == ["Sorry"]

    def test_the_customer_reads_the_greeting_while_the_function_still_works(self, stage):
        read_meanwhile = []

        def handler(_event, _context):
            read_meanwhile.extend(spoken(stage))
            return {"transcript": "hello"}

        stage.runner.register_lambda("facts", handler)
        run(
            stage,
            flow(message("Greet", "One moment please", "Ask"), *json.loads(ASKING)["Actions"]),
        )

        assert read_meanwhile == ["One moment please"]

    def test_a_slow_function_is_not_waited_for(self, stage):
        def handler(_event, _context):
            stage.clock.advance(9)
            return {"transcript": "late"}

        stage.runner.register_lambda("facts", handler)
        run(stage, ASKING)

        assert spoken(stage) == ["Sorry"]
        assert not stage.lambdas.invocations[0].in_time

    def test_a_function_over_its_own_time_is_ended(self, stage):
        def handler(_event, context):
            stage.clock.advance(3)
            assert context.get_remaining_time_in_millis() == 0
            return {}

        stage.runner.register_lambda("facts", handler, timeout_s=2)
        run(stage, ASKING)

        assert "timed out after 2.00" in stage.lambdas.invocations[0].error

    def test_an_answer_that_is_no_json_fails(self, stage):
        stage.runner.register_lambda("facts", lambda _event, _context: {"x": object()})
        run(stage, ASKING)

        assert spoken(stage) == ["Sorry"]


WAITING = flow(
    action(
        "Wait",
        "Wait",
        {"TimeLimitSeconds": "30", "Events": ["CustomerReturned", "BotParticipantDisconnected"]},
        "Timeout",
        [("NoMatchingError", "End"), ("ParticipantNotFound", "End")],
        [
            ("WaitCompleted", "Timeout"),
            ("CustomerReturned", "Wrote"),
            ("BotParticipantDisconnected", "Bot"),
        ],
    ),
    message("Timeout", "time is over", "Wait"),
    message("Wrote", "you wrote", "Wait"),
    message("Bot", "the bot left", "Wait"),
    END,
)


class TestWaiting:
    def test_time_resumes_the_flow(self, stage):
        run(stage, WAITING.replace(', "BotParticipantDisconnected"]', "]"))
        stage.advance(29)
        assert spoken(stage) == []

        stage.advance(1)
        assert spoken(stage) == ["time is over"]

    def test_the_customers_next_message_resumes_it(self, stage):
        _, started = run(stage, WAITING.replace(', "BotParticipantDisconnected"]', "]"))
        stage.advance(10)
        stage.say(started, "I am back")
        stage.settle()
        assert spoken(stage) == ["you wrote"]

        stage.advance(29)
        assert spoken(stage) == ["you wrote"]
        stage.advance(1)
        assert spoken(stage) == ["you wrote", "time is over"]

    def test_the_words_that_opened_the_chat_do_not_resume_it(self, stage):
        stage.switches.greeting_before_answer = True
        opening = {"ContentType": "text/plain", "Content": "Hello"}
        run(
            stage,
            WAITING.replace(', "BotParticipantDisconnected"]', "]"),
            InitialMessage=opening,
        )
        assert spoken(stage) == []

    def test_a_leaving_bot_resumes_it(self, stage):
        stored = stage.instance.flows.add("tested", WAITING)
        started = stage.start_chat(ContactFlowId=stored.id)
        chat = stage.chat(started)
        bot = stage.chats.new_participant("CUSTOM_BOT", "Bot")
        stage.chats.join(chat, bot)
        stage.settle()
        given = stage.connections.answer(chat, bot, ["CONNECTION_CREDENTIALS"])
        stage.call(
            stage.participant,
            "DisconnectParticipant",
            ConnectionToken=given["ConnectionCredentials"]["ConnectionToken"],
        )
        assert spoken(stage) == ["the bot left"]

    def test_nothing_resumes_after_the_end(self, stage):
        chat, _ = run(stage, WAITING.replace(', "BotParticipantDisconnected"]', "]"))
        stage.chats.end(chat, "API")
        stage.advance(60)

        assert spoken(stage) == []


def hook(event, flow_id, then):
    return action(
        f"Set {event}",
        "UpdateContactEventHooks",
        {"EventHooks": {event: flow_id}},
        then,
        [("NoMatchingError", then)],
    )


def queueing(*hooks):
    actions = copy.deepcopy(GREETING_THEN_QUEUE["Actions"])
    return flow(*hooks, *actions)


class TestQueueAndAgentFlows:
    def test_a_full_queue_takes_its_branch(self, stage):
        stage.instance.queues["queue-general"].max_contacts = 1
        stage.start_chat()
        second = stage.start_chat()
        stage.settle()

        assert stage.chat(second).is_over
        assert len(stage.desk.waiting("General")) == 1

    def test_a_queue_flow_speaks_while_the_customer_waits_and_stops_with_the_agent(self, stage):
        patience = flow(
            message("Busy", "one moment", "Pause"),
            action(
                "Pause",
                "Wait",
                {"TimeLimitSeconds": "60", "Events": []},
                "Busy",
                [("NoMatchingError", "Busy")],
                [("WaitCompleted", "Busy")],
            ),
        )
        stage.instance.flows.add("patience", patience, type="CUSTOMER_QUEUE", flow_id="patience")
        run(stage, queueing(hook("CustomerQueue", "patience", "Greet")))
        stage.advance(60)
        assert spoken(stage) == ["Welcome", "one moment", "one moment"]

        stage.desk.agent("Luis", ["General"]).accept()
        stage.advance(600)
        assert spoken(stage) == ["Welcome", "one moment", "one moment"]

    def test_whispers_are_for_one_side_only(self, stage):
        whisper = action("End", "EndFlowExecution")
        for event, text in (
            ("AgentWhisper", "an order"),
            ("CustomerWhisper", "$.Agent.FirstName is here"),
        ):
            content = flow(message("Say", text, "End"), whisper)
            stage.instance.flows.add(event, content, type="AGENT_WHISPER", flow_id=event)
        content = queueing(
            hook("AgentWhisper", "AgentWhisper", "Set CustomerWhisper"),
            hook("CustomerWhisper", "CustomerWhisper", "Greet"),
        )
        run(stage, content)
        agent = stage.desk.agent("Luis", ["General"])
        agent.accept()
        visible = {
            message["Content"]: attributes["MessageVisibility"]
            for _, message, attributes in stage.topics.published
            if message.get("ParticipantRole") == "SYSTEM"
        }

        assert visible == {"Welcome": "ALL", "an order": "AGENT", "Luis is here": "CUSTOMER"}
        assert [line.text for line in agent.desk_view()] == ["Welcome", "an order"]

    def test_a_disconnect_flow_talks_to_the_customer_after_the_agent_left(self, stage):
        survey = flow(message("Thanks", "how was it?", "End"), END)
        stage.instance.flows.add("survey", survey, flow_id="survey")
        chat, _ = run(stage, queueing(hook("CustomerRemaining", "survey", "Greet")))
        agent = stage.desk.agent("Luis", ["General"])
        agent.accept()
        agent.end()

        assert spoken(stage) == ["Welcome", "how was it?"]
        assert [one.initiation_method for one in chat.contacts] == ["API", "DISCONNECT"]
        assert chat.is_over

    def test_a_hook_that_names_no_flow_changes_nothing(self, stage):
        chat, _ = run(stage, queueing(hook("CustomerQueue", "missing", "Greet")))
        assert chat.current.is_waiting


class TestThePath:
    def test_an_action_can_be_made_to_fail(self, stage):
        stage.runner.faults[("tested", "Choose queue")] = "NoMatchingError"
        chat, _ = run(stage, json.dumps(GREETING_THEN_QUEUE))

        assert chat.flow_path[1] == ("tested", "Choose queue", "error NoMatchingError")
        assert chat.is_over

    def test_it_lists_every_action_with_the_branch_it_took(self, stage):
        chat, _ = run(stage, json.dumps(GREETING_THEN_QUEUE))

        assert [step[:2] for step in chat.flow_path] == [
            ("tested", "Greet"),
            ("tested", "Choose queue"),
            ("tested", "Queue"),
        ]
        assert chat.flow_path[0][2] == "next"

    def test_a_flow_can_hand_over_to_another_and_use_modules(self, stage):
        module = flow(
            message("Hi", "from the module", "Back"), action("Back", "EndFlowModuleExecution")
        )
        stage.instance.flows.add("module", module, kind="flow-module", flow_id="module")
        stage.instance.flows.add("last", flow(message("Bye", "bye", "End"), END), flow_id="last")
        chat, _ = run(
            stage,
            flow(
                action(
                    "Module",
                    "InvokeFlowModule",
                    {"FlowModuleId": "module"},
                    "Go",
                    [("NoMatchingError", "End")],
                ),
                action(
                    "Go",
                    "TransferToFlow",
                    {"ContactFlowId": "last"},
                    "End",
                    [("NoMatchingError", "End")],
                ),
                END,
            ),
        )
        assert spoken(stage) == ["from the module", "bye"]
        assert chat.current.flow_id == "last"
        assert chat.current.disconnect_reason == "CONTACT_FLOW_DISCONNECT"

    def test_a_flow_that_leads_nowhere_ends_the_chat(self, stage):
        chat, _ = run(stage, flow(message("Hi", "hi", "Nowhere")))
        assert chat.is_over

    def test_closed_hours_and_metrics_come_from_the_instance(self, stage):
        stage.instance.add_hours("night", open_on=(("SUNDAY", "00:00", "01:00"),), hours_id="night")
        check = action(
            "Hours",
            "CheckHoursOfOperation",
            {"HoursOfOperationId": "night"},
            "Closed",
            [("NoMatchingError", "End")],
            [("True", "End"), ("False", "Closed")],
        )
        run(stage, flow(check, message("Closed", "we are closed", "End"), END))

        assert spoken(stage) == ["we are closed"]
        stage.start_chat()
        stage.settle()
        stage.desk.agent("Luis", ["General"])
        stage.advance(10)
        info = stage.runner.queue("General")
        assert (info.size, info.oldest_age_s, info.agents_available) == (1, 10, 1)
        assert stage.runner.queue("none") is None
