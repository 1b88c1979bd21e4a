"""The first start makes somebody and something, once, and shows the token once (L11)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.edge.first_run import Welcome, greeting, prepare_first_run
from server.edge.one_time import OneTimeLinks, reachable
from server.edge.secrets import token_digest
from server.protocol.errors import NotFound
from server.room.account_ports import Purpose
from store.open import Store, open_store
from tests.doubles.clock import ManualClock
from tests.doubles.migrated import migrated

pytestmark = pytest.mark.anyio

BASE = "http://127.0.0.1:8000"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite:///{migrated(tmp_path / '8gentc.db')}", ManualClock())
    yield opened
    await opened.close()


async def prepared(store: Store) -> Welcome | None:
    links = OneTimeLinks(store.people.links, ManualClock(), BASE)
    return await prepare_first_run(store.directory, links, ManualClock())


async def test_an_empty_database_gets_an_admin_a_project_and_a_token(store: Store) -> None:
    welcome = await prepared(store)
    assert welcome is not None
    grant = await store.directory.token_grant(token_digest(welcome.token))
    assert grant.user.is_admin
    assert await store.directory.role(welcome.project, grant.user.id) == "owner"
    assert welcome.token not in repr(welcome)


async def test_the_login_link_is_the_admins_and_good_once(store: Store) -> None:
    welcome = await prepared(store)
    assert welcome is not None
    links = OneTimeLinks(store.people.links, ManualClock(), BASE)
    text = welcome.login.removeprefix(f"{BASE}/login?link=")
    link = await links.follow(text, Purpose.LOGIN)
    [admin] = await store.directory.list_users()
    assert link.user == admin.id
    with pytest.raises(NotFound):
        await links.follow(text, Purpose.LOGIN)


async def test_a_database_with_accounts_is_left_alone(store: Store) -> None:
    await store.directory.add_user(email="a@b.c", name="A", is_admin=False, password_hash=None)
    assert await prepared(store) is None
    assert await store.directory.list_projects() == []


async def test_the_first_greeting_says_how_to_connect_with_the_token_once_in_each_form(
    store: Store,
) -> None:
    welcome = await prepared(store)
    assert welcome is not None
    text = greeting("127.0.0.1:8000", welcome)
    assert f"ws://127.0.0.1:8000/yjs/{welcome.project}?token={welcome.token}\n" in text
    assert f" {welcome.login}\n" in text
    assert "new WebsocketProvider('ws://127.0.0.1:8000/yjs'" in text


async def test_a_later_greeting_shows_no_token_L11() -> None:
    text = greeting("127.0.0.1:8000", None)
    assert "8g_" not in text
    assert "8gentc token add" in text


def test_an_address_is_one_that_this_machine_can_open() -> None:
    assert reachable("0.0.0.0", 8000) == "127.0.0.1:8000"
    assert reachable("::", 80) == "[::1]:80"
    assert reachable("example.org", 1) == "example.org:1"
