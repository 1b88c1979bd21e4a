"""Takes the pictures of docs/screenshots: ``python -m tests.studio.screenshots``.

Each view, light and dark, on a desk and on a phone, of a server that is made for it. Pillow, if
it is there, makes them small.
"""

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize

from tests.e2e.server import ROOT, Server
from tests.studio.browser import Person, arrive, launched
from tests.studio.scene import Api, make_bakery

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


def take_all(server: Server, browser: Browser) -> None:
    """All pictures."""
    ada = arrive(browser, server, "Ada Lovelace", "ada@example.org")
    grace = arrive(browser, server, "Grace Hopper", "grace@example.org", viewport=SIZES["desk"])
    project = make_bakery(ada)
    ada.share(project, grace)
    make_past(ada, project)
    for view, ready in READY.items():
        colleague(grace.open(project, view), view)
        for size, viewport in SIZES.items():
            ada.page.set_viewport_size(viewport)
            for theme in THEMES:
                ada.page.emulate_media(color_scheme=theme)
                page = ada.open(project, view)
                page.wait_for_selector(ready)
                if (view, size) == ("board", "desk"):
                    page.get_by_text("Office managers").click()
                    page.wait_for_selector(".inspector .cm-content")
                save(page, f"{view}-{size}-{theme}")
    take_doors(ada)


def take_doors(ada: Person) -> None:
    """The pages outside of a project."""
    for size, viewport in SIZES.items():
        ada.page.set_viewport_size(viewport)
        for theme in THEMES:
            ada.page.emulate_media(color_scheme=theme)
            ada.page.goto(ada.base)
            ada.page.wait_for_selector(".card")
            save(ada.page, f"projects-{size}-{theme}")
    ada.page.get_by_label("Log out").click()
    for size, viewport in SIZES.items():
        ada.page.set_viewport_size(viewport)
        ada.page.wait_for_selector("form")
        save(ada.page, f"login-{size}-dark")


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
        page.keyboard.press("Control+End")


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
        Server(Path(folder)) as server,
        launched() as browser,
    ):
        take_all(server, browser)


if __name__ == "__main__":
    main()
