"""``8gentc user``."""

import pytest

from server.protocol.errors import Conflict, Invalid, NotFound
from tests.server.edge.commands.desk import Desk


def test_an_added_user_is_listed(desk: Desk) -> None:
    assert desk.text("user", "add", "ada@x.org") == "added ada@x.org\n"
    desk.ask("user", "add", "bob@x.org", "--name", "Bob B", "--admin")
    assert desk.text("user", "list").splitlines() == [
        "ada@x.org  ada    user   2023-11-14T22:13:20Z",
        "bob@x.org  Bob B  admin  2023-11-14T22:13:20Z",
    ]


def test_a_script_sees_every_field(desk: Desk) -> None:
    added = desk.json("user", "add", "ada@x.org")
    assert added == {
        "id": added["id"],
        "email": "ada@x.org",
        "name": "ada",
        "is_admin": False,
        "disabled": False,
        "created_at": "2023-11-14T22:13:20Z",
    }
    assert desk.json("user", "list") == [added]


def test_the_same_address_twice_is_a_conflict(desk: Desk) -> None:
    desk.ask("user", "add", "ada@x.org")
    with pytest.raises(Conflict):
        desk.ask("user", "add", "ADA@x.org")


@pytest.mark.slow
def test_a_password_is_read_from_standard_input_and_hashed_L11(desk: Desk) -> None:
    answer = desk.ask("user", "add", "ada@x.org", "--password-stdin", stdin="correct horse\n")
    assert "correct horse" not in repr(answer)


def test_a_bad_password_adds_nobody(desk: Desk) -> None:
    with pytest.raises(Invalid, match="8 to 1024"):
        desk.ask("user", "add", "ada@x.org", "--password-stdin", stdin="short\n")
    assert desk.json("user", "list") == []


def test_a_disabled_user_is_shown_as_such(desk: Desk) -> None:
    desk.ask("user", "add", "ada@x.org")
    assert desk.json("user", "disable", "ada@x.org")["disabled"] is True
    assert "disabled" in desk.text("user", "list")


def test_disabling_a_stranger_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.ask("user", "disable", "nobody@x.org")


def test_no_users_is_no_output(desk: Desk) -> None:
    assert desk.text("user", "list") == ""
