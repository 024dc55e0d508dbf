"""Invoking a Lambda as Connect does: its event, its limits, its tries and its answer's shape."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flowkit.actions.interaction import MAX_ASYNC_LAMBDA_S, MAX_SYNC_LAMBDA_S
from flowkit.engine.contact import Contact
from flowkit.engine.events import LambdaInvoked
from flowkit.engine.outcomes import Done, Failed
from flowkit.engine.services import LambdaAnswer
from flowkit.engine.turn import Turn

#: Connect tries a failing function up to three times inside the time limit (admin guide).
MAX_TRIES = 3
#: A response must stay under 32 KB of UTF-8 (admin guide, feature limits).
MAX_RESPONSE_BYTES = 32 * 1024


def contact_flow_event(contact: Contact, parameters: dict[str, str]) -> dict[str, Any]:
    """The event a function receives. What is unknown is null, never absent.

    Field set of a captured payload of an API-made chat (service-reported), otherwise that of the
    admin guide's sample.
    """
    return {
        "Name": "ContactFlowEvent",
        "Details": {"ContactData": _contact_data(contact), "Parameters": parameters},
    }


def call_and_wait(
    turn: Turn, arn: str, event: dict[str, Any], limit_s: float, shape: str
) -> Done | Failed:
    """A synchronous call: the result replaces `$.External`, a failure empties it."""
    turn.session.slots.external = {}
    answer = _tried(turn, arn, event, min(limit_s, MAX_SYNC_LAMBDA_S))
    if answer.error is not None:
        return Failed(answer.error)
    problem = response_problem(answer.payload, shape)
    if problem:
        return Failed(problem)
    turn.session.slots.external = answer.payload
    return Done()


def call_and_go_on(turn: Turn, arn: str, event: dict[str, Any], limit_s: float) -> Done:
    """An asynchronous call: the flow goes on at once with the invocation's id."""
    answer = turn.services.invoke_lambda(arn, event, min(limit_s, MAX_ASYNC_LAMBDA_S))
    turn.emit(LambdaInvoked(arn, answer.error is None, answer.took_s, answer.error or ""))
    turn.session.slots.lambda_invocation_id = turn.session.next_call_id()
    turn.note("asynchronous: how a flow loads this result is not published, so it stays unread")
    return Done()


def response_problem(payload: Any, shape: str) -> str:
    """Why Connect refuses an answer, "" when it takes it. `shape`: STRING_MAP or JSON."""
    if not isinstance(payload, dict):
        return "the function did not answer with a JSON object"
    if len(json.dumps(payload, ensure_ascii=False).encode()) >= MAX_RESPONSE_BYTES:
        return "the answer is 32 KB or larger"
    if shape == "JSON":
        return ""
    wrong = [key for key, value in payload.items() if not isinstance(value, str)]
    return f"STRING_MAP takes text values only, not those of: {', '.join(wrong)}" if wrong else ""


def _tried(turn: Turn, arn: str, event: dict[str, Any], limit_s: float) -> LambdaAnswer:
    left_s = limit_s
    for _ in range(MAX_TRIES):
        answer = turn.services.invoke_lambda(arn, event, left_s)
        turn.now += timedelta(seconds=min(answer.took_s, left_s))
        left_s -= answer.took_s
        if left_s < 0:
            answer = LambdaAnswer(error=f"no answer within {limit_s:g} s", took_s=answer.took_s)
        turn.emit(LambdaInvoked(arn, answer.error is None, answer.took_s, answer.error or ""))
        if answer.error is None or left_s <= 0:
            break
    return answer


def _contact_data(contact: Contact) -> dict[str, Any]:
    return {
        "Attributes": dict(contact.attributes),
        "AwsRegion": contact.region,
        "Channel": contact.channel,
        "ContactId": contact.contact_id,
        "CustomerEndpoint": None,
        "CustomerId": contact.customer_id,
        "Description": contact.description,
        "InitialContactId": contact.initial_contact_id or contact.contact_id,
        "InitiationMethod": contact.initiation_method,
        "InstanceARN": contact.instance_arn,
        "LanguageCode": contact.language,
        "MediaStreams": {"Customer": {"Audio": {}}},
        "Name": contact.name,
        "PreviousContactId": contact.previous_contact_id or contact.contact_id,
        "Queue": _queue(contact),
        "References": dict(contact.references),
        "RelatedContactId": contact.related_contact_id,
        "SegmentAttributes": {
            key: _segment_value(contact.segment_attribute(key))
            for key in contact.segment_attributes
        },
        "SystemEndpoint": None,
        "Tags": dict(contact.tags),
    }


def _queue(contact: Contact) -> dict[str, Any] | None:
    if contact.queue is None:
        return None
    return {"ARN": contact.queue.arn, "Name": contact.queue.name, "OutboundCallerId": None}


def _segment_value(text: str) -> dict[str, Any]:
    others = dict.fromkeys(("ValueArn", "ValueInteger", "ValueList", "ValueMap"))
    return {"ValueString": text, **others}
