"""Pictures: the only door to Pillow. Converts what one side of the bridge takes and the other not.

Pillow knows no HEIC, which iPhones write; pi-heif reads it and is imported for such a file only.

A picture from a stranger may be a bomb: a few kilobytes that unpack to gigabytes. Its size is read
from the header before anything is decoded, and refused above `MAX_PIXELS`.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageOps, UnidentifiedImageError

from chalicelib.errors import ContentError
from chalicelib.media_types import HEIC, sniff

MAX_PIXELS = 50_000_000
"""A 50-megapixel photo decodes to 200 MB; more does not fit into a function of ours."""
THUMBNAIL_SIDE = 640
"""Pixels: enough to see what a picture shows, some tens of kilobytes as JPEG."""
LONGEST_SIDE = 2560
"""Pixels of a picture that was too heavy for WhatsApp as it was; phones show fewer."""
QUALITY = 85


def to_png(data: bytes) -> bytes:
    """The picture as PNG, an animated one by its first frame. Raises ContentError."""
    with _opened(data) as image:
        image.seek(0)
        return _saved(image.convert("RGBA"), "PNG")


def to_jpeg(data: bytes, *, longest: int = LONGEST_SIDE) -> bytes:
    """The picture as JPEG, upright, at most `longest` pixels a side. Raises ContentError."""
    with _opened(data) as image:
        image.seek(0)
        upright = ImageOps.exif_transpose(image) or image
        small = _on_white(upright)
        small.thumbnail((longest, longest))
        return _saved(small, "JPEG", quality=QUALITY, optimize=True)


def thumbnail(data: bytes) -> bytes:
    """A small JPEG of the picture. Raises ContentError."""
    return to_jpeg(data, longest=THUMBNAIL_SIDE)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    if sniff(data) == HEIC:
        from pi_heif import register_heif_opener  # a tenth of a second, and few files need it

        register_heif_opener()
    try:
        with warnings.catch_warnings():
            # Our own limit decides; Pillow's warning of a large picture is no news.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise _unreadable("the picture has too many pixels", "too_many_pixels")
                yield image
    # Pillow's readers raise all of these for damaged or truncated files.
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
    ) as error:
        raise _unreadable("the bytes cannot be read as a picture", "corrupt") from error


def _on_white(image: Image.Image) -> Image.Image:
    """JPEG has no transparency: what was transparent becomes white, not black."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layers = image.convert("RGBA")
    white = Image.new("RGB", layers.size, "white")
    white.paste(layers, mask=layers.getchannel("A"))
    return white


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _unreadable(message: str, code: str) -> ContentError:
    return ContentError(message, code=code, tell_agent="problem.media_unreadable")
