"""The instance's own views: what was saved, what is published, and its numbered versions."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from flowkit.views import View
from sandbox.ids import Ids


@dataclass(slots=True, kw_only=True)
class StoredView:
    """A customer-managed view. `published` is None until it was published for the first time."""

    id: str
    arn: str
    name: str
    saved: View
    published: View | None = None
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    versions: list[tuple[View, str]] = field(default_factory=list)
    """(content, description), version 1 first."""

    @property
    def status(self) -> str:
        return "SAVED" if self.published is None else "PUBLISHED"

    def content(self, qualifier: str) -> View | None:
        """What `$LATEST` (or nothing), `$SAVED` or a version number stands for; None: nothing."""
        if qualifier == "$SAVED":
            return self.saved
        if qualifier in ("", "$LATEST"):
            return self.published
        number = int(qualifier) if qualifier.isdigit() else 0
        return self.versions[number - 1][0] if 0 < number <= len(self.versions) else None


class ViewStore:
    """All views of an instance."""

    def __init__(self, *, ids: Ids, instance_arn: str) -> None:
        self._ids = ids
        self._arn = instance_arn
        self.all: dict[str, StoredView] = {}

    def add(self, view: View, *, view_id: str | None = None, published: bool = True) -> StoredView:
        """Keep a view; `view_id` with `:n` gets that many versions of it."""
        key, _, versions = (view_id or self._ids.uuid()).partition(":")
        self.all[key] = StoredView(
            id=key,
            arn=f"{self._arn}/view/{key}",
            name=view.name,
            saved=view,
            published=view if published else None,
            description=view.description,
            versions=[(view, "")] * int(versions or 0),
        )
        return self.all[key]

    def find(self, id_or_arn: str) -> tuple[StoredView | None, str]:
        """By id or ARN, with the qualifier behind it."""
        key, _, qualifier = id_or_arn.rpartition("/")[2].partition(":")
        return self.all.get(key), qualifier

    def named(self, name: str) -> StoredView | None:
        return next((one for one in self if one.name == name), None)

    def __iter__(self) -> Iterator[StoredView]:
        return iter(sorted(self.all.values(), key=lambda one: one.name))
