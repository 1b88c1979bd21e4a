"""One's own account in the studio, in a real browser."""

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.studio.browser import PASSWORD
from tests.studio.conftest import Arrive
from tests.studio.test_everyone import serious

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_account_is_looked_after(people: Arrive) -> None:
    ada = people("Ada", bypass_csp=True, reduced_motion="reduce")
    page = ada.page
    page.get_by_role("link", name="Your account").click()
    page.get_by_label("What others see").fill("Ada Lovelace")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is what others see now.")).to_be_visible()
    assert ada.get("/users/me")["name"] == "Ada Lovelace"

    page.get_by_label("The password as it is").fill(PASSWORD)
    page.get_by_label("A new password").fill(PASSWORD + " too")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The password is changed.")).to_be_visible()
    ada.post("/auth/login", {"email": ada.email, "password": PASSWORD + " too"})

    page.get_by_label("What it is for").fill("Backups")
    page.keyboard.press("Enter")
    expect(page.get_by_label("The new token")).not_to_be_empty()
    page.get_by_role("button", name="Revoke Backups").click()
    expect(page.get_by_role("button", name="Revoke Backups")).to_have_count(0)

    page.get_by_label("Your password").fill(PASSWORD + " too")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Key")).not_to_be_empty()
    assert serious(ada, "account") == []
    seed = page.get_by_label("Key").input_value()
    page.get_by_label("A code of the app").fill(pyotp.TOTP(seed).now())
    page.keyboard.press("Enter")
    expect(page.get_by_label("Recovery codes")).not_to_be_empty()
    page.get_by_label("A code of the app").fill(page_codes(page)[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Set it up")).to_be_visible()


def page_codes(page: Page) -> list[str]:
    """The recovery codes that are shown."""
    return page.get_by_label("Recovery codes").input_value().split()
