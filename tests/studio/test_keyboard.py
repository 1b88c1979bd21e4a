"""Every flow by keyboard alone: nobody touches a mouse here."""

import json

import pytest
from llmock.pytest_plugin import LLMock
from playwright.sync_api import Page, expect

from tests.studio.browser import Person
from tests.studio.conftest import Arrive
from tests.studio.scene import make_bakery

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FOCUSED = """() => {
  const one = document.activeElement
  return one.getAttribute('aria-label') ?? one.labels?.[0]?.innerText ?? one.innerText
}"""
COFFEE = "Beans, milk and cups. "


def reach(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab until what has this name, or begins with it as a line, is focused."""
    for _ in range(60):
        page.keyboard.press(key)
        if (page.evaluate(FOCUSED) or "").strip().split("\n")[0] == name:
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


def press(page: Page, name: str) -> None:
    """Go to it, and press it."""
    reach(page, name)
    page.keyboard.press("Enter")


def test_everything_goes_by_keyboard_alone(people: Arrive) -> None:
    ada = people("Ada")
    page, keys = ada.page, ada.page.keyboard
    reach(page, "New project")
    keys.press("Enter")
    keys.type("By keyboard")
    keys.press("Enter")
    ada.saved()

    reach(page, "Node")
    keys.press("Enter")
    keys.type("Bread")
    keys.press("Enter")
    keys.press("n")
    keys.type("Oven")
    keys.press("Enter")
    expect(page.locator(".node")).to_have_count(2)
    keys.press("c")
    keys.type("Bre")
    keys.press("Enter")
    expect(page.get_by_label("Details of the edge to Bread")).to_be_visible()
    page.keyboard.press("Control+d")
    expect(page.locator(".node")).to_have_count(3)
    keys.press("Delete")
    expect(page.locator(".node")).to_have_count(2)
    keys.press("Control+z")
    expect(page.locator(".node")).to_have_count(3)
    keys.press("Control+z")
    expect(page.locator(".node")).to_have_count(2)

    reach(page, "Plan")
    keys.press("Enter")
    page.wait_for_selector("text=Use an outline")
    reach(page, "Use an outline")
    keys.press("Enter")
    page.wait_for_selector(".outline li")
    reach(page, "Problem")
    keys.press("Alt+ArrowUp")
    expect(page.locator(".outline a").first).to_have_text("Problem")
    ada.saved()

    reach(page, "Share", "Shift+Tab")
    keys.press("Enter")
    expect(page.get_by_role("dialog", name="Share")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog", name="Share")).to_have_count(0)


def test_the_past_is_looked_at_and_brought_back(people: Arrive) -> None:
    ada = people("Ada")
    project = make_bakery(ada)
    page = ada.open(project, "board")
    press(page, "History")
    reach(page, "Name of the snapshot")
    page.keyboard.type("To the bank")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="To the bank")).to_be_visible()
    change(ada, project)
    expect(page.locator(".difference.changed")).to_be_visible()
    press(page, "Restore Flour prices")
    expect(page.get_by_text("Nothing has changed since.")).to_be_visible()
    change(ada, project)
    expect(page.locator(".difference.changed")).to_be_visible()
    press(page, "Restore all")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "Restore")
    expect(page.get_by_text("Nothing has changed since.")).to_be_visible()
    press(page, "Ada")
    expect(page.get_by_role("region", name="Ada")).to_be_visible()


def change(ada: Person, project: str) -> None:
    """Something that a program does meanwhile."""
    ada.patch(f"/projects/{project}/nodes/node5", {"label": "Dear flour"})


def test_diagrams_are_made_written_and_removed(people: Arrive) -> None:
    ada = people("Ada")
    project = make_bakery(ada)
    page, keys = ada.open(project, "board"), ada.page.keyboard
    press(page, "Diagrams")
    press(page, "New diagram")
    press(page, "From the board")
    expect(page.locator("pre.source")).to_contain_text("Flour prices")
    press(page, "Delete The board")
    press(page, "New diagram")
    press(page, "Flowchart")
    drawing = page.get_by_role("img", name="Drawing of Flowchart")
    expect(drawing).to_be_visible()
    before = drawing.get_attribute("src")
    reach(page, "Source of Flowchart")
    keys.press("Control+End")
    keys.type("    customer --> tea[Tea]")
    expect(drawing).not_to_have_attribute("src", before or "")
    ada.saved()
    press(page, "Delete Flowchart")
    expect(page.get_by_role("navigation", name="Diagrams").get_by_role("button")).to_have_count(1)


def test_the_agent_is_asked_and_answered(people: Arrive, llmock: LLMock) -> None:
    ada = people("Ada")
    page, keys = ada.page, ada.page.keyboard
    answer = {"sections": [{"title": "Coffee", "body": COFFEE}]}
    llmock.reset().tool_mode("off").reply(json.dumps(answer), times=None)
    press(page, "New project")
    reach(page, "Let the agent begin")
    keys.type("Write a plan for a bicycle café")
    press(page, "Create and write")
    expect(page.locator(".section .cm-content")).to_contain_text("Beans")
    expect(page.locator(".turn-standing")).to_contain_text("Done")
    press(page, "Revert")
    press(page, "Take back")
    expect(page.locator(".section")).to_have_count(0)
    keys.press("Escape")
    keys.press("Control+k")
    expect(page.get_by_label("Ask the agent", exact=True)).to_be_focused()


def test_the_account_is_looked_after_and_left(people: Arrive) -> None:
    ada = people("Ada")
    page, keys = ada.page, ada.page.keyboard
    press(page, "Your account")
    expect(page.get_by_label("What others see")).to_be_visible()
    reach(page, "What others see")
    keys.press("Control+a")
    keys.type("Ada Lovelace")
    keys.press("Enter")
    expect(page.get_by_text("This is what others see now.")).to_be_visible()
    reach(page, "What it is for")
    keys.type("Backups")
    keys.press("Enter")
    expect(page.get_by_label("The new token")).not_to_be_empty()
    press(page, "Revoke Backups")
    expect(page.get_by_role("button", name="Revoke Backups")).to_have_count(0)
    press(page, "Log out")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
