"""Flows are rendered from templates and settings; what is wrong is told with file and line."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowkit.bundle import load
from flowkit.hours import HoursError, is_open
from flowkit.model import parse
from flowkit.render import RenderError, load_settings, render
from sandbox import flow_files
from tests.flows.desk import ROOT

SETTINGS = """\
texts:
  en: {hello: Hi}
lambdas: {echo: "app-{stage}-echo"}
stages:
  sandbox:
    region: us-east-1
    account: "1"
    instance: i
    texts: {es: {hello: Hola}}
    queues: {General: {id: q-1}}
  live: {region: eu-west-1, account: "2", instance: j}
"""

TEMPLATE = """\
{
  "Version": "2019-10-30",
  "StartAction": "greet",
  "Actions": [
    {
      "Identifier": "greet",
      "Type": "MessageParticipant",
      "Parameters": {
        "Text": VALUE
      },
      "Transitions": {}
    }
  ]
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def template(folder: Path, value: str) -> Path:
    path = folder / "hello.json.j2"
    path.write_text(TEMPLATE.replace("VALUE", value), encoding="utf-8")
    return path


def problem(folder: Path, value: str) -> str:
    settings = load_settings(folder / "settings.yaml")
    with pytest.raises(RenderError) as caught:
        render(template(folder, value), settings)
    return str(caught.value)


def test_a_template_takes_its_values_from_settings(folder):
    text = render(
        template(folder, "{{ texts.es.hello | tojson }}"), load_settings(folder / "settings.yaml")
    )
    assert parse(text).actions["greet"].parameters == {"Text": "Hola"}


def test_quotes_and_markup_in_a_text_reach_the_customer_as_they_are(folder):
    settings = {**load_settings(folder / "settings.yaml"), "odd": 'say "<b>hi & bye</b>" é'}
    text = render(template(folder, "{{ odd | tojson }}"), settings)
    assert parse(text).actions["greet"].parameters["Text"] == 'say "<b>hi & bye</b>" é'


def test_a_stage_lays_its_values_over_the_common_ones(folder):
    sandbox = load_settings(folder / "settings.yaml")
    assert sandbox["texts"] == {"en": {"hello": "Hi"}, "es": {"hello": "Hola"}}
    assert (
        sandbox["arns"]["queues"]["General"] == "arn:aws:connect:us-east-1:1:instance/i/queue/q-1"
    )
    live = load_settings(folder / "settings.yaml", "live")
    assert live["arns"]["lambdas"]["echo"] == "arn:aws:lambda:eu-west-1:2:function:app-live-echo"
    assert live["stage"] == "live"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("{{ texts.fr.hello | tojson }}", "hello.json.j2:9: missing value"),
        ("{{ nothing | tojson }}", "hello.json.j2:9: missing value"),
        ('""', "hello.json.j2:9: action 'greet', Parameters.Text: empty text"),
        ("8", "hello.json.j2:9: action 'greet', Parameters.Text: 8 is not text"),
        ('["a", true]', "Parameters.Text[1]: true is not text"),
        ("{{ oops", "hello.json.j2:"),
        ("nonsense", "hello.json.j2:9: not JSON"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_reason(folder, value, reason):
    assert reason in problem(folder, value)


def test_view_data_keeps_its_numbers_but_not_its_empty_texts(folder):
    path = folder / "view.json.j2"
    path.write_text(
        '{"Actions": [{"Identifier": "v", "Parameters": {"ViewData": {"n": 1, "t": VALUE}}}]}',
        encoding="utf-8",
    )
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("VALUE", '"x"'), encoding="utf-8")
    assert '"n": 1' in render(path, {})
    path.write_text(text.replace("VALUE", '""'), encoding="utf-8")
    with pytest.raises(RenderError, match=r"ViewData\.t: empty text"):
        render(path, {})


def test_a_missing_template_is_named(folder):
    with pytest.raises(RenderError, match="no template"):
        render(folder / "gone.json.j2", {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", r"settings.yaml:\d+: not YAML"),
        ("- a", "settings are a YAML object"),
        ("a: 1", "no stage 'sandbox'"),
    ],
)
def test_unusable_settings_are_refused_with_the_reason(tmp_path, text, reason):
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RenderError, match=reason):
        load_settings(path)


def test_missing_settings_are_named(tmp_path):
    with pytest.raises(RenderError, match="no such file"):
        load_settings(tmp_path / "settings.yaml")


def test_the_bundle_finds_what_it_holds_by_name_id_and_arn():
    bundle = load(ROOT / "contact_flows")
    inbound = bundle.flows["whatsapp_inbound"]
    flow_id = bundle.settings["flows"]["whatsapp_inbound"]["id"]
    arn = bundle.settings["arns"]["flows"]["whatsapp_inbound"]
    assert bundle.flow("whatsapp_inbound") is bundle.flow(flow_id) is bundle.flow(arn) is inbound
    module = bundle.settings["modules"]["voice_note"]["id"]
    assert bundle.module(f"{module}:$LATEST") is bundle.modules["voice_note"]
    assert bundle.queue_name(bundle.settings["arns"]["queues"]["Orders"]) == "Orders"
    assert bundle.hours_name("nowhere") is None
    assert bundle.lambda_name("arn:aws:lambda:nowhere") is None
    assert bundle.flow("nowhere") is None


HOURS = {
    "time_zone": "America/New_York",
    "open": {"monday": ["09:00-12:30", "13:00-24:00"], "tuesday": []},
}


@pytest.mark.parametrize(
    ("day", "hour", "minute", "is_so"),
    [
        (16, 14, 0, True),  # Monday 09:00 in New York
        (16, 13, 59, False),
        (16, 17, 29, True),
        (16, 17, 30, False),  # the lunch break starts
        (17, 4, 59, True),  # Monday 23:59 in New York
        (17, 5, 0, False),  # Tuesday, closed all day
        (18, 15, 0, False),  # Wednesday is left out
    ],
)
def test_hours_follow_their_own_clock(day, hour, minute, is_so):
    assert is_open(HOURS, datetime(2026, 11, day, hour, minute, tzinfo=UTC)) is is_so


def test_hours_follow_summer_time():
    assert is_open(HOURS, datetime(2026, 7, 6, 13, 0, tzinfo=UTC))
    assert not is_open(HOURS, datetime(2026, 7, 6, 12, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    "hours",
    [
        {"time_zone": "Mars/Olympus"},
        {"open": {"monday": ["9-18"]}},
        {"open": {"monday": ["18:00-09:00"]}},
        {"open": {"monday": ["09:00-24:01"]}},
    ],
)
def test_wrongly_written_hours_are_refused(hours):
    with pytest.raises(HoursError):
        is_open(hours, datetime(2026, 11, 16, 14, 0, tzinfo=UTC))


def test_a_flow_is_rendered_as_its_files_are_now(folder: Path) -> None:
    """Also when two versions were written in the same moment, as a file's time tells it."""
    settings = load_settings(folder / "settings.yaml")
    (folder / "parts.j2").write_text("{% macro said(text) %}{{ text | tojson }}{% endmacro %}")
    path = template(folder, "{% import 'parts.j2' as part %}{{ part.said('one') }}")
    told = [render(path, settings)]
    for change in ("{{ ('two' ~ text) | tojson }}", "{{ ('three' ~ text) | tojson }}"):
        times = (folder / "parts.j2").stat()
        (folder / "parts.j2").write_text("{% macro said(text) %}" + change + "{% endmacro %}")
        os.utime(folder / "parts.j2", ns=(times.st_atime_ns, times.st_mtime_ns))
        told.append(render(path, settings))
    texts = [parse(one).actions["greet"].parameters["Text"] for one in told]
    assert texts == ["one", "twoone", "threeone"]


def test_a_sandbox_takes_the_flows_it_has_rendered_until_somebody_changes_them(
    folder: Path,
) -> None:
    path = template(folder, '"one"')
    first = flow_files.rendered(folder)
    assert flow_files.rendered(folder) is first
    path.write_text(path.read_text().replace("one", "two"))
    texts = flow_files.rendered(folder).flows["hello"].actions["greet"].parameters
    assert texts == {"Text": "two"}
    (folder / "settings.yaml").write_text("stages: {}")
    with pytest.raises(RenderError, match="no stage"):
        flow_files.rendered(folder)
