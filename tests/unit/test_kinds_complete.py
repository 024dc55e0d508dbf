"""A new kind of message cannot be half there: reader, renderer and sample come together."""

import pytest

from chalicelib.whatsapp.kinds import MEDIA_KINDS, READERS
from chalicelib.whatsapp.messages import InboundMessage
from chalicelib.whatsapp.to_chat import RENDERERS, to_chat
from chalicelib.whatsapp.webhook import parse
from tests import whatsapp_samples as samples


def kinds_in_samples() -> set[str]:
    every = (
        parse(piece.payload)
        for name in samples.names(samples.WHATSAPP)
        for piece in samples.pieces(samples.body(name))
    )
    return {said.kind for said in every if isinstance(said, InboundMessage)}


def test_every_kind_that_is_read_is_also_shown_and_the_other_way_round() -> None:
    assert set(READERS) | {"unknown"} == set(RENDERERS)


def test_every_kind_has_a_sample() -> None:
    assert kinds_in_samples() == set(RENDERERS)


@pytest.mark.parametrize("kind", sorted(MEDIA_KINDS))
def test_every_kind_of_file_has_a_name_and_a_placeholder(kind: str) -> None:
    for word in ("label", "failed"):
        assert samples.ENGLISH.has(f"media.{kind}.{word}")


@pytest.mark.parametrize("language", ["en", "es", "pt"])
@pytest.mark.parametrize("name", samples.names(samples.WHATSAPP))
def test_every_sample_is_readable_in_every_language(name: str, language: str) -> None:
    texts = samples.Texts(language)
    for piece in samples.pieces(samples.body(name)):
        said = parse(piece.payload)
        if isinstance(said, InboundMessage):
            line = to_chat(said, texts)
            assert line.text.strip()
            assert "{" not in line.text or name.startswith("interactive_form")
            assert "shown." not in line.text
