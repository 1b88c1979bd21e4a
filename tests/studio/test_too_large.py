"""What is too large for a frame or for the document, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.server import Server
from tests.studio.browser import Person, arrive
from tests.studio.scene import make_bakery

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FRAME, DOCUMENT = 64 * 1024, 256 * 1024
PASTE = """text => {
  const clipboardData = new DataTransfer()
  clipboardData.setData('text/plain', text)
  const event = { clipboardData, bubbles: true, cancelable: true }
  document.activeElement.dispatchEvent(new ClipboardEvent('paste', event))
}"""
LINE = "Bread, butter and a very long list of everything else.\n"


def test_a_large_paste_is_sent_and_one_too_large_is_kept_told_and_taken_back(
    tmp_path: Path, studio: Server, browser: Browser
) -> None:
    settings = {
        **studio.settings,
        "AGENTC_MAX_FRAME_BYTES": str(FRAME),
        "AGENTC_MAX_DOCUMENT_BYTES": str(DOCUMENT),
    }
    with Server(tmp_path, settings=settings) as server:
        ada = arrive(browser, server, "Ada", "ada@example.org")
        grace = arrive(browser, server, "Grace", "grace@example.org")
        project = make_bakery(ada)
        ada.share(project, grace)
        for person in (ada, grace):
            person.open(project, "plan").wait_for_selector(".section .cm-content")

        paste(ada.page, LINE * (2 * FRAME // len(LINE)) + "The end of the large one.")
        ada.saved()
        body = ada.get(f"/projects/{project}/plan")["items"][0]["body"]
        assert "The end of the large one." in body

        paste(ada.page, LINE * (2 * DOCUMENT // len(LINE)) + "Far too much.")
        told = ada.page.get_by_role("alert").filter(has_text="cannot take what")
        expect(told).to_contain_text("kept here")
        expect(ada.page.locator(".section .cm-content").nth(0)).to_contain_text("Far too much.")
        typed(grace, "Grace goes on.")
        grace.saved()

        ada.page.locator(".section .cm-content").nth(0).press("Control+z")
        ada.page.on("dialog", lambda dialog: dialog.accept())
        ada.page.reload()
        ada.saved()
        expect(told).to_have_count(0)
        customers = ada.page.locator(".section").nth(1)
        customers.scroll_into_view_if_needed()
        expect(customers.locator(".cm-content")).to_contain_text("Grace goes on.")
        body = ada.get(f"/projects/{project}/plan")["items"][0]["body"]
        assert "The end of the large one." in body
        assert "Far too much." not in body
        for person in (ada, grace):
            person.context.close()


def paste(page: Page, text: str) -> None:
    """At the end of the first section, all at once."""
    page.locator(".section .cm-content").nth(0).click()
    page.keyboard.press("Control+End")
    page.wait_for_timeout(600)  # What is typed within half a second is taken back at once.
    page.evaluate(PASTE, text)


def typed(person: Person, words: str) -> None:
    """At the end of the second section."""
    person.page.locator(".section .cm-content").nth(1).click()
    person.page.keyboard.press("Control+End")
    person.page.keyboard.type(words)
