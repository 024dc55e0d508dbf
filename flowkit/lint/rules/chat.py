"""What a flow does that chat, WhatsApp or its own flow type do not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowkit.actions import find
from flowkit.engine.perform.talk import MAX_PROMPT_CHARS
from flowkit.lint.issue import Finding, Subject, rule
from flowkit.references import found_in

#: Characters of one WhatsApp text (feature limits, Meta).
MAX_WHATSAPP_CHARS = 4_096

_SECRETS = (
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "an AWS access key"),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"), "an API key"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."), "a token"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
)
_INSTANCE = re.compile(r"arn:aws[\w-]*:connect:[\w-]+:\d{12}:instance/([0-9a-f-]{36})")


@rule("not-on-chat", "warning", "documented", "Branch on $.Channel before it, or leave it out.")
def not_on_chat(subject: Subject) -> Iterator[Finding]:
    """Some blocks work on voice calls only."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        if subject.channel != "chat" or spec is None or spec.chat == "works":
            continue
        outcome = "takes its error branch" if spec.chat == "fails" else "has no effect"
        yield Finding(f"On chat {action.type} {outcome}. {spec.note}".strip(), action)


@rule("no-text", "warning", "documented", "Give the prompt as Text.")
def no_text(subject: Subject) -> Iterator[Finding]:
    """On chat only Text is delivered."""
    for action in subject.flow.action_list:
        spoken = {"SSML", "PromptId", "Media"} & action.parameters.keys()
        if subject.channel == "chat" and action.type == "MessageParticipant" and spoken:
            name = min(spoken)
            yield Finding(f"On chat a prompt given as {name} takes the error branch.", action)


@rule("flow-type", "warning", "documented", "Move it to a flow of a type that has it.")
def flow_type(subject: Subject) -> Iterator[Finding]:
    """Actions stand in the flow types they are made for."""
    for action in subject.flow.action_list:
        spec = find(action.type)
        if spec and subject.flow_type and subject.flow_type not in spec.flow_types:
            yield Finding(f"{action.type} is not available in {subject.flow_type}.", action)


@rule("text-length", "warning", "documented", "Shorten it, or send it in two messages.")
def text_length(subject: Subject) -> Iterator[Finding]:
    """Texts fit into a prompt, and on chat into one WhatsApp message."""
    for action in subject.flow.action_list:
        text = action.parameters.get("Text")
        length = len(text) if isinstance(text, str) else 0
        if length > MAX_PROMPT_CHARS:
            yield Finding(
                f"The text has {length} characters; {MAX_PROMPT_CHARS} are the most.",
                action,
                "error",
            )
        elif length > MAX_WHATSAPP_CHARS and subject.channel == "chat":
            yield Finding(f"{length} characters do not fit into one WhatsApp message.", action)


@rule("endpoint-on-chat", "info", "service-reported", "Pass it as a contact attribute.")
def endpoint_on_chat(subject: Subject) -> Iterator[Finding]:
    """A chat made through the API has no endpoints: both are null."""
    for action in subject.flow.action_list:
        for reference in dict.fromkeys(found_in(action.parameters)):
            endpoint = reference.startswith(("$.CustomerEndpoint", "$.SystemEndpoint"))
            if endpoint and subject.channel == "chat":
                yield Finding(f"{reference} is empty on a chat made through the API.", action)


@rule("secret", "warning", "documented", "Keep it in Secrets Manager; flows are not secret.")
def secret(subject: Subject) -> Iterator[Finding]:
    """Flows hold no credentials."""
    for action in subject.flow.action_list:
        text = str(action.parameters)
        for pattern, name in _SECRETS:
            if pattern.search(text):
                yield Finding(f"The parameters seem to hold {name}.", action)


@rule("other-instance", "warning", "documented", "Use ids of the instance the flow runs in.")
def other_instance(subject: Subject) -> Iterator[Finding]:
    """Every Connect ARN of a flow is of one instance."""
    first = ""
    for action in subject.flow.action_list:
        for instance in _INSTANCE.findall(str(action.parameters)):
            first = first or instance
            if instance != first:
                yield Finding(f"An ARN is of the instance {instance}, others of {first}.", action)
