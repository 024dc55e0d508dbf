"""The files that stand in for media nobody has any more."""

import pytest

from chalicelib.gateways.audio import probe
from chalicelib.media_types import UNKNOWN, from_mime, sniff
from sandbox.sample_files import MAKERS, sample_file


@pytest.mark.parametrize("mime_type", sorted(set(MAKERS) - {"text/csv"}))
def test_a_file_is_what_it_says_it_is(mime_type):
    wanted = from_mime(mime_type)
    assert sniff(sample_file(mime_type)).extension == wanted.extension


@pytest.mark.parametrize("mime_type", ["audio/ogg; codecs=opus", "audio/aac", "audio/mpeg"])
def test_a_sound_can_be_decoded(mime_type):
    assert probe(sample_file(mime_type)).duration_s == pytest.approx(1, abs=0.2)


def test_a_type_nobody_makes_still_gets_a_file():
    assert b"application/x-new" in sample_file("application/x-new")
    assert from_mime("application/x-new") is UNKNOWN
