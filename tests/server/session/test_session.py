"""One peer's side of the conversation."""

from server.protocol.ids import ClientId
from server.protocol.messages import QueryPresence, SyncUpdate
from server.protocol.roles import Role
from server.session.session import Session
from server.session.table import Action, Delivery, State

ONE, TWO = ClientId(1), ClientId(2)
UPDATE = SyncUpdate(b"\x00\x00")


def test_a_change_of_role_holds_at_once__L8() -> None:
    session = Session(Role.EDITOR)
    assert session.hears(UPDATE) is Action.APPLY
    session.role = Role.VIEWER
    assert session.hears(UPDATE) is Action.VERIFY


def test_a_lagging_session_remembers_the_first_clock_of_each_client__L6() -> None:
    session = Session(Role.EDITOR)
    session.lag()
    assert session.says() is Delivery.WITHHOLD
    session.missed.updates({ONE: 5}, 10)
    session.missed.updates({ONE: 9, TWO: 1}, 5)
    assert session.missed.starts == {ONE: 5, TWO: 1}
    assert session.missed.weight == 15


def test_an_update_that_only_deletes_is_made_up_for_too__L6() -> None:
    session = Session(Role.EDITOR)
    session.lag()
    session.missed.updates({}, 4)
    assert session.missed.behind


def test_catching_up_makes_live_again_and_forgets__L6() -> None:
    session = Session(Role.EDITOR)
    session.lag()
    session.missed.entries([ONE])
    assert session.catch_up().presence == {ONE}
    assert session.state is State.LIVE
    assert session.catch_up().presence == set()


def test_a_closed_session_hears_and_says_nothing() -> None:
    session = Session(Role.OWNER)
    session.close()
    assert session.hears(QueryPresence()) is Action.IGNORE
    assert session.says() is Delivery.DROP
    session.lag()
    session.catch_up()
    assert session.state is State.CLOSED
