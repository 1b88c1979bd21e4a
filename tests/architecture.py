"""The rules of the house, as functions from source text to complaints.

Each rule reads one parsed module and says what is wrong with it, in words. The
rules are tables and ``ast``; nothing is imported, so a broken module is still
judged. ``test_architecture`` runs them on the tree, and on made-up sources that
break them. What a rule cannot see (a mutable object behind a constant's name) it
does not claim.
"""

import ast
import sys
from collections.abc import Iterator

from tests.import_graph import Module, imports, is_in, within

PACKAGES = ("server", "store", "ai_agent")

# Who may import whom inside the house. A package may always import itself.
FLOORS = {"server.protocol": 0, "server.document": 1, "server.session": 2, "server.room": 3}
ABOVE = ("server.edge", "store", "ai_agent")
# The wiring may import everything in the house; the command is the one part that reads the
# environment, and loads the server for ``serve`` only: no command waits for its frameworks.
COMMAND, GROUND, SERVING = "server.main", "server.ground", "server.serving"
AGENCY = "server.agency"
REMOTE = "server.remote"
WIRING = (COMMAND, GROUND, SERVING, AGENCY, REMOTE)

# What each package may import from outside, besides the standard library.
OUTSIDE: dict[str, frozenset[str]] = {
    "server.protocol": frozenset(),
    "server.document": frozenset({"pycrdt", "rapidfuzz", "fractional_indexing", "networkx"}),
    "server.session": frozenset(),
    "server.room": frozenset(),
    "server.edge": frozenset(
        {"starlette", "uvicorn", "prometheus_client", "argon2", "picows", "websockets"}
        | {"fastapi", "pydantic", "cryptography", "itsdangerous"}
        | {"authlib", "joserfc", "httpx2", "pyotp", "aiosmtplib"}
    ),
    "store": frozenset({"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "zstandard"}),
    "ai_agent": frozenset({"openai", "httpx2"}),
    COMMAND: frozenset({"uvloop"}),
    GROUND: frozenset(),
    AGENCY: frozenset(),
    # A transport by others, of the agent alone; its documents are not used.
    REMOTE: frozenset({"httpx", "httpx_ws", "pycrdt"}),
    SERVING: frozenset({"starlette", "uvicorn", "argon2"}),
}

# So slow to import that they may be where they are needed first: no command shall wait for it.
DEFERRED = frozenset({"networkx", "store.migrating", SERVING, AGENCY, REMOTE})

# Floors 0 to 2 get time, chance and the world as arguments.
IMPURE = frozenset(
    {"asyncio", "concurrent", "datetime", "logging", "os", "random", "secrets", "socket"}
    | {"subprocess", "threading", "time", "uuid"}
)

MIGRATIONS = "store/migrations/"
CLOCK = "server/edge/clock.py"
SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "anyio.sleep", "sleep"})
# Who may catch what they cannot name, because they own the outcome: the edge turns it into a
# close code, the owner of a room into a failed room, the committer into an unknown outcome, and
# the room's desk hands the failure of a question back to whoever asked it, as the store's
# writer does with the failure of a job from its thread, and the agent's worker is left with a
# run that has failed.
# Cleaning up and raising again is fine anywhere.
CATCHERS = {
    ("server/edge/yjs.py", "_listen"),
    ("server/edge/yjs.py", "_hand_over"),
    ("server/edge/room_reader.py", "_take"),
    ("server/edge/room_reader.py", "_understood"),
    ("server/room/room.py", "run"),
    ("server/room/committer.py", "_attempt"),
    ("server/room/desk.py", "_read"),
    ("server/room/compactor.py", "_try"),
    ("server/room/upkeep.py", "_try"),
    ("server/room/difference.py", "_packed"),
    ("server/room/projector.py", "_known"),
    ("server/room/projector.py", "_job"),
    ("server/room/projector.py", "_differences"),
    ("server/room/projector.py", "_write"),
    ("store/sqlite.py", "do"),
    ("ai_agent/worker.py", "_outcome"),
    ("server/room/keeping.py", "keep_up"),
}
# A commit in flight must survive the cancellation of who waits for it (L2); the store keeps
# such tasks and waits for them before it closes.
SHIELDS = {("store/database.py", "_shielded")}

MAX_LINES = 300
MAX_FUNCTION = 60
LONG_REASON = "Long because"
"""What is over a limit says so in its docstring, followed by the reason."""

MUTATORS = frozenset(
    {"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"}
    | {"remove", "setdefault", "update"}
)


def package(module: Module) -> str:
    """The row of the tables that a module belongs to."""
    rows = sorted(OUTSIDE, key=len, reverse=True)
    return next((row for row in rows if is_in(module.name, row)), "")


# --- the rules ------------------------------------------------------------------


def floors(module: Module) -> Iterator[str]:
    """Own floor or lower; store, edge and agent never each other; outside by the table."""
    if package(module) in ("", *WIRING):
        return
    for name in imports(module):
        top = name.partition(".")[0]
        if top in PACKAGES and not _may_import(package(module), name):
            yield f"{package(module)} may not import {name}"


def _may_import(package: str, name: str) -> bool:
    if is_in(name, package):
        return True
    floor = next((FLOORS[row] for row in FLOORS if is_in(name, row)), None)
    return floor is not None and floor < FLOORS.get(package, len(FLOORS))


def outside(module: Module) -> Iterator[str]:
    """Third parties by the table; that keeps pycrdt in one package and SQL in another."""
    allowed = OUTSIDE.get(package(module), frozenset())
    for name in imports(module):
        top = name.partition(".")[0]
        if top not in PACKAGES and top not in sys.stdlib_module_names and top not in allowed:
            yield f"{package(module) or module.name} may not import {top}"


def purity(module: Module) -> Iterator[str]:
    """Floors 0 to 2: no async, no clock, no chance, no log, no environment."""
    if FLOORS.get(package(module), 3) > 2:
        return
    for name in imports(module):
        if name.partition(".")[0] in IMPURE:
            yield f"{package(module)} is pure and may not import {name}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield f"line {node.lineno}: {package(module)} is pure and never awaits"


def environment(module: Module) -> Iterator[str]:
    """Only the wiring reads the environment."""
    if module.name == COMMAND:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
            yield f"line {node.lineno}: only server/main.py reads the environment"


def tasks(module: Module) -> Iterator[str]:
    """Tasks belong to a task group: what nobody awaits fails unseen."""
    for function, call in within(module.tree, ast.Call):
        owner, _, method = ast.unparse(call.func).rpartition(".")
        loose = method == "create_task" and (not owner or "loop" in owner or owner == "asyncio")
        if (loose or method == "ensure_future") and (module.path, function) not in SHIELDS:
            yield f"line {call.lineno}: {ast.unparse(call.func)} outside a task group"


def sleeping(module: Module) -> Iterator[str]:
    """Time passes through the Clock. Giving way with ``sleep(0)`` takes none."""
    if module.path == CLOCK:
        return
    for _, call in within(module.tree, ast.Call):
        name = ast.unparse(call.func)
        gives_way = [ast.unparse(argument) for argument in call.args] == ["0"]
        if name in SLEEPS and not gives_way:
            yield f"line {call.lineno}: {name}, not a Clock"


def catching(module: Module) -> Iterator[str]:
    """``except Exception`` at the two places that own an outcome, or followed by ``raise``."""
    for function, handler in within(module.tree, ast.ExceptHandler):
        broad = handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
        if broad and (module.path, function) not in CATCHERS and not _raises_again(module, handler):
            yield f"line {handler.lineno}: {function or 'module'} catches what it cannot name"


def _raises_again(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether what is not meant goes on. In the document ``reason(error)`` sees to that: it
    words pycrdt's refusals, whose class cannot be imported, and raises everything else."""
    if package(module) == "server.document" and "reason(error)" in ast.unparse(handler):
        return True
    return any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))


def state(module: Module) -> Iterator[str]:
    """No mutable state at module level: constants, types, ``logger``, and never ``global``."""
    constants = set[str]()
    for statement in module.tree.body:
        for name in _assigned(statement):
            if name.isupper():
                constants.add(name)
            elif not _is_fixed(module, name):
                yield f"line {statement.lineno}: {name} is state at module level"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield f"line {node.lineno}: global"
        elif (changed := _mutated(node)) is not None and changed in constants:
            yield f"line {getattr(node, 'lineno', 0)}: {changed} is a constant and is changed"


def _assigned(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    else:
        return
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Name):
                yield part.id


def _is_fixed(module: Module, name: str) -> bool:
    """Types are CamelCase; a logger is a logger; SQL tables and migrations describe themselves
    in names of their own, and are never changed."""
    word = name.lstrip("_")
    tables = module.path in {
        "store/tables.py",
        "store/projection_tables.py",
        "store/run_tables.py",
    }
    described = tables or module.path.startswith(MIGRATIONS)
    return word[:1].isupper() or name == "logger" or name.startswith("__") or described


def _mutated(node: ast.AST) -> str | None:
    target: ast.AST | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        target = node.func.value if node.func.attr in MUTATORS else None
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        target = node.value
    return target.id if isinstance(target, ast.Name) else None


def size(module: Module) -> Iterator[str]:
    """Files of at most 300 lines or with a reason, functions of at most 60."""
    lines = module.text.count("\n")
    if lines > MAX_LINES and not _says_why_long(module.tree):
        yield f"{lines} lines, and its docstring does not say '{LONG_REASON} ...'"
    if module.path.startswith(MIGRATIONS):
        return  # A list of what to make, written once and never changed again.
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION and not _says_why_long(node):
                yield f"line {node.lineno}: {node.name} has {length} lines"


def _says_why_long(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return LONG_REASON in (ast.get_docstring(node) or "")


def docstring(module: Module) -> Iterator[str]:
    """Every module says what lives there. An empty ``__init__`` has nothing to say."""
    if module.tree.body and not ast.get_docstring(module.tree):
        yield "no module docstring"


def _is_deferred(part: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(part, ast.ImportFrom):
        return part.module in DEFERRED
    return {name.name for name in part.names} <= DEFERRED


def placement(module: Module) -> Iterator[str]:
    """Imports stand at the top: one inside a function hides an edge of the graph."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in ast.walk(node):
                if isinstance(part, ast.Import | ast.ImportFrom) and not _is_deferred(part):
                    yield f"line {part.lineno}: an import inside {node.name}"
