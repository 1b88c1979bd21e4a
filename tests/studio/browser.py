"""Debian's Chromium, driven by Playwright: people at the studio, each in a browser of their own.

What does not live here: what they do there.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from tests.e2e.server import Server

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PATIENCE_MS = 15_000
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


def arrive(browser: Browser, server: Server, email: str, **options: object) -> Person:
    """Log somebody in by a link of the operator's."""
    base = f"http://127.0.0.1:{server.port}"
    context = browser.new_context(**options)  # type: ignore[arg-type]  # Playwright's own names
    context.set_default_timeout(PATIENCE_MS)
    person = Person(context, context.new_page(), base)
    _listen(person)
    link = server.json("user", "login-link", email)["link"]
    person.page.goto(f"{base}/login?{link.partition('?')[2]}")
    person.page.wait_for_selector("h1:text('Projects')")
    return person


def _listen(person: Person) -> None:
    def hear(kind: str, text: str) -> None:
        if kind == "error" and not any(word in text for word in EXPECTED):
            person.faults.append(text)

    def pass_on(route: Route) -> None:
        url = route.request.url
        if url.startswith((person.base, "data:", "blob:")):
            route.continue_()
        else:
            person.foreign.append(url)
            route.abort()

    person.page.on("console", lambda message: hear(message.type, message.text))
    person.page.on("pageerror", lambda error: person.faults.append(str(error)))
    person.context.route("**/*", pass_on)
