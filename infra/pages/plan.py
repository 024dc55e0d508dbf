"""Which page answers which failure, and what a browser lets it do. Plain data, for CDK as well."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = "pages"  # first part of their paths; no customer's file begins so
SCRIPT = (HERE / "page.js").read_text(encoding="utf-8")
STYLE = (HERE / "page.css").read_text(encoding="utf-8")
LINK_HOURS = 12  # as long as chalicelib/gateways/media_links.py signs for


@dataclass(frozen=True, kw_only=True)
class Page:
    """`statuses`: those CloudFront shows it for; `causes`: what may have happened, one of them."""

    name: str
    statuses: tuple[int, ...]
    causes: tuple[str, ...]

    @property
    def key(self) -> str:
        """Where it lies in the bucket, and behind the domain."""
        return f"{FOLDER}/{self.name}.html"


# CloudFront answers 403 for a link that has ended, is incomplete, or is opened from a country or a
# network that is not let in; S3 answers 403, too, for a file that is not there, since nobody here
# may list the bucket. So one page tells them apart by the link itself (page.js). 400 and 414 are
# links that were damaged on their way.
PAGES = (
    Page(name="link", statuses=(400, 403, 404, 414), causes=("ended", "gone", "broken")),
    Page(name="later", statuses=(500, 502, 503, 504), causes=("trouble",)),
)


def source(text: str) -> str:
    """How a content security policy names this very script or style."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# In each page: its own style and script, nothing else, from nowhere.
IN_PAGE = "; ".join(
    (
        "default-src 'none'",
        f"script-src {source(SCRIPT)}",
        f"style-src {source(STYLE)}",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
# On every answer, files included: what a page cannot say of itself, and that no customer's file
# (HTML, SVG) runs a script under this name. Pictures, sound and PDF need none of what is refused.
ON_ANSWERS = "; ".join(
    (
        f"script-src {source(SCRIPT)}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
