"""All accounts in SQL, as ``server.room.user_ports`` names them.

The statements are in the modules of their nouns; here they are run, in one transaction each.
"""

from collections.abc import Mapping, Sequence

from server.protocol.ids import UserId
from server.room.ports import Clock, User
from server.room.user_ports import UserFile, UserPage, UserQuery
from store import leaving, user_files
from store.changing import change
from store.database import Database


class SqlUsers:
    """The ``Users`` port."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def file(self, user: UserId) -> UserFile:
        """One account."""
        return await self._db.read(user_files.file, user, self._clock.now())

    async def files(self, query: UserQuery) -> UserPage:
        """A page of them."""
        return await self._db.read(user_files.files, query, self._clock.now())

    async def named(self, users: Sequence[UserId]) -> Mapping[UserId, User]:
        """Those of these that exist."""
        return await self._db.read(user_files.named, users)

    async def set_standing(
        self, user: UserId, *, is_admin: bool | None = None, disabled: bool | None = None
    ) -> None:
        """Change what is given."""
        await change(self._db, user_files.set_standing, user, is_admin, disabled)

    async def end_credentials(self, user: UserId) -> None:
        """End every session and token."""
        await change(self._db, user_files.end_credentials, user, self._clock.now())

    async def delete(self, user: UserId) -> None:
        """The account and all that is only theirs."""
        await change(self._db, leaving.delete_user, user, self._clock.now())
