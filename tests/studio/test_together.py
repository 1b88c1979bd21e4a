"""People at the studio together, in real browsers, and a program among them."""

import pytest
from playwright.sync_api import expect

from tests.e2e.server import Server, wait_for
from tests.interop.clients import Clients
from tests.studio.conftest import Arrive
from tests.studio.scene import make_bakery

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.node
def test_three_people_and_a_program_edit_together_in_all_three_views__L1(
    people: Arrive, studio: Server
) -> None:
    ada, grace, alan = people("Ada"), people("Grace"), people("Alan")
    project = make_bakery(ada)
    ada.share(project, grace, alan)
    ticket = ada.post(f"/projects/{project}/ticket", {})["ticket"]
    with Clients() as clients:
        program = clients.open("program", studio.yjs, project, {"ticket": ticket}).synced()
        for person in (ada, grace, alan):
            person.open(project, "board")

        ada.page.locator(".board").press("n")
        ada.page.keyboard.type("Typed by Ada")
        ada.page.keyboard.press("Enter")
        program.until(
            "[...doc.getMap('nodes').values()].some(n => n.get('label') === 'Typed by Ada')"
        )
        program.run("doc.getMap('nodes').get('node0').set('label', 'From a program')")
        for person in (grace, alan):
            expect(person.page.get_by_text("Typed by Ada")).to_be_visible()
            expect(person.page.get_by_text("From a program")).to_be_visible()

        for person in (ada, grace, alan):
            person.page.get_by_role("link", name="Plan").click()
        text = ada.page.locator(".section .cm-content").nth(0)
        text.click()
        ada.page.keyboard.press("Control+Home")
        ada.page.keyboard.type("Ada was here. ")
        alan.page.locator(".section .cm-content").nth(0).click()
        alan.page.keyboard.press("Control+End")
        alan.page.keyboard.type("So was Alan.")
        shown = grace.page.locator(".section .cm-content").nth(0)
        for words in ("Ada was here.", "So was Alan."):
            expect(shown).to_contain_text(words)
        expect(grace.page.locator(".cm-ySelectionInfo")).to_have_count(2)

        for person in (ada, grace):
            person.page.get_by_role("link", name="Diagrams").click()
        source = "doc.getMap('diagrams').values().next().value.get('source')"
        program.run(f"{source}.insert({source}.length, '    Office->>Oven: Thanks\\n')")
        expect(ada.page.locator(".cm-content")).to_contain_text("Office->>Oven: Thanks")
        expect(grace.page.locator(".drawn img")).to_be_visible()
        for person in (ada, grace, alan):
            person.saved()


def test_what_is_typed_offline_outlives_a_reload_and_is_merged(people: Arrive) -> None:
    ada, grace = people("Ada"), people("Grace")
    project = make_bakery(ada)
    ada.share(project, grace)
    page = ada.open(project, "plan")
    page.wait_for_selector(".section .cm-content")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    for _ in range(2):  # The second load is the worker's own, and finds everything kept.
        page.reload()
        page.wait_for_selector(".section .cm-content")
    grace.open(project, "plan").wait_for_selector(".section .cm-content")

    ada.context.set_offline(True)
    expect(page.locator(".indicator.offline")).to_be_visible()
    page.locator(".section .cm-content").nth(0).click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("On the train. ")
    expect(page.locator(".indicator")).to_contain_text("kept in this browser")
    grace.page.locator(".section .cm-content").nth(0).click()
    grace.page.keyboard.press("Control+End")
    grace.page.keyboard.type("At the desk.")
    grace.saved()

    page.on("dialog", lambda dialog: dialog.accept())  # It asks before unsaved work is left.
    page.reload()
    first = page.locator(".section .cm-content").nth(0)
    expect(first).to_contain_text("On the train.")
    expect(page.locator(".indicator")).to_contain_text("kept in this browser")
    ada.context.set_offline(False)
    ada.saved()
    for person in (ada, grace):
        shown = person.page.locator(".section .cm-content").nth(0)
        expect(shown).to_contain_text("On the train.")
        expect(shown).to_contain_text("At the desk.")


def test_who_loses_a_role_while_typing_is_told_and_can_write_no_more__L8(people: Arrive) -> None:
    ada, grace = people("Ada"), people("Grace")
    project = make_bakery(ada)
    ada.share(project, grace)
    members = ada.get(f"/projects/{project}/members")["items"]
    [user] = [one["user_id"] for one in members if one["email"] == grace.email]
    page = grace.open(project, "plan")
    text = page.locator(".section .cm-content").nth(0)
    text.click()
    page.keyboard.type("While I may. ")
    grace.saved()
    # Her browser hears of nothing for a moment, and she goes on typing.
    grace.context.set_offline(True)
    page.keyboard.type("And when I may not. ")
    ada.patch(f"/projects/{project}/members/{user}", {"role": "viewer"})
    grace.context.set_offline(False)
    told = page.get_by_role("alert").filter(has_text="You may only look at this project now")
    expect(told).to_be_visible()
    expect(page.locator(".indicator")).to_have_text("Not saved")
    expect(page.locator(".section .cm-content")).to_have_count(0)
    body = ada.get(f"/projects/{project}/plan")["items"][0]["body"]
    assert "While I may." in body
    assert "may not" not in body

    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Discard unsaved edits").click()
    page.get_by_role("button", name="Discard", exact=True).click()
    grace.saved()
    expect(page.locator(".section").nth(0)).not_to_contain_text("may not")


def test_history_and_members_are_shown_as_they_change(people: Arrive) -> None:
    ada, grace = people("Ada"), people("Grace")
    project = make_bakery(ada)
    page = ada.open(project, "history")
    expect(page.get_by_text("No snapshots yet")).to_be_visible()
    ada.share(project, grace)
    grace.post(f"/projects/{project}/snapshots", {"name": "By Grace"})
    expect(page.get_by_role("heading", name="By Grace")).to_be_visible()
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".member", has_text=grace.email)).to_be_visible()
    members = ada.get(f"/projects/{project}/members")["items"]
    [user] = [one["user_id"] for one in members if one["email"] == grace.email]
    ada.delete(f"/projects/{project}/members/{user}")
    expect(page.locator(".member", has_text=grace.email)).to_have_count(0)


def test_a_snapshot_is_brought_back_for_everybody__L10(people: Arrive) -> None:
    ada, grace = people("Ada"), people("Grace")
    project = make_bakery(ada)
    ada.share(project, grace)
    page = ada.open(project, "history")
    page.get_by_label("Name of the snapshot").fill("To the bank")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", name="To the bank")).to_be_visible()
    grace.open(project, "board")
    grace.page.get_by_text("Flour prices").click()
    grace.page.keyboard.press("Delete")
    grace.saved()

    removed = page.locator(".difference.removed").filter(has_text="Flour prices")
    expect(removed).to_be_visible()
    removed.get_by_role("button", name="Restore Flour prices").click()
    expect(grace.page.get_by_text("Flour prices")).to_be_visible()
    page.get_by_role("button", name="To the bank").click()
    page.get_by_role("button", name="Restore all").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.get_by_text("Nothing has changed since.")).to_be_visible()


def test_the_timeline_tells_who_did_what_and_shows_it_in_colour(people: Arrive) -> None:
    ada, grace = people("Ada"), people("Grace")
    project = make_bakery(ada)
    ada.share(project, grace)
    grace.patch(f"/projects/{project}/nodes/node5", {"label": "Dear flour"})
    page = ada.open(project, "history")
    activity = page.get_by_role("navigation", name="Activity")
    activity.get_by_role("button", name="Grace").click()
    shown = page.locator(".difference.changed")
    expect(shown.locator("del")).to_have_text("Flour prices")
    expect(shown.locator("ins")).to_have_text("Dear flour")
    expect(page.locator(".difference")).to_have_count(1)


def test_a_diagram_that_follows_the_board_is_kept_current(people: Arrive) -> None:
    ada = people("Ada")
    project = make_bakery(ada)
    page = ada.open(project, "diagrams")
    page.get_by_role("button", name="New diagram").click()
    page.get_by_role("button", name="From the board").click()
    expect(page.locator(".source")).to_contain_text("Flour prices")
    ada.patch(f"/projects/{project}/nodes/node5", {"label": "Dear flour"})
    expect(page.locator(".source")).to_contain_text("Dear flour")
    diagrams = f"/projects/{project}/diagrams"
    wait_for("the source is written", lambda: "Dear flour" in str(ada.get(diagrams)))
    graph = ada.context.request.get(f"{ada.base}/api/v1/projects/{project}/graph.mmd").text()
    [derived] = [one for one in ada.get(diagrams)["items"] if one["derived_from"] == "graph"]
    assert derived["source"] == graph
