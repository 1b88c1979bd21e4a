"""What every ``Users`` keeps (L8), on every database."""

from dataclasses import replace
from hashlib import sha256

import pytest

from server.protocol.credentials import TokenKind
from server.protocol.errors import Conflict, NotAuthenticated, NotFound
from server.protocol.ids import Millis, UserId
from server.protocol.roles import Role
from server.room.account_ports import Identity, Link, Purpose
from server.room.ports import Batch, Seat
from server.room.user_ports import UserFile, UserQuery, UserShelf
from store.leaving import references
from store.open import Store
from tests.contracts.accounts import credential
from tests.contracts.backends import Backend, edit, new_user
from tests.contracts.projects import opened, project_of

NOBODY = UserId("nobody")
DIGEST = sha256(b"link").digest()


async def admin(store: Store, name: str) -> UserId:
    """A platform admin."""
    added = await store.directory.add_user(
        email=f"{name}@example.org", name=name, is_admin=True, password_hash="hash"
    )
    return added.id


async def names(store: Store, query: UserQuery) -> list[str]:
    """Of all pages."""
    found: list[str] = []
    while True:
        page = await store.people.users.files(query)
        assert len(page.files) <= query.limit
        found += [file.user.name for file in page.files]
        if page.next is None:
            return found
        query = replace(query, after=page.next)


class UsersContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_a_file_says_how_somebody_stands(self, backend: Backend) -> None:
        store = await opened(backend)
        ada = await admin(store, "ada")
        await project_of(store, ada)
        await store.directory.delete_project(await project_of(store, ada))
        await credential(store, ada, "session")
        await credential(store, ada, "token", TokenKind.TOKEN)
        await store.people.accounts.end_credential(ada, await credential(store, ada, "ended"))
        user = (await store.people.accounts.by_id(ada)).user
        assert await store.people.users.file(ada) == UserFile(user, True, True, False, 1, 1, 1)
        with pytest.raises(NotFound):
            await store.people.users.file(NOBODY)

    async def test_accounts_are_listed_by_address_and_found_by_a_part(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        for name in ("Bo", "ada", "Cy_%", "dora"):
            await new_user(store, name)
        await admin(store, "root")
        await store.people.users.set_standing(await new_user(store, "eve"), disabled=True)
        everybody = ["ada", "Bo", "Cy_%", "dora", "eve", "root"]
        assert await names(store, UserQuery(2)) == everybody
        assert await names(store, UserQuery(10, search="O")) == everybody
        assert await names(store, UserQuery(10, search="bO@")) == ["Bo"]
        assert await names(store, UserQuery(10, search="_%")) == ["Cy_%"]
        assert await names(store, UserQuery(10, UserShelf.ADMINS)) == ["root"]
        assert await names(store, UserQuery(10, UserShelf.DISABLED)) == ["eve"]

    async def test_users_are_named_by_their_ids(self, backend: Backend) -> None:
        store = await opened(backend)
        ada = await new_user(store)
        found = await store.people.users.named([ada, NOBODY])
        assert {id: user.name for id, user in found.items()} == {ada: "ada"}
        assert await store.people.users.named([]) == {}

    async def test_the_last_platform_admin_stays_one_L8(self, backend: Backend) -> None:
        store = await opened(backend)
        users, ada = store.people.users, await admin(store, "ada")
        bo = await new_user(store, "bo")
        await users.set_standing(bo, disabled=True)
        for change in (
            users.set_standing(ada, is_admin=False),
            users.set_standing(ada, disabled=True),
            users.delete(ada),
        ):
            with pytest.raises(Conflict, match="platform admin"):
                await change
        await users.set_standing(bo, is_admin=True)
        with pytest.raises(Conflict):
            await users.set_standing(ada, is_admin=False)
        await users.set_standing(bo, disabled=False)
        await users.set_standing(ada, is_admin=False, disabled=True)
        after = (await users.file(ada)).user
        assert (after.is_admin, after.disabled) == (False, True)
        with pytest.raises(NotFound):
            await users.set_standing(NOBODY, is_admin=True)

    async def test_every_credential_of_somebody_ends_at_once_L8(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        await credential(store, ada, "session")
        await credential(store, ada, "token", TokenKind.TOKEN)
        await credential(store, bo, "other's")
        await store.people.users.end_credentials(ada)
        await store.directory.token_grant(sha256(b"other's").digest())
        for name in ("session", "token"):
            with pytest.raises(NotAuthenticated):
                await store.directory.token_grant(sha256(name.encode()).digest())
        with pytest.raises(NotFound):
            await store.people.users.end_credentials(NOBODY)

    async def test_a_deleted_account_leaves_edits_and_nothing_else_L8(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        project = await project_of(store, bo)
        await store.directory.set_member(project, ada, Role.EDITOR)
        await store.log.append([Batch(project, (edit(b"words", ada),))])
        token = await credential(store, ada, "session")
        later = Millis(backend.clock.now() + 1000)
        await store.people.links.add(DIGEST, Link(Purpose.RESET, ada, None, later))
        await store.people.second_factors.begin(ada, b"seed")
        await store.people.second_factors.confirm(ada, 1, [DIGEST])
        await store.people.identities.link(ada, Identity("https://id", "1"), "ada@id")
        await store.invitations.invite(
            project, ada, digest=DIGEST, role=Role.VIEWER, expires_at=later, max_uses=1
        )
        await store.directory.delete_project(await project_of(store, ada))
        await store.people.users.delete(ada)
        assert await store.people.accounts.by_email("ada@example.org") is None
        assert list(await store.directory.roles([Seat(ada, token, project)])) == [None]
        assert [one.user.id for one in await store.directory.members(project)] == [bo]
        assert await store.invitations.invitations(project) == []
        assert await store.people.identities.owner(Identity("https://id", "1")) is None
        stored = await store.log.load(project)
        assert [row.by.user for row in stored.tail] == [ada]
        assert await store.fsck() == []
        assert await new_user(store) != ada
        with pytest.raises(NotFound):
            await store.people.users.delete(ada)

    async def test_no_project_is_left_without_an_owner_L8(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        alone, shared = await project_of(store, ada, "Alone"), await project_of(store, ada)
        await store.directory.set_member(shared, bo, Role.OWNER)
        await store.directory.set_member(alone, bo, Role.EDITOR)
        with pytest.raises(Conflict, match=f"owner: “Alone” \\({alone}\\)$"):
            await store.people.users.delete(ada)
        assert (await store.people.users.file(ada)).projects == 2
        for number in range(11):
            await project_of(store, ada, f"P{number:02}")
        with pytest.raises(Conflict, match=r"P08” \(\w+\) and 2 more$"):
            await store.people.users.delete(ada)
        await store.projects.transfer(alone, ada, bo)
        with pytest.raises(Conflict, match=r"and 1 more$"):
            await store.people.users.delete(ada)

    async def test_what_goes_with_an_account_is_decided_table_by_table(self) -> None:
        # A new table that refers to users loses rows with them: is that meant?
        assert {f"{column.table.name}.{column.name}" for column in references()} == {
            "tokens.user_id",
            "links.user_id",
            "second_factors.user_id",
            "recovery_codes.user_id",
            "identities.user_id",
            "project_members.user_id",
            "invitations.created_by",
        }
