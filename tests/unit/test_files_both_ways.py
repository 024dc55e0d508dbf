"""What becomes of a file, by its bytes and size: decided without touching it."""

import pytest

from chalicelib import chat_files, media_types
from chalicelib.errors import ContentError
from chalicelib.whatsapp import limits
from chalicelib.whatsapp.outgoing import MAX_CONVERTED_BYTES, outgoing

MEGABYTE = 1024 * 1024
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("kind", "size", "way"),
    [
        (media_types.JPEG, 1, "attach"),
        (media_types.HEIC, 1, "attach"),
        (media_types.WEBP, 1, "png"),
        (media_types.BMP, 1, "png"),
        (media_types.GIF, 1, "link"),
        (media_types.OGG_OPUS, 1, "wav"),
        (media_types.AMR, 1, "wav"),
        (media_types.ZIP, 1, "link"),
        (media_types.UNKNOWN, 1, "link"),
        (media_types.PDF, chat_files.MAX_ATTACHMENT_BYTES, "attach"),
        (media_types.PDF, chat_files.MAX_ATTACHMENT_BYTES + 1, "link"),
        (media_types.OGG_OPUS, chat_files.MAX_ATTACHMENT_BYTES + 1, "link"),
    ],
)
def test_the_agent_gets_the_best_that_a_chat_takes(
    kind: media_types.MediaType, size: int, way: str
) -> None:
    assert chat_files.way_of(kind, size) == way


@pytest.mark.parametrize(
    ("kind", "name", "extension"),
    [
        (media_types.TEXT, "prices.CSV", "csv"),
        (media_types.TEXT, "notes.md", "txt"),
        (media_types.OLE, "old.xls", "xls"),
        (media_types.OLE, "old.exe", "doc"),
        (media_types.PDF, "photo.jpg", "pdf"),
        (media_types.JPEG, "", "jpg"),
    ],
)
def test_a_name_is_believed_only_where_the_bytes_leave_it_open(
    kind: media_types.MediaType, name: str, extension: str
) -> None:
    assert chat_files.extension_of(kind, name) == extension


def test_a_file_always_has_a_name_connect_takes() -> None:
    assert chat_files.attachment_name("", "image", "jpg") == "image.jpg"
    assert chat_files.attachment_name(".hidden", "image", "jpg") == "image.jpg"
    assert len(chat_files.attachment_name("x" * 500, "image", "jpg")) <= 256


@pytest.mark.parametrize(
    ("mime", "name", "sent_as", "conversion"),
    [
        ("image/jpeg", "a.jpg", "image/jpeg", ""),
        ("IMAGE/JPG; charset=x", "a", "image/jpeg", ""),
        ("", "a.docx", DOCX, ""),
        ("application/octet-stream", "a.pdf", "application/pdf", ""),
        ("audio/x-wav", "a.wav", "audio/ogg", "voice"),
        ("audio/webm;codecs=opus", "a.webm", "audio/ogg", "voice"),
        ("audio/ogg", "a.ogg", "audio/ogg", "voice"),
        ("audio/mpeg", "a.mp3", "audio/mpeg", ""),
        ("image/webp", "a.webp", "image/jpeg", "jpeg"),
        ("image/heif", "a.heic", "image/jpeg", "jpeg"),
        ("text/csv", "a.csv", "text/plain", ""),
    ],
)  # fmt: skip
def test_a_file_goes_out_as_whatsapp_takes_it(
    mime: str, name: str, sent_as: str, conversion: str
) -> None:
    plan = outgoing(mime, name, 1000)
    assert (plan.mime_type, plan.conversion) == (sent_as, conversion)
    assert plan.voice == (conversion == "voice")


def test_a_picture_over_the_limit_is_converted_and_not_refused() -> None:
    assert outgoing("image/jpeg", "a.jpg", limits.IMAGE_BYTES).conversion == ""
    assert outgoing("image/jpeg", "a.jpg", limits.IMAGE_BYTES + 1).conversion == "jpeg"


@pytest.mark.parametrize(
    ("mime", "name", "size", "told"),
    [
        ("video/quicktime", "a.mov", 1, {"type": "mov"}),
        ("application/rtf", "noext", 1, {"type": "application/rtf"}),
        ("", "", 1, {"type": "?"}),
        ("video/mp4", "a.mp4", 17 * MEGABYTE, {"limit": "16 MB"}),
        ("application/pdf", "a.pdf", 101 * MEGABYTE, {"limit": "100 MB"}),
        ("audio/wav", "a.wav", MAX_CONVERTED_BYTES + 1, {"limit": "16 MB"}),
        ("image/heic", "a.heic", MAX_CONVERTED_BYTES + 1, {"limit": "5 MB"}),
    ],
)
def test_what_whatsapp_would_refuse_is_refused_with_a_plain_reason(
    mime: str, name: str, size: int, told: dict[str, str]
) -> None:
    with pytest.raises(ContentError) as refused:
        outgoing(mime, name, size)
    assert refused.value.values == told
    assert refused.value.tell_agent in ("problem.media_type", "problem.media_too_large")
