"""A flow does offline what Connect does with it: branches, errors, waits, loops and hand-overs."""

import pickle
from datetime import timedelta

import pytest

from flowkit.actions import REGISTRY
from flowkit.engine import (
    ActionEntered,
    AttributesSet,
    BotLeft,
    BranchTaken,
    CustomerReturned,
    DataUpdated,
    Disconnected,
    EventHookSet,
    FlowEnded,
    LambdaAnswer,
    LambdaInvoked,
    ModuleReturned,
    QueuedContact,
    StandInAnswer,
    TimePassed,
    TransferredToFlow,
    ViewAnswered,
    ViewShown,
    WaitStarted,
    resume,
    start,
)
from flowkit.engine.lambda_call import contact_flow_event
from flowkit.engine.perform import PERFORMERS
from flowkit.model import Flow, parse
from flowkit.stand_in import StandInServices, answering, one_after_another
from tests.flows.desk import (
    CLOSED,
    OPEN,
    action,
    contact,
    errors,
    flow,
    notes,
    one_action,
    run,
    run_to_the_end,
    said,
    say,
    wait_out,
    world,
)

ARN = "arn:aws:lambda:us-east-1:123456789012:function:echo"


class Flows(StandInServices):
    """A world with a few extra flows and modules."""

    extra: dict[str, Flow]

    def flow(self, flow_id: str) -> Flow | None:
        return self.extra.get(flow_id)

    def module(self, module_id: str) -> Flow | None:
        return self.extra.get(module_id)


def flows(**extra: Flow) -> Flows:
    services = Flows(world().bundle)
    object.__setattr__(services, "extra", extra)
    return services


def outcome(a_flow: Flow, services=None, **facts) -> list[str]:
    return said(run(a_flow, services, contact(**facts)).events)


def test_every_action_type_of_the_registry_is_performed_or_refused_aloud() -> None:
    assert PERFORMERS.keys() == REGISTRY.keys()
    for name, spec in REGISTRY.items():
        events = run(one_action(name), world(), contact()).events
        assert any(isinstance(e, ActionEntered) and e.type == name for e in events)
        if spec.chat == "fails":
            assert said(events) == ["failed"], name
            assert any(name in note for note in notes(events)), name
        if spec.chat == "ignored":
            assert said(events) == ["worked"], name
            assert notes(events) == [f"{name} has no effect on chat"]


def test_a_type_outside_the_language_takes_its_error_branch_and_says_the_real_name() -> None:
    events = run(one_action("PlayPrompt")).events
    assert said(events) == ["failed"]
    assert "MessageParticipant" in notes(events)[0]


def test_a_type_nobody_knows_takes_its_error_branch() -> None:
    assert outcome(one_action("FromTheFuture")) == ["failed"]
    assert outcome(one_action("LoadContactContent")) == ["failed"]


def test_an_error_without_a_branch_ends_the_flow_and_the_chat_instead_of_going_on() -> None:
    lonely = flow(action("it", "GetParticipantInput", next_action="next"), say("next", "went on"))
    events = run(lonely).events
    assert said(events) == []
    assert events[-2:] == [Disconnected(), FlowEnded("no_branch")]


def test_an_error_takes_its_own_branch_before_the_catch_all() -> None:
    full = flow(
        action("queue", "UpdateContactTargetQueue", {"QueueId": "General"}, next_action="go"),
        action(
            "go",
            "TransferContactToQueue",
            errors={"NoMatchingError": "lost", "QueueAtCapacity": "full"},
        ),
        say("lost", "lost"),
        say("full", "full"),
    )
    assert outcome(full, world(queues={"General": {"size": 5, "capacity": 5}})) == ["full"]


def test_an_undeclared_error_falls_to_the_catch_all() -> None:
    hook = one_action("Wait", {"TimeLimitSeconds": "5", "Events": ["BotParticipantDisconnected"]})
    events = run(hook).events
    assert errors(events) == [("ParticipantNotFound", "there is no bot in this chat")]
    assert said(events) == ["failed"]


@pytest.mark.parametrize(
    ("operator", "operand", "value", "met"),
    [
        ("Equals", "a", "a", True),
        ("Equals", "a", "A", False),
        ("TextStartsWith", "ab", "abc", True),
        ("TextEndsWith", "bc", "abc", True),
        ("TextContains", "x", "abc", False),
        ("NumberGreaterThan", "5", "6", True),
        ("NumberGreaterThan", "5", "many", False),
        ("NumberGreaterOrEqualTo", "5", "5", True),
        ("NumberLessThan", "5", "4.5", True),
        ("NumberLessOrEqualTo", "5", "6", False),
        ("KeyExists", "x", "anything", True),
        ("And", "a", "a", False),
    ],
)
def test_conditions_compare_as_the_language_says(operator, operand, value, met) -> None:
    check = one_action(
        "Compare",
        {"ComparisonValue": "$.Attributes.x"},
        [(operator, operand, "")],
        error="NoMatchingCondition",
    )
    assert outcome(check, attributes={"x": value}) == [operand if met else "failed"]


def test_a_missing_value_meets_no_condition() -> None:
    check = one_action(
        "Compare",
        {"ComparisonValue": "$.Attributes.x"},
        [("Equals", "a", "")],
        "NoMatchingCondition",
    )
    assert outcome(check) == ["failed"]


def test_a_text_shows_the_values_it_refers_to_and_nothing_where_there_is_none() -> None:
    hello = flow(say("it", "Hi $.Attributes.name, $['Attributes']['a b'] ($.Channel)$.External.x!"))
    assert outcome(hello, attributes={"name": "Ana", "a b": "ok"}) == ["Hi Ana, ok (CHAT)!"]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"Text": "$.Attributes.none"}, "the text is empty"),
        ({"SSML": "<speak>hi</speak>"}, "only Text"),
        ({"Text": "x" * 6_001}, "longer than the channel"),
    ],
)
def test_what_cannot_be_shown_takes_the_error_branch(parameters, reason) -> None:
    events = run(one_action("MessageParticipant", parameters)).events
    assert said(events) == ["failed"]
    assert reason in errors(events)[0][1]


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("$.ContactId", "c-1"),
        ("$.InitialContactId", "c-1"),
        ("$.PreviousContactId", "c-0"),
        ("$.RelatedContactId", "c-9"),
        ("$.InstanceARN", "arn:i"),
        ("$.AwsRegion", "us-east-1"),
        ("$.InitiationMethod", "API"),
        ("$.LanguageCode", "es-US"),
        ("$.Name", "N"),
        ("$.Description", "D"),
        ("$.References.url.Value", "https://x"),
        ("$.CustomerId", "cust"),
        ("$.Tags.team", "t"),
        ("$.Media.InitialMessage", "hello"),
        ("$.SegmentAttributes['connect:Subtype']", "connect:WhatsApp"),
        ("$.Agent.UserName", "mia"),
        ("$.CustomerEndpoint.Address", ""),
        ("$.SystemEndpoint.Address", ""),
        ("$.StoredCustomerInput", ""),
        ("$.MediaStreams.Customer.Audio.StartTimestamp", ""),
        ("$.Email.Subject", ""),
        ("$.Customer.FirstName", ""),
        ("$.Queue.Name", ""),
        ("$.Task.ContactId", ""),
        ("$.Nothing.x", ""),
    ],
)
def test_every_namespace_reads_the_contact(reference, value) -> None:
    facts = {
        "previous_contact_id": "c-0",
        "related_contact_id": "c-9",
        "instance_arn": "arn:i",
        "region": "us-east-1",
        "language": "es-US",
        "name": "N",
        "description": "D",
        "references": {"url": {"Value": "https://x", "Type": "URL"}},
        "customer_id": "cust",
        "tags": {"team": "t"},
        "initial_message": "hello",
        "segment_attributes": {"connect:Subtype": {"ValueString": "connect:WhatsApp"}},
        "agent": {"UserName": "mia"},
    }
    assert outcome(flow(say("it", f"<{reference}>")), **facts) == [f"<{value}>"]


def test_attributes_follow_the_contact_and_flow_attributes_stay_in_the_flow() -> None:
    who = contact(attributes={"a": "1"})
    events = run(
        flow(
            action(
                "c",
                "UpdateContactAttributes",
                {"Attributes": {"b": "$.Attributes.a"}},
                next_action="f",
            ),
            action(
                "f",
                "UpdateFlowAttributes",
                {"FlowAttributes": {"x": {"Value": "$.Attributes.b!"}}},
                next_action="it",
            ),
            say("it", "$.FlowAttributes.x"),
        ),
        who=who,
    ).events
    assert said(events) == ["1!"]
    assert who.attributes == {"a": "1", "b": "1"}
    assert AttributesSet({"b": "1"}) in events
    assert AttributesSet({"x": "1!"}, "flow") in events


def test_attributes_over_32_kb_are_refused_and_none_is_set() -> None:
    who = contact()
    big = one_action("UpdateContactAttributes", {"Attributes": {"k": "x" * 33_000}})
    assert said(run(big, who=who).events) == ["failed"]
    assert who.attributes == {}


def test_attributes_for_a_related_contact_leave_this_one_alone() -> None:
    related = one_action(
        "UpdateContactAttributes", {"Attributes": {"k": "v"}, "TargetContact": "Related"}
    )
    assert outcome(related) == ["failed"]
    who = contact(related_contact_id="c-9")
    assert AttributesSet({"k": "v"}, "related") in run(related, who=who).events
    assert who.attributes == {}


@pytest.mark.parametrize("given", [{}, {"x": "plain"}, "text"])
def test_flow_attributes_need_the_services_shape(given) -> None:
    assert outcome(one_action("UpdateFlowAttributes", {"FlowAttributes": given})) == ["failed"]


def test_contact_data_changes_what_the_agent_sees() -> None:
    who = contact()
    change = one_action("UpdateContactData", {"Name": "Ana", "LanguageCode": "es-US"})
    events = run(change, who=who).events
    assert (who.name, who.language) == ("Ana", "es-US")
    assert DataUpdated("UpdateContactData", {"Name": "Ana", "LanguageCode": "es-US"}) in events


def test_contact_data_for_a_related_contact_leaves_this_one_alone() -> None:
    who = contact()
    run(one_action("UpdateContactData", {"Name": "Ana", "TargetContact": "Related"}), who=who)
    assert who.name is None


@pytest.mark.parametrize("given", [{}, {"IsVoiceIdStreamingEnabled": "True"}])
def test_contact_data_without_a_field_or_for_voice_fails(given) -> None:
    assert outcome(one_action("UpdateContactData", given)) == ["failed"]


def test_tags_are_set_and_removed() -> None:
    who = contact(tags={"old": "1"})
    run(one_action("TagContact", {"Tags": {"new": "2"}}), who=who)
    run(one_action("UntagContact", {"TagKeys": ["old"]}), who=who)
    assert who.tags == {"new": "2"}
    assert outcome(one_action("UnTagContact", {"TagKeys": ["new"]})) == ["worked"]


def test_an_event_hook_names_the_flow_that_runs_later() -> None:
    services = flows(**{"bye": flow(say("x", "bye"))})
    who = contact()
    hook = one_action("UpdateContactEventHooks", {"EventHooks": {"CustomerRemaining": "bye"}})
    assert EventHookSet("CustomerRemaining", "bye") in run(hook, services, who).events
    assert who.event_hooks == {"CustomerRemaining": "bye"}


@pytest.mark.parametrize(
    "hooks",
    [
        {},
        {"CustomerQueue": "bye", "AgentWhisper": "bye"},
        {"CustomerHold": "bye"},
        {"Lunch": "bye"},
        {"CustomerQueue": "nowhere"},
    ],
)
def test_a_hook_that_cannot_work_on_chat_takes_the_error_branch(hooks) -> None:
    services = flows(**{"bye": flow(say("x", "bye"))})
    assert outcome(one_action("UpdateContactEventHooks", {"EventHooks": hooks}), services) == [
        "failed"
    ]


def test_a_task_has_an_id_the_flow_can_read() -> None:
    task = flow(
        action("t", "CreateTask", {"Name": "call back"}, next_action="it"),
        say("it", "$.Task.ContactId"),
    )
    assert outcome(task) == ["c-1-1"]
    assert outcome(one_action("CreateTask", {"Name": "$.Attributes.none"})) == ["failed"]


def test_recording_a_voice_behaviour_on_chat_is_a_channel_mismatch() -> None:
    voice = one_action("UpdateContactRecordingAndAnalyticsBehavior", {"VoiceBehavior": {}})
    assert errors(run(voice).events)[0][0] == "ChannelMismatch"
    chat = one_action("UpdateContactRecordingAndAnalyticsBehavior", {"ChatBehavior": {}})
    assert outcome(chat) == ["worked"]


# Queues, hours, staffing


def test_a_transferred_contact_waits_in_the_queue_and_the_flow_is_over() -> None:
    to_queue = flow(
        action("q", "UpdateContactTargetQueue", {"QueueId": "Orders"}, next_action="name"),
        say("name", "$.Queue.Name", "go"),
        action("go", "TransferContactToQueue", errors={"NoMatchingError": "end"}),
    )
    services = world()
    sprint = run(to_queue, services)
    assert said(sprint.events) == ["Orders"]
    assert isinstance(sprint.events[-2], QueuedContact)
    assert sprint.events[-1] == FlowEnded("queued")
    assert sprint.session is None


def test_a_transfer_without_a_target_queue_fails() -> None:
    assert outcome(one_action("TransferContactToQueue", {"QueueId": "Orders"})) == ["failed"]
    assert outcome(one_action("UpdateContactTargetQueue", {"QueueId": "Nowhere"})) == ["failed"]
    assert outcome(one_action("UpdateContactTargetQueue")) == ["failed"]


def test_a_customer_queue_flow_can_move_the_contact_to_another_queue() -> None:
    move = one_action("DequeueContactAndTransferToQueue", {"QueueId": "Billing"})
    moved = [e for e in run(move).events if isinstance(e, QueuedContact)]
    assert moved[0].dequeued
    stay = one_action("DequeueContactAndTransferToQueue")
    assert outcome(stay) == ["failed"]


HOURS = [("Equals", "True", ""), ("Equals", "False", "")]


def test_hours_are_those_of_settings_at_the_time_of_the_run() -> None:
    check = one_action("CheckHoursOfOperation", {"HoursOfOperationId": "support"}, HOURS)
    assert said(run(check, now=OPEN).events) == ["True"]
    assert said(run(check, now=CLOSED).events) == ["False"]


def test_hours_nobody_knows_take_the_error_branch() -> None:
    unknown = one_action("CheckHoursOfOperation", {"HoursOfOperationId": "nowhere"}, HOURS)
    assert outcome(unknown) == ["failed"]
    assert outcome(one_action("CheckHoursOfOperation", {}, HOURS)) == ["failed"]


def test_without_hours_of_its_own_the_check_asks_for_those_of_the_queue() -> None:
    check = flow(
        action("q", "UpdateContactTargetQueue", {"QueueId": "Orders"}, next_action="it"),
        action("it", "CheckHoursOfOperation", conditions=[("Equals", "True", "open")]),
        say("open", "open"),
    )
    assert outcome(check, world(always_open=True)) == ["open"]


@pytest.mark.parametrize(
    ("metric", "operator", "operand"),
    [
        ("NumberOfAgentsAvailable", "NumberGreaterThan", "1"),
        ("NumberOfAgentsStaffed", "NumberGreaterThan", "2"),
        ("NumberOfAgentsOnline", "NumberGreaterThan", "3"),
        ("OldestContactInQueueAgeSeconds", "NumberGreaterOrEqualTo", "60"),
        ("NumberOfContactsInQueue", "Equals", "7"),
    ],
)
def test_staffing_and_queue_status_read_the_queue_as_it_is_now(metric, operator, operand) -> None:
    services = world(
        queues={
            "General": {
                "agents_available": 2,
                "agents_staffed": 3,
                "agents_online": 4,
                "oldest_age_s": 60,
                "size": 7,
            }
        }
    )
    check = one_action(
        "CheckMetricData", {"MetricType": metric, "QueueId": "General"}, [(operator, operand, "")]
    )
    assert outcome(check, services) == [operand]


def test_metrics_without_a_queue_or_of_no_known_kind_fail() -> None:
    assert outcome(one_action("CheckMetricData", {"MetricType": "NumberOfContactsInQueue"})) == [
        "failed"
    ]
    odd = one_action("CheckMetricData", {"MetricType": "Mood", "QueueId": "General"})
    assert outcome(odd) == ["failed"]
    assert outcome(one_action("GetMetricData")) == ["failed"]


def test_queue_metrics_can_be_told_to_the_customer() -> None:
    tell = flow(
        action("q", "UpdateContactTargetQueue", {"QueueId": "General"}, next_action="m"),
        action("m", "GetMetricData", next_action="it"),
        say("it", "$.Metrics.Queue.Size ahead, $.Metrics.Agents.Online.Count online"),
    )
    services = world(queues={"General": {"size": 3, "agents_online": 2}})
    assert outcome(tell, services) == ["3 ahead, 2 online"]


def test_a_percentage_is_even_over_contacts_and_the_same_for_one() -> None:
    half = one_action(
        "DistributeByPercentage", {}, [("NumberLessThan", "51", "")], "NoMatchingCondition"
    )
    low = sum(outcome(half, contact_id=f"c-{n}") == ["51"] for n in range(400))
    assert 150 < low < 250
    assert outcome(half, contact_id="c-1") == outcome(half, contact_id="c-1")


# Waiting and looping

WAIT = [("Equals", "WaitCompleted", ""), ("Equals", "CustomerReturned", "")]


def test_a_wait_pauses_until_its_time_and_nothing_happens_before() -> None:
    pause = one_action("Wait", {"TimeLimitSeconds": "60"}, WAIT[:1])
    sprint = run(pause)
    assert sprint.events[-1] == WaitStarted(OPEN + timedelta(seconds=60))
    early = resume(sprint.session, TimePassed(), world(), OPEN + timedelta(seconds=59))
    assert early.events == []
    done = resume(early.session, TimePassed(), world(), OPEN + timedelta(seconds=60))
    assert said(done.events) == ["WaitCompleted"]


def test_a_returning_customer_ends_a_wait_that_asked_for_it() -> None:
    pause = one_action("Wait", {"TimeLimitSeconds": "60", "Events": ["CustomerReturned"]}, WAIT)
    session = run(pause).session
    assert said(resume(session, CustomerReturned(), world(), OPEN).events) == ["CustomerReturned"]


def test_a_message_does_not_disturb_a_wait_that_did_not_ask_for_it() -> None:
    session = run(one_action("Wait", {"TimeLimitSeconds": "60"}, WAIT)).session
    assert resume(session, CustomerReturned(), world(), OPEN).events == []
    assert resume(session, ViewAnswered("ok"), world(), OPEN).events == []


def test_a_bot_that_leaves_ends_the_wait_for_it() -> None:
    pause = one_action(
        "Wait",
        {"TimeLimitSeconds": "60", "Events": ["BotParticipantDisconnected"]},
        [("Equals", "BotParticipantDisconnected", "")],
    )
    session = run(pause, who=contact(has_bot=True)).session
    left = resume(session, BotLeft(), world(), OPEN)
    assert said(left.events) == ["BotParticipantDisconnected"]


@pytest.mark.parametrize("limit", ["0", "604801", "soon", "$.Attributes.none"])
def test_a_wait_outside_one_second_to_seven_days_fails(limit) -> None:
    assert outcome(one_action("Wait", {"TimeLimitSeconds": limit}, WAIT)) == ["failed"]


def test_a_wait_in_an_unpublished_mode_is_refused_aloud() -> None:
    events = run(one_action("Wait", {"ContinueExecution": "True"}, WAIT)).events
    assert said(events) == ["failed"]
    assert "ContinueExecution" in notes(events)[0]


def test_a_paused_session_is_plain_data() -> None:
    session = run(one_action("Wait", {"TimeLimitSeconds": "1"}, WAIT)).session
    kept = pickle.loads(pickle.dumps(session))  # noqa: S301  our own data
    assert said(wait_out(kept, world())) == ["WaitCompleted"]


def test_a_loop_turns_as_often_as_it_says_and_never_starts_over_for_one_contact() -> None:
    three = flow(
        action(
            "turn",
            "Loop",
            {"LoopCount": "3"},
            next_action="end",
            conditions=[("Equals", "ContinueLooping", "it"), ("Equals", "DoneLooping", "over")],
        ),
        say("it", "again", "turn"),
        say("over", "over"),
    )
    assert outcome(three) == ["again", "again", "again", "over"]
    none = one_action("Loop", {"LoopCount": "0"}, [("Equals", "DoneLooping", "")])
    assert outcome(none) == ["DoneLooping"]
    assert outcome(one_action("Loop", {"LoopCount": "101"})) == ["failed"]


def test_a_flow_caught_in_a_circle_is_stopped() -> None:
    events = run(flow(say("it", "round", "it"))).events
    assert events[-1] == FlowEnded("runaway")


def test_a_flow_that_leads_nowhere_ends_there() -> None:
    assert run(flow(say("it", "hi", "gone"))).events[-1] == FlowEnded("missing_action")
    assert run(parse({"Actions": []})).events[-1] == FlowEnded("missing_action")


# Functions


def call(shape: str | None = None, **parameters: object) -> Flow:
    validation = {"ResponseValidation": {"ResponseType": shape}} if shape else {}
    return flow(
        action(
            "call",
            "InvokeLambdaFunction",
            {"LambdaFunctionARN": ARN, **validation, **parameters},
            next_action="it",
            errors={"NoMatchingError": "failed"},
        ),
        say("it", "<$.External.status>"),
        say("failed", "failed"),
    )


def test_what_a_function_answers_can_be_read_until_the_next_call() -> None:
    twice = flow(
        action("one", "InvokeLambdaFunction", {"LambdaFunctionARN": ARN}, next_action="first"),
        say("first", "$.External.status", "two"),
        action(
            "two",
            "InvokeLambdaFunction",
            {"LambdaFunctionARN": "gone"},
            next_action="it",
            errors={"NoMatchingError": "it"},
        ),
        say("it", "<$.External.status>"),
    )
    assert outcome(twice, world(functions={ARN: answering(status="ready")})) == ["ready", "<>"]


@pytest.mark.parametrize(
    ("payload", "shape", "text"),
    [
        ({"status": "ok"}, None, "<ok>"),
        ({"status": 1}, None, "failed"),
        ({"status": 1}, "JSON", "<1>"),
        ({"status": True}, "JSON", "<true>"),
        ({"status": {"a": "b"}}, "STRING_MAP", "failed"),
        (["ok"], "JSON", "failed"),
        ("ok", None, "failed"),
        ({"status": "x" * 32_768}, None, "failed"),
    ],
)
def test_an_answer_must_have_the_shape_and_size_connect_takes(payload, shape, text) -> None:
    services = world(functions={ARN: lambda _: LambdaAnswer(payload)})
    assert outcome(call(shape), services) == [text]


def test_a_failing_function_is_tried_three_times() -> None:
    broken = LambdaAnswer(error="Unhandled", took_s=1)
    services = world(
        functions={ARN: one_after_another(broken, broken, LambdaAnswer({"status": "ok"}))}
    )
    events = run(call(), services).events
    assert [e.ok for e in events if isinstance(e, LambdaInvoked)] == [False, False, True]
    assert said(events) == ["<ok>"]
    assert outcome(call(), world(functions={ARN: one_after_another(broken)})) == ["failed"]


def test_tries_stop_when_the_time_is_over() -> None:
    slow = LambdaAnswer(error="Unhandled", took_s=5)
    events = run(call(), world(functions={ARN: one_after_another(slow)})).events
    assert len([e for e in events if isinstance(e, LambdaInvoked)]) == 2
    assert errors(events) == [("NoMatchingError", "no answer within 8 s")]


def test_an_answer_after_eight_seconds_is_too_late_whatever_the_flow_asks_for() -> None:
    late = LambdaAnswer({"status": "ok"}, took_s=8.5)
    services = world(functions={ARN: one_after_another(late)})
    assert outcome(call(InvocationTimeLimitSeconds="60"), services) == ["failed"]


def test_time_spent_in_a_function_counts_for_the_wait_after_it() -> None:
    slow = world(functions={ARN: one_after_another(LambdaAnswer({"status": "ok"}, took_s=4))})
    then_wait = flow(
        action("call", "InvokeLambdaFunction", {"LambdaFunctionARN": ARN}, next_action="wait"),
        action("wait", "Wait", {"TimeLimitSeconds": "10"}, errors={"NoMatchingError": "end"}),
    )
    assert run(then_wait, slow).session.waiting_until == OPEN + timedelta(seconds=14)


def test_an_asynchronous_call_goes_on_at_once_with_an_id_and_no_result() -> None:
    events = run(
        flow(
            action(
                "call",
                "InvokeLambdaFunction",
                {"LambdaFunctionARN": ARN, "InvocationType": "ASYNCHRONOUS"},
                next_action="it",
            ),
            say("it", "<$.External.status> $.LambdaInvocation.InvocationId"),
        ),
        world(functions={ARN: answering(status="ready")}),
    ).events
    assert said(events) == ["<> c-1-1"]
    assert "not published" in notes(events)[0]


def test_a_call_without_a_function_fails() -> None:
    assert outcome(call(LambdaFunctionARN="$.Attributes.none")) == ["failed"]


def test_a_function_receives_the_event_connect_sends() -> None:
    seen = []

    def remember(event):
        seen.append(event)
        return LambdaAnswer({"status": "ok"})

    who = {"attributes": {"a": "1"}, "segment_attributes": {"connect:Subtype": "connect:WhatsApp"}}
    asked = call(LambdaInvocationAttributes={"id": "$.Attributes.a", "none": "$.Attributes.none"})
    outcome(asked, world(functions={ARN: remember}), **who)
    details = seen[0]["Details"]
    assert seen[0]["Name"] == "ContactFlowEvent"
    assert details["Parameters"] == {"id": "1", "none": ""}
    data = details["ContactData"]
    assert data["Attributes"] == {"a": "1"}
    assert data["Channel"] == "CHAT"
    assert data["CustomerEndpoint"] is None
    assert data["Queue"] is None
    assert data["SegmentAttributes"]["connect:Subtype"] == {
        "ValueString": "connect:WhatsApp",
        "ValueArn": None,
        "ValueInteger": None,
        "ValueList": None,
        "ValueMap": None,
    }


def test_the_event_names_the_queue_once_it_is_set() -> None:
    queue = world().queue("Orders")
    event = contact_flow_event(contact(queue=queue), {})
    assert event["Details"]["ContactData"]["Queue"] == {
        "ARN": queue.arn,
        "Name": "Orders",
        "OutboundCallerId": None,
    }


# Flows and modules


def test_another_flow_takes_over_and_attributes_of_the_first_stay_behind() -> None:
    services = flows(second=flow(say("x", "second <$.FlowAttributes.a>")))
    first = flow(
        action(
            "a", "UpdateFlowAttributes", {"FlowAttributes": {"a": {"Value": "1"}}}, next_action="t"
        ),
        action(
            "t", "TransferToFlow", {"ContactFlowId": "second"}, errors={"NoMatchingError": "end"}
        ),
    )
    events = run(first, services).events
    assert TransferredToFlow("second") in events
    assert said(events) == ["second <>"]
    assert outcome(one_action("TransferToFlow", {"ContactFlowId": "nowhere"}), services) == [
        "failed"
    ]


def module(result: str | None = None, data: object = None) -> Flow:
    returned = {k: v for k, v in {"Result": result, "ResultData": data}.items() if v is not None}
    return flow(
        say("x", "in the module <$.Modules.Input.q>", "return"),
        action("return", "EndFlowModuleExecution", returned),
        name="module",
    )


def test_a_module_returns_to_its_caller() -> None:
    invoke = flow(
        action(
            "m", "InvokeFlowModule", {"FlowModuleId": "m", "Input": {"q": "x"}}, next_action="it"
        ),
        say("it", "back with $.Modules.ResultData.n"),
    )
    events = run(invoke, flows(m=module(data={"n": "5"}))).events
    assert said(events) == ["in the module <x>", "back with 5"]
    assert ModuleReturned("module", "") in events


def test_a_modules_result_chooses_the_callers_branch() -> None:
    invoke = one_action("InvokeFlowModule", {"FlowModuleId": "m"}, [("Equals", "yes", "")])
    assert outcome(invoke, flows(m=module("yes"))) == ["in the module <>", "yes"]
    assert outcome(invoke, flows(m=module("no"))) == ["in the module <>", "worked"]


def test_modules_call_modules_five_deep_and_no_deeper() -> None:
    deep = flow(
        action(
            "m",
            "InvokeFlowModule",
            {"FlowModuleId": "m"},
            next_action="r",
            errors={"NoMatchingError": "too deep"},
        ),
        say("too deep", "too deep", "r"),
        action("r", "EndFlowModuleExecution"),
    )
    events = run(deep, flows(m=deep)).events
    assert said(events) == ["too deep"]
    assert len([e for e in events if isinstance(e, ModuleReturned)]) == 6
    assert events[-1] == FlowEnded("ended")


def test_a_module_nobody_knows_takes_the_error_branch() -> None:
    assert outcome(one_action("InvokeFlowModule", {"FlowModuleId": "gone"})) == ["failed"]


def test_a_queue_flow_that_ends_leaves_the_contact_in_the_queue() -> None:
    end = flow(action("it", "EndFlowExecution"))
    events = start(end, contact(), world(), OPEN, "CUSTOMER_QUEUE").events
    assert events[-1] == FlowEnded("ended")
    assert Disconnected() not in events


# Views, Lex, profiles


VIEW = {"ViewResource": {"Id": "form"}, "ViewData": {"n": 1, "who": "$.Attributes.who"}}
PRESSED = [("Equals", "Save", "")]
GUIDE = {"segment_attributes": {"connect:Subtype": "connect:Guide"}, "attributes": {"who": "Ana"}}


def test_a_guide_shows_its_view_and_branches_on_the_button() -> None:
    sprint = run(one_action("ShowView", VIEW, PRESSED), who=contact(**GUIDE))
    assert ViewShown("form", {"n": 1, "who": "Ana"}) in sprint.events
    pressed = resume(sprint.session, ViewAnswered("Save", {"n": "2"}), world(), OPEN)
    assert said(pressed.events) == ["Save"]


def test_a_view_nobody_answers_times_out() -> None:
    show = one_action("ShowView", VIEW, PRESSED, error="TimeLimitExceeded")
    assert said(run_to_the_end(show, who=contact(**GUIDE))) == ["failed"]


def test_whatsapp_cannot_show_a_view() -> None:
    events = run(one_action("ShowView", VIEW, PRESSED)).events
    assert said(events) == ["failed"]
    assert "WhatsApp" in notes(events)[0]


def test_a_stand_in_answers_for_lex_and_without_one_the_error_branch_is_taken() -> None:
    bot = flow(
        action(
            "bot",
            "ConnectParticipantWithLexBot",
            {"LexV2Bot": {"AliasArn": "arn"}, "Text": "hi"},
            next_action="end",
            errors={"NoMatchingError": "failed"},
            conditions=[("Equals", "Refund", "it")],
        ),
        say("it", "$.Lex.Slots.order"),
        say("failed", "failed"),
    )
    answer = StandInAnswer("Refund", {"Slots": {"order": "A-7"}})
    services = world(answers={"ConnectParticipantWithLexBot": answer})
    assert outcome(bot, services) == ["A-7"]
    assert outcome(bot) == ["failed"]


def test_a_stand_in_can_report_a_documented_error() -> None:
    services = world(answers={"GetCustomerProfile": StandInAnswer(error="NoneFoundError")})
    look_up = one_action("GetCustomerProfile", {}, error="NoneFoundError")
    assert outcome(look_up, services) == ["failed"]


def test_an_action_can_be_made_to_fail_to_see_its_error_branch() -> None:
    services = world(errors={("flow", "it"): "NoMatchingError"})
    assert outcome(one_action("TagContact", {"Tags": {"a": "b"}}), services) == ["failed"]


def test_every_branch_taken_is_told() -> None:
    events = run(flow(say("it", "hi"))).events
    assert BranchTaken("flow", "it", "next", "end") in events


class OnlyTheContract:
    """Services without any optional part: what the sandbox has to give at least."""

    def invoke_lambda(self, arn, event, limit_s):
        return LambdaAnswer({"status": "ok"})

    def is_open(self, hours_id, queue_id, now):
        return True

    def queue(self, queue_id):
        return None

    def flow(self, flow_id):
        return None

    def module(self, module_id):
        return None


def test_stand_ins_and_faults_are_optional_for_whoever_provides_the_services() -> None:
    assert outcome(one_action("GetCustomerProfile"), OnlyTheContract()) == ["failed"]
    assert outcome(call(), OnlyTheContract()) == ["<ok>"]
