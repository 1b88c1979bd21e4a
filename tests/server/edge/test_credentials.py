"""Who is asking is settled before anything else (L8), and tokens go no further (L11)."""

import pytest
from starlette.requests import HTTPConnection

from server.edge.credentials import check_origin, token_of
from server.protocol.errors import Forbidden, NotAuthenticated


def asking(query: str = "", **headers: str) -> HTTPConnection:
    """A connection with these headers and query string."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return HTTPConnection({"type": "websocket", "headers": raw, "query_string": query.encode()})


def test_a_token_in_the_header_is_found() -> None:
    assert token_of(asking(authorization="Bearer 8g_abc")) == "8g_abc"
    assert token_of(asking(authorization="bearer  8g_abc ")) == "8g_abc"


def test_a_token_in_the_query_is_found() -> None:
    assert token_of(asking("x=1&token=8g_abc")) == "8g_abc"


def test_the_header_wins_over_the_query() -> None:
    assert token_of(asking("token=8g_b", authorization="Bearer 8g_a")) == "8g_a"


@pytest.mark.parametrize(
    "connection",
    [
        asking(),
        asking("token="),
        asking("token=%20"),
        asking("token=" + "x" * 257),
        asking(authorization=""),
        asking(authorization="Bearer"),
        asking(authorization="Basic dTpw"),
        asking("token=8g_good", authorization="Basic dTpw"),
    ],
)
def test_no_usable_token_is_not_authenticated_L8(connection: HTTPConnection) -> None:
    with pytest.raises(NotAuthenticated):
        token_of(connection)


def test_a_refusal_does_not_repeat_what_was_sent_L11() -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        token_of(asking("token=" + "sesame" * 100))
    assert "sesame" not in refusal.value.message


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "any.example"),
        ("http://localhost:8000", "localhost:8000"),
        ("https://app.example", "app.example"),
        ("https://app.example", "app.example:443"),
        ("https://app.example:443", "app.example"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://APP.example", "app.example"),
        ("https://studio.example", "app.example"),
    ],
)
def test_own_pages_listed_pages_and_programs_may_connect(origin: str | None, host: str) -> None:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    check_origin(asking(**headers), ("https://studio.example",))


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.evil.example",
        "https://app.example:8443",
        "null",
        "",
        "https://",
        "https://[broken",
        "https://app.example:port",
    ],
)
def test_pages_of_others_may_not_connect_L8(origin: str) -> None:
    with pytest.raises(Forbidden):
        check_origin(asking(origin=origin, host="app.example"), ("https://studio.example",))


def test_a_star_lets_every_page_connect() -> None:
    check_origin(asking(origin="https://evil.example", host="app.example"), ("*",))
