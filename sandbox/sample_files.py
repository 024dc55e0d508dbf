"""A small real file of any declared type, for payloads whose own media nobody has any more."""

import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import av
from PIL import Image

from chalicelib.gateways.audio import wav_file

SECONDS = 1
_OFFICE = "application/vnd.openxmlformats-officedocument."
# RFC 4867, 5.3: one frame every 20 ms; type 15 says that there is nothing to hear.
_AMR_FRAMES_PER_S = 50
_SIZE = 64


def sample_file(mime_type: str) -> bytes:
    """A file of this type; a few words of plain text for a type nobody makes here."""
    bare = mime_type.partition(";")[0].strip().lower()
    return _made(bare)


@cache
def _made(bare: str) -> bytes:
    maker = MAKERS.get(bare)
    return maker() if maker else b"A file of type " + bare.encode() + b"\n"


def _image(kind: str) -> Callable[[], bytes]:
    def make() -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (_SIZE, _SIZE), (37, 211, 102)).save(file, kind)
        return file.getvalue()

    return make


def _heic() -> bytes:
    """Green with a red corner; made by us with libheif, for nothing here can write HEIC."""
    return Path(__file__).with_name("pictures").joinpath("photo.heic").read_bytes()


def _ole() -> bytes:
    """The head of an old Office file; nothing else in it is looked at."""
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1024)


def _sound(container: str, codec: str, rate: int) -> Callable[[], bytes]:
    """A second of silence."""

    def make() -> bytes:
        file = io.BytesIO()
        with av.open(file, "w", format=container) as target:
            stream: Any = target.add_stream(codec, rate=rate)
            stream.layout = "mono"
            frame: Any = av.AudioFrame(format="s16", layout="mono", samples=rate * SECONDS)
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            frame.sample_rate = rate
            for piece in av.AudioResampler(
                format=stream.codec_context.format,
                layout="mono",
                rate=rate,
                frame_size=stream.codec_context.frame_size or 0,
            ).resample(frame):
                target.mux(stream.encode(piece))
            target.mux(stream.encode(None))
        return file.getvalue()

    return make


def _film(container: str) -> Callable[[], bytes]:
    """A second of a grey picture."""

    def make() -> bytes:
        file = io.BytesIO()
        with av.open(file, "w", format=container) as target:
            stream: Any = target.add_stream("mpeg4", rate=5)
            stream.width = stream.height = _SIZE
            stream.pix_fmt = "yuv420p"
            for _ in range(5 * SECONDS):
                picture: Any = av.VideoFrame(_SIZE, _SIZE, "yuv420p")
                for plane in picture.planes:
                    plane.update(b"\x80" * plane.buffer_size)
                target.mux(stream.encode(picture))
            target.mux(stream.encode(None))
        return file.getvalue()

    return make


def _wav() -> bytes:
    return wav_file(bytes(2 * 16_000 * SECONDS))


def _amr() -> bytes:
    return b"#!AMR\n" + b"\x7c" * (_AMR_FRAMES_PER_S * SECONDS)


def _pdf() -> bytes:
    """One empty page; the offsets of the table are those of the objects."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj %s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    return (
        body
        + b"xref\n0 4\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    )


def _office(folder: str, part: str) -> Callable[[], bytes]:
    def make() -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr(f"{folder}/{part}.xml", f"<{part}/>")
        return file.getvalue()

    return make


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")
    return file.getvalue()


MAKERS: dict[str, Callable[[], bytes]] = {
    "image/jpeg": _image("JPEG"),
    "image/png": _image("PNG"),
    "image/webp": _image("WEBP"),
    "image/gif": _image("GIF"),
    "image/bmp": _image("BMP"),
    "image/tiff": _image("TIFF"),
    "image/heic": _heic,
    "image/heif": _heic,
    "audio/ogg": _sound("ogg", "libopus", 48_000),
    "audio/opus": _sound("ogg", "libopus", 48_000),
    "audio/mpeg": _sound("mp3", "libmp3lame", 44_100),
    "audio/mp3": _sound("mp3", "libmp3lame", 44_100),
    "audio/aac": _sound("adts", "aac", 44_100),
    "audio/mp4": _sound("mp4", "aac", 44_100),
    "audio/amr": _amr,
    "audio/wav": _wav,
    "video/mp4": _film("mp4"),
    "video/3gpp": _film("3gp"),
    "video/quicktime": _film("mov"),
    "application/pdf": _pdf,
    f"{_OFFICE}wordprocessingml.document": _office("word", "document"),
    f"{_OFFICE}spreadsheetml.sheet": _office("xl", "workbook"),
    f"{_OFFICE}presentationml.presentation": _office("ppt", "presentation"),
    "application/msword": _ole,
    "application/vnd.ms-excel": _ole,
    "application/vnd.ms-powerpoint": _ole,
    "application/zip": _zip,
    "text/plain": lambda: b"A file of the sandbox.\n",
    "text/csv": lambda: b"name,value\nsandbox,1\n",
}
