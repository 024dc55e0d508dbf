"""`/v1/chat/completions` and `/v1/responses` answered by the offline rules.

They can do one thing: fill a JSON schema whose properties are (some of) `VoiceNoteFacts`, about
the "transcript" in the last user message. Every other request is refused by name, for an answer
that only looks like a language model's would be worse than none.
"""

import json
from datetime import datetime
from typing import Any

from chalicelib.voice_note_facts import VoiceNoteFacts, strict_schema
from sandbox.offline_ai.speech_api import ApiError
from sandbox.offline_ai.structurer import ENGINE, structure


def chat_completion(request: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The answer to a chat completion request. Raises ApiError."""
    format_ = request.get("response_format") or {}
    schema = (format_.get("json_schema") or {}).get("schema")
    text = _filled(schema, request.get("messages"), now, param="response_format")
    return {
        "id": "chatcmpl-offline",
        "object": "chat.completion",
        "created": int(now.timestamp()),
        "model": ENGINE,
        "system_fingerprint": ENGINE,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {"role": "assistant", "content": text, "refusal": None},
            }
        ],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }


def response(request: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The answer to a responses request. Raises ApiError."""
    format_ = (request.get("text") or {}).get("format") or {}
    messages = request.get("input")
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    text = _filled(format_.get("schema"), messages, now, param="text.format")
    content = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {
        "id": "msg_offline",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [content],
    }
    return {
        "id": "resp_offline",
        "object": "response",
        "created_at": int(now.timestamp()),
        "status": "completed",
        "model": ENGINE,
        "output": [message],
        "parallel_tool_calls": False,
        "tool_choice": "none",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "usage": None,
    }


def _filled(schema: Any, messages: Any, now: datetime, *, param: str) -> str:
    wanted = _properties(schema, param)
    note = _note(messages)
    facts = structure(
        note["transcript"],
        received_at=_received_at(note.get("received_at"), now),
        language=note.get("language") or "",
        agent_language=note.get("agent_language") or "en",
    )
    plain = facts.model_dump(mode="json")
    return json.dumps({name: plain[name] for name in wanted}, ensure_ascii=False)


def _properties(schema: Any, param: str) -> list[str]:
    """The names to fill, all of them ours. Their shapes have to be ours, too."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        raise ApiError(400, "unsupported_value", "the rules fill a JSON schema only", param)
    ours = strict_schema()
    strange = [
        name
        for name, shape in schema["properties"].items()
        if name not in VoiceNoteFacts.model_fields or not _alike(shape, ours["properties"][name])
    ]
    if strange or schema.get("$defs", {}) != _used(ours["$defs"], schema):
        named = ", ".join(strange) or "$defs"
        raise ApiError(400, "unsupported_value", f"the rules cannot fill: {named}", param)
    return list(schema["properties"])


def _alike(shape: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Equal but for the words that describe it."""
    return {**shape, "description": "", "title": ""} == {**ours, "description": "", "title": ""}


def _used(ours: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return {name: shape for name, shape in ours.items() if name in schema.get("$defs", {})}


def _note(messages: Any) -> dict[str, Any]:
    """The last message that holds a note; a request to mend an answer comes after it."""
    if not isinstance(messages, list):
        raise ApiError(400, "missing_required_parameter", "you must provide messages", "messages")
    for message in reversed(messages):
        note = _json(_text(message)) if message.get("role") == "user" else None
        if isinstance(note, dict) and isinstance(note.get("transcript"), str):
            return note
    raise ApiError(400, "unsupported_value", 'no user message with a "transcript"', "messages")


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _received_at(said: Any, now: datetime) -> datetime:
    """Read "Friday 2026-11-20T09:00+0000", as the prompt writes it."""
    try:
        _, _, moment = str(said).partition(" ")
        return datetime.fromisoformat(moment)
    except ValueError:
        return now
