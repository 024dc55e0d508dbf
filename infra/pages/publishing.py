"""Pages into the bucket that CloudFront reads them from, after the stacks are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.installed import exported
from infra.link import Clients
from infra.names import pages_export
from infra.pages.rendering import rendered
from infra.problem import Problem
from infra.settings import Stage

# Who meets a failure asks again: neither a browser nor CloudFront answers from memory.
HEADERS = {"ContentType": "text/html; charset=utf-8", "CacheControl": "no-store"}


class PagesProblem(Problem):
    """Pages cannot be published yet; the message says what comes first."""


@dataclass(frozen=True)
class Published:
    """One page: where it lies, whether this call wrote it."""

    key: str
    changed: bool


def publish(stage: Stage, clients: Clients) -> Iterator[Published]:
    """Write what differs, page by page. Raises PagesProblem before CloudFront's stack is there."""
    bucket = exported(clients, pages_export(stage.prefix))
    if not bucket:
        raise PagesProblem(f"there is no bucket for pages yet: make deploy STAGE={stage.name}")
    s3 = clients("s3")
    for key, html in rendered(keep_days=stage.media_retention_days).items():
        body = html.encode()
        changed = _present(s3, bucket, key) != {"Body": body, **HEADERS}
        if changed:
            s3.put_object(Bucket=bucket, Key=key, Body=body, **HEADERS)
        yield Published(key, changed)


def written(stage: Stage, folder: Path) -> list[Path]:
    """The pages as files, to look at before anybody else does."""
    made = []
    for key, html in rendered(keep_days=stage.media_retention_days).items():
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(html, encoding="utf-8")
        made.append(file)
    return made


def _present(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    """What lies there now; nothing where there is none (403 for who may not list the bucket)."""
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchKey", "AccessDenied"):
            raise
        return {}
    return {"Body": found["Body"].read(), **{name: found.get(name) for name in HEADERS}}
