"""What every ``Directory`` keeps (L8, L11).

Long because whoever changes one right shall see beside it all others that end with it.
"""

from hashlib import sha256

import pytest

from server.protocol.credentials import Scope, TokenKind
from server.protocol.errors import Conflict, Invalid, NotAuthenticated, NotFound
from server.protocol.ids import Millis, ProjectId, TokenId, UserId
from server.protocol.roles import Role
from server.room.ports import Seat
from tests.contracts.backends import Backend, new_projects, new_user

NOBODY = UserId("nobody")
NOWHERE = ProjectId("nowhere")


class DirectoryContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_a_user_is_found_by_address_whatever_its_case(self, backend: Backend) -> None:
        directory = (await backend.open()).directory
        user = await directory.add_user(
            email=" Ada@Example.ORG ", name="Ada", is_admin=True, password_hash="hash"
        )
        assert await directory.user_by_email("aDA@example.org") == user
        assert (user.email, user.is_admin, user.disabled) == ("ada@example.org", True, False)
        assert user.created_at == backend.clock.now()
        for unknown in ("bob@example.org", "no address", ""):
            with pytest.raises(NotFound):
                await directory.user_by_email(unknown)

    async def test_an_address_has_one_account(self, backend: Backend) -> None:
        directory = (await backend.open()).directory
        await directory.add_user(
            email="ada@example.org", name="Ada", is_admin=False, password_hash=None
        )
        with pytest.raises(Conflict):
            await directory.add_user(
                email="ADA@example.org", name="Other", is_admin=False, password_hash=None
            )
        assert len(await directory.list_users()) == 1

    @pytest.mark.parametrize(
        "email", ["", "@", "ada", "ada@", "@example.org", "a b@c.d", "a@b@c", "a\n@b.c", "x" * 300]
    )
    async def test_what_is_no_address_is_invalid(self, backend: Backend, email: str) -> None:
        directory = (await backend.open()).directory
        with pytest.raises(Invalid):
            await directory.add_user(email=email, name="", is_admin=False, password_hash=None)

    async def test_users_are_listed_by_address(self, backend: Backend) -> None:
        store = await backend.open()
        for name in ("cy", "ada", "bob"):
            await new_user(store, name)
        names = [user.name for user in await store.directory.list_users()]
        assert names == ["ada", "bob", "cy"]

    async def test_a_token_is_its_users_until_it_expires_L11(self, backend: Backend) -> None:
        store = await backend.open()
        user = await new_user(store)
        digest = sha256(b"secret").digest()
        expiry = Millis(backend.clock.now() + 1000)
        token = await store.directory.add_token(
            user, digest=digest, label="laptop", expires_at=expiry
        )
        grant = await store.directory.token_grant(digest)
        assert (grant.token, grant.user.id, grant.expires_at) == (token, user, expiry)
        [listed] = await store.directory.list_tokens(user)
        assert (listed.id, listed.label, listed.expires_at) == (token, "laptop", expiry)
        assert (listed.kind, listed.scope) == (grant.kind, grant.scope) == ("token", "admin")
        await backend.clock.advance(1.0)
        with pytest.raises(NotAuthenticated):
            await store.directory.token_grant(digest)
        assert list(await store.directory.list_tokens(user)) == []

    async def test_sessions_and_tokens_are_listed_apart(self, backend: Backend) -> None:
        store = await backend.open()
        user = await new_user(store)
        session = await store.directory.add_token(
            user, digest=sha256(b"s").digest(), label="", expires_at=None, kind=TokenKind.SESSION
        )
        token = await store.directory.add_token(
            user, digest=sha256(b"t").digest(), label="", expires_at=None, scope=Scope.READ
        )
        assert [one.id for one in await store.directory.list_tokens(user)] == [token]
        sessions = await store.directory.list_tokens(user, TokenKind.SESSION)
        assert [(one.id, one.scope) for one in sessions] == [(session, Scope.ADMIN)]
        assert (await store.directory.token_grant(sha256(b"t").digest())).scope is Scope.READ

    @pytest.mark.parametrize(
        ("scope", "roles"),
        [
            (Scope.READ, [Role.VIEWER, Role.VIEWER, Role.VIEWER]),
            (Scope.WRITE, [Role.EDITOR, Role.EDITOR, Role.VIEWER]),
            (Scope.ADMIN, [Role.OWNER, Role.EDITOR, Role.VIEWER]),
        ],
    )
    async def test_a_scope_caps_the_role_of_who_comes_with_it_L8(
        self, backend: Backend, scope: Scope, roles: list[Role]
    ) -> None:
        store = await backend.open()
        projects = await new_projects(store, 3)
        bob = await new_user(store, "bob")
        for project, role in zip(projects, (Role.OWNER, Role.EDITOR, Role.VIEWER), strict=True):
            await store.directory.set_member(project, bob, role)
        token = await store.directory.add_token(
            bob, digest=sha256(b"t").digest(), label="", expires_at=None, scope=scope
        )
        seats = [Seat(bob, token, project) for project in projects]
        assert list(await store.directory.roles(seats)) == roles
        assert [(await store.directory.roles([seat]))[0] for seat in seats] == roles
        digest = sha256(b"t").digest()
        grant = await store.directory.token_grant(digest)
        entries = [await store.directory.entry(digest, project) for project in projects]
        assert entries == [(grant, role) for role in roles]

    async def test_who_enters_is_known_and_a_role_is_that_of_the_moment_L8(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        [project, other] = await new_projects(store, 2)
        bob = await new_user(store, "bob")
        digest = sha256(b"t").digest()
        token = await store.directory.add_token(bob, digest=digest, label="", expires_at=None)

        async def role(where: ProjectId) -> Role | None:
            grant, role = await store.directory.entry(digest, where)
            assert (grant.token, grant.user.id) == (token, bob)
            assert list(await store.directory.roles([Seat(bob, token, where)])) == [role]
            return role

        assert await role(project) is None
        assert await role(ProjectId("nowhere")) is None
        await store.directory.set_member(project, bob, Role.EDITOR)
        assert (await role(project), await role(other)) == (Role.EDITOR, None)
        await store.directory.delete_project(project)
        assert await role(project) is None
        with pytest.raises(NotAuthenticated):
            await store.directory.entry(sha256(b"another").digest(), other)
        await store.directory.revoke_token(token)
        with pytest.raises(NotAuthenticated):
            await store.directory.entry(digest, other)
        assert list(await store.directory.roles([Seat(bob, token, other)])) == [None]

    async def test_a_revoked_token_opens_nothing_in_any_process_L8(self, backend: Backend) -> None:
        store, other = await backend.open(), await backend.open()
        user = await new_user(store)
        digest = sha256(b"secret").digest()
        token = await store.directory.add_token(user, digest=digest, label="", expires_at=None)
        await other.directory.revoke_token(token)
        with pytest.raises(NotAuthenticated):
            await store.directory.token_grant(digest)
        with pytest.raises(NotFound):
            await store.directory.revoke_token(token)

    async def test_tokens_need_a_user_a_digest_and_to_be_new_L11(self, backend: Backend) -> None:
        store = await backend.open()
        user = await new_user(store)
        digest = sha256(b"secret").digest()
        with pytest.raises(NotFound):
            await store.directory.add_token(NOBODY, digest=digest, label="", expires_at=None)
        with pytest.raises(Invalid):
            await store.directory.add_token(user, digest=b"secret", label="", expires_at=None)
        await store.directory.add_token(user, digest=digest, label="", expires_at=None)
        with pytest.raises(Conflict):
            await store.directory.add_token(user, digest=digest, label="", expires_at=None)
        with pytest.raises(NotAuthenticated):
            await store.directory.token_grant(sha256(b"other").digest())

    async def test_a_disabled_user_has_no_right_and_no_token_L8(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        user = (await store.directory.user_by_email("ada@example.org")).id
        digest = sha256(b"secret").digest()
        await store.directory.add_token(user, digest=digest, label="", expires_at=None)
        await store.directory.disable_user(user)
        assert await store.directory.role(project, user) is None
        assert (await store.directory.user_by_email("ada@example.org")).disabled
        with pytest.raises(NotAuthenticated):
            await store.directory.token_grant(digest)
        with pytest.raises(NotFound):
            await store.directory.disable_user(NOBODY)

    async def test_projects_are_listed_oldest_first_without_deleted_ones(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        owner = await new_user(store)
        projects = []
        for title in ("one", "two", "three"):
            projects.append(await store.directory.add_project(title, owner=owner, seed=None))
            await backend.clock.advance(0.001)
        await store.directory.delete_project(projects[1].id)
        assert list(await store.directory.list_projects()) == [projects[0], projects[2]]
        assert await store.directory.project(projects[0].id) == projects[0]
        for gone in (projects[1].id, NOWHERE):
            with pytest.raises(NotFound):
                await store.directory.project(gone)
            with pytest.raises(NotFound):
                await store.directory.delete_project(gone)

    async def test_a_project_needs_an_owner_who_exists(self, backend: Backend) -> None:
        store = await backend.open()
        with pytest.raises(NotFound):
            await store.directory.add_project("orphan", owner=NOBODY, seed=None)
        assert list(await store.directory.list_projects()) == []

    async def test_roles_are_given_changed_and_taken_L8(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        bob = await new_user(store, "bob")
        directory = store.directory
        assert await directory.role(project, bob) is None
        await directory.set_member(project, bob, Role.VIEWER)
        assert await directory.role(project, bob) is Role.VIEWER
        await directory.set_member(project, bob, Role.EDITOR)
        members = [(member.user.name, member.role) for member in await directory.members(project)]
        assert members == [("ada", Role.OWNER), ("bob", Role.EDITOR)]
        await directory.remove_member(project, bob)
        assert await directory.role(project, bob) is None
        with pytest.raises(NotFound):
            await directory.remove_member(project, bob)

    async def test_members_of_what_does_not_exist_are_not_found(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        ada = (await store.directory.user_by_email("ada@example.org")).id
        with pytest.raises(NotFound):
            await store.directory.set_member(project, NOBODY, Role.VIEWER)
        with pytest.raises(NotFound):
            await store.directory.set_member(NOWHERE, ada, Role.VIEWER)
        with pytest.raises(NotFound):
            await store.directory.members(NOWHERE)
        with pytest.raises(NotFound):
            await store.directory.remove_member(NOWHERE, ada)

    @pytest.mark.parametrize("name", ["\0", "a\0b", "\ud800"])
    async def test_what_no_database_can_hold_does_not_exist(
        self, backend: Backend, name: str
    ) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        directory = store.directory
        ada = (await directory.user_by_email("ada@example.org")).id
        assert await directory.role(ProjectId(name), ada) is None
        assert await directory.role(project, UserId(name)) is None
        for asked in (directory.project, directory.members, store.log.load):
            with pytest.raises(NotFound):
                await asked(ProjectId(name))
        with pytest.raises((NotFound, Invalid)):
            await directory.set_member(ProjectId(name), ada, Role.VIEWER)

    async def test_the_last_owner_neither_leaves_nor_steps_down(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        ada = (await store.directory.user_by_email("ada@example.org")).id
        bob = await new_user(store, "bob")
        await store.directory.set_member(project, bob, Role.EDITOR)
        with pytest.raises(Conflict):
            await store.directory.remove_member(project, ada)
        with pytest.raises(Conflict):
            await store.directory.set_member(project, ada, Role.EDITOR)
        await store.directory.set_member(project, ada, Role.OWNER)
        await store.directory.set_member(project, bob, Role.OWNER)
        await store.directory.remove_member(project, ada)
        assert await store.directory.role(project, ada) is None

    async def test_seats_hold_only_with_user_token_membership_and_project_L8(
        self, backend: Backend
    ) -> None:
        store = await backend.open()
        project, deleted = await new_projects(store, 2)
        directory = store.directory
        ada = (await directory.user_by_email("ada@example.org")).id
        bob = await new_user(store, "bob")
        await directory.set_member(project, bob, Role.VIEWER)
        expiry = Millis(backend.clock.now() + 1)
        live, expiring, revoked = [
            await directory.add_token(
                ada, digest=sha256(name).digest(), label="", expires_at=expires
            )
            for name, expires in ((b"a", None), (b"b", expiry), (b"c", None))
        ]
        await directory.revoke_token(revoked)
        await directory.delete_project(deleted)
        await backend.clock.advance(0.001)
        seats = {
            Seat(ada, live, project): Role.OWNER,
            Seat(ada, None, project): Role.OWNER,
            Seat(bob, None, project): Role.VIEWER,
            Seat(bob, live, project): None,
            Seat(ada, expiring, project): None,
            Seat(ada, revoked, project): None,
            Seat(ada, TokenId("unknown"), project): None,
            Seat(ada, live, deleted): None,
            Seat(ada, live, NOWHERE): None,
            Seat(NOBODY, None, project): None,
        }
        assert list(await directory.roles(list(seats))) == list(seats.values())
        await directory.disable_user(ada)
        assert list(await directory.roles([Seat(ada, live, project)])) == [None]
        assert list(await directory.roles([])) == []

    async def test_thousands_of_seats_are_answered_in_order_L8(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        ada = (await store.directory.user_by_email("ada@example.org")).id
        seats = [Seat(ada if n % 3 else UserId(f"{n}"), None, project) for n in range(2500)]
        expected = [Role.OWNER if n % 3 else None for n in range(2500)]
        assert list(await store.directory.roles(seats)) == expected
