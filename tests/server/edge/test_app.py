"""Every answer is named, dressed and logged, whatever happened inside (L7, L11)."""

import logging
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from server.edge.app import build_app
from server.edge.clock import SystemClock
from server.edge.problems import MEDIA_TYPE
from server.protocol.errors import (
    AgentcError,
    DocumentFault,
    NotAuthenticated,
    NotFound,
    StoreUnavailable,
    TooMany,
)
from server.protocol.ids import ProjectId

ERRORS: dict[str, AgentcError] = {
    "not-authenticated": NotAuthenticated("expected a token"),
    "not-found": NotFound("no such project"),
    "too-many": TooMany("too many connections"),
    "store-unavailable": StoreUnavailable("INSERT INTO updates: disk I/O error"),
    "document-fault": DocumentFault(ProjectId("p"), "UNIQUE failed: users.email a@b.c"),
}


async def fails(request: Request) -> Response:
    raise ERRORS[request.path_params["slug"]]


async def refuses(websocket: WebSocket) -> None:
    raise ERRORS[websocket.path_params["slug"]]


async def crashes(_: Request) -> Response:
    raise RuntimeError("a bug with 8g_" + "s" * 43)


async def fine(_: Request) -> Response:
    return PlainTextResponse("fine", headers={"Cache-Control": "max-age=60"})


async def echo(request: Request) -> Response:
    return Response(await request.body())


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A client of an application with one route for each way to end."""
    routes = [
        Route("/fails/{slug}", fails),
        Route("/crashes", crashes),
        Route("/fine", fine),
        Route("/echo", echo, methods=["POST"]),
        WebSocketRoute("/refuses/{slug}", refuses),
    ]
    app = build_app(routes=routes, clock=SystemClock(), max_body_bytes=1000)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


@pytest.mark.parametrize("slug", ERRORS)
def test_a_leaf_of_the_error_tree_becomes_a_problem_L7(client: TestClient, slug: str) -> None:
    answer = client.get(f"/fails/{slug}")
    body = answer.json()
    assert answer.status_code == body["status"] == ERRORS[slug].http_status
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert body["type"] == f"urn:8gentc:problem:{slug}"
    assert body["request_id"] == answer.headers["x-request-id"]


def test_what_the_caller_did_wrong_is_told_and_what_we_did_is_not(client: TestClient) -> None:
    assert client.get("/fails/not-found").json()["detail"] == "no such project"
    for slug in ("store-unavailable", "document-fault"):
        assert "detail" not in client.get(f"/fails/{slug}").json()


def test_a_refusal_says_when_to_come_back_or_how_to_get_in(client: TestClient) -> None:
    assert client.get("/fails/store-unavailable").headers["retry-after"] == "1"
    assert client.get("/fails/too-many").headers["retry-after"] == "1"
    assert client.get("/fails/not-authenticated").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("slug", ERRORS)
def test_a_websocket_is_refused_before_the_upgrade_L2(client: TestClient, slug: str) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as denial,
        client.websocket_connect(f"/refuses/{slug}"),
    ):
        pass
    answer = denial.value
    assert answer.status_code == ERRORS[slug].http_status
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["x-request-id"]


def test_a_websocket_on_an_unknown_path_is_not_found(client: TestClient) -> None:
    with pytest.raises(WebSocketDenialResponse) as denial, client.websocket_connect("/nowhere"):
        pass
    assert denial.value.status_code == 404


def test_an_unknown_path_and_a_wrong_method_are_problems_too(client: TestClient) -> None:
    assert client.get("/nowhere").json()["type"] == "urn:8gentc:problem:not-found"
    wrong = client.post("/fine")
    assert wrong.json()["type"] == "urn:8gentc:problem:method-not-allowed"
    assert "GET" in wrong.headers["allow"]


def test_a_crash_tells_nothing_but_its_name_L7(client: TestClient) -> None:
    answer = client.get("/crashes")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:8gentc:problem:internal-error"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "bug" not in answer.text


def test_a_body_over_the_limit_is_refused_L7(client: TestClient) -> None:
    assert client.post("/echo", content=b"x" * 1000).status_code == 200
    refused = client.post("/echo", content=b"x" * 1001)
    in_parts = client.post("/echo", content=iter([b"x" * 1000, b"x"]))
    for answer in (refused, in_parts):
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:8gentc:problem:too-large"


def test_who_is_refused_before_the_body_is_read_hears_that_L7(client: TestClient) -> None:
    assert client.post("/nowhere", content=b"x" * 1001).status_code == 404


def test_answers_carry_security_headers_and_keep_their_own(client: TestClient) -> None:
    for path in ("/fine", "/nowhere", "/crashes"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert client.get("/fine").headers["cache-control"] == "max-age=60"
    assert client.get("/nowhere").headers["cache-control"] == "no-store"


def test_a_proxys_name_for_a_request_is_kept_if_it_is_one(client: TestClient) -> None:
    kept = client.get("/fine", headers={"X-Request-ID": "abcdef-123456"})
    assert kept.headers["x-request-id"] == "abcdef-123456"
    for bad in ("short", "x" * 65, "with space 1234"):
        made = client.get("/fine", headers={"X-Request-ID": bad})
        assert len(made.headers["x-request-id"]) == 16


def test_the_access_log_has_the_path_but_no_query_L11(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "server.access"):
        client.get("/fine?token=8g_sesame")
        with (
            pytest.raises(WebSocketDenialResponse),
            client.websocket_connect("/refuses/not-found?token=8g_sesame"),
        ):
            pass
    lines = [record.getMessage() for record in caplog.records if record.name == "server.access"]
    assert [line.split()[1:4] for line in lines] == [
        ["GET", "/fine", "200"],
        ["WEBSOCKET", "/refuses/not-found", "404"],
    ]
    assert "sesame" not in "".join(lines)


def test_a_line_break_in_a_path_forges_no_line_L11(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "server.access"):
        client.get("/fine%0Aroot%20GET%20/forged")
    assert "\n" not in caplog.records[-1].getMessage()


def test_what_machines_ask_all_day_is_logged_at_debug_only(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "server.access"):
        client.get("/health/ready")
        client.get("/fine")
    levels = [record.levelname for record in caplog.records if record.name == "server.access"]
    assert levels == ["DEBUG", "INFO"]
