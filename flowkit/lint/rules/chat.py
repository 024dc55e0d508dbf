"""What a flow does that chat, WhatsApp or its own flow type do not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flowkit.actions import find
from flowkit.actions.spec import HOLD
from flowkit.engine.perform.talk import MAX_PROMPT_CHARS
from flowkit.lint.issue import Finding, Severity, Subject, rule
from flowkit.model import Action, Flow
from flowkit.references import found_in

#: Characters of one WhatsApp text (feature limits, Meta).
MAX_WHATSAPP_CHARS = 4_096

_SECRETS = (
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "an AWS access key"),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"), "an API key"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."), "a token"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
)
_SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase)|secret|api[-_]?key|access[-_]?key|auth[-_]?token|bearer", re.IGNORECASE
)
#: Shorter values are switches and names rather than secrets.
_SECRET_CHARS = 8
_CARD = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])")
_PERSONAL = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.IGNORECASE), "an e-mail address"),
    (re.compile(r"(?<!\w)\+\d{8,15}(?!\w)"), "a telephone number"),
)
#: Hooks for calls and for tasks (admin guide); setting one on chat takes the error branch.
_NO_CHAT_HOOKS = frozenset({"AgentHold", "CustomerHold", "PauseContact", "ResumeContact"})
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
    """Texts fit into a prompt, and on chat into one WhatsApp message. So do flow attributes that
    are sent as a whole."""
    for action, text in _texts(subject.flow):
        length = len(text)
        if length > MAX_PROMPT_CHARS:
            yield Finding(
                f"The text has {length} characters; {MAX_PROMPT_CHARS} are the most.",
                action,
                "error",
            )
        elif length > MAX_WHATSAPP_CHARS and subject.channel == "chat":
            yield Finding(f"{length} characters do not fit into one WhatsApp message.", action)


@rule("hook-on-chat", "warning", "documented", "Leave it out on chat.")
def hook_on_chat(subject: Subject) -> Iterator[Finding]:
    """Hold flows do not run on chat, and only tasks pause."""
    for action in subject.flow.action_list:
        hooks = action.parameters.get("EventHooks")
        if subject.channel != "chat" or not isinstance(hooks, dict):
            continue
        for event in sorted(hooks.keys() & _NO_CHAT_HOOKS):
            yield Finding(f"{event} does not happen on chat: the error branch is taken.", action)


@rule("hold-on-chat", "info", "documented", "A chat has no hold; nothing of it runs.")
def hold_on_chat(subject: Subject) -> Iterator[Finding]:
    """Flows for holding are for calls."""
    if subject.channel == "chat" and subject.flow_type in HOLD:
        yield Finding(f"A flow of type {subject.flow_type} never runs on chat.")


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


@rule("secret-named", "warning", "documented", "Let the function read it from Secrets Manager.")
def secret_named(subject: Subject) -> Iterator[Finding]:
    """What is called a password, a token or a key is not written down in a flow."""
    for action in subject.flow.action_list:
        for name, value in _leaves(action.parameters):
            literal = bool(value.strip()) and not found_in(value) and not _placeholder(value)
            if literal and len(value) >= _SECRET_CHARS and _SECRET_NAME.search(name):
                yield Finding(f"The value of {name} seems to be a secret.", action)


@rule("personal-data", "info", "documented", "Keep it in settings or in the customer's record.")
def personal_data(subject: Subject) -> Iterator[Finding]:
    """Texts hold no data of persons. A number to call or an address to write to may be meant."""
    for action in subject.flow.action_list:
        for name, value in _leaves(action.parameters):
            if value.startswith("arn:") or _placeholder(value):
                continue
            for pattern, what in _PERSONAL:
                if pattern.search(value):
                    yield Finding(f"{name} holds {what}.", action)
            if any(_is_card(digits) for digits in _CARD.findall(value)):
                yield Finding(f"{name} holds the number of a payment card.", action, "warning")


@rule("other-instance", "warning", "documented", "Use ids of the instance the flow runs in.")
def other_instance(subject: Subject) -> Iterator[Finding]:
    """Every Connect ARN of a flow is of one instance, and of the one settings.yaml names."""
    first = subject.known.instance if subject.known else ""
    for action in subject.flow.action_list:
        for instance in dict.fromkeys(_INSTANCE.findall(str(action.parameters))):
            first = first or instance
            if instance != first:
                worst: Severity | None = "error" if subject.known else None
                sentence = f"An ARN is of the instance {instance}, others of {first}."
                yield Finding(sentence, action, worst)


def _texts(flow: Flow) -> Iterator[tuple[Action, str]]:
    """What is sent: literal texts, and flow attributes sent as a whole."""
    sent = {a.parameters.get("Text") for a in flow.action_list if _is_text(a.parameters)}
    for action in flow.action_list:
        if _is_text(action.parameters):
            yield action, action.parameters["Text"]
        given = action.parameters.get("FlowAttributes")
        for name, entry in given.items() if isinstance(given, dict) else ():
            text = entry.get("Value") if isinstance(entry, dict) else None
            if isinstance(text, str) and f"$.FlowAttributes.{name}" in sent:
                yield action, text


def _is_text(parameters: dict[str, Any]) -> bool:
    return isinstance(parameters.get("Text"), str)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(key, text) of every text inside parameters."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _leaves(entry, name if key == "Value" else str(key))
    elif isinstance(value, list):
        for entry in value:
            yield from _leaves(entry, name)
    elif isinstance(value, str):
        yield name, value


def _placeholder(value: str) -> bool:
    return any(mark in value for mark in ("${", "{{", "<", "%", "xxx", "XXX"))


def _is_card(digits: str) -> bool:
    """Luhn's check, which one of ten other numbers passes: hence only 13 to 19 digits."""
    plain = [int(digit) for digit in digits if digit.isdigit()]
    doubled = [sum(divmod(digit * 2, 10)) for digit in plain[-2::-2]]
    return len(set(plain)) > 1 and (sum(plain[-1::-2]) + sum(doubled)) % 10 == 0
