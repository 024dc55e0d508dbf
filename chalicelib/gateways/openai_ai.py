"""OpenAI, or any server that speaks its protocol: speech to text, and text to typed facts.

The only module that knows the `openai` package, which is imported on first use (it costs about
0.35 s of a cold start). Nothing here logs: the words are the customer's. The SDK's own defaults
(600 s, two retries, which also repeat a used-up quota) never apply: every request has a time
limit of its own, none is repeated by the SDK, and all of them together keep to the budget.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from chalicelib import ai_answers, prompt
from chalicelib.ai_answers import SERVICE, Structuring, content_of, facts_of, garbled, joined
from chalicelib.errors import (
    ContentError,
    Denied,
    Garbled,
    Rejected,
    ServiceError,
    Throttled,
    Unsure,
)
from chalicelib.media_types import MediaType, needs_conversion
from chalicelib.prompt import StructuringContext
from chalicelib.transcript import Transcript, TranscriptStatus, vet
from chalicelib.voice_note_facts import VoiceNoteFacts, strict_schema, vetted

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletionMessageParam

#: A request is not begun with less than this: it would only be paid for and thrown away.
SHORTEST_ATTEMPT_S = 0.5
#: Connecting takes a round trip or two; the rest of the time belongs to the answer.
LONGEST_CONNECT_S = 3.0
#: Reasoning models think in tokens of the same account; the facts themselves are about 500.
MOST_OUTPUT_TOKENS = 4_000
_TRIES_PER_MODEL = 2
_QUOTA = "insufficient_quota"
_REQUEST_TIMEOUT, _CONFLICT, _TOO_LARGE, _SERVER_ERROR = 408, 409, 413, 500

_T = TypeVar("_T")


def build_client(*, api_key: str, base_url: str = "") -> "OpenAI":
    """The SDK's client as this gateway wants it; `base_url` "" means OpenAI itself."""
    from openai import OpenAI

    return OpenAI(api_key=api_key, base_url=base_url or None, max_retries=0, timeout=30.0)


class OpenAiGateway:
    """Models are tried in the given order until one answers within the budget.

    `attempt_timeout_s` bounds one request, `engine` names the service on the agent's card.
    """

    def __init__(
        self,
        client: "OpenAI",
        *,
        transcription_models: Sequence[str],
        structuring_models: Sequence[str],
        attempt_timeout_s: float = 30.0,
        engine: str = SERVICE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._speech_models = tuple(transcription_models)
        self._text_models = tuple(structuring_models)
        self._attempt_timeout_s = attempt_timeout_s
        self._engine = engine
        self._clock = clock

    def transcribe(
        self,
        audio: bytes,
        media: MediaType,
        *,
        budget_s: float,
        language_hints: Sequence[str] = (),
        keywords: Sequence[str] = (),
        duration_s: float = 0.0,
    ) -> Transcript:
        """The vetted transcript of `audio`, whose `media` type was sniffed from its bytes.

        `language_hints`: ISO 639-1 codes the customer is likely to speak; never forced unless it
        is a single one. A refusal of the recording itself (too long, format, language) is a
        final transcript status, not an error.

        Raises:
            ContentError: a container the service does not take; convert it to WAV first.
            Throttled, Unsure, Garbled, Denied, Rejected: as the error family says.
        """
        if media.kind not in ("audio", "video") or needs_conversion(media):
            raise ContentError(f"{media.mime} has to be converted", code="unsupported_format")

        file = (media.upload_name("voice"), audio, media.mime.split(";", 1)[0])
        recording = _Recording(file, tuple(language_hints), tuple(keywords), duration_s)

        def ask(model: str, left_s: float, attempt: int) -> Transcript:
            answer = self._transcription(recording, model, left_s)
            return self._read_transcript(answer, recording, model, attempt)

        try:
            found = self._first_answer(self._speech_models, budget_s, ask)
        except Rejected as error:
            status = ai_answers.verdict(error.code)
            if status is None:
                raise
            return Transcript(
                status=status, engine=self._engine, duration_s=duration_s, error=error.code
            )
        return vet(found, language_hints)

    def structure(
        self, transcript: Transcript, context: StructuringContext, *, budget_s: float
    ) -> Structuring:
        """Facts about the words of `transcript`; what it does not prove is already removed.

        Raises:
            Throttled, Unsure, Garbled, Denied, Rejected: as the error family says. A refusal of
            the model is Rejected ("refusal"), a cut or misfit answer Garbled.
        """
        words = prompt.structuring(transcript.text, context)

        def ask(model: str, left_s: float, attempt: int) -> Structuring:
            return self._structuring(words, transcript.text, model, left_s, attempt)

        return self._first_answer(self._text_models, budget_s, ask)

    def _first_answer(
        self, models: Sequence[str], budget_s: float, ask: Callable[[str, float, int], _T]
    ) -> _T:
        """The first model's answer; a doubtful failure is worth a second round, a refusal not."""
        deadline = self._clock() + budget_s
        waiting, attempt = list(models) * _TRIES_PER_MODEL, 0
        worst: ServiceError = Unsure("no time left to ask", service=SERVICE, code="no_time")
        while waiting and deadline - self._clock() >= SHORTEST_ATTEMPT_S:
            model, attempt = waiting.pop(0), attempt + 1
            try:
                return ask(model, deadline - self._clock(), attempt)
            except (Throttled, Unsure, Garbled, Rejected) as error:
                if error.code == _QUOTA:
                    raise
                if not isinstance(error, Unsure | Garbled):
                    waiting = [other for other in waiting if other != model]
                worst = error if attempt == 1 or not worst.retryable else worst
        raise worst

    def _transcription(
        self, recording: "_Recording", model: str, left_s: float
    ) -> Mapping[str, Any]:
        client = self._limited(left_s)
        return self._call(
            lambda: client.audio.transcriptions.create(
                file=recording.file,
                model=model,
                response_format="json",
                **_options(model, recording),
            )
        )

    def _read_transcript(
        self, answer: Mapping[str, Any], recording: "_Recording", model: str, attempt: int
    ) -> Transcript:
        try:
            return ai_answers.transcript(
                answer,
                model=model,
                engine=self._engine,
                attempts=attempt,
                duration_s=recording.duration_s,
                hints=recording.hints,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise garbled("not_a_transcript") from error

    def _structuring(
        self, words: prompt.Prompt, text: str, model: str, left_s: float, attempt: int
    ) -> Structuring:
        """One answer and, when it does not fit the schema, one request to mend it."""
        end = self._clock() + left_s
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": words.system},
            {"role": "user", "content": words.user},
        ]
        answer = self._completion(messages, model, left_s)
        content = content_of(answer)
        try:
            facts = VoiceNoteFacts.model_validate_json(content)
        except ValidationError as error:
            messages += [
                {"role": "assistant", "content": content},
                {"role": "user", "content": prompt.repair(ai_answers.complaints(error))},
            ]
            left_s = end - self._clock()
            if left_s < SHORTEST_ATTEMPT_S:
                raise garbled("misfit") from error
            answer = joined(answer, self._completion(messages, model, left_s))
            facts = facts_of(content_of(answer))
        return ai_answers.structuring(
            answer, vetted(facts, text), model=model, engine=self._engine, attempts=attempt
        )

    def _completion(
        self, messages: "list[ChatCompletionMessageParam]", model: str, left_s: float
    ) -> Mapping[str, Any]:
        client = self._limited(left_s)
        return self._call(
            lambda: client.chat.completions.create(
                model=model,
                messages=messages,
                max_completion_tokens=MOST_OUTPUT_TOKENS,
                response_format={
                    "type": "json_schema",
                    "json_schema": {
                        "name": "voice_note_facts",
                        "strict": True,
                        "schema": strict_schema(),
                    },
                },
            )
        )

    def _limited(self, left_s: float) -> "OpenAI":
        """The client with a limit for one request. The SDK's limit is per phase: it is shared out
        so that connecting and waiting for the answer end in time together."""
        from openai import Timeout

        whole = min(left_s, self._attempt_timeout_s)
        connect = min(LONGEST_CONNECT_S, whole / 4)
        limit = Timeout(whole - connect, connect=connect, pool=connect)
        return self._client.with_options(timeout=limit, max_retries=0)

    @staticmethod
    def _call(request: Callable[[], Any]) -> Mapping[str, Any]:
        """The answer as a plain dict; every way a request can fail as one of our errors."""
        import openai

        try:
            answer = request()
        except openai.APIStatusError as error:
            raise _refusal(error.status_code, error.code or "", error.message) from error
        except openai.APITimeoutError as error:
            raise Unsure("no answer in time", service=SERVICE, code="timeout") from error
        except openai.APIConnectionError as error:
            raise Unsure("no connection", service=SERVICE, code="connection") from error
        except (openai.OpenAIError, ValueError) as error:
            raise garbled("unreadable") from error
        # An HTML page with status 200 comes back as a string, not as a model.
        if not hasattr(answer, "model_dump"):
            raise garbled("not_json")
        plain: Mapping[str, Any] = answer.model_dump(warnings=False)
        return plain


@dataclass(frozen=True, slots=True)
class _Recording:
    file: tuple[str, bytes, str]
    hints: tuple[str, ...]
    keywords: tuple[str, ...]
    duration_s: float


def _options(model: str, recording: _Recording) -> dict[str, Any]:
    """The parameters this model knows; one it does not know would be refused with a 400."""
    options: dict[str, Any] = {}
    if ai_answers.has_languages(model):
        options = {"languages": list(recording.hints), "keywords": list(recording.keywords)}
    elif len(recording.hints) == 1:
        options = {"language": recording.hints[0]}
    if ai_answers.has_logprobs(model):
        options["include"] = ["logprobs"]
    return {name: value for name, value in options.items() if value}


def _refusal(status: int, code: str, message: str) -> ServiceError:
    """Our error for an HTTP status; a vendor's sentence is kept for `verdict` and for nobody."""
    if status == 429:  # noqa: PLR2004 - Too Many Requests, also used for a spent quota
        return Throttled("refused for now", service=SERVICE, code=code or "rate_limited")
    if status in (401, 403):
        return Denied("key refused", service=SERVICE, code=code or str(status))
    if status in (_REQUEST_TIMEOUT, _CONFLICT) or status >= _SERVER_ERROR:
        return Unsure(f"answered {status}", service=SERVICE, code=str(status))
    about_note = ai_answers.verdict(code, message)
    verdict = TranscriptStatus.TOO_LONG if status == _TOO_LARGE else about_note
    return Rejected(f"answered {status}", service=SERVICE, code=verdict or code or str(status))
