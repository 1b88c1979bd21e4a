"""What every test may count on: asyncio under anyio, and honest skips.

A test that needs Node, PostgreSQL, strace, Chromium or a model is skipped where those are
missing, so that a laptop without them can still run the rest. Under ``CI=true`` nothing may
be missing: such a skip is a failure there.
"""

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

NEEDED_IN_CI = ("node", "postgres", "trace", "browser", "local_ai")

# An example that takes long on a busy machine is no failure: nothing here asserts a time. CI
# judges a change, always by the same examples; new ones are looked for everywhere else.
settings.register_profile("house", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.register_profile("quick", settings.get_profile("house"), max_examples=20)
settings.load_profile("house")


@pytest.fixture
def anyio_backend() -> str:
    """The server runs on asyncio only."""
    return "asyncio"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where skipping is not allowed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and must_run(item, os.environ):
        report.outcome = "failed"
        report.longrepr = f"skipped, but CI=true: {report.longrepr}"
    return report


def must_run(item: Any, environ: Any) -> bool:
    """Whether this test may not be skipped here."""
    return environ.get("CI") == "true" and any(
        item.get_closest_marker(name) is not None for name in NEEDED_IN_CI
    )
