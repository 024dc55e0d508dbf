"""Flows and flow modules as the instance stores them: saved, published and versioned content."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sandbox.ids import Ids

Kind = Literal["contact-flow", "flow-module"]


@dataclass(slots=True, kw_only=True)
class StoredFlow:
    """A flow or module. `published` is None until it was published for the first time."""

    id: str
    arn: str
    kind: Kind
    name: str
    type: str
    saved: str
    published: str | None = None
    description: str | None = None
    state: str = "ACTIVE"
    settings: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    versions: list[tuple[str, str]] = field(default_factory=list)
    """(content, description), version 1 first."""

    @property
    def content(self) -> str:
        """What contacts run: the published content, else what was saved."""
        return self.published if self.published is not None else self.saved

    @property
    def status(self) -> str:
        """PUBLISHED once published, else SAVED."""
        return "SAVED" if self.published is None else "PUBLISHED"


def sha256(content: str) -> str:
    """FlowContentSha256 of a content."""
    return hashlib.sha256(content.encode()).hexdigest()


class FlowStore:
    """All flows and modules of an instance."""

    def __init__(self, *, ids: Ids, instance_arn: str, region: str) -> None:
        self._ids = ids
        self._arn = instance_arn
        self.region = region
        self._stored: dict[str, StoredFlow] = {}

    def add(
        self,
        name: str,
        content: str,
        *,
        kind: Kind = "contact-flow",
        type: str = "CONTACT_FLOW",  # noqa: A002 - Connect's own word for it
        flow_id: str | None = None,
        published: bool = True,
    ) -> StoredFlow:
        """Store a flow without checking it (the API calls check)."""
        key = flow_id or self._ids.uuid()
        stored = StoredFlow(
            id=key,
            arn=f"{self._arn}/{kind}/{key}",
            kind=kind,
            name=name,
            type=type,
            saved=content,
            published=content if published else None,
        )
        self._stored[key] = stored
        return stored

    def find(self, id_or_arn: str, kind: Kind) -> StoredFlow | None:
        """By id or ARN, with or without an alias such as `:$LATEST`."""
        key = id_or_arn.rpartition("/")[2].partition(":")[0]
        stored = self._stored.get(key)
        return stored if stored and stored.kind == kind else None

    def of_kind(self, kind: Kind) -> Iterator[StoredFlow]:
        """In the order of their creation."""
        return (one for one in self._stored.values() if one.kind == kind)

    def named(self, name: str, kind: Kind) -> StoredFlow | None:
        """The flow or module of this name."""
        return next((one for one in self.of_kind(kind) if one.name == name), None)
