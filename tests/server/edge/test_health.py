"""Readiness tells the truth that it is told (L2)."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.edge.health import Readiness, health_routes


def asked(path: str, state: Readiness) -> tuple[int, dict[str, object], str | None]:
    """Status, body and Retry-After of one health question."""
    with TestClient(Starlette(routes=health_routes(lambda: state))) as client:
        answer = client.get(path)
    return answer.status_code, answer.json(), answer.headers.get("retry-after")


def test_a_ready_server_says_so() -> None:
    assert asked("/health/ready", Readiness()) == (200, {"status": "ready"}, None)


def test_a_store_out_of_service_is_not_ready_L2() -> None:
    state = Readiness(problems=("the store is out of service",))
    status, body, retry_after = asked("/health/ready", state)
    assert (status, retry_after) == (503, "1")
    assert body == {"status": "not ready", "problems": ["the store is out of service"]}


def test_a_server_that_is_not_ready_still_lives() -> None:
    status, body, _ = asked("/health/live", Readiness(problems=("starting",)))
    assert (status, body) == (200, {"status": "live"})
