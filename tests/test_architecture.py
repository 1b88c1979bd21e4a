"""The floors hold, and so do the habits that keep them; and each check can fail."""

from collections.abc import Callable, Iterator

import pytest

from tests import architecture as house
from tests.import_graph import Module, cycles, parse, sources

Rule = Callable[[Module], Iterator[str]]

SOURCE_RULES: list[Rule] = [
    house.floors,
    house.outside,
    house.purity,
    house.environment,
    house.tasks,
    house.sleeping,
    house.catching,
    house.state,
    house.size,
    house.docstring,
    house.placement,
]
TEST_RULES: list[Rule] = [house.size, house.docstring]


def complaints(rule: Rule, modules: Iterator[Module]) -> list[str]:
    """What ``rule`` has to say about the tree."""
    return [f"{module.path}: {problem}" for module in modules for problem in rule(module)]


@pytest.mark.parametrize("rule", SOURCE_RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule: Rule) -> None:
    assert complaints(rule, sources(*house.PACKAGES)) == []


@pytest.mark.parametrize("rule", TEST_RULES, ids=lambda rule: rule.__name__)
def test_the_tests_keep_the_rule(rule: Rule) -> None:
    assert complaints(rule, sources("tests")) == []


def test_no_test_below_e2e_waits_for_time_to_pass() -> None:
    below = (module for module in sources("tests") if not module.path.startswith("tests/e2e/"))
    assert complaints(house.sleeping, below) == []


def test_no_module_imports_itself_by_a_detour() -> None:
    assert list(cycles(list(sources(*house.PACKAGES)))) == []


def test_every_module_belongs_to_a_row_of_the_table() -> None:
    strangers = [module.path for module in sources(*house.PACKAGES) if not house.package(module)]
    assert strangers == ["server/__init__.py"]


BAD: list[tuple[Rule, str, str]] = [
    (house.floors, "server/protocol/x.py", "from server.document import replica"),
    (house.floors, "server/document/x.py", "import server.session.table"),
    (house.floors, "server/session/x.py", "from server import room"),
    (house.floors, "server/room/x.py", "from server.edge.clock import SystemClock"),
    (house.floors, "server/room/x.py", "from ..edge import clock"),
    (house.floors, "server/edge/x.py", "from store.open import open_store"),
    (house.floors, "server/edge/x.py", "from server.main import main"),
    (house.floors, "store/x.py", "import ai_agent"),
    (house.floors, "store/x.py", "from server.edge import settings"),
    (house.floors, "ai_agent/x.py", "from store.log import SqlUpdateLog"),
    (house.floors, "server/room/x.py", "def f():\n    import store.log"),
    (house.outside, "server/protocol/x.py", "import pycrdt"),
    (house.outside, "server/room/x.py", "from pycrdt import Doc"),
    (house.outside, "server/edge/x.py", "import sqlalchemy"),
    (house.outside, "store/x.py", "import starlette"),
    (house.outside, "server/main.py", "import pycrdt"),
    (house.purity, "server/session/x.py", "import time"),
    (house.purity, "server/document/x.py", "from os import environ"),
    (house.purity, "server/protocol/x.py", "async def f(): pass"),
    (house.environment, "server/edge/x.py", "import os\nos.environ['A']"),
    (house.environment, "store/x.py", "import os\nos.getenv('A')"),
    (house.tasks, "server/room/x.py", "asyncio.create_task(f())"),
    (house.tasks, "server/room/x.py", "asyncio.get_running_loop().create_task(f())"),
    (house.tasks, "server/room/x.py", "create_task(f())"),
    (house.tasks, "server/room/x.py", "asyncio.ensure_future(f())"),
    (house.sleeping, "server/room/x.py", "async def f():\n    await asyncio.sleep(1)"),
    (house.sleeping, "store/x.py", "time.sleep(0.1)"),
    (house.sleeping, "tests/x.py", "from time import sleep\nsleep(1)"),
    (house.catching, "server/edge/x.py", "try: f()\nexcept Exception: pass"),
    (house.catching, "server/edge/yjs.py", "def f():\n try: g()\n except Exception: pass"),
    (house.catching, "store/x.py", "try: f()\nexcept: pass"),
    (house.catching, "store/x.py", "try: f()\nexcept BaseException as e: raise E from e"),
    (house.catching, "server/document/x.py", "try: f()\nexcept BaseException as error: pass"),
    (house.state, "server/edge/x.py", "rooms = {}"),
    (house.state, "server/edge/x.py", "lock: Lock = Lock()"),
    (house.state, "server/edge/x.py", "CACHE = {}\ndef f():\n    CACHE['a'] = 1"),
    (house.state, "server/edge/x.py", "CACHE = []\ndef f():\n    CACHE.append(1)"),
    (house.state, "server/edge/x.py", "def f():\n    global x"),
    (house.size, "store/x.py", "x = 1\n" * 301),
    (house.size, "store/x.py", "def f():\n" + "    x = 1\n" * 60),
    (house.docstring, "store/x.py", "x = 1"),
    (house.placement, "store/x.py", "def f():\n    import json"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_a_source_that_breaks_the_rule_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(parse(path, text)))


GOOD: list[tuple[Rule, str, str]] = [
    (house.floors, "server/room/x.py", "from server.protocol.ids import Seq"),
    (house.floors, "store/x.py", "from server.room.ports import Batch"),
    (house.floors, "server/main.py", "import store.open, server.edge.app"),
    (house.outside, "server/document/x.py", "import pycrdt"),
    (house.tasks, "server/room/x.py", "tasks.create_task(f())"),
    (house.tasks, "server/room/x.py", "self._tasks.create_task(f())"),
    (house.sleeping, "tests/x.py", "await_(asyncio.sleep(0))"),
    (house.sleeping, "server/room/x.py", "clock.sleep(5)"),
    (house.catching, "store/x.py", "try: f()\nexcept BaseException:\n    g()\n    raise"),
    (house.catching, "server/edge/yjs.py", "def _listen():\n try: g()\n except Exception: h()"),
    (house.state, "server/edge/x.py", "NAMES = ('a',)\nlogger = f()\nT = TypeVar('T')"),
    (house.size, "store/x.py", '"""Long because it is a table."""\n' + "x = 1\n" * 301),
    (house.docstring, "store/__init__.py", ""),
]


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_a_source_that_keeps_the_rule_is_let_pass(rule: Rule, path: str, text: str) -> None:
    assert list(rule(parse(path, text))) == []


def test_a_detour_is_found() -> None:
    ring = [
        parse("store/a.py", "from store import b"),
        parse("store/b.py", "import store.c"),
        parse("store/c.py", "from store.a import x"),
    ]
    assert list(cycles(ring)) == ["store.a -> store.b -> store.c -> store.a"]
