"""The server for those who run it, in a real browser."""

import json
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.e2e.server import Server
from tests.studio.browser import Person
from tests.studio.conftest import Arrive
from tests.studio.scene import make_bakery
from tests.studio.test_everyone import serious

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_admin_sees_the_server_and_looks_after_users(people: Arrive, studio: Server) -> None:
    root, ada = people("Root", bypass_csp=True, reduced_motion="reduce"), people("Ada")
    expect(root.page.get_by_label("Administration")).to_have_count(0)
    make_admin(studio, root)
    project = make_bakery(ada)
    ada.open(project, "board")

    page = root.page
    page.goto(f"{root.base}/")
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_text("Everything is saved.")).to_be_visible()
    expect(page.locator(".figures").first).to_contain_text("Connections")
    found = serious(root, "server")
    page.get_by_role("link", name="Live", exact=True).click()
    room = page.locator("tr", has_text="Corner bakery")
    expect(room.get_by_label("Ada, owner")).to_be_visible()
    found += serious(root, "live")

    page.get_by_role("link", name="Projects", exact=True).click()
    page.get_by_label("Search by title").fill("corner")
    bakery = page.locator("tr", has_text=ada.email)
    expect(bakery).to_have_count(1)
    found += serious(root, "projects")

    page.get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("button", name="New user").click()
    page.get_by_label("Address", exact=True).fill("new@example.org")
    page.keyboard.press("Enter")
    expect(page.locator("tr", has_text="new@example.org")).to_be_visible()
    page.get_by_label("Search by name or address").fill(ada.email)
    expect(page.locator("tbody tr")).to_have_count(1)
    found += serious(root, "users")
    page.get_by_role("button", name=f"Disable {ada.email}").click()
    expect(page.locator("tbody")).to_contain_text("disabled")
    expect(ada.page.get_by_text("You are logged out.")).to_be_visible()
    page.get_by_role("button", name=f"Enable {ada.email}").click()
    expect(page.locator("tbody")).not_to_contain_text("disabled")
    assert found == []


def make_admin(studio: Server, person: Person) -> None:
    """As the operator's program would."""
    studio.cli("user", "add", "operator@example.org", "--admin")
    token = studio.json("token", "add", "operator@example.org", "--scope", "admin")["token"]
    user = person.get("/users/me")["id"]
    asked = urllib.request.Request(
        f"{person.base}/api/v1/admin/users/{user}",
        data=json.dumps({"is_admin": True}).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="PATCH",
    )
    with urllib.request.urlopen(asked) as answer:
        assert json.load(answer)["is_admin"]
