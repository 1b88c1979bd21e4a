"""Forgetting a person, on either database: nothing says who they were, all they wrote stays."""

from hashlib import sha256

import pytest
from sqlalchemy import Connection, insert, select

from server.protocol.credentials import TokenKind
from server.protocol.errors import Conflict, NotAuthenticated, NotFound
from server.protocol.ids import Millis, ProjectId, UserId
from server.protocol.roles import Role
from server.room.account_ports import Identity, Link, Purpose
from server.room.ports import Seat
from store import tables as t
from store.open import Store
from tests.contracts.accounts import credential
from tests.contracts.backends import Closing, batch, new_user
from tests.contracts.projects import opened

pytestmark = pytest.mark.anyio

EMAIL, NAME = "countess@analytical.example", "Augusta Ada"
DIGEST = sha256(b"link").digest()


@pytest.fixture
async def store(sql_backend: Closing) -> Store:
    """SQLite, then PostgreSQL."""
    return await opened(sql_backend)


async def ada_with_everything(store: Store) -> UserId:
    """An account with a row wherever an account can have one."""
    accounts, until = store.people.accounts, Millis(2**50)
    user = await accounts.register(email=EMAIL, name=NAME, password_hash="hash", verified=True)
    await credential(store, user.id, "session")
    await store.people.links.add(DIGEST, Link(Purpose.RESET, user.id, None, until))
    other = Link(Purpose.REGISTER, None, EMAIL, until)
    await store.people.links.add(sha256(b"other").digest(), other)
    await store.people.second_factors.begin(user.id, b"seed")
    await store.people.second_factors.confirm(user.id, 1, [sha256(b"code").digest()])
    await store.people.identities.link(user.id, Identity("https://id", "1"), EMAIL)
    return user.id


async def shared_project(store: Store, user: UserId) -> ProjectId:
    """Owned by somebody else; ``user`` wrote in it."""
    owner = await new_user(store, "owner")
    project = await store.directory.add_project("Shared", owner=owner, seed=None)
    await store.directory.set_member(project.id, user, Role.EDITOR)
    await store.log.append([batch(project.id, b"their edit")])
    return project.id


def everything(conn: Connection) -> str:
    """All rows of all tables, as text."""
    tables = t.metadata.sorted_tables
    return repr([tuple(row) for table in tables for row in conn.execute(select(table))])


def name_author(conn: Connection, project: ProjectId, user: UserId) -> None:
    conn.execute(insert(t.project_authors), {"project_id": project, "user_id": user, "name": NAME})


async def test_nothing_in_the_database_says_who_they_were_L3(store: Store) -> None:
    user = await ada_with_everything(store)
    project = await shared_project(store, user)
    await store.db.write(name_author, project, user)
    before = (await store.log.load(project)).tail
    await store.people.users.delete(user)
    left = await store.db.read(everything)
    assert EMAIL not in left
    assert NAME not in left
    assert (await store.log.load(project)).tail == before
    assert await store.fsck() == []


async def test_every_right_of_theirs_ends_and_none_comes_back_L8(store: Store) -> None:
    user = await ada_with_everything(store)
    project = await shared_project(store, user)
    [token] = await store.directory.list_tokens(user, TokenKind.SESSION)
    await store.people.users.delete(user)
    assert list(await store.directory.roles([Seat(user, token.id, project)])) == [None]
    with pytest.raises(NotAuthenticated):
        await store.directory.token_grant(sha256(b"session").digest())
    assert [one.user.id for one in await store.directory.members(project)] != [user]
    for change in (
        store.directory.set_member(project, user, Role.EDITOR),
        store.people.accounts.set_disabled(user, False),
        store.people.accounts.set_email(user, "back@x.example"),
        store.people.users.delete(user),
        store.people.accounts.by_id(user),
    ):
        with pytest.raises(NotFound):
            await change
    assert user not in {one.id for one in await store.directory.list_users()}
    assert await store.people.accounts.by_email(EMAIL) is None


async def test_their_address_is_free_again(store: Store) -> None:
    user = await ada_with_everything(store)
    await store.people.users.delete(user)
    again = await store.people.accounts.register(
        email=EMAIL, name="Somebody else", password_hash=None, verified=True
    )
    assert again.id != user


async def test_an_only_owner_stays_until_somebody_else_is_one(store: Store) -> None:
    user = await new_user(store)
    heir = await new_user(store, "heir")
    project = await store.directory.add_project("Plan", owner=user, seed=None)
    with pytest.raises(Conflict, match="“Plan”"):
        await store.people.users.delete(user)
    assert (await store.people.accounts.by_id(user)).user.name == "ada"
    await store.directory.set_member(project.id, heir, Role.OWNER)
    await store.people.users.delete(user)
    assert [one.user.id for one in await store.directory.members(project.id)] == [heir]


async def test_an_author_without_an_account_here_is_forgotten_by_id(store: Store) -> None:
    project = await shared_project(store, await new_user(store, "bob"))
    foreigner = UserId("0123abc")
    await store.db.write(name_author, project, foreigner)
    await store.people.users.delete(foreigner)
    assert NAME not in await store.db.read(everything)
    with pytest.raises(NotFound):
        await store.people.users.delete(foreigner)
