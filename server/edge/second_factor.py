"""TOTP (RFC 6238) as a second factor, and recovery codes for when the device is gone.

A code is good once, even within its half minute. What does not live here: when one is asked
for (``server.edge.logins``), how often one may be guessed (``server.edge.throttling``).

Law kept: L11. The seed is shown once, and sealed before it is stored; recovery codes are
shown once and stored as digests.
"""

import hmac
from dataclasses import dataclass

import pyotp

from server.edge.keys import Seal
from server.edge.secrets import new_recovery_code, recovery_digest
from server.protocol.errors import Conflict, Invalid
from server.protocol.ids import UserId
from server.room.account_ports import SecondFactors
from server.room.ports import Clock, User

ISSUER = "8gentc"
STEP_SECONDS = 30
DRIFT = 1
"""Steps by which a clock may be off, either way."""
DIGITS = 6
RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True, repr=False)
class Seed:
    """A new seed, to be shown once. No repr."""

    text: str
    uri: str
    """What an authenticator app reads from a QR code."""


@dataclass(frozen=True, slots=True)
class SecondFactorDesk:
    """Sets up, asks, takes down."""

    factors: SecondFactors
    seal: Seal
    clock: Clock

    async def begin(self, user: User) -> Seed:
        """A seed that is still to be confirmed. Raises ``Conflict`` if there is a confirmed
        one."""
        seed = pyotp.random_base32()
        await self.factors.begin(user.id, self.seal.close(user.id, seed))
        uri = pyotp.TOTP(seed).provisioning_uri(name=user.email, issuer_name=ISSUER)
        return Seed(seed, uri)

    async def confirm(self, user: UserId, code: str) -> list[str]:
        """Ask for it from now on; returns the recovery codes. Raises ``Conflict`` without one
        to confirm, ``Invalid`` for a wrong code."""
        factor = await self.factors.of(user)
        if factor is None or factor.confirmed:
            raise Conflict("there is no second factor to confirm: begin with one")
        counter = self._counter(user, factor.sealed_seed, code)
        if counter is None:
            raise Invalid("this is not the code of now: are both clocks right?")
        codes = _recovery_codes()
        await self.factors.confirm(user, counter, [recovery_digest(one) for one in codes])
        return codes

    async def passes(self, user: UserId, code: str) -> bool:
        """Whether ``code`` is a code of now or a recovery code, and unused; then it is used."""
        factor = await self.factors.of(user)
        if factor is None or not factor.confirmed:
            return False
        counter = self._counter(user, factor.sealed_seed, code)
        if counter is not None:
            return await self.factors.spend_counter(user, counter)
        return await self.factors.spend_code(user, recovery_digest(code))

    async def renew_codes(self, user: UserId) -> list[str]:
        """New recovery codes; old ones are void."""
        codes = _recovery_codes()
        await self.factors.replace_codes(user, [recovery_digest(one) for one in codes])
        return codes

    def _counter(self, user: UserId, sealed_seed: bytes, code: str) -> int | None:
        """The time step whose code this is, among those around now."""
        totp = pyotp.TOTP(self.seal.open(user, sealed_seed), digits=DIGITS, interval=STEP_SECONDS)
        given = "".join(code.split())
        now = self.clock.now() // 1000 // STEP_SECONDS
        # All are compared, so that time does not tell which.
        steps = range(now - DRIFT, now + DRIFT + 1)
        right = [step for step in steps if _same(totp.generate_otp(step), given)]
        return max(right, default=None)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


def _recovery_codes() -> list[str]:
    return [new_recovery_code() for _ in range(RECOVERY_CODES)]
