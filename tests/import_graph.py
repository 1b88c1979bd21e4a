"""Source files as parsed modules, and who imports whom: the eyes of ``tests.architecture``.

Nothing is imported to look at it. What does not live here: what is allowed.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[1]

N = TypeVar("N", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Module:
    """One source file: its path under the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Dotted."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def parse(path: str, text: str) -> Module:
    """A module from its text."""
    return Module(path, text, ast.parse(text))


def sources(*folders: str) -> Iterator[Module]:
    """Every module under these folders of the checkout."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in file.parts:
                yield _parsed(file)


@cache
def _parsed(file: Path) -> Module:
    """Once: many rules look at each file."""
    return parse(file.relative_to(ROOT).as_posix(), file.read_text())


def is_in(name: str, package: str) -> bool:
    """Whether ``name`` is ``package`` or inside it."""
    return name == package or name.startswith(package + ".")


def imports(module: Module) -> Iterator[str]:
    """All that this module imports, wherever in the file, also for type checkers only."""
    yield from _imports(module, ast.walk(module.tree))


def imports_at_run_time(module: Module) -> Iterator[str]:
    """The same, without what stands under ``if TYPE_CHECKING``."""
    yield from _imports(module, _run(module.tree))


def _run(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from _run(child)


def _imports(module: Module, nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    parts = parts[: len(parts) - node.level + module.path.endswith("/__init__.py")]
    return ".".join([*parts, *([node.module] if node.module else [])])


def within(node: ast.AST, kind: type[N], function: str = "") -> Iterator[tuple[str, N]]:
    """Every node of a kind, with the name of the function that it stands in."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        function = node.name
    if isinstance(node, kind):
        yield function, node
    for child in ast.iter_child_nodes(node):
        yield from within(child, kind, function)


def cycles(modules: list[Module]) -> Iterator[str]:
    """No module imports itself by a detour."""
    names = {module.name for module in modules}
    graph = {module.name: _edges(module, names) for module in modules}
    done = set[str]()
    for start in sorted(graph):
        yield from _walk(start, graph, [], done)


def _edges(module: Module, names: set[str]) -> set[str]:
    found = {
        name if name in names else name.rpartition(".")[0] for name in imports_at_run_time(module)
    }
    return (found & names) - {module.name}


def _walk(name: str, graph: dict[str, set[str]], way: list[str], done: set[str]) -> Iterator[str]:
    if name in way:
        yield " -> ".join([*way[way.index(name) :], name])
    elif name not in done:
        for after in sorted(graph[name]):
            yield from _walk(after, graph, [*way, name], done)
        done.add(name)
