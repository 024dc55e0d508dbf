"""A small real picture to send around."""

import io
from functools import cache

from PIL import Image


@cache
def picture(kind: str = "jpeg", width: int = 64, height: int = 48) -> bytes:
    """The same bytes for the same wish. `kind` is Pillow's name of a format."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (37, 211, 102)).save(file, kind)
    return file.getvalue()
