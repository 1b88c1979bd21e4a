"""One server and one browser for all tests of the studio; a context for each person."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from llmock.testing import LLMockServer
from playwright.sync_api import Browser, expect

from server.edge.studio import BUILT
from tests.e2e.server import Server
from tests.studio.browser import CHROMIUM, PATIENCE_MS, Person, arrive, launched

NUMBERS = itertools.count(1)
Arrive = Callable[..., Person]


@pytest.fixture(scope="package")
def studio(
    tmp_path_factory: pytest.TempPathFactory, llmock_server: LLMockServer
) -> Iterator[Server]:
    """A server with a studio, whose agent asks llmock."""
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium")
    if not (BUILT / "index.html").is_file():
        pytest.skip("the studio is not built: make web")
    folder: Path = tmp_path_factory.mktemp("studio")
    settings = {
        "AGENTC_RATE_LIMITS": "off",
        "OPENAI_BASE_URL": llmock_server.base_url("openai"),
        "OPENAI_API_KEY": "k",
        "AGENTC_MODEL": "gpt-test",
        "AGENTC_MODEL_PRICES": "gpt-test=1/2",
    }
    with Server(folder, settings=settings) as server:
        yield server


@pytest.fixture(scope="package")
def browser(studio: Server) -> Iterator[Browser]:
    """Chromium. Closed after this folder's last test: while Playwright is there, its loop runs,
    and no other test could start one."""
    expect.set_options(timeout=PATIENCE_MS)
    with launched() as running:
        yield running


@pytest.fixture
def people(studio: Server, browser: Browser) -> Iterator[Arrive]:
    """Makes accounts and logs them in. At the end nobody's page has failed, and nobody's browser
    has asked anybody but our server for anything."""
    everybody: list[Person] = []

    def come(name: str, **options: object) -> Person:
        email = f"{name.lower()}{next(NUMBERS)}@example.org"
        everybody.append(arrive(browser, studio, name, email, **options))
        return everybody[-1]

    yield come
    for person in everybody:
        person.context.close()
    assert [person.faults for person in everybody] == [[] for _ in everybody]
    assert [person.foreign for person in everybody] == [[] for _ in everybody]
