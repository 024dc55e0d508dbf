"""Every sentence that a customer or an agent reads, per language, from `texts/*.yaml`.

`texts/<language>.yaml` holds the product's texts; further files named `<part>_<language>.yaml`
(voice cards) are read beside it. Nested keys are joined with dots: `media.image.label`. PyYAML is
imported at the first look-up only: rendering a plain text message needs no text of ours.
"""

from functools import cache
from pathlib import Path
from typing import Any

DEFAULT_LANGUAGE = "en"
NOTICE_MARK = "\u2139\ufe0f "
"""Every notice of ours to the agent starts with this; no line of a customer ever does."""

FOLDER = Path(__file__).with_name("texts")


class Texts:
    """The texts of one language ("es", "pt-BR", "PT_br"); English where it is silent.

    Plain data after the first look-up; the same for every instance of a language.
    """

    def __init__(self, language: str = DEFAULT_LANGUAGE) -> None:
        short = language.replace("_", "-").split("-")[0].lower()
        self.language = short if short in languages() else DEFAULT_LANGUAGE

    def get(self, key: str, **values: object) -> str:
        """The sentence under `key` with `{name}` places filled.

        Never raises: an unknown key comes back as itself, a place without value stays as it is,
        since a half-filled sentence still helps an agent and an exception would lose the message.
        Values are data: braces in them are not read again.
        """
        sentence = _load(self.language).get(key) or _load(DEFAULT_LANGUAGE).get(key) or key
        return sentence.format_map(_Places(values)) if values else sentence

    def has(self, key: str) -> bool:
        """Whether this language (or English) has a sentence for `key`."""
        return key in _load(self.language) or key in _load(DEFAULT_LANGUAGE)


class _Places(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


@cache
def languages() -> tuple[str, ...]:
    """The languages there is a file for, e.g. ("en", "es", "pt")."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml") if "_" not in path.stem))


def keys(language: str) -> frozenset[str]:
    """Every key of one language, without falling back to English."""
    return frozenset(_load(language))


@cache
def _load(language: str) -> dict[str, str]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    paths = [FOLDER / f"{language}.yaml", *sorted(FOLDER.glob(f"*_{language}.yaml"))]
    flat: dict[str, str] = {}
    for path in paths:
        # CSafeLoader is SafeLoader in C: it builds plain values only.
        flat.update(_flatten(yaml.load(path.read_text("utf-8"), Loader=loader)))  # noqa: S506
    return flat


def _flatten(tree: Any, prefix: str = "") -> dict[str, str]:
    if not isinstance(tree, dict):
        return {prefix: str(tree)} if prefix else {}
    flat: dict[str, str] = {}
    for name, branch in tree.items():
        flat.update(_flatten(branch, f"{prefix}.{name}" if prefix else str(name)))
    return flat
