"""The Python files of the project, for the tests that read code instead of running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What runs in AWS, what understands flows, what imitates AWS, what deploys and operates it.
PRODUCT = ("app.py", "chalicelib", "lambdas")
PACKAGES = (*PRODUCT, "flowkit", "sandbox", "infra", "ops", "benchmarks")


@dataclass(frozen=True)
class Module:
    """One Python file. `name` is dotted, e.g. "chalicelib.gateways.audio"."""

    path: Path

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    @property
    def where(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> frozenset[str]:
        """Everything imported anywhere in the file: modules, and the names taken from them."""
        return frozenset(_imported(self.tree))

    @cached_property
    def running_imports(self) -> frozenset[str]:
        """The imports that happen when the code runs: those for type checkers left out."""
        for_types = {
            inner
            for node in ast.walk(self.tree)
            if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
            for statement in node.body
            for inner in ast.walk(statement)
        }
        return frozenset(_imported(self.tree, without=for_types))


def _imported(tree: ast.AST, without: set[ast.AST] | None = None) -> Iterator[str]:
    for node in ast.walk(tree):
        if without and node in without:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}: name the package"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(*roots: str) -> list[Module]:
    """The modules under these files and folders; those that do not exist yet have none."""
    found: list[Module] = []
    for root in roots:
        path = ROOT / root
        files = [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))
        found += [_module(file) for file in files if file.is_file() and _ours(file)]
    return found


@cache
def _module(file: Path) -> Module:
    """One for all who ask: parsing all code takes seconds."""
    return Module(file)


def _ours(file: Path) -> bool:
    hidden = {"__pycache__", "node_modules", "cdk.out", "build", "dist"}
    parts = file.relative_to(ROOT).parts
    return not any(part.startswith(".") or part in hidden for part in parts)
