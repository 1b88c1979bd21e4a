"""A ticket is for one seat, for minutes, and signed (L8, L11)."""

import pytest
from starlette.requests import HTTPConnection

from server.edge.keys import derive_keys
from server.edge.logs import redact
from server.edge.tickets import LIFETIME, TicketOffice, ticket_of
from server.protocol.errors import NotAuthenticated
from server.protocol.ids import ProjectId, TokenId, UserId
from server.room.ports import Seat
from tests.doubles.clock import ManualClock

pytestmark = pytest.mark.anyio

PROJECT = ProjectId("plan")
KEY = derive_keys("a secret of the server").tickets


def issued(office: TicketOffice) -> str:
    return office.issue(UserId("ada"), TokenId("session"), PROJECT).text


async def test_a_ticket_is_a_seat_until_it_expires_L8() -> None:
    clock = ManualClock()
    office = TicketOffice(KEY, clock)
    text = issued(office)
    await clock.advance((LIFETIME - 1) / 1000)
    assert office.seat(text, PROJECT) == Seat(UserId("ada"), TokenId("session"), PROJECT)
    await clock.advance(0.001)
    with pytest.raises(NotAuthenticated, match="expired"):
        office.seat(text, PROJECT)


def test_a_ticket_is_for_one_project_L8() -> None:
    office = TicketOffice(KEY, ManualClock())
    with pytest.raises(NotAuthenticated, match="another project"):
        office.seat(issued(office), ProjectId("other"))


@pytest.mark.parametrize("position", range(0, 120, 7))
def test_a_ticket_that_was_touched_is_none_L8(position: int) -> None:
    office = TicketOffice(KEY, ManualClock())
    text = issued(office)
    position = min(position, len(text) - 2)
    other = "A" if text[position] != "A" else "B"
    with pytest.raises(NotAuthenticated):
        office.seat(text[:position] + other + text[position + 1 :], PROJECT)


def test_a_ticket_of_another_server_is_none_L8() -> None:
    other = TicketOffice(derive_keys("another secret").tickets, ManualClock())
    with pytest.raises(NotAuthenticated):
        TicketOffice(KEY, ManualClock()).seat(issued(other), PROJECT)


def test_a_ticket_is_found_under_its_own_name_and_where_clients_put_tokens() -> None:
    for query, found in (
        ("ticket=8gt_a", "8gt_a"),
        ("token=8gt_a", "8gt_a"),
        ("token=8g_a", None),
        ("", None),
    ):
        scope = {"type": "websocket", "headers": [], "query_string": query.encode()}
        assert ticket_of(HTTPConnection(scope)) == found


def test_a_ticket_is_redacted_in_logs_L11() -> None:
    text = issued(TicketOffice(KEY, ManualClock()))
    assert text[4:] not in redact(f"somebody came with {text} in hand")
