"""What every ``Invitations`` keeps (L11), on every database."""

from hashlib import sha256

import pytest

from server.protocol.errors import Conflict, Invalid, NotFound
from server.protocol.ids import InvitationId, Millis, ProjectId, UserId
from server.protocol.roles import Role
from server.room.project_ports import Invitation, ProjectLimits
from store.open import Store
from tests.contracts.backends import Backend, new_user
from tests.contracts.projects import NOWHERE, opened, project_of

DIGEST = sha256(b"code").digest()


class InvitationsContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_an_invitation_makes_a_member_until_it_is_used_up_L11(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        ada, bo, cy = [await new_user(store, name) for name in ("ada", "bo", "cy")]
        project = await project_of(store, ada)
        made = await self.invite(backend, store, project, ada, Role.EDITOR)
        assert list(await store.invitations.invitations(project)) == [made]
        invited = await store.invitations.invited(DIGEST)
        assert (invited.project, invited.title, invited.role) == (project, "Plan", Role.EDITOR)
        assert await store.invitations.invitation_role(DIGEST) is Role.EDITOR
        assert await store.invitations.accept(DIGEST, bo) == invited
        assert await store.directory.role(project, bo) is Role.EDITOR
        await self.is_not_valid(store, cy)
        assert list(await store.invitations.invitations(project)) == []

    async def test_who_is_a_member_uses_nothing_up_unless_they_rise(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo, cy = [await new_user(store, name) for name in ("ada", "bo", "cy")]
        project = await project_of(store, ada)
        await store.directory.set_member(project, bo, Role.VIEWER)
        await self.invite(backend, store, project, ada, Role.EDITOR)
        assert (await store.invitations.accept(DIGEST, ada)).role is Role.OWNER
        assert (await store.invitations.accept(DIGEST, bo)).role is Role.EDITOR
        await self.is_not_valid(store, cy)

    async def test_expired_revoked_and_unknown_invitations_are_all_the_same(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        project, other = await project_of(store, ada), await project_of(store, ada)
        await self.is_not_valid(store, bo)
        made = await self.invite(backend, store, project, ada, Role.VIEWER)
        for wrong in ((other, made.id), (project, InvitationId("x"))):
            with pytest.raises(NotFound):
                await store.invitations.revoke(*wrong)
        await store.invitations.revoke(project, made.id)
        await self.is_not_valid(store, bo)
        with pytest.raises(NotFound):
            await store.invitations.revoke(project, made.id)
        with pytest.raises(Conflict):  # A digest names one invitation for ever.
            await self.invite(backend, store, project, ada, Role.VIEWER)

    async def test_an_invitation_ends_with_its_time_and_with_its_project(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        project = await project_of(store, ada)
        await self.invite(backend, store, project, ada, Role.VIEWER)
        await store.directory.delete_project(project)
        await self.is_not_valid(store, bo)
        await store.projects.undelete(project, deleted_after=Millis(0))
        assert await store.invitations.invitation_role(DIGEST) is Role.VIEWER
        await backend.clock.advance(1.0)
        await self.is_not_valid(store, bo)

    async def test_a_full_project_takes_nobody_and_uses_nothing_up(self, backend: Backend) -> None:
        store = await opened(backend)
        ada, bo = await new_user(store), await new_user(store, "bo")
        project = await project_of(store, ada)
        await store.projects.limit(project, ProjectLimits(None, 1))
        await self.invite(backend, store, project, ada, Role.VIEWER)
        with pytest.raises(Conflict):
            await store.invitations.accept(DIGEST, bo)
        await store.projects.limit(project, ProjectLimits(None, None))
        assert (await store.invitations.accept(DIGEST, bo)).role is Role.VIEWER

    async def test_an_invitation_needs_a_project_and_a_digest_L11(self, backend: Backend) -> None:
        store = await opened(backend)
        ada = await new_user(store)
        with pytest.raises(NotFound):
            await self.invite(backend, store, NOWHERE, ada, Role.VIEWER)
        project = await project_of(store, ada)
        with pytest.raises(Invalid):
            await self.invite(backend, store, project, ada, Role.VIEWER, digest=b"the code itself")

    @staticmethod
    async def invite(
        backend: Backend,
        store: Store,
        project: ProjectId,
        by: UserId,
        role: Role,
        digest: bytes = DIGEST,
    ) -> Invitation:
        expires_at = Millis(backend.clock.now() + 1000)
        return await store.invitations.invite(
            project, by, digest=digest, role=role, expires_at=expires_at, max_uses=1
        )

    @staticmethod
    async def is_not_valid(store: Store, user: UserId) -> None:
        assert await store.invitations.invitation_role(DIGEST) is None
        with pytest.raises(NotFound):
            await store.invitations.invited(DIGEST)
        with pytest.raises(NotFound):
            await store.invitations.accept(DIGEST, user)
