"""What `$.` references read: one small function per namespace of the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowkit.engine.session import Session
from flowkit.references import resolve, walk


def lookup(session: Session, path: tuple[str, ...]) -> Any:
    """The value at a path, None when there is none: a missing path is not an error."""
    root = _ROOTS.get(path[0])
    if root is None:
        return None
    return walk(root(session), path[1:])


def resolved(session: Session, value: Any) -> Any:
    """A parameter value with its references replaced."""
    return resolve(value, lambda path: lookup(session, path))


def _stand_in(name: str) -> Callable[[Session], Any]:
    return lambda session: session.slots.stand_ins.get(name)


def _segment_attributes(session: Session) -> dict[str, str]:
    contact = session.contact
    return {key: contact.segment_attribute(key) for key in contact.segment_attributes}


def _queue(session: Session) -> dict[str, Any] | None:
    queue = session.contact.queue
    return {"Name": queue.name, "ARN": queue.arn} if queue else None


def _views(session: Session) -> dict[str, Any]:
    return session.slots.views


def _modules(session: Session) -> dict[str, Any]:
    return {"Input": session.frame.module_input, **session.slots.module}


_ROOTS: dict[str, Callable[[Session], Any]] = {
    "Attributes": lambda s: s.contact.attributes,
    "FlowAttributes": lambda s: s.frame.flow_attributes,
    "External": lambda s: s.slots.external,
    "LambdaInvocation": lambda s: {"InvocationId": s.slots.lambda_invocation_id or None},
    "SegmentAttributes": _segment_attributes,
    "Channel": lambda s: s.contact.channel,
    "ContactId": lambda s: s.contact.contact_id,
    "InitialContactId": lambda s: s.contact.initial_contact_id or s.contact.contact_id,
    "PreviousContactId": lambda s: s.contact.previous_contact_id or None,
    "RelatedContactId": lambda s: s.contact.related_contact_id,
    "Task": lambda s: {"ContactId": s.slots.task_id or None},
    "InstanceARN": lambda s: s.contact.instance_arn,
    "AwsRegion": lambda s: s.contact.region,
    "InitiationMethod": lambda s: s.contact.initiation_method,
    "LanguageCode": lambda s: s.contact.language,
    "Name": lambda s: s.contact.name,
    "Description": lambda s: s.contact.description,
    "References": lambda s: s.contact.references,
    "CustomerId": lambda s: s.contact.customer_id,
    "Tags": lambda s: s.contact.tags,
    "Queue": _queue,
    "Agent": lambda s: s.contact.agent,
    "Metrics": lambda s: s.slots.metrics,
    "Media": lambda s: {"InitialMessage": s.contact.initial_message},
    "Views": _views,
    "Modules": _modules,
    "Lex": _stand_in("Lex"),
    "Customer": _stand_in("Customer"),
    "Case": _stand_in("Case"),
    "Wisdom": _stand_in("Wisdom"),
    # A chat made with StartChatContact has no endpoints (service-reported), no digits, no audio.
    "CustomerEndpoint": lambda _: None,
    "SystemEndpoint": lambda _: None,
    "StoredCustomerInput": lambda _: None,
    "MediaStreams": lambda _: None,
    "DataTables": _stand_in("DataTables"),
    "Email": lambda _: None,
}
