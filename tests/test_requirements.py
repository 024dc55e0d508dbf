"""What docs/requirements.md claims can be followed: to a place, a test, a command that exist."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.source_tree import ROOT
from tests.test_docs import defaults, make_targets, tracked

PAGE = ROOT / "docs" / "requirements.md"
REFERENCE = ROOT.parent / "shared" / "reference" / "requirements.md"
TESTS = ROOT / "tests"
FAMILIES = ("VN", "LA", "UT", "CP", "SA")
STATES = ("built", "measured", "modelled", "described", "other", "partly", "not built")
PROVEN = ("built", "measured", "modelled")
ID = re.compile(rf"\b(?:{'|'.join(FAMILIES)})-\d\d\b")


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement; `where` and `proof` as they are written."""

    id: str
    asks: str
    state: str
    where: str
    proof: str

    @property
    def places(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.where)

    @property
    def proofs(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.proof)


def rows() -> list[Row]:
    found = re.findall(r"^\| (\w\w-\d\d) \|(.*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [Row(name, *(cell.strip() for cell in rest.split("|"))) for name, rest in found]


ROWS = rows()


def test_every_row_says_what_is_asked_and_how_it_stands() -> None:
    for row in ROWS:
        assert row.asks, row
        assert row.state in STATES, row
        assert bool(row.proof) or row.state not in PROVEN, row
        assert bool(row.where) or row.state == "not built", row
        assert row.state != "other" or re.search(r"\((decisions|operations)\.md#", row.where), row
        assert row.state != "not built" or not row.proof, row


def test_every_requirement_stands_here_exactly_once() -> None:
    if not REFERENCE.is_file():
        pytest.skip("the list of requirements is not beside this clone")
    asked = re.findall(r"^\| (\w\w-\d\d) \|", REFERENCE.read_text("utf-8"), re.MULTILINE)
    assert Counter(row.id for row in ROWS) == Counter(asked)


def test_the_sums_are_those_of_the_rows() -> None:
    told = PAGE.read_text("utf-8").split("<!-- sums: begin -->\n")[1].split("<!-- sums: end -->")[0]
    assert told == sums(ROWS)


def sums(every: list[Row]) -> str:
    """The table of states by family."""
    lines = [f"| | {' | '.join(STATES)} | all |", "|---" * (len(STATES) + 2) + "|"]
    for family in (*FAMILIES, ""):
        states = Counter(row.state for row in every if row.id.startswith(family))
        counts = [str(states[state]) for state in STATES]
        lines.append(f"| {family or 'all'} | {' | '.join(counts)} | {states.total()} |")
    return "\n".join(lines) + "\n"


# --- what is named exists ------------------------------------------------------------------------


def test_every_place_a_row_names_exists() -> None:
    wrong = {row.id: [one for one in row.places if not exists(one)] for row in ROWS}
    assert {name: places for name, places in wrong.items() if places} == {}


def test_every_proof_a_row_names_exists() -> None:
    wrong = {row.id: [one for one in row.proofs if not proves(one)] for row in ROWS}
    assert {name: proofs for name, proofs in wrong.items() if proofs} == {}


def exists(place: str) -> bool:
    """A command, a route of the app, a setting, or a path."""
    if place.startswith(("make ", "python -m ")):
        return runs(place.split())
    if re.fullmatch(r"(GET|POST) /\S+", place):
        return tuple(place.split()) in routes()
    if re.fullmatch(r"[A-Z][A-Z0-9_]+", place):
        return place in defaults()
    return (ROOT / place).exists()


def runs(words: list[str]) -> bool:
    """Whether the command exists; tests/test_docs.py looks at options."""
    if words[0] == "make":
        return set(words[1:]) <= make_targets()
    program, verb = ROOT / words[2], next(iter(words[3:]), "")
    offered = (program / "__main__.py").read_text("utf-8")
    if not verb or verb.startswith("-"):
        return True
    written = "".join(path.read_text("utf-8") for path in program.glob("*.py"))
    return f"def {verb.replace('-', '_')}(" in written and bool(re.search(rf"\b{verb}\b", offered))


def routes() -> set[tuple[str, str]]:
    import app

    return {(method, path) for path, methods in app.app.routes.items() for method in methods}


def proves(proof: str) -> bool:
    """A test, a file of tests, or a command."""
    if proof.startswith(("make ", "python -m ")):
        return runs(proof.split())
    file, _, name = proof.partition("::")
    path = TESTS / file
    return path.is_file() and (not name or f"def {name}(" in path.read_text("utf-8"))


# --- and the other way round ---------------------------------------------------------------------


def cited() -> Iterator[tuple[str, str]]:
    """Every requirement the project's own files name, with the file."""
    for path in tracked():
        if path.suffix in (".py", ".md", ".yaml", ".j2") and path not in (PAGE, Path(__file__)):
            text = path.read_text("utf-8")
            yield from ((path.relative_to(ROOT).as_posix(), name) for name in ID.findall(text))


def test_no_file_names_a_requirement_that_is_not_here() -> None:
    known = {row.id for row in ROWS}
    assert {(file, name) for file, name in cited() if name not in known} == set()
