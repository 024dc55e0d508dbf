"""Files: where they lie, and what turns them into what the other side takes."""

from typing import Protocol


class Files(Protocol):
    """Files behind presigned addresses."""

    def read(self, url: str) -> bytes: ...


class Media(Protocol):
    """The private media bucket."""

    def read(self, key: str) -> bytes: ...

    def read_up_to(self, key: str, limit: int) -> bytes | None:
        """The object, or None without reading it when it has more than `limit` bytes."""
        ...

    def write(self, key: str, body: bytes, content_type: str) -> None: ...

    def link(self, key: str) -> str:
        """A presigned link for a person, valid for hours."""
        ...


class SoundInfo(Protocol):
    """What is known of a sound without hearing it."""

    @property
    def duration_s(self) -> float: ...


class Audio(Protocol):
    """Decoding and encoding of sound. All raise ContentError when it is none."""

    def probe(self, data: bytes, /) -> SoundInfo: ...

    def to_wav(self, data: bytes, /) -> bytes: ...

    def to_voice_ogg(self, data: bytes, /) -> bytes: ...


class Pictures(Protocol):
    """Conversions of pictures. All raise ContentError when the bytes are none."""

    def to_png(self, data: bytes, /) -> bytes: ...

    def to_jpeg(self, data: bytes, /) -> bytes: ...

    def thumbnail(self, data: bytes, /) -> bytes: ...
