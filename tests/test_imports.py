"""Who may import whom. The rule is stated once, in the tables below, and read from the code.

    entry     parses the envelope, calls one use case, reports failures
    wiring    builds everything; the only one that knows all of it
    use case  a verb; gateways arrive as arguments
    gateway   one vendor behind one door; never another door
    pure      decides; no clock, environment, randomness, input or output

A new module of the product that stands in no table fails the first test.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source_tree import ROOT, Module, modules

PURE = """
    addresses ai_answers ai_prices alone arrivals breaker bundles chat_files connect_events contact
    conversation customer direct_webhook erasure errors flow_call lateness list_prices media_types
    pacing prompt redrive ring routing sending sent_history setting_values shown_history texts
    transcript voice_card voice_card_texts voice_note voice_note_facts words
"""
USE_CASE = """
    agent_reads ask_again content customer_notices deliveries erase file_parts flow_voice_notes
    follow_ups identities inbound_files introductions late_cards late_files late_words live_chat
    objective outbound_broken outbound_files outbound_replies paced_ai paced_whatsapp parts_sent
    readiness receive reprocess send_again send_template show_part showing tell_agent to_agent
    to_customer voice_content voice_notes
"""
# Modules with a rule of their own: what they may import besides the standard library.
ENTRY = "batches entries inline late_entries outbound_entries outbound_work webhook_entry"
# Every door to the outside, with the modules behind it and the vendor packages they speak to.
DOORS = {
    "audio": ("audio", {"av"}),
    "ai models": ("ai_models", {"urllib3"}),
    "connect": ("connect_answers connect_chat connect_instance", {"urllib3"}),
    "dynamodb": (
        "dynamodb items updates conversation_table conversation_items contact_table message_table"
        " erased_table",
        {"pynamodb", "botocore"},
    ),
    "media": ("media", set()),
    "media links": ("media_links", {"botocore", "cryptography"}),
    "openai": ("openai_ai", {"openai", "pydantic"}),
    "queues": ("queues queue_reader dead_letters", set()),
    "secrets": ("secrets", set()),
    "web": ("web_files", {"urllib3"}),
    "cloud api": ("cloud_api", {"urllib3"}),
    "images": ("images", {"PIL", "pi_heif"}),
    "whatsapp": ("end_user_messaging", set()),
    # What every AWS door needs to turn botocore's errors into ours.
    "aws errors": ("aws_errors", {"botocore"}),
    # Where the clients of all AWS doors come from.
    "sdk": ("sdk straight signature", {"botocore"}),
}
SHARED_DOOR = "aws errors"
AWS_CLIENT = {"boto3", "botocore"}
VENDORS = {"boto3", "botocore", "pynamodb", "openai"}
PURE_LIBRARIES = {"pydantic", "jinja2", "yaml"}
# Standard modules through which clock, environment, chance or the outside come in.
IMPURE = {
    *("asyncio", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "queue"),
    *("random", "secrets", "select", "shutil", "signal", "socket", "socketserver", "ssl"),
    *("subprocess", "sys", "tempfile", "threading", "time", "urllib.request", "uuid"),
}
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input", "getenv", "read_text"}
# Exceptions, each with its reason. One that nobody needs any more fails a test.
ALLOWED = {
    ("alone", "threading"): "threads of one process wait for each other",
    ("breaker", "threading"): "its state is shared by the threads of one process; time is given in",
    ("pacing", "threading"): "its state is shared by the threads of one process; time is given in",
    ("texts", "pathlib"): "reads the texts that are shipped beside it, once",
    ("texts", "read_text()"): "reads the texts that are shipped beside it, once",
    ("whatsapp.safe_text", "pathlib"): "PurePosixPath only: takes a file name apart",
    ("entries", "gateways.queues"): "delays and parks records, which no use case does",
}
# Of flowkit only publishing calls AWS; its commands turn AWS's refusals into one line.
FLOWS_IN_AWS = {
    "flowkit.instance": AWS_CLIENT,
    "flowkit.publish": {"botocore"},
    "flowkit.live_commands": {"botocore"},
}
# The operator's commands call use cases; inspecting shows stored items and letters as they are, and
# the doctor looks at what no use case asks for.
OPS_MAY_LOOK = ("ops.states", "ops.letters", "ops.look")
PACKAGE_RULES = {
    # Of the deployment only plain data: what each function may do, by which name. How often AWS is
    # asked again is the doctor's own affair.
    "ops": {
        *("chalicelib", "typer", "infra.policies", "infra.functions", "infra.names"),
        "infra.runtime_policy",
        "botocore.config",
    },
    "container": {"app", "chalicelib", "chalice", "waitress"},
    "flowkit": {"pydantic", "jinja2", "yaml", "typer"},
    "infra": {
        *("chalicelib.settings", "flowkit", "aws_cdk", "constructs", "cdk_nag"),
        *("chalice", "packaging", "yaml", "jinja2", "cryptography", *AWS_CLIENT),
    },
}
# Checks that stand beside what they check, by file or folder; none of them is deployed.
RUN_ON_A_LAPTOP_ONLY = {
    "infra/recording": ("sandbox", "listens to what functions call, for the permission test"),
    "infra/rehearsal/": ("sandbox", "plays Connect and WhatsApp around a local AWS"),
    "flowkit/scenario/surroundings.py": ("importlib", "a scenario names the functions to run"),
}


def laptop_only(module: Module) -> str:
    """The package a check may import although what is deployed may not, or ""."""
    places = RUN_ON_A_LAPTOP_ONLY.items()
    return next((one for place, (one, _) in places if module.where.startswith(place)), "")


def of(names: str) -> set[str]:
    return {f"chalicelib.{name}" for name in names.split()}


def door_of(module: str) -> str:
    name = module.removeprefix("chalicelib.gateways.")
    return next(door for door, (names, _) in DOORS.items() if name in names.split())


CHALICELIB = {module.name: module for module in modules("chalicelib")}
EMPTY = {"chalicelib", "chalicelib.gateways", "chalicelib.ports", "chalicelib.whatsapp"}
PORTS = {name for name in CHALICELIB if name.startswith("chalicelib.ports.")}
WHATSAPP = {name for name in CHALICELIB if name.startswith("chalicelib.whatsapp.")}
GATEWAYS = of(" ".join(f"gateways.{n}" for names, _ in DOORS.values() for n in names.split()))
PURE_MODULES = of(PURE) | PORTS | WHATSAPP
USE_CASES = of(USE_CASE)
ENTRIES = of(ENTRY)
OWN_RULES = of(
    "settings log wiring wiring_doors wiring_whatsapp wiring_erase wiring_late wiring_readiness"
)


def ours(module: Module) -> set[str]:
    """The modules of chalicelib that a module imports, when it runs or for its types."""
    return {name for name in module.imports if name in CHALICELIB} - EMPTY


def others(module: Module) -> set[str]:
    """The packages a module needs that are neither ours nor the standard library."""
    tops = {name.partition(".")[0] for name in module.running_imports}
    return tops - sys.stdlib_module_names - {"chalicelib", "app", "lambdas"}


def standard(module: Module) -> set[str]:
    """Modules of the standard library that bring the outside in."""
    return {
        name for name in module.imports if name in IMPURE or name.partition(".")[0] in IMPURE
    } - {f"{name}.{inner}" for name in IMPURE for inner in _names_from(module, name)}


def _names_from(module: Module, package: str) -> set[str]:
    return {
        alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module == package
        for alias in node.names
    }


def impure_calls(module: Module) -> set[str]:
    called = {node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
    names = {getattr(func, "attr", getattr(func, "id", "")) for func in called}
    return {f"{name}()" for name in names & IMPURE_CALLS}


def not_allowed(module: str, found: set[str]) -> set[str]:
    short = module.removeprefix("chalicelib.")
    return {name for name in found if (short, name.removeprefix("chalicelib.")) not in ALLOWED}


def broken(module: Module, *, may_import: set[str], packages: set[str]) -> set[str]:
    found = (ours(module) - may_import - {module.name}) | (others(module) - packages)
    return not_allowed(module.name, found)


def named(which: set[str]) -> list[Module]:
    return [CHALICELIB[name] for name in sorted(which) if name in CHALICELIB]


def ids(module: Module) -> str:
    return module.name


def test_every_module_of_the_product_stands_in_one_table() -> None:
    tables = [PURE_MODULES, USE_CASES, ENTRIES, GATEWAYS, OWN_RULES, EMPTY]
    listed = [name for table in tables for name in table]
    assert sorted(set(CHALICELIB) - set(listed)) == [], "classify it in tests/test_imports.py"
    assert sorted(set(listed) - set(CHALICELIB)) == [], "it is gone: take it out of the table"
    assert len(listed) == len(set(listed)), "a module stands in two tables"


@pytest.mark.parametrize("module", named(PURE_MODULES), ids=ids)
def test_pure_modules_decide_without_clock_environment_or_outside(module: Module) -> None:
    wrong = broken(module, may_import=PURE_MODULES, packages=PURE_LIBRARIES)
    assert not wrong
    assert not not_allowed(module.name, standard(module) | impure_calls(module))


@pytest.mark.parametrize("module", named(USE_CASES), ids=ids)
def test_use_cases_get_their_gateways_as_arguments(module: Module) -> None:
    """VN-02."""
    may = PURE_MODULES | USE_CASES | of("log")
    assert not broken(module, may_import=may, packages=set())
    assert not not_allowed(module.name, standard(module) | impure_calls(module))


@pytest.mark.parametrize("module", named(GATEWAYS), ids=ids)
def test_a_gateway_speaks_to_one_vendor_behind_one_door(module: Module) -> None:
    door = door_of(module.name)
    neighbours = {name for name in GATEWAYS if door_of(name) in (door, SHARED_DOOR)}
    assert not broken(module, may_import=PURE_MODULES | neighbours, packages=DOORS[door][1])


@pytest.mark.parametrize("module", named(ENTRIES), ids=ids)
def test_what_the_entry_points_call_knows_no_vendor(module: Module) -> None:
    may = PURE_MODULES | USE_CASES | ENTRIES | of("log")
    assert not broken(module, may_import=may, packages=set())


@pytest.mark.parametrize("module", modules("app.py", "lambdas"), ids=ids)
def test_entry_points_reach_the_product_through_its_wiring(module: Module) -> None:
    may = PURE_MODULES | ENTRIES | of("log wiring")
    assert not broken(module, may_import=may, packages={"chalice", "aws_lambda_powertools"})


def test_settings_alone_read_the_environment() -> None:
    readers = {
        module.name for module in modules("app.py", "chalicelib", "lambdas") if _reads_env(module)
    }
    assert readers == {"chalicelib.settings"}


def _reads_env(module: Module) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"))
        or (isinstance(node, ast.alias) and node.name in ("environ", "getenv"))
        for node in ast.walk(module.tree)
    )


def test_vendor_packages_are_imported_at_the_doors_and_in_the_wiring_only() -> None:
    importers = {
        module.name: found
        for module in modules("app.py", "chalicelib", "lambdas", "flowkit")
        if (found := VENDORS & {name.partition(".")[0] for name in module.imports})
        - FLOWS_IN_AWS.get(module.name, set())
    }
    doors = GATEWAYS | {"chalicelib.wiring_doors"}
    elsewhere = {name: found for name, found in importers.items() if name not in doors}
    assert elsewhere == {}


def test_packages_for_type_checkers_are_never_imported_in_aws() -> None:
    """`mypy_boto3_*` is a development package: importing it in Lambda would fail there."""
    running = {
        module.name
        for module in modules("app.py", "chalicelib", "lambdas")
        for name in module.running_imports
        if name.startswith(("mypy_boto3", "botocore-stubs", "types_"))
    }
    assert running == set()


@pytest.mark.parametrize("package", sorted(PACKAGE_RULES))
def test_flow_language_and_infrastructure_know_only_their_own(package: str) -> None:
    for module in modules(package):
        may = PACKAGE_RULES[package] | FLOWS_IN_AWS.get(module.name, set())
        may |= sys.stdlib_module_names | {package, laptop_only(module)}
        foreign = {name for name in module.running_imports if not _starts_with_one_of(may, name)}
        assert not foreign, f"{module.where} imports {foreign}"


def _starts_with_one_of(allowed: set[str], name: str) -> bool:
    """Whether a package in the path of `name` is allowed; "chalicelib" itself opens no others."""
    parts = name.split(".")
    paths = {".".join(parts[: end + 1]) for end in range(len(parts))}
    return bool(paths & allowed)


@pytest.mark.parametrize("module", modules("ops"), ids=ids)
def test_the_operators_commands_hold_no_logic_of_their_own(module: Module) -> None:
    """They call what the product has: a second way to a table would be a second truth."""
    doors = {name for name in ours(module) if name in GATEWAYS}
    assert not doors or module.name in OPS_MAY_LOOK


@pytest.mark.parametrize("hidden", ["sandbox", "tests", "benchmarks"])
def test_nothing_that_is_deployed_imports_what_only_a_laptop_has(hidden: str) -> None:
    deployed = modules("app.py", "chalicelib", "lambdas", "container", "flowkit", "ops", "infra")
    guilty = {
        module.where
        for module in deployed
        if any(name.partition(".")[0] == hidden for name in module.imports)
        and laptop_only(module) != hidden
    }
    assert guilty == set()


def test_the_sandbox_does_not_lean_on_tests_or_deployment() -> None:
    guilty = {
        (module.where, name)
        for module in modules("sandbox")
        for name in module.imports
        if name.partition(".")[0] in ("tests", "infra", "ops", "benchmarks")
    }
    assert guilty == set()


def test_no_module_is_imported_by_a_name_made_at_run_time() -> None:
    """The rule is read from import statements; a hidden import would go around it."""
    guilty = {
        module.where
        for module in modules("app.py", "chalicelib", "lambdas", "flowkit")
        if ("importlib" in module.imports or "__import__(" in module.text)
        and laptop_only(module) != "importlib"
    }
    assert guilty == set()


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("import time", "time"),
        ("def f():\n    from os import environ", "os"),
        ("from datetime import datetime\ndatetime.now()", "now()"),
        ("from chalicelib.gateways import audio", "chalicelib.gateways.audio"),
        ("from chalicelib.wiring import current", "chalicelib.wiring"),
        ("import urllib.request", "urllib.request"),
        ("from openai import OpenAI", "openai"),
        ("import boto3.session", "boto3"),
    ],
)
def test_the_rule_sees_what_breaks_it(source: str, finding: str, tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(source)
    module = Module(file)
    assert finding in ours(module) | others(module) | standard(module) | impure_calls(module)


def test_every_exception_is_still_needed() -> None:
    needed = set()
    for short, what in ALLOWED:
        module = CHALICELIB[f"chalicelib.{short}"]
        found = ours(module) | standard(module) | impure_calls(module)
        needed |= {(short, what)} & {(short, one.removeprefix("chalicelib.")) for one in found}
    assert needed == set(ALLOWED), "the exception is not needed any more: take it out"


ONLY_WHAT_A_TEXT_NEEDS = """
import sys
from dataclasses import fields
from chalicelib.setting_values import is_required
from chalicelib.settings import Settings
from chalicelib.wiring import App

words = {one.name: "x" for one in fields(Settings) if is_required(one)}
app = App(Settings(**words))
app.ingest, app.inbound, app.outbound
print(*sorted(sys.modules))
"""
HEAVY = {
    *("openai", "av", "PIL", "jinja2", "pydantic", "boto3", "moto", "sandbox", "flowkit", "numpy"),
    *("chalicelib.ai_answers", "chalicelib.prompt", "chalicelib.voice_note_facts"),
    *("chalicelib.gateways.openai_ai", "chalicelib.gateways.audio"),
}


def test_a_text_waits_for_no_ai_audio_or_image_library() -> None:
    """VN-22. They cost tenths of a second at each cold start, and a text needs none of them."""
    run = subprocess.run(
        [sys.executable, "-c", ONLY_WHAT_A_TEXT_NEEDS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_DEFAULT_REGION": "us-east-1", "PATH": "", "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr
    assert HEAVY & set(run.stdout.split()) == set()


A_TEXT_BOTH_WAYS = """
import sys
from sandbox.world import World

with World() as world:
    customer = world.phones.add("Mia", "15550100001")
    agent = world.desk.agent("Ana", ["General"])
    customer.says("Hello")
    world.run_for(5)
    agent.accept()
    agent.say("Good morning")
    world.run_for(5)
    assert customer.texts[-1] == "Good morning", customer.texts
print("openai" in sys.modules)
"""


def test_a_text_and_its_answer_never_import_openai() -> None:
    run = subprocess.run(
        [sys.executable, "-c", A_TEXT_BOTH_WAYS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "False"
