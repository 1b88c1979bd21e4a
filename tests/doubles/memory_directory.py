"""The ``Directory`` port in memory: people, credentials, projects, members."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from server.protocol.addresses import normalised
from server.protocol.credentials import Scope, TokenKind, capped
from server.protocol.errors import Conflict, Invalid, NotAuthenticated, NotFound
from server.protocol.ids import Millis, ProjectId, Seq, TokenId, UserId
from server.protocol.roles import Role
from server.room.ports import Clock, Credential, Member, NewUpdate, Project, Seat, TokenGrant, User
from store.people import (
    SHA256_BYTES,
    NewToken,
    new_token_id,
    new_user_id,
)
from store.projects import new_project_id


class Documents(Protocol):
    """What a directory does to documents."""

    def create(self, project: ProjectId, seed: NewUpdate | None) -> None:
        """An empty log, and its first row."""

    def close(self, project: ProjectId) -> None:
        """Take nothing more."""

    def head(self, project: ProjectId) -> Seq:
        """The newest seq."""

    def changed(self) -> None:
        """Tell every feed that the directory has changed."""


@dataclass(slots=True)
class People:
    """The rows."""

    users: dict[UserId, User] = field(default_factory=dict)
    tokens: dict[TokenId, NewToken] = field(default_factory=dict)
    projects: dict[ProjectId, Project] = field(default_factory=dict)
    roles: dict[tuple[ProjectId, UserId], Role] = field(default_factory=dict)


@dataclass(slots=True)
class MemoryDirectory:
    """Who is who, and who may do what where."""

    people: People
    clock: Clock
    documents: Documents

    async def add_user(
        self, *, email: str, name: str, is_admin: bool, password_hash: str | None
    ) -> User:
        """A new account."""
        address = normalised(email)
        if any(user.email == address for user in self.people.users.values()):
            raise Conflict("this address has an account already")
        user = User(new_user_id(), address, name, is_admin, False, self.clock.now())
        self.people.users[user.id] = user
        self.documents.changed()
        return user

    async def user_by_email(self, email: str) -> User:
        """The account with this address."""
        for user in self.people.users.values():
            if user.email == email.strip().lower():
                return user
        raise NotFound("no such user")

    async def list_users(self) -> Sequence[User]:
        """All accounts, by address."""
        return sorted(self.people.users.values(), key=lambda user: user.email)

    async def disable_user(self, user: UserId) -> None:
        """End every right of this user at once."""
        self.people.users[user] = replace(self._user(user), disabled=True)
        self.documents.changed()

    async def add_token(
        self,
        user: UserId,
        *,
        digest: bytes,
        label: str,
        expires_at: Millis | None,
        kind: TokenKind = TokenKind.TOKEN,
        scope: Scope = Scope.ADMIN,
    ) -> TokenId:
        """Record a credential by its digest."""
        if len(digest) != SHA256_BYTES:
            raise Invalid("expected a SHA-256 digest")
        self._user(user)
        if any(token.digest == digest for token in self.people.tokens.values()):
            raise Conflict("it exists already")
        name, now = new_token_id(), self.clock.now()
        token = NewToken(name, user, digest, label, now, expires_at, kind, scope)
        self.people.tokens[token.id] = token
        self.documents.changed()
        return token.id

    async def list_tokens(
        self, user: UserId, kind: TokenKind = TokenKind.TOKEN
    ) -> Sequence[Credential]:
        """Every live credential of this user and kind."""
        tokens = [token for token in self.people.tokens.values() if self._lives(token)]
        return [
            Credential(t.id, t.kind, t.scope, t.label, t.created_at, t.expires_at)
            for t in tokens
            if (t.user, t.kind) == (user, kind)
        ]

    async def revoke_token(self, token: TokenId) -> None:
        """End this credential at once."""
        if self.people.tokens.pop(token, None) is None:
            raise NotFound("no such token")
        self.documents.changed()

    async def token_grant(self, digest: bytes) -> TokenGrant:
        """Whose token this is."""
        for token in self.people.tokens.values():
            user = self.people.users[token.user]
            if token.digest == digest and self._lives(token) and not user.disabled:
                return TokenGrant(token.id, user, token.expires_at, token.kind, token.scope)
        raise NotAuthenticated("this token is not valid")

    async def entry(self, digest: bytes, project: ProjectId) -> tuple[TokenGrant, Role | None]:
        """Whose token this is, and what they are in a project with it."""
        grant = await self.token_grant(digest)
        [role] = await self.roles([Seat(grant.user.id, grant.token, project)])
        return grant, role

    async def add_project(
        self, title: str, *, owner: UserId, seed: NewUpdate | None, description: str = ""
    ) -> Project:
        """A project, its owner's membership and its first content."""
        self._user(owner)
        name = new_project_id()
        self.documents.create(name, seed)
        project = Project(name, title, self.clock.now(), self.documents.head(name))
        self.people.projects[name] = project
        self.people.roles[name, owner] = Role.OWNER
        self.documents.changed()
        return project

    async def project(self, project: ProjectId) -> Project:
        """A live project."""
        return replace(self._project(project), head=self.documents.head(project))

    async def list_projects(self) -> Sequence[Project]:
        """All live projects, oldest first."""
        projects = sorted(self.people.projects.values(), key=lambda p: (p.created_at, p.id))
        return [replace(project, head=self.documents.head(project.id)) for project in projects]

    async def delete_project(self, project: ProjectId) -> None:
        """Mark as deleted; its log takes nothing more."""
        self._project(project)
        del self.people.projects[project]
        self.documents.close(project)
        self.documents.changed()

    async def set_member(self, project: ProjectId, user: UserId, role: Role) -> None:
        """Add somebody or change their role."""
        self._project(project)
        self._user(user)
        if role is not Role.OWNER:
            self._require_other_owner(project, user)
        self.people.roles[project, user] = role
        self.documents.changed()

    async def remove_member(self, project: ProjectId, user: UserId) -> None:
        """Take somebody's role away."""
        self._project(project)
        if (project, user) not in self.people.roles:
            raise NotFound("not a member of this project")
        self._require_other_owner(project, user)
        del self.people.roles[project, user]
        self.documents.changed()

    async def members(self, project: ProjectId) -> Sequence[Member]:
        """Everybody with a role, by address."""
        self._project(project)
        roles = self.people.roles.items()
        members = [
            Member(self._user(user), role) for (name, user), role in roles if name == project
        ]
        return sorted(members, key=lambda member: member.user.email)

    async def role(self, project: ProjectId, user: UserId) -> Role | None:
        """What this user is in this project now."""
        return self._role(Seat(user, None, project))

    async def roles(self, seats: Sequence[Seat]) -> Sequence[Role | None]:
        """The role of each seat now."""
        return [self._role(seat) for seat in seats]

    def _role(self, seat: Seat) -> Role | None:
        user = self.people.users.get(seat.user)
        if user is None or user.disabled or seat.project not in self.people.projects:
            return None
        role = self.people.roles.get((seat.project, seat.user))
        if role is None or seat.token is None:
            return role
        token = self.people.tokens.get(seat.token)
        if token is None or token.user != seat.user or not self._lives(token):
            return None
        return capped(role, token.scope)

    def _lives(self, token: NewToken) -> bool:
        return token.expires_at is None or token.expires_at > self.clock.now()

    def _user(self, user: UserId) -> User:
        found = self.people.users.get(user)
        if found is None:
            raise NotFound("no such user")
        return found

    def _project(self, project: ProjectId) -> Project:
        found = self.people.projects.get(project)
        if found is None:
            raise NotFound("no such project")
        return found

    def _require_other_owner(self, project: ProjectId, user: UserId) -> None:
        """Only an owner can be the last one."""
        roles = self.people.roles
        if roles.get((project, user)) is not Role.OWNER:
            return
        owners = [
            who for (name, who), role in roles.items() if (name, role) == (project, Role.OWNER)
        ]
        if owners == [user]:
            raise Conflict("a project needs an owner: make somebody else one first")
