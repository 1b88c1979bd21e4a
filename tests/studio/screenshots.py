"""Takes the pictures of docs/screenshots: ``python -m tests.studio.screenshots``.

Each view, light and dark, on a desk and on a phone, of a server that is made for it. Pillow, if
it is there, makes them small.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from llmock.pytest_plugin import LLMock
from llmock.testing import LLMockServer
from playwright.sync_api import Browser, Page, ViewportSize

from tests.e2e.server import ROOT, Server
from tests.studio.browser import Person, arrive, launched
from tests.studio.scene import Api, make_bakery
from tests.studio.test_admin import make_admin
from tests.studio.test_agent import ask, change

FOLDER = ROOT / "docs" / "screenshots"
SIZES = {
    "desk": ViewportSize(width=1440, height=900),
    "phone": ViewportSize(width=390, height=844),
}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
READY = {
    "board": ".node",
    "plan": ".section .cm-content",
    "diagrams": ".drawn img",
    "history": ".difference",
}
STILL_MS = 700
OTHERS = (
    ("Bicycle café", "Repairs in the back, espresso in the front"),
    ("Rooftop honey", "Bees on forty roofs, one jar for each tenant"),
    ("Night school", "Evening classes taught by retired craftspeople"),
)


ADMIN = ("", "/users", "/projects", "/rooms")


def take_all(server: Server, browser: Browser, model: LLMock) -> None:
    """All pictures."""
    ada = arrive(browser, server, "Ada Lovelace", "ada@example.org")
    grace = arrive(browser, server, "Grace Hopper", "grace@example.org", viewport=SIZES["desk"])
    project = make_bakery(ada)
    ada.share(project, grace)
    make_past(ada, project)
    take_views(ada, grace, project)
    take_share(ada, project)
    take_agent(ada, project, model)
    make_others(ada)
    make_admin(server, ada)
    take_doors(ada)


def each_look(person: Person) -> Iterator[str]:
    """Their page in every size and theme; the end of the picture's name."""
    for size, viewport in SIZES.items():
        person.page.set_viewport_size(viewport)
        for theme in THEMES:
            person.page.emulate_media(color_scheme=theme)
            yield f"{size}-{theme}"


def take_views(ada: Person, grace: Person, project: str) -> None:
    """The views of a project, with a colleague in them."""
    for view, ready in READY.items():
        colleague(grace.open(project, view), view)
        for look in each_look(ada):
            page = ada.open(project, view)
            page.wait_for_selector(ready)
            if view == "board" and look.startswith("desk"):
                page.get_by_text("Office managers").click()
                page.wait_for_selector(".inspector .cm-content")
            save(page, f"{view}-{look}")
    for look in each_look(ada):
        page = ada.open(project, "history")
        page.get_by_role("navigation", name="Activity").get_by_role("button").first.click()
        page.wait_for_selector(".difference")
        save(page, f"timeline-{look}")


def take_share(ada: Person, project: str) -> None:
    """Who is in a project."""
    for look in each_look(ada):
        page = ada.open(project, "board")
        page.get_by_role("button", name="Share").click()
        page.wait_for_selector(".member")
        save(page, f"share-{look}")


def take_agent(ada: Person, project: str, model: LLMock) -> None:
    """A question, an answer, and a proposal in place."""
    money = ada.get(f"/projects/{project}/plan")["items"][2]
    changes = [change(money, "**230 subscribers**", "**230 subscribers**, 40 more than today")]
    reply = "You serve **190** people now. I would say so beside the goal."
    model.tool_mode("off").reply(json.dumps({"reply": reply, "changes": changes}), times=None)
    ada.page.set_viewport_size(SIZES["desk"])
    page = ada.open(project, "plan")
    page.locator(".section", has_text="break even").hover()
    page.get_by_role("button", name="Ask the agent about Money").click()
    ask(ada.page, "How far are we from break-even?")
    page.wait_for_selector(".section .proposal ins")
    for look in each_look(ada):
        page = ada.open(project, "plan")
        if not page.locator(".agent").is_visible():
            page.keyboard.press("Control+k")
        page.wait_for_selector(".turn-answer strong")
        save(page, f"agent-{look}")


def take_doors(ada: Person) -> None:
    """The pages outside of a project."""
    pages = {"projects": ("", ".card"), "account": ("/account", "form")}
    pages |= {f"admin{part.replace('/', '-')}": (f"/admin{part}", "main") for part in ADMIN}
    for name, (path, ready) in pages.items():
        for look in each_look(ada):
            ada.page.goto(f"{ada.base}{path}")
            ada.page.wait_for_selector(ready)
            save(ada.page, f"{name}-{look}")
    ada.page.set_viewport_size(SIZES["desk"])
    ada.page.goto(ada.base)
    ada.page.get_by_label("Log out").click()
    for look in each_look(ada):
        ada.page.wait_for_selector("form")
        save(ada.page, f"login-{look}")


def make_others(api: Api) -> None:
    """More projects for the list."""
    for title, description in OTHERS:
        api.post("/projects", {"title": title, "description": description})


def make_past(api: Api, project: str) -> None:
    """A snapshot, and something that has changed since."""
    api.post(f"/projects/{project}/snapshots", {"name": "To the bank"})
    nodes = api.get(f"/projects/{project}/nodes")["items"]
    section = api.get(f"/projects/{project}/plan")["items"][2]
    risk = next(node for node in nodes if node["kind"] == "risk")
    changed = section["body"].replace("240", "230").replace("€9", "€9.50")
    operations = [
        {"do": "change-section", "id": section["id"], "section": {"body": changed}},
        {"do": "change-node", "id": risk["id"], "node": {"label": "Flour and energy prices"}},
        {"do": "add-section", "section": {"title": "Team", "body": "Two bakers, one rider.\n"}},
    ]
    api.post(f"/projects/{project}/bulk", {"operations": operations})


def colleague(page: Page, view: str) -> None:
    """Something that a colleague does meanwhile."""
    if view == "board":
        page.get_by_text("Subscription").click()
        page.mouse.move(820, 560, steps=3)
    if view == "plan":
        page.locator(".section .cm-content").nth(1).click()
        page.keyboard.press("Control+Home")
        page.keyboard.press("End")


def save(page: Page, name: str) -> None:
    """One picture, when nothing moves any more."""
    page.wait_for_timeout(STILL_MS)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
    shrink(FOLDER / f"{name}.png")


def shrink(path: Path) -> None:
    """Fewer colours: these pictures have few."""
    try:
        from PIL import Image
    except ImportError:
        return
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE)
        few.save(path, optimize=True)


def main() -> None:
    """On a server of its own."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        LLMockServer() as mock,
        Server(Path(folder), settings=settings(mock)) as server,
        launched() as browser,
    ):
        take_all(server, browser, LLMock(mock))


def settings(mock: LLMockServer) -> dict[str, str]:
    """A server that asks this model."""
    return {
        "AGENTC_RATE_LIMITS": "off",
        "OPENAI_BASE_URL": mock.base_url("openai"),
        "OPENAI_API_KEY": "k",
        "AGENTC_MODEL": "gpt-test",
        "AGENTC_MODEL_PRICES": "gpt-test=1/2",
    }


if __name__ == "__main__":
    main()
