"""What the documents and the code's form promise to a reader, held against the project itself."""

import ast
import hashlib
import importlib
import itertools
import re
import shlex
import statistics
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.setting_values import is_required
from chalicelib.settings import Settings
from ops.checks import CHECKS, PRODUCTION
from tests.source_tree import PRODUCT, ROOT, Module, modules

SHARED_DATA = ROOT.parent / "shared" / "data"
DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/*.md", "contact_flows/*.md") for path in ROOT.glob(pattern)
)
README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"
# Anything longer is a reason to split, nothing shorter is a reason to join.
MAX_MODULE_LINES = 320
MAX_FUNCTION_LINES = 40
NINE_IN_TEN_LINES = 25
MEDIAN_LINES = 10
# Builders of the whole, longer than a module may be, each with its reason.
LONG_MODULES: dict[str, str] = {}
# Only the outermost layer may catch everything: what it catches is logged and comes again.
BROAD_EXCEPT = {
    "chalicelib/entries.py": "an error of ours costs the message it happened on, no neighbour",
    "chalicelib/late_entries.py": "the same of voice notes and files that were late",
    "chalicelib/outbound_entries.py": "the same of the way back, where entries are read",
    "chalicelib/outbound_work.py": "the same of the way back",
    "ops/letters.py": "a letter that still breaks our code stays; the others are sent again",
    "container/poller.py": "a reader that ends would never come back",
    "sandbox/deliverer.py": "plays Lambda, which catches whatever a function raises",
    "sandbox/lambda_functions.py": "plays Lambda, which catches whatever a function raises",
}


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked() -> list[Path]:
    """The files of the repository; whole folders when this is no git clone."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]


# --- commands -----------------------------------------------------------------------------------


def commands(document: Path) -> Iterator[list[str]]:
    """The command lines in a document's code: fenced blocks, indented blocks, `spans`."""
    text = document.read_text("utf-8")
    blocks = re.findall(r"^```(?:bash|sh|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)
    lines += re.findall(r"`((?:make|python -m) [^`\n]+)`", text)
    for line in lines:
        if re.match(r"(make|python3?) ", line):
            yield shlex.split(line, comments=True)


def make_targets() -> set[str]:
    files = [ROOT / "Makefile", *ROOT.glob("*/*.mk")]
    text = "\n".join(file.read_text("utf-8") for file in files)
    return set(re.findall(r"^([a-z][\w-]*):(?!=)", text, re.MULTILINE))


OTHERS_MODULES = {"pytest", "venv"}
EVERY_COMMAND = [(path, command) for path in DOCUMENTS for command in commands(path)]


@pytest.mark.parametrize(
    ("document", "command"),
    [pytest.param(path, line, id=f"{path.name}: {' '.join(line)}") for path, line in EVERY_COMMAND],
)
def test_every_command_in_a_document_exists(document: Path, command: list[str]) -> None:
    if command[0] == "make":
        targets = [word for word in command[1:] if "=" not in word and not word.startswith("-")]
        assert set(targets) <= make_targets()
        return
    assert command[1] == "-m", "a reader runs modules"
    module = command[2].split(".")
    if module[0] in OTHERS_MODULES:
        return
    path = ROOT.joinpath(*module)
    assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), command


WIDE = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}


@pytest.mark.parametrize("program", ["sandbox", "flowkit"])
def test_the_options_a_document_names_are_options_of_the_program(program: str) -> None:
    """A renamed or removed option breaks the page that shows it."""
    shown: dict[str, set[str]] = {}
    for _, command in EVERY_COMMAND:
        if command[:3] == ["python", "-m", program] and len(command) > 3:
            options = {word.split("=")[0] for word in command[4:] if word.startswith("--")}
            shown.setdefault(command[3], set()).update(options)
    assert shown
    commands = importlib.import_module(f"{program}.__main__").app
    for verb, options in shown.items():
        asked = CliRunner().invoke(commands, [verb, "--help"], env=WIDE)
        assert asked.exit_code == 0, asked.output
        assert {option for option in options if option not in asked.output} == set(), verb


# --- settings -----------------------------------------------------------------------------------


def defaults() -> dict[str, str]:
    """Each setting with its default as it is written in the environment; "" without one."""
    return {
        one.name.upper(): "" if is_required(one) else written(one.default)
        for one in fields(Settings)
    }


def written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def required() -> set[str]:
    return {one.name.upper() for one in fields(Settings) if is_required(one)}


def test_the_example_environment_has_every_setting_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    lines = re.findall(r"^([A-Z_0-9]+)=(.*)$", text, re.MULTILINE)
    assert {name: value.strip('"') for name, value in lines} == defaults()
    assert {name for name, value in lines if value == ""} == required()


def test_every_setting_of_the_example_environment_is_explained() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    bare = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"[A-Z_0-9]+=", line) and not before.startswith("# ")
    ]
    assert bare == []


def test_the_operations_page_has_every_setting_with_its_default_and_meaning() -> None:
    section = OPERATIONS.read_text("utf-8").split("## Settings\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([A-Z_0-9]+)` \| (.*?) \| (.*?) \|$", section, re.MULTILINE)
    told = {name: default.strip("`") for name, default, _ in rows}
    empty = {name: "empty" for name, value in defaults().items() if value == ""}
    without_default = {**empty, **dict.fromkeys(required(), "required")}
    assert told == {**defaults(), **without_default}
    meanings = {name: meaning for name, _, meaning in rows}
    assert meanings == {one.name.upper(): one.metadata["description"] for one in fields(Settings)}


def section(title: str) -> str:
    return OPERATIONS.read_text("utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    "title",
    [
        *("Install", "Upgrade", "Take it away", "Roll back", "Rotate", "Redrive"),
        *("Restore test", "Disaster recovery", "Costs"),
    ],
)
def test_the_operations_page_tells_how_it_is_done(title: str) -> None:
    assert len(section(title).split()) > 60


def test_the_operations_page_helps_with_every_trouble_that_was_asked_for() -> None:
    """CP-42 to CP-45, SA-60: each row says where to look and what is the usual cause."""
    found = re.findall(
        r"^\| .+? \(((?:CP|SA)-\d\d)\) \| ([^|]+) \|([^|]*)\|$",
        section("Troubleshooting"),
        re.MULTILINE,
    )
    told = [name for name, look, _ in found if len(look) > 20]
    assert {"CP-42", "CP-43", "CP-44", "CP-45"} <= set(told)
    assert told.count("SA-60") == 5  # database, cache, webhook, AI service, memory


def test_the_operations_page_has_every_check_of_the_doctor() -> None:
    rows = re.findall(r"^\| (`.+?) \|", section("Doctor"), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert told == {*CHECKS, *PRODUCTION}


def test_every_setting_is_used() -> None:
    """A setting nobody reads would be a promise nobody keeps."""
    code = "\n".join(module.text for module in modules(*PRODUCT, "container", "ops"))
    by_the_logger = {"log_level"}  # powertools reads LOG_LEVEL itself
    unused = {one.name for one in fields(Settings) if f"settings.{one.name}" not in code}
    assert unused == by_the_logger


# --- links, paths and copies --------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids)
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name) if name else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def where_is() -> list[tuple[str, list[str]]]:
    section = README.read_text("utf-8").split("## Where is ...?\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    return [
        (question, re.findall(r"`([^`]+)`", places))
        for question, places in rows
        if not question.startswith(("---", "Behaviour"))
    ]


def test_a_reader_finds_any_behaviour_from_the_readme() -> None:
    rows = where_is()
    assert len(rows) >= 25
    missing = {
        place
        for _, places in rows
        for place in places
        if not (ROOT / place.split("::")[0]).exists()
    }
    assert missing == set()
    assert all(places for _, places in rows)


def test_the_readme_is_short_and_shows_the_two_commands_first() -> None:
    text = README.read_text("utf-8")
    assert len(text.splitlines()) < 200
    assert text.index("make demo") < text.index("make test") < text.index("```mermaid")


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    home = re.compile(rb"(?<![\w.])/(work|root|home|Users)/(?!\$)")
    guilty = [
        ids(path)
        for path in tracked()
        if path.stat().st_size < 400_000 and home.search(path.read_bytes())
    ]
    assert [path for path in guilty if path != ids(Path(__file__))] == []


def test_no_sample_is_copied_from_the_shared_corpora() -> None:
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared corpora are not beside this clone")
    theirs = {digest(path) for path in SHARED_DATA.rglob("*") if path.is_file()}
    assert [ids(path) for path in tracked() if path.stat().st_size and digest(path) in theirs] == []


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- the form of the code -----------------------------------------------------------------------

CODE = modules(*PRODUCT, "container", "flowkit", "sandbox", "infra", "ops")


def functions(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{module.where}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_functions_are_short() -> None:
    lengths = dict(pair for module in CODE for pair in functions(module))
    assert [where for where, length in lengths.items() if length > MAX_FUNCTION_LINES] == []
    assert statistics.median(lengths.values()) < MEDIAN_LINES
    assert statistics.quantiles(lengths.values(), n=10)[8] < NINE_IN_TEN_LINES


def test_modules_have_one_reason_to_change() -> None:
    long = {module.where for module in CODE if len(module.text.splitlines()) > MAX_MODULE_LINES}
    assert long == set(LONG_MODULES)


def test_only_the_outermost_layer_catches_everything() -> None:
    broad = {
        module.where
        for module in CODE
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    }
    assert broad == set(BROAD_EXCEPT)


def test_what_runs_in_aws_logs_and_never_prints() -> None:
    printing = {
        module.where
        for module in modules(*PRODUCT)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "pprint")
    }
    assert printing == set()


def test_nothing_is_left_unfinished() -> None:
    words = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b|\bNotImplementedError\b")
    assert [module.where for module in CODE if words.search(module.text)] == []


def test_every_public_module_says_what_it_is_for() -> None:
    silent = [module.where for module in CODE if module.tree.body and not documented(module)]
    assert silent == []


def documented(module: Module) -> bool:
    return bool(ast.get_docstring(module.tree))
