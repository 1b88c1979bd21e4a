"""Checking passwords: slowly, a few at a time, and as slowly for who does not exist.

What does not live here: what happens to who guesses (``server.edge.throttling``).

Law kept: L11. A password is an argument here and nothing else.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.edge.secrets import fit_password

AT_ONCE = 4
"""Hashes that are computed at a time, 64 MiB each; more would wait for a core anyway."""


class Passwords:
    """argon2id in threads."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._room = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """What to store. Raises ``Invalid`` for one that is too short or long."""
        fit_password(password)
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether it is the password. Without a hash it takes as long, and it is not."""
        async with self._room:
            return await asyncio.to_thread(self._verify, hashed, password)

    def _verify(self, hashed: str | None, password: str) -> bool:
        if hashed is None:
            self._hasher.hash(password)
            return False
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
