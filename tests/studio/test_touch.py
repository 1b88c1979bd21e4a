"""The studio by finger alone, on a phone."""

import pytest
from playwright.sync_api import CDPSession, Locator, expect

from tests.studio.conftest import Arrive
from tests.studio.scene import make_bakery

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def test_sections_and_cards_are_moved_by_finger(people: Arrive) -> None:
    ada = people("Ada", **PHONE)
    project = make_bakery(ada)
    page = ada.open(project, "plan")
    fingers = ada.context.new_cdp_session(page)
    page.get_by_role("button", name="Sections").tap()
    grips = page.locator(".outline .grip")
    expect(grips).to_have_count(4)
    box = grips.first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    drag(fingers, grips.nth(3), up=3 * box["height"] + 30)
    expect(page.locator(".outline a").first).to_have_text("Risks")
    expect(page.locator(".section").first).to_have_attribute("aria-label", "Risks")

    ada.open(project, "board")
    card = page.locator(".node", has_text="Flour prices")
    drag(fingers, card, up=60)
    ada.saved()
    [moved] = [
        one for one in ada.get(f"/projects/{project}/nodes")["items"] if one["id"] == "node5"
    ]
    assert moved["y"] < 344


def drag(fingers: CDPSession, what: Locator, up: float) -> None:
    """One finger, as the browser hears of it."""
    box = what.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, height in (("Start", 0.0), ("Move", up / 2), ("Move", up)):
        points = [{"x": x, "y": y - height}]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
