"""Both channels, and the loops that they run on."""

from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Way:
    """How a server carries its websockets."""

    channel: str
    uvloop: bool

    def __str__(self) -> str:
        return f"{self.channel}-on-{'uvloop' if self.uvloop else 'asyncio'}"


WAYS = (Way("plain", True), Way("fast", True), Way("fast", False))


@pytest.fixture(params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Any:
    """Each in turn: whatever asks for this must hold on all."""
    return request.param


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The loop that the way wants; asyncio's where no sockets are."""
    chosen: Way | None = None
    if "way" in request.fixturenames:
        chosen = request.getfixturevalue("way")
    return "asyncio", {"use_uvloop": chosen is not None and chosen.uvloop}
