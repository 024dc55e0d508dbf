"""What people read at CloudFront where a link to a customer's file opens no file."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib import texts as product
from chalicelib.gateways.media_links import LINK_SECONDS
from infra import names, settings
from infra.__main__ import pages as command
from infra.pages import plan, publishing
from infra.pages.plan import PAGES, Page
from infra.pages.rendering import rendered, texts
from infra.settings import Stage
from sandbox.object_store import create_bucket
from sandbox.world import World
from tests.infra_templates import findings, whole, with_options

LANGUAGES = product.languages()
KEEP_DAYS = 77
NO_CLOSING = {"meta"}
# What a browser would fetch, or be sent away by.
LEADS_OUT = ("src", "action", "srcset", "poster", "data", "background", "ping")


# --- the pages --------------------------------------------------------------------------------


class Read(HTMLParser):
    """A page as a browser reads it: elements, what they say, what stands in style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.said: dict[str, list[str]] = {}
        self.inside: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        assert self.inside == [], "what is opened is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = (tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in NO_CLOSING:
            self.inside.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.said.setdefault(self.inside[-1][0], []).append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def meta(self, name: str) -> str:
        found = (
            one for one in self.all("meta") if name in (one.get("name"), one.get("http-equiv"))
        )
        return next(found)["content"]


@cache
def html(page: Page) -> str:
    return rendered(keep_days=KEEP_DAYS)[page.key]


@cache
def read(page: Page) -> Read:
    return Read(html(page))


every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@every_page
def test_a_page_speaks_every_language_of_the_product(page: Page) -> None:
    """Each part says which one it is in, and has a way to it."""
    assert set(texts()) == set(LANGUAGES)
    articles = read(page).all("article")
    assert [one["lang"] for one in articles] == list(texts())
    assert [one["id"] for one in articles] == list(texts())
    assert [one["href"] for one in read(page).all("a")] == [f"#{code}" for code in texts()]
    assert read(page).all("html") == [{"lang": "en"}]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language: str) -> None:
    assert shape(texts()[language]) == shape(texts()["en"])


def shape(said: Any) -> Any:
    """Keys and lengths; of a sentence what is filled in."""
    if isinstance(said, dict):
        return {name: shape(one) for name, one in said.items()}
    if isinstance(said, list):
        return [shape(one) for one in said]
    return sorted(re.findall(r"{\w+}", said))


@every_page
def test_every_cause_says_what_to_do(page: Page) -> None:
    for language in LANGUAGES:
        assert set(texts()[language][page.name]) == {"title", *page.causes}
        for cause in page.causes:
            assert len(texts()[language][page.name][cause]["steps"]) >= 2


def test_a_page_tells_how_long_links_and_files_live() -> None:
    """As long as the product signs for, and as the stage keeps."""
    assert plan.LINK_HOURS * 3600 == LINK_SECONDS
    said = " ".join(read(PAGES[0]).said["p"])
    assert said.count("12 h") == len(LANGUAGES)
    assert said.count(f"{KEEP_DAYS} d") == len(LANGUAGES)
    assert "{" not in said


@every_page
def test_a_page_needs_nothing_from_elsewhere(page: Page) -> None:
    """CP-47: no font, picture, script or counter of anybody's; nothing that sends."""
    assert {tag for tag, _ in read(page).elements} <= {
        *("html", "head", "meta", "title", "style", "body", "nav", "a", "main", "article"),
        *("h1", "h2", "section", "p", "ul", "li", "script"),
    }
    for tag, attributes in read(page).elements:
        assert not {*LEADS_OUT, "style"} & set(attributes), tag
        assert not any(name.startswith("on") for name in attributes), tag
        assert attributes.get("href", "#").startswith("#")
    assert "url(" not in plan.STYLE
    assert "@import" not in plan.STYLE
    assert "//" not in html(page).replace("// Everything", "").replace("// all", "")
    assert not re.search(r"fetch|XMLHttp|sendBeacon|cookie|Storage|innerHTML|eval", plan.SCRIPT)


@every_page
def test_a_page_may_do_what_it_does_and_nothing_else(page: Page) -> None:
    """The policy stands first, and names this very script and style."""
    policy = dict(
        one.split(" ", 1) for one in read(page).meta("Content-Security-Policy").split("; ")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": plan.source("".join(read(page).said["script"])),
        "style-src": plan.source("".join(read(page).said["style"])),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    order = [tag for tag, _ in read(page).elements]
    assert order.index("meta") < order.index("style") < order.index("script")
    assert len(read(page).all("script")) == len(read(page).all("style")) == 1


@every_page
def test_a_page_is_read_on_a_phone_and_in_the_dark_and_by_ear(page: Page) -> None:
    assert read(page).meta("viewport") == "width=device-width, initial-scale=1"
    assert read(page).meta("referrer") == "no-referrer"  # the address holds a signature
    assert read(page).meta("robots") == "noindex"
    assert "".join(read(page).said["title"]) == texts()["en"][page.name]["title"]
    for tag, each in {"nav": 1, "main": 1, "h1": len(LANGUAGES)}.items():
        assert len(read(page).all(tag)) == each
    assert read(page).all("nav") == [{"aria-label": "Language / Idioma"}]
    assert "prefers-color-scheme: dark" in plan.STYLE


def test_what_is_written_stands_out_by_day_and_by_night() -> None:
    """WCAG 2.2, 1.4.6: seven to one."""
    colours = re.findall(r"--(paper|ink|link): #(\w{6})", plan.STYLE)
    assert len(colours) == 6
    for shown in (dict(colours[:3]), dict(colours[3:])):
        for name in ("ink", "link"):
            dark, light = sorted((brightness(shown[name]), brightness(shown["paper"])))
            assert (light + 0.05) / (dark + 0.05) >= 7


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    line = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]


# --- what the script leaves standing ----------------------------------------------------------

NOW = 1_800_000_000
WHOLE = "?Expires={}&Signature=a~b_c-&Key-Pair-Id=K1"
# As much of a browser as the script touches.
BROWSER = """
const [script, readers] = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const heard = (reader) => {
  const article = (lang) => ({lang, hidden: false, querySelector: () => ({textContent: lang})});
  const articles = reader.languages_of_page.map(article);
  const causes = ["ended", "gone", "broken"].map((cause) => ({dataset: {cause}, hidden: false}));
  const document = {
    documentElement: {lang: "en"}, title: "en",
    querySelectorAll: (what) => ({article: articles, "[data-cause]": causes})[what],
  };
  const location = {hash: reader.hash, search: reader.search};
  const listening = {};
  new Function("document", "location", "navigator", "addEventListener", "Date", script)(
    document, location, {languages: reader.languages},
    (name, does) => { listening[name] = does; }, {now: () => reader.now * 1000});
  if (reader.then) { location.hash = reader.then; listening.hashchange(); }
  const shown = (all, name) => all.filter((one) => !one.hidden).map(name);
  return [shown(articles, (one) => one.lang), document.documentElement.lang, document.title,
          shown(causes, (one) => one.dataset.cause)];
};
console.log(JSON.stringify(readers.map(heard)));
"""


def reader(*languages: str, search: str = "", hash_: str = "", then: str = "") -> dict[str, Any]:
    return {
        "languages_of_page": list(texts()),
        "languages": languages,
        "search": search,
        "hash": hash_,
        "then": then,
        "now": NOW,
    }


def shown_to(*readers: dict[str, Any]) -> list[list[Any]]:
    told = subprocess.run(
        ["node", "-e", BROWSER],
        input=json.dumps([plan.SCRIPT, readers]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return list(json.loads(told.stdout))


def test_a_reader_sees_their_own_language() -> None:
    """The browser's, in its order; the one that was chosen by hand before that; else English."""
    readers = {
        "es": reader("es-MX", "en"),
        "pt": reader("de", "pt-BR", "es"),
        "en": reader("de-DE"),
    }
    for language, seen in zip(readers, shown_to(*readers.values()), strict=True):
        assert seen[:3] == [[language], language, language]
    by_hand = shown_to(reader("es", hash_="#pt"), reader("es", then="#en"), reader("es", then="#x"))
    assert [seen[0] for seen in by_hand] == [["pt"], ["en"], ["es"]]


def test_the_link_itself_tells_what_happened() -> None:
    causes = {
        WHOLE.format(NOW - 1): "ended",
        WHOLE.format(NOW + 60): "gone",
        "?Expires=1800000060&Signature=a~b": "broken",
        "?Expires=": "broken",
        "": "broken",
    }
    seen = shown_to(*(reader("en", search=search) for search in causes))
    assert [one[3] for one in seen] == [[cause] for cause in causes.values()]


@every_page
def test_causes_are_told_apart_only_where_there_are_several(page: Page) -> None:
    """A page with one cause hides nothing."""
    marked = [one["data-cause"] for one in read(page).all("section") if "data-cause" in one]
    several = page.causes if len(page.causes) > 1 else ()
    assert marked == [*several] * len(LANGUAGES)


# --- published --------------------------------------------------------------------------------

BUCKET = "puente-prod-cdn-pages-a1b2c3"


class Exports:
    """CloudFormation with what the stacks export."""

    def __init__(self, exported: dict[str, str]) -> None:
        self._exported = exported

    def get_paginator(self, name: str) -> "Exports":
        assert name == "list_exports"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        """A page each."""
        return [
            {"Exports": [{"Name": name, "Value": value}]} for name, value in self._exported.items()
        ]


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        create_bucket(BUCKET)
        yield running


def client(service: str) -> Any:
    if service == "cloudformation":
        return Exports({"another": "x", "puente-prod-pages": BUCKET})
    return boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]


def prod() -> Stage:
    return settings.load("prod")


def test_pages_come_where_cloudfront_finds_them(world: World) -> None:
    """As HTML, and never out of a memory; a second time there is nothing to do."""
    assert [one.changed for one in publishing.publish(prod(), client)] == [True, True]
    for page in PAGES:
        there = client("s3").get_object(Bucket=BUCKET, Key=page.key)
        kept = prod().media_retention_days
        assert there["Body"].read().decode() == rendered(keep_days=kept)[page.key]
        assert there["ContentType"] == "text/html; charset=utf-8"
        assert there["CacheControl"] == "no-store"
    assert [one.changed for one in publishing.publish(prod(), client)] == [False, False]


def test_a_page_that_somebody_changed_by_hand_is_put_right(world: World) -> None:
    list(publishing.publish(prod(), client))
    client("s3").put_object(Bucket=BUCKET, Key=PAGES[0].key, Body=b"<h1>Oops</h1>")
    assert [one.changed for one in publishing.publish(prod(), client)] == [True, False]


def test_without_cloudfronts_stack_it_says_what_comes_first(world: World) -> None:
    with pytest.raises(publishing.PagesProblem, match="make deploy STAGE=prod"):
        list(publishing.publish(prod(), lambda _: Exports({"another": "x"})))


def test_without_cloudfront_there_is_nothing_to_publish(capsys: pytest.CaptureFixture[str]) -> None:
    """`make deploy` asks for it in any case."""
    command(prod())
    assert "without cdn.domain" in capsys.readouterr().out


def test_pages_can_be_looked_at_before(tmp_path: Path) -> None:
    files = publishing.written(prod(), tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in files] == [p.key for p in PAGES]
    assert all(Read(file.read_text("utf-8")).all("article") for file in files)


# --- CloudFront -------------------------------------------------------------------------------


def made(kind: str) -> dict[str, Any]:
    """The only resource of a type in CloudFront's stack."""
    (one,) = whole(kind, with_options())
    return dict(one["Properties"])


def pages_bucket() -> dict[str, Any]:
    (one,) = [b for b in whole("AWS::S3::Bucket", with_options()) if b["Name"].startswith("Pages")]
    return dict(one)


def test_every_failure_is_answered_by_a_page_and_keeps_its_status() -> None:
    """CP-25. All that S3 or CloudFront answer a link with; and not for long."""
    config = made("AWS::CloudFront::Distribution")["DistributionConfig"]
    answers = {one["ErrorCode"]: one for one in config["CustomErrorResponses"]}
    assert set(answers) == {400, 403, 404, 414, 500, 502, 503, 504}
    for page in PAGES:
        for status in page.statuses:
            assert answers[status]["ResponsePagePath"] == f"/{page.key}"
            assert answers[status]["ResponseCode"] == status
            assert answers[status]["ErrorCachingMinTTL"] <= 10


def test_a_page_needs_no_signed_link_and_files_still_do() -> None:
    """Otherwise the answer to a link that has ended would be the same refusal again."""
    config = made("AWS::CloudFront::Distribution")["DistributionConfig"]
    (pages,) = config["CacheBehaviors"]
    assert pages["PathPattern"] == "pages/*"
    assert all(page.key.startswith("pages/") for page in PAGES)
    assert "TrustedKeyGroups" not in pages
    assert config["DefaultCacheBehavior"]["TrustedKeyGroups"]
    origins = {one["Id"]: one for one in config["Origins"]}
    assert len(origins) == 2
    assert all(one["OriginAccessControlId"] for one in origins.values())
    assert pages["TargetOriginId"] != config["DefaultCacheBehavior"]["TargetOriginId"]
    assert "Pages" in json.dumps(origins[pages["TargetOriginId"]]["DomainName"])


def test_no_answer_is_framed_and_no_file_of_a_customer_runs_a_script() -> None:
    """One policy for files and pages, whichever of the two CloudFront takes for a failure."""
    config = made("AWS::CloudFront::Distribution")["DistributionConfig"]
    ours = made("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    behaviors = (config["DefaultCacheBehavior"], *config["CacheBehaviors"])
    assert len({one["ResponseHeadersPolicyId"] for one in behaviors}) == 1
    headers = ours["SecurityHeadersConfig"]
    policy = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert policy == plan.ON_ANSWERS
    assert f"script-src {plan.source(plan.SCRIPT)};" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["ContentTypeOptions"] == {"Override": True}
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"


def test_pages_lie_in_a_private_bucket_of_their_own() -> None:
    """CP-56: never away with the files, and never deleted by their clock; earlier ones are kept."""
    bucket = pages_bucket()
    properties = bucket["Properties"]
    assert "BucketName" not in properties  # so that one left by `destroy` is in nobody's way
    assert list(properties["PublicAccessBlockConfiguration"].values()) == [True] * 4
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (encrypted,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encrypted["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert properties["LoggingConfiguration"]["DestinationBucketName"].startswith("Logs")
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert "ExpirationInDays" not in rule
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert bucket["DeletionPolicy"] == "Retain"


def test_this_distribution_alone_reads_pages() -> None:
    (document,) = [
        one["Properties"]["PolicyDocument"]["Statement"]
        for one in whole("AWS::S3::BucketPolicy", with_options())
        if one["Properties"]["Bucket"] == pages_bucket()["Name"]
    ]
    denied, allowed = sorted(document, key=lambda one: one["Effect"], reverse=True)
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert ":distribution/Media" in allowed["Condition"]["StringEquals"]["AWS:SourceArn"]


def test_the_pages_bucket_breaks_no_rule_but_that_it_is_not_copied() -> None:
    """What is in it lies in the repository."""
    ids = {
        rule.rpartition(".321-")[2]
        for rule, at in findings(with_options()).items()
        if "puente-options-cdn/Pages" in at
    }
    assert ids == {"S3BucketReplicationEnabled"}


def test_the_doctor_asks_for_the_page_that_agents_would_see() -> None:
    [page] = [one for one in PAGES if 403 in one.statuses]
    assert page.key == names.LINK_PAGE
