"""Debian's Chromium, driven by Playwright: people at the studio, each in a browser of their own.

What does not live here: what they do there.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, sync_playwright

from tests.e2e.server import Server

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PATIENCE_MS = 15_000
PASSWORD = "correct horse battery"
EXPECTED = ("401", "net::ERR_INTERNET_DISCONNECTED", "WebSocket connection to")
"""Words of console errors that belong to an honest life: not being logged in, being offline."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser. Tests are skipped before it comes to this where there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Person:
    """Somebody at a browser of their own, and all that went wrong or left for elsewhere there."""

    context: BrowserContext
    page: Page
    base: str
    name: str
    email: str
    faults: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, project: str, view: str) -> Page:
        """A view of a project, in step with the server."""
        self.page.goto(f"{self.base}/projects/{project}/{view}")
        self.page.wait_for_selector(".indicator.saved")
        return self.page

    def saved(self) -> None:
        """Wait until the studio says so."""
        self.page.wait_for_selector(".indicator.saved")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask the API as this person's browser; the answer must be good."""
        return self._answer(self.context.request.post(self._url(path), data=body))

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """The same for changes."""
        return self._answer(self.context.request.patch(self._url(path), data=body))

    def delete(self, path: str) -> None:
        """The same for what has no answer but that it is done."""
        answer = self.context.request.delete(self._url(path))
        assert answer.ok, (answer.url, answer.status, answer.text())

    def get(self, path: str) -> Any:
        """The same for what is only read."""
        return self._answer(self.context.request.get(self._url(path)))

    def share(self, project: str, *others: "Person", role: str = "editor") -> None:
        """Make others members."""
        for other in others:
            member = {"email": other.email, "role": role}
            self.post(f"/projects/{project}/members", member)

    def _url(self, path: str) -> str:
        return f"{self.base}/api/v1{path}"

    def _answer(self, answer: APIResponse) -> Any:
        assert answer.ok, (answer.url, answer.status, answer.text())
        return answer.json()


def arrive(browser: Browser, server: Server, name: str, email: str, **options: object) -> Person:
    """Somebody with a new account, logged in, at the list of their projects."""
    base = f"http://127.0.0.1:{server.port}"
    context = browser.new_context(**options)  # type: ignore[arg-type]  # Playwright's own names
    context.set_default_timeout(PATIENCE_MS)
    person = Person(context, context.new_page(), base, name, email)
    _listen(person)
    account = {"email": email, "name": name, "password": PASSWORD}
    person.post("/auth/register", account)
    person.page.goto(base)
    person.page.wait_for_selector("h1:text('Projects')")
    return person


def _listen(person: Person) -> None:
    def hear(kind: str, text: str) -> None:
        if kind == "error" and not any(word in text for word in EXPECTED):
            person.faults.append(text)

    def see(url: str) -> None:
        if not url.startswith((person.base, "data:", "blob:")):
            person.foreign.append(url)

    person.page.on("console", lambda message: hear(message.type, message.text))
    person.page.on("pageerror", lambda error: person.faults.append(str(error)))
    person.context.on("request", lambda request: see(request.url))
