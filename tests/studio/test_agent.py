"""The agent in the studio: asked, watched, stopped, answered and taken back, in a real browser."""

import json
from typing import Any

import pytest
from llmock.pytest_plugin import LLMock
from playwright.sync_api import Page, expect

from tests.studio.conftest import Arrive
from tests.studio.scene import make_bakery
from tests.studio.test_everyone import serious

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COFFEE = "Beans, milk and cups. " * 30


def says(llmock: LLMock, answer: dict[str, Any], pace_ms: int = 0) -> None:
    """What the model answers from now on."""
    llmock.reset().tool_mode("off").reply(json.dumps(answer), times=None).pace(pace_ms)


def ask(page: Page, prompt: str, task: str = "Answer or improve") -> None:
    """By keyboard, as one does."""
    page.get_by_label("What the agent shall do").select_option(label=task)
    page.get_by_label("Ask the agent", exact=True).fill(prompt)
    page.keyboard.press("Enter")


def test_the_agent_is_watched_stopped_and_taken_back(people: Arrive, llmock: LLMock) -> None:
    ada, grace = people("Ada"), people("Grace")
    project = ada.post("/projects", {"title": "Café"})["id"]
    ada.share(project, grace)
    says(llmock, {"sections": [{"title": "Coffee", "body": COFFEE}]}, pace_ms=60)
    page = ada.open(project, "plan")
    grace.open(project, "plan").keyboard.press("Control+k")
    expect(grace.page.get_by_text("Ask for a plan")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_label("Ask the agent", exact=True)).to_be_focused()
    ask(page, "A plan for a café", "Write the plan")
    expect(page.get_by_text("Writing…")).to_be_visible()
    expect(grace.page.get_by_text("Writing…")).to_be_visible()
    expect(page.locator(".section .cm-content")).to_contain_text("Beans")
    expect(page.locator(".section .cm-ySelectionInfo")).to_have_text("8gentc")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".turn-standing")).to_contain_text("Cancelled")

    page.get_by_role("button", name="Who wrote it").click()
    expect(page.locator("mark.by-agent")).to_contain_text("Beans")
    page.get_by_role("button", name="Revert").click()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator(".section")).to_have_count(0)
    expect(page.locator(".turn-standing")).to_contain_text("Reverted")


def test_a_project_is_made_from_a_prompt_and_fills(people: Arrive, llmock: LLMock) -> None:
    ada = people("Ada")
    says(llmock, {"sections": [{"title": "Coffee", "body": COFFEE}]})
    page = ada.page
    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("Let the agent begin").fill("Write a plan for a bicycle café")
    page.get_by_role("button", name="Create and write").click()
    expect(page.locator(".project-title")).to_have_text("A plan for a bicycle café")
    expect(page.locator(".section .cm-content")).to_contain_text("Beans")
    expect(page.locator(".turn-standing")).to_contain_text("Done")


def test_proposals_are_decided_in_the_panel_and_in_place(people: Arrive, llmock: LLMock) -> None:
    ada = people("Ada", bypass_csp=True, reduced_motion="reduce")
    project = make_bakery(ada)
    money = ada.get(f"/projects/{project}/plan")["items"][2]
    page = ada.open(project, "plan")
    says(llmock, {"reply": "**It** was off.", "changes": [change(money, "240", "230")]})
    page.locator(".section", has_text="break even").hover()
    page.get_by_role("button", name="Ask the agent about Money").click()
    expect(page.locator(".agent-about")).to_contain_text("Money")
    ask(page, "Correct the figures")
    expect(page.locator(".turn-answer strong")).to_have_text("It")
    expect(page.locator(".turn-foot")).to_contain_text("cost 0.0")
    expect(page.locator(".section .proposal ins")).to_have_text("230")
    assert serious(ada, "agent") == []
    page.locator(".section").get_by_role("button", name="Accept the proposal for Money").click()
    text = page.locator(".section .cm-content", has_text="break even")
    expect(text).to_contain_text("230")
    expect(page.locator(".proposal")).to_have_count(0)
    expect(page.locator(".turn-standing")).to_contain_text("Done")

    text.press("Control+a")
    expect(page.locator(".agent-about")).to_contain_text("“At €9")
    says(llmock, {"reply": "Cheaper.", "changes": [change(money, "€9", "€8")]})
    ask(page, "And if it were cheaper?")
    page.locator(".agent").get_by_role("button", name="Reject the proposal for Money").click()
    expect(page.locator(".proposal")).to_have_count(0)
    expect(page.locator(".turn-standing").nth(1)).to_contain_text("Done")
    expect(text).to_contain_text("€9")


def change(section: dict[str, Any], old: str, new: str) -> dict[str, str]:
    """What the model would put in place of a section's text."""
    return {
        "element": section["id"],
        "text": section["body"].replace(old, new),
        "reason": f"It is {new}",
    }


def test_a_failed_run_says_why_and_what_one_can_do(people: Arrive, llmock: LLMock) -> None:
    ada = people("Ada")
    project = make_bakery(ada)
    llmock.fail(429, times=None, code="insufficient_quota")
    page = ada.open(project, "board")
    page.get_by_text("Flour prices").click()
    page.keyboard.press("Control+k")
    expect(page.locator(".agent-about")).to_contain_text("Flour prices")
    ask(page, "What about the risks?")
    expect(page.locator(".turn-standing")).to_contain_text("The account has no credit left")
    expect(page.locator(".turn-answer")).to_contain_text("billing")
    page.keyboard.press("Escape")
    expect(page.locator(".agent")).to_have_count(0)
    expect(page.locator(".agent-button")).to_be_focused()
