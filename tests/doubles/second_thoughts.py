"""A directory whose second answer about roles can be met by a test."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from server.protocol.roles import Role
from server.room.ports import Seat
from tests.doubles.memory_directory import MemoryDirectory

Roles = Sequence[Role | None]


def answers_first(
    patch: pytest.MonkeyPatch,
    first: Callable[[], Awaitable[Roles | None]],
    later: Callable[[], Awaitable[None]],
) -> None:
    """The first answer is ``first``'s, if it gives one; every later one comes after ``later``."""
    real, asked = MemoryDirectory.roles, list[object]()

    async def roles(self: MemoryDirectory, seats: Sequence[Seat]) -> Roles:
        asked.append(seats)
        if len(asked) > 1:
            await later()
            return await real(self, seats)
        return await first() or await real(self, seats)

    patch.setattr(MemoryDirectory, "roles", roles)
