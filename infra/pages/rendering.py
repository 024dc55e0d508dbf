"""The pages as HTML: every language in one file, with style and script inside."""

from functools import cache
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.pages.plan import HERE, IN_PAGE, LINK_HOURS, PAGES, SCRIPT, STYLE, Page

FALLBACK = "en"  # stands first: for browsers of other languages


@cache
def texts() -> dict[str, dict[str, Any]]:
    """Language -> its sentences; the fallback first."""
    codes = sorted((file.stem for file in HERE.glob("*.yaml")), key=lambda c: (c != FALLBACK, c))
    return {c: yaml.safe_load((HERE / f"{c}.yaml").read_text(encoding="utf-8")) for c in codes}


def rendered(*, keep_days: int) -> dict[str, str]:
    """Key in the bucket -> HTML. `keep_days`: how long customers' files are kept."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    template = environment.get_template("page.html.j2")
    return {
        page.key: template.render(
            languages=[_spoken(page, code, keep_days) for code in texts()],
            policy=IN_PAGE,
            style=STYLE,
            script=SCRIPT,
        )
        for page in PAGES
    }


def _spoken(page: Page, code: str, keep_days: int) -> dict[str, Any]:
    """What the template needs of one language. Raises KeyError for a sentence that is missing."""
    said = texts()[code]
    of_page = said[page.name]
    return {
        "code": code,
        "name": said["name"],
        "choice": said["choice"],
        "title": of_page["title"],
        "causes": [_told(cause, of_page[cause], keep_days) for cause in page.causes],
    }


def _told(cause: str, said: dict[str, Any], keep_days: int) -> dict[str, Any]:
    places = {"hours": LINK_HOURS, "days": keep_days}
    return {
        "name": cause,
        "heading": said["heading"],
        "what": said["what"].format(**places),
        "steps": [step.format(**places) for step in said["steps"]],
    }
