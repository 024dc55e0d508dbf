"""What a stage is: `settings.yaml`, checked and frozen. Plain data, no CDK."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import yaml

from chalicelib.settings import Language, Settings
from infra.functions import FUNCTIONS, INSTEAD_OF
from infra.link_keys import NoLinkKey, mark
from infra.problem import Problem
from infra.setting_kinds import Scalar, misfits

FILE = Path(__file__).parent / "settings.yaml"
FLOWS = Path(__file__).parent.parent / "contact_flows"
ENTRY_FLOW = "whatsapp_inbound"
# What settings.yaml holds until somebody writes an account and a number of their own into it.
EXAMPLE_ACCOUNT = "123456789012"
EXAMPLE_NUMBER = f"phone-number-id-{'0' * 32}"
REGION_PARTS = 3  # us-east-1
ZONES = 2  # of a VPC
LOGS_AT_MOST = 3653  # days (CloudWatch Logs API, PutRetentionPolicy)


class SettingsProblem(Problem):
    """The settings file is wrong; the message names the stage, the value and what it should be."""


@dataclass(frozen=True, kw_only=True)
class Connect:
    """The Amazon Connect instance; an empty id means that one is created."""

    instance_id: str = ""
    instance_alias: str = "puente"
    manage_storage: bool = True
    approved_origins: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Number:
    """One business number: the flow its customers enter, the language of those who show none."""

    flow: str = ENTRY_FLOW
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class WhatsApp:
    """The linked WhatsApp accounts; ids are those of End User Messaging, not Meta's."""

    waba_ids: tuple[str, ...] = ()
    numbers: dict[str, Number] = field(default_factory=dict)

    @property
    def flows(self) -> tuple[str, ...]:
        """Flows that customers enter by; the first is that of numbers nobody listed."""
        return tuple(dict.fromkeys((ENTRY_FLOW, *(one.flow for one in self.numbers.values()))))


@dataclass(frozen=True, kw_only=True)
class Cdn:
    """CloudFront before the media bucket; an empty domain means none.

    `public_key`: of the key that signs links (PEM); `public_key_beside`: one that signed before or
    will sign next, whose links open, too. `countries`: those agents sit in, ISO 3166 ("US");
    `web_acl_arn`: a firewall of us-east-1.
    """

    domain: str = ""
    certificate_arn: str = ""
    public_key: str = ""
    public_key_beside: str = ""
    countries: tuple[str, ...] = ()
    web_acl_arn: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Whose links open; the first signs."""
        return tuple(key for key in (self.public_key, self.public_key_beside) if key)


@dataclass(frozen=True, kw_only=True)
class Network:
    """Whether functions run in a VPC. A worker always does. `zones`: two, "us-east-1b"; (): the
    first two of the region."""

    vpc: bool = False
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Worker:
    """The container on Fargate: "off", "queued" or "inline", as the product's RUN_MODE."""

    mode: str = "off"
    min_tasks: int = 1
    max_tasks: int = 10

    @property
    def runs(self) -> bool:
        return self.mode != "off"

    @property
    def instead_of(self) -> tuple[str, ...]:
        """The functions whose queues it reads."""
        return INSTEAD_OF[self.mode]

    @property
    def acts_as(self) -> tuple[str, ...]:
        """The functions whose permissions it has: `inline` answers /health/ready as well."""
        return (*self.instead_of, *(("api",) if self.mode == "inline" else ()))


@dataclass(frozen=True, kw_only=True)
class Backup:
    """Where copies go and how long they are kept."""

    copy_region: str
    retention_days: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage. Durations in days, money in US dollars."""

    name: str
    project: str
    account: str
    region: str
    alarm_email: str
    log_retention_days: int
    log_level: str
    media_retention_days: int
    monthly_budget_usd: int
    ai_daily_budget_usd: int
    free_messages_per_month: int
    keep_data: bool
    connect: Connect
    whatsapp: WhatsApp
    backup: Backup
    cdn: Cdn
    network: Network
    worker: Worker
    concurrency: dict[str, int]
    product: dict[str, Scalar] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """First part of every physical name."""
        return f"{self.project}-{self.name}"


def load(stage: str, file: Path = FILE) -> Stage:
    """The stage called `stage`. Raises SettingsProblem."""
    document = _read(file)
    stages = document["stages"]
    if stage not in stages:
        raise SettingsProblem(f"{file.name}: no stage {stage}; there are {', '.join(stages)}")
    about = {
        "name": stage,
        "project": document.get("project"),
        "tags": {**(document.get("tags") or {}), "stage": stage},
    }
    values = {**(stages[stage] or {}), **about}
    wrong = list(misfits(Stage, values))
    if wrong:
        raise SettingsProblem(f"{file.name}: stage {stage}: {'; '.join(wrong)}")
    return _checked(_stage(values))


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsProblem(f"{file} cannot be read: {problem.strerror}") from problem
    except yaml.YAMLError as problem:
        raise SettingsProblem(f"{file.name} is not YAML: {problem}") from problem
    if not isinstance(document, dict) or not isinstance(document.get("stages"), dict):
        raise SettingsProblem(f"{file.name}: `stages:` is missing, with a stage by each name")
    return document


def examples(stage: Stage) -> list[str]:
    """What still is the example's, and so cannot be deployed."""
    found = []
    if stage.account == EXAMPLE_ACCOUNT:
        found.append(f"account is the example {EXAMPLE_ACCOUNT}: write yours")
    if not stage.whatsapp.numbers:
        found.append("whatsapp.numbers is empty: functions may send from listed numbers only")
    if EXAMPLE_NUMBER in stage.whatsapp.numbers:
        found.append(
            "whatsapp.numbers holds the example: write the ids that the End User Messaging console "
            "shows (`aws socialmessaging get-linked-whatsapp-business-account --id waba-...`)"
        )
    return found


def _stage(values: dict[str, Any]) -> Stage:
    plain = {key: value for key, value in values.items() if key not in _NESTED}
    nested = {key: _tuples(values[key] or {}) for key in _NESTED}
    return Stage(
        connect=Connect(**nested["connect"]),
        whatsapp=_whatsapp(**nested["whatsapp"]),
        backup=Backup(**nested["backup"]),
        cdn=Cdn(**nested["cdn"]),
        network=Network(**nested["network"]),
        worker=Worker(**nested["worker"]),
        **plain,
    )


_PRODUCT = {one.name.upper() for one in dataclasses.fields(Settings)}
_NESTED = ("connect", "whatsapp", "backup", "cdn", "network", "worker")


def _whatsapp(*, numbers: dict[str, Any] | None = None, waba_ids: tuple[str, ...] = ()) -> WhatsApp:
    named = {number: Number(**(one or {})) for number, one in (numbers or {}).items()}
    return WhatsApp(waba_ids=waba_ids, numbers=named)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}


def _checked(stage: Stage) -> Stage:
    problems = []
    if not (stage.account.isdigit() and len(stage.account) == 12):  # noqa: PLR2004  (AWS account)
        problems.append("account: twelve digits, quoted")
    if len(stage.region.split("-")) != REGION_PARTS:
        problems.append("region: for example us-east-1")
    if not 1 <= stage.log_retention_days <= LOGS_AT_MOST:
        problems.append(f"log_retention_days: 1 to {LOGS_AT_MOST}")
    if stage.backup.copy_region == stage.region:
        problems.append("backup.copy_region: another region than the stage's own")
    zones = stage.network.zones
    if zones and (len(set(zones)) != ZONES or not all(z.startswith(stage.region) for z in zones)):
        problems.append(f"network.zones: {ZONES} of {stage.region}, like {stage.region}b, or none")
    problems.extend(_wrong_numbers(stage.whatsapp))
    problems.extend(_wrong_cdn(stage.cdn) if stage.cdn.domain else ())
    problems.extend(_wrong_worker(stage.worker))
    if not set(stage.connect.instance_id) <= set("0123456789abcdef-"):
        problems.append("connect.instance_id: the UUID at the end of the instance's ARN")
    unknown = sorted(stage.product.keys() - _PRODUCT)
    problems.extend(f"product: there is no setting {name} (.env.example)" for name in unknown)
    strange = sorted(set(stage.concurrency) - {one.name for one in FUNCTIONS})
    problems.extend(f"concurrency: there is no function {name}" for name in strange)
    if problems:
        raise SettingsProblem(f"stage {stage.name}: " + "; ".join(problems))
    return stage


def _wrong_numbers(whatsapp: WhatsApp) -> Iterator[str]:
    for name, number in whatsapp.numbers.items():
        if not name.startswith("phone-number-id-"):
            yield f"whatsapp.numbers: {name}: phone-number-id-<hex>"
        if number.language not in ("", *get_args(Language)):
            yield f"whatsapp.numbers: {name}: language {', '.join(get_args(Language))}"
    for flow in whatsapp.flows:
        if not (FLOWS / f"{flow}.json.j2").exists():
            yield f"whatsapp.numbers: there is no contact_flows/{flow}.json.j2"


def _wrong_cdn(cdn: Cdn) -> Iterator[str]:
    lacking = [
        name for name, value in vars(cdn).items() if not value and name != "public_key_beside"
    ]
    if lacking:
        yield f"cdn: a domain needs {', '.join(lacking)}"
    marks = []
    for name in ("public_key", "public_key_beside"):
        try:
            marks += [mark(given)] if (given := getattr(cdn, name)) else []
        except NoLinkKey as problem:
            yield f"cdn.{name}: {problem}"
    if len(marks) > len(set(marks)):
        yield "cdn.public_key_beside: another key than public_key, or none"


def _wrong_worker(worker: Worker) -> Iterator[str]:
    if worker.mode not in INSTEAD_OF:
        yield 'worker.mode: "off", queued or inline'
    elif worker.mode == "inline" and worker.min_tasks != 1:
        yield "worker.min_tasks: 1, since two inline services lose the order"
    elif worker.runs and not 1 <= worker.min_tasks <= worker.max_tasks:
        yield "worker.min_tasks: at least 1, at most max_tasks"
