"""The studio is for everybody: with a screen reader, safe from each other, and soon there.

What does not live here: the keyboard alone (``test_keyboard``).
"""

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.e2e.server import ROOT
from tests.studio.browser import Person
from tests.studio.conftest import Arrive
from tests.studio.scene import make_bakery

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")
THEMES = ("light", "dark")
SET_THEME = """async theme => {
  document.documentElement.dataset.theme = theme
  const frame = () => new Promise(requestAnimationFrame)
  await frame()
  await frame()
  const ending = document.getAnimations().filter(
    one => one.effect.getComputedTiming().endTime !== Infinity)
  await Promise.allSettled(ending.map(one => one.finished))
}"""
"""Those who look at the theme draw anew in the next frame, and colours may fade over."""
RUN_AXE = """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map(
  one => ({ id: one.id, impact: one.impact, nodes: one.nodes.map(n => n.html).slice(0, 3) }))"""
DESK = ViewportSize(width=1280, height=720)
PHONE = ViewportSize(width=390, height=844)
VIEWS = {
    "board": ".node",
    "plan": ".section .cm-content",
    "diagrams": ".drawn img",
    "history": ".difference",
}


def test_axe_finds_nothing_serious_in_any_view_light_or_dark(people: Arrive) -> None:
    ada = people("Ada", bypass_csp=True, reduced_motion="reduce")
    project = make_bakery(ada)
    ada.post(f"/projects/{project}/snapshots", {"name": "Before"})
    ada.patch(f"/projects/{project}/nodes/node5", {"label": "Dear flour"})
    found = serious(ada, "projects")
    for view, ready in VIEWS.items():
        ada.open(project, view).wait_for_selector(ready)
        if view == "board":
            ada.page.get_by_text("Subscription").click()
            ada.page.wait_for_selector(".inspector .cm-content")
        found += serious(ada, view)
        ada.page.set_viewport_size(PHONE)
        found += serious(ada, f"{view} on a phone")
        ada.page.set_viewport_size(DESK)
    ada.page.get_by_role("button", name="Share").click()
    ada.page.wait_for_selector(".member")
    found += serious(ada, "share")
    ada.page.keyboard.press("Escape")
    ada.page.get_by_label("Log out").click()
    ada.page.wait_for_selector("form")
    assert found + serious(ada, "login") == []


def serious(person: Person, view: str) -> list[object]:
    """What axe finds on the page as it is."""
    page = person.page
    if not page.evaluate("typeof axe === 'object'"):
        page.add_script_tag(path=AXE)
    found: list[object] = []
    for theme in THEMES:
        page.evaluate(SET_THEME, theme)
        violations = page.evaluate(RUN_AXE)
        found += [(view, theme, one) for one in violations if one["impact"] in SERIOUS]
    return found


SCRIPT = (
    "<img src=https://elsewhere.example/x onerror=window.pwned=1><script>window.pwned=1</script>"
)
HOSTILE_MERMAID = (
    "flowchart TD\n"
    f'  a["{SCRIPT}"] --> b["<svg onload=window.pwned=1>"]\n'
    '  click a href "javascript:window.pwned=1"\n'
    '  click b call alert("x")\n'
)
HOSTILE_INIT = (
    "%%{init: {'securityLevel': 'loose', 'htmlLabels': true, 'themeCSS': "
    "'@import url(https://elsewhere.example/z);'}}%%\n"
    f"sequenceDiagram\n  A->>B: {SCRIPT}\n"
)


def test_a_hostile_project_executes_nothing_and_loads_nothing(people: Arrive) -> None:
    eve, ada = people("Eve"), people("Ada")
    project = eve.post("/projects", {"title": SCRIPT, "description": SCRIPT})["id"]
    eve.patch("/users/me", {"name": SCRIPT})
    eve.share(project, ada)
    operations = [
        {"do": "add-node", "node": {"id": "n", "label": SCRIPT, "kind": SCRIPT, "content": SCRIPT}},
        {"do": "add-node", "node": {"id": "m", "label": "m", "x": 400}},
        {"do": "add-edge", "edge": {"source": "n", "target": "m", "label": SCRIPT}},
        {
            "do": "add-section",
            "section": {"title": SCRIPT, "body": SCRIPT + "\n[x](javascript:pwned=1)"},
        },
        {"do": "add-diagram", "diagram": {"title": SCRIPT, "kind": "x", "source": HOSTILE_MERMAID}},
    ]
    eve.post(f"/projects/{project}/bulk", {"operations": operations})
    eve.post(f"/projects/{project}/snapshots", {"name": SCRIPT})
    eve.patch(f"/projects/{project}/nodes/n", {"content": SCRIPT + SCRIPT})
    eve.open(project, "board")

    page = ada.open(project, "board")
    page.locator(".node").first.click()
    page.wait_for_selector(".inspector .cm-content")
    ada.open(project, "plan").get_by_role("button", name="Read").click()
    page.wait_for_selector(".prose")
    ada.open(project, "diagrams").wait_for_selector(".drawn img, .drawn .told")
    [diagram] = eve.get(f"/projects/{project}/diagrams")["items"]
    eve.patch(f"/projects/{project}/diagrams/{diagram['id']}", {"source": HOSTILE_INIT})
    expect(page.locator(".cm-content")).to_contain_text("securityLevel")
    page.wait_for_selector(".drawn img, .drawn .told")
    ada.open(project, "history").wait_for_selector(".difference")
    page.get_by_role("button", name="Share").click()
    page.wait_for_selector(".member")
    assert page.evaluate("window.pwned") is None
    # The cleaner parses in a document of its own, where the policy speaks up, too.
    for person in (eve, ada):
        person.faults[:] = [
            one for one in person.faults if "The action has been blocked" not in one
        ]


def test_the_first_load_is_small(people: Arrive) -> None:
    ada = people("Ada")
    project = make_bakery(ada)
    page = ada.open(project, "board")
    page.wait_for_selector(".node")
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(e => e.name.endsWith('.js'))"
        ".map(e => [new URL(e.name).pathname, e.encodedBodySize])"
    )
    assert not [name for name, _ in sizes if "mermaid" in name.lower()]
    assert 0 < sum(size for _, size in sizes) < 1_000_000
