"""How well voice notes are understood: `python -m benchmarks.eval_voice PATH [--hints] [--json]`.

PATH is a folder with a manifest.json (words spoken, facts expected) and its audio files, or one
audio file. Every note goes the product's way: OpenAI client, sandbox endpoint, recogniser, rules,
card states; `--hints` also sends the manifest's language, as a known customer's would be.
Exit status 1 if a gate is missed. Text that was withheld counts as every word missing.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import expected_facts, word_errors
from chalicelib.gateways import audio
from chalicelib.gateways.openai_ai import OpenAiGateway, build_client
from chalicelib.media_types import sniff
from chalicelib.prompt import StructuringContext
from chalicelib.transcript import Transcript
from sandbox.offline_ai import engines
from sandbox.openai_endpoint import OpenAiEndpoint, serving

#: Gates of reference voice-notes, section 7; word error rates in per cent.
SYNTHETIC_ENGLISH, LIBRISPEECH, REAL_TIME = 25.0, 35.0, 1.0
#: A model name for which the client asks for logprobs, in which the confidence travels.
MODEL = "gpt-4o-transcribe"
BUDGET_S = 300.0
_LANGUAGES = {"en": "English", "es": "Spanish", "pt": "Portuguese"}
AUDIO = {".ogg", ".oga", ".opus", ".wav", ".mp3", ".m4a", ".aac", ".amr", ".flac", ".webm"}


@dataclass(kw_only=True)
class Result:
    """One note: what came of it, against what was expected."""

    file: str
    language: str
    heard_language: str
    kind: str
    status: str
    confidence: float | None
    text: str
    duration_s: float
    took_s: float
    errors: int
    words: int
    facts: dict[str, bool] = field(default_factory=dict)

    @property
    def real_time_factor(self) -> float:
        """Seconds of processor time per second of sound; a busy machine changes it little."""
        return self.took_s / self.duration_s if self.duration_s else 0.0


def evaluate(path: Path, *, hints: bool = False, engine: str = "") -> list[Result]:
    """Every note under `path`, in manifest order."""
    engines.loaded(engine)  # once per process; the second it takes belongs to no note
    with serving(OpenAiEndpoint(engine=engine)) as base_url:
        gateway = OpenAiGateway(
            build_client(api_key="offline", base_url=base_url),
            transcription_models=(MODEL,),
            structuring_models=("rules",),
            attempt_timeout_s=BUDGET_S,
        )
        return [_one(gateway, file, note, hints) for file, note in _notes(path)]


def _notes(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    manifest = path / "manifest.json"
    if manifest.exists():
        for note in json.loads(manifest.read_text())["notes"]:
            yield path / note["file"], note
    elif path.is_dir():
        yield from ((file, {}) for file in sorted(path.iterdir()) if file.suffix in AUDIO)
    else:
        yield path, {}


def _one(gateway: OpenAiGateway, file: Path, note: dict[str, Any], hints: bool) -> Result:
    data = file.read_bytes()
    duration_s = audio.probe(data).duration_s
    language = note.get("language") or ""
    started = time.process_time()
    transcript = gateway.transcribe(
        data,
        sniff(data),
        budget_s=BUDGET_S,
        duration_s=duration_s,
        language_hints=(language,) if hints and language else (),
    )
    facts = _facts(gateway, transcript)
    took_s = time.process_time() - started
    wrong, total = word_errors.errors(note.get("transcript_words", ""), transcript.text)
    return Result(
        file=file.name,
        language=language,
        heard_language=transcript.language,
        kind=note.get("kind", ""),
        status=transcript.status,
        confidence=transcript.confidence,
        text=transcript.text,
        duration_s=duration_s,
        took_s=took_s,
        errors=wrong,
        words=total,
        facts=expected_facts.check(note.get("expected", {}), facts, transcript.text),
    )


def _facts(gateway: OpenAiGateway, transcript: Transcript) -> Any:
    if not transcript.text:
        return None
    context = StructuringContext(
        received_at=datetime.now(UTC),
        language=transcript.language,
        transcript_status=transcript.status,
    )
    return gateway.structure(transcript, context, budget_s=BUDGET_S).facts


def word_error_rate(results: Sequence[Result]) -> float:
    """Per cent over all words of all notes; 0 for none."""
    total = sum(result.words for result in results)
    return 100 * sum(result.errors for result in results) / total if total else 0.0


def gates(results: Sequence[Result]) -> dict[str, bool]:
    """The gates these notes can judge, and whether each holds."""
    synthetic = [r for r in results if (r.language, r.kind) == ("en", "synthetic")]
    libri = [r for r in results if "librispeech" in r.file]
    silent = [r for r in results if r.kind == "no_speech"]
    work, sound = sum(r.took_s for r in results), sum(r.duration_s for r in results)
    return {
        f"synthetic English WER <= {SYNTHETIC_ENGLISH:.0f} %": not synthetic
        or word_error_rate(synthetic) <= SYNTHETIC_ENGLISH,
        f"LibriSpeech WER <= {LIBRISPEECH:.0f} %": not libri
        or word_error_rate(libri) <= LIBRISPEECH,
        "silence gives no_speech": all(r.status == "no_speech" for r in silent),
        "Spanish and Portuguese: no words, or their own language's": all(
            not r.text or r.heard_language == r.language
            for r in results
            if r.language in ("es", "pt")
        ),
        f"real-time factor < {REAL_TIME:.0f}": sound == 0 or work / sound < REAL_TIME,
    }


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield f"{'file':32} {'status':22} {'conf':>5} {'WER':>12} {'facts':>6} {'RTF':>5}"
    for result in results:
        yield _line(result)
    for name, some in _groups(results):
        rate, found = word_error_rate(some), [ok for r in some for ok in r.facts.values()]
        counts = f"{sum(r.errors for r in some)}/{sum(r.words for r in some)}"
        factor = sum(r.took_s for r in some) / (sum(r.duration_s for r in some) or 1)
        yield (
            f"{name:32} {'':22} {'':5} {counts:>7} {rate:3.0f}% "
            f"{f'{sum(found)}/{len(found)}':>6} {factor:5.2f}"
        )


def _line(result: Result) -> str:
    confidence = "" if result.confidence is None else f"{result.confidence:.2f}"
    share = f"{result.errors}/{result.words}"
    rate = f"{100 * result.errors / result.words:3.0f}%" if result.words else "    "
    found = f"{sum(result.facts.values())}/{len(result.facts)}"
    return (
        f"{result.file:32} {result.status:22} {confidence:>5} {share:>7} {rate} {found:>6} "
        f"{result.real_time_factor:5.2f}"
    )


def _groups(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    for code, name in _LANGUAGES.items():
        for kind in ("synthetic", "human"):
            some = [r for r in results if (r.language, r.kind) == (code, kind)]
            if some:
                yield f"{name}, {kind}", some


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eval_voice")
    parser.add_argument("path", type=Path)
    parser.add_argument("--hints", action="store_true", help="send the manifest's language")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--engine", choices=engines.NAMES, default=engines.chosen())
    options = parser.parse_args(arguments)
    if not options.path.exists():
        print(f"{options.path} does not exist", file=sys.stderr)
        return 2
    results = evaluate(options.path, hints=options.hints, engine=options.engine)
    held = gates(results)
    if options.json:
        rows = [asdict(r) | {"real_time_factor": r.real_time_factor} for r in results]
        print(json.dumps({"notes": rows, "gates": held}, ensure_ascii=False, indent=1))
    else:
        gate_lines = [f"{'ok  ' if ok else 'MISS'} {name}" for name, ok in held.items()]
        print("\n".join([*_table(results), "", *gate_lines]))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
