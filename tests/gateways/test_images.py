"""Pictures survive their conversion; bombs and damage are named, not suffered."""

import io
import struct
import zlib

import pytest
from PIL import Image

from chalicelib.errors import ContentError
from chalicelib.gateways import images
from sandbox.sample_files import sample_file


def made(mode: str, kind: str, size: tuple[int, int] = (40, 20), **how: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, kind, **how)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP", "TIFF", "JPEG"])
def test_anything_becomes_a_png(kind: str) -> None:
    picture = opened(images.to_png(made("RGB", kind)))
    assert (picture.format, picture.size) == ("PNG", (40, 20))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"])
def test_any_colours_become_a_jpeg_on_white(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    picture = opened(images.to_jpeg(made(mode, kind)))
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    if mode in ("RGBA", "LA"):
        assert picture.getpixel((5, 5)) == (255, 255, 255), "what was transparent is white"


def test_a_photo_taken_sideways_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees (EXIF orientation)
    sideways = made("RGB", "JPEG", exif=exif)
    assert opened(images.to_jpeg(sideways)).size == (20, 40)


def test_a_heic_of_an_iphone_is_read() -> None:
    picture = opened(images.to_jpeg(sample_file("image/heic")))
    assert (picture.format, picture.size) == ("JPEG", (96, 64))


def test_a_preview_is_small() -> None:
    preview = opened(images.thumbnail(made("RGB", "JPEG", (3000, 1500))))
    assert preview.size == (640, 320)
    assert opened(images.thumbnail(made("RGB", "JPEG"))).size == (40, 20), "never larger"


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        checked = name + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "corrupt"),
        (b"no picture at all", "corrupt"),
        (made("RGB", "JPEG")[:200], "corrupt"),
        (made("RGB", "WEBP")[:20], "corrupt"),
        (png_that_claims(100, 100), "corrupt"),
        (png_that_claims(10_000, 10_000), "too_many_pixels"),
        (png_that_claims(60_000, 60_000), "corrupt"),
    ],
    ids=["empty", "text", "cut jpeg", "cut webp", "cut png", "bomb", "bomb beyond Pillow"],
)
def test_bombs_and_damage_are_content_errors(data: bytes, code: str) -> None:
    for convert in (images.to_png, images.to_jpeg, images.thumbnail):
        with pytest.raises(ContentError) as refused:
            convert(data)
        assert refused.value.code == code
