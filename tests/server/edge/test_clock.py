"""The real clock agrees with the machine's."""

import time

import pytest

from server.edge.clock import SystemClock


def test_now_is_milliseconds_since_the_epoch() -> None:
    assert abs(SystemClock().now() - time.time() * 1000) < 5_000


def test_monotonic_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()


@pytest.mark.anyio
async def test_waiting_for_nothing_returns() -> None:
    await SystemClock().sleep(0)
