"""The first start makes somebody and something, once, and shows the token once (L11)."""

import pytest

from server.edge.first_run import greeting, prepare_first_run, reachable
from server.edge.secrets import token_digest
from tests.doubles.clock import ManualClock
from tests.doubles.memory_store import MemoryStore

pytestmark = pytest.mark.anyio


async def test_an_empty_database_gets_an_admin_a_project_and_a_token() -> None:
    store = MemoryStore()
    welcome = await prepare_first_run(store.directory, ManualClock())
    assert welcome is not None
    grant = await store.directory.token_grant(token_digest(welcome.token))
    assert grant.user.is_admin
    assert await store.directory.role(welcome.project, grant.user.id) == "owner"
    assert welcome.token not in repr(welcome)


async def test_a_database_with_accounts_is_left_alone() -> None:
    store = MemoryStore()
    await store.directory.add_user(email="a@b.c", name="A", is_admin=False, password_hash=None)
    assert await prepare_first_run(store.directory, ManualClock()) is None
    assert await store.directory.list_projects() == []


async def test_the_first_greeting_says_how_to_connect_with_the_token_once_in_each_form() -> None:
    welcome = await prepare_first_run(MemoryStore().directory, ManualClock())
    assert welcome is not None
    text = greeting("127.0.0.1:8000", welcome)
    assert f"ws://127.0.0.1:8000/yjs/{welcome.project}?token={welcome.token}\n" in text
    assert "new WebsocketProvider('ws://127.0.0.1:8000/yjs'" in text


async def test_a_later_greeting_shows_no_token_L11() -> None:
    text = greeting("127.0.0.1:8000", None)
    assert "8g_" not in text
    assert "8gentc token add" in text


def test_an_address_is_one_that_this_machine_can_open() -> None:
    assert reachable("0.0.0.0", 8000) == "127.0.0.1:8000"
    assert reachable("::", 80) == "[::1]:80"
    assert reachable("example.org", 1) == "example.org:1"
