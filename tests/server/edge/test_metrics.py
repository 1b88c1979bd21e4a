"""What /metrics shows is what was counted."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.edge.metrics import metrics_route
from server.room.rooms import Gauges
from server.room.statistics import Statistics

GAUGES = Gauges(
    rooms=3,
    connections=7,
    oldest_uncommitted_seconds=0.25,
    slowest_backlog_bytes=4096,
    oldest_unprojected_seconds=1.5,
)


def scraped(statistics: Statistics) -> dict[str, float]:
    """Every sample of one scrape, by name and labels."""
    route = metrics_route(statistics, lambda: GAUGES, lambda: True)
    with TestClient(Starlette(routes=[route])) as client:
        text = client.get("/metrics").text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_gauges_are_asked_at_each_scrape() -> None:
    samples = scraped(Statistics())
    assert samples["agentc_rooms"] == 3
    assert samples["agentc_connections"] == 7
    assert samples["agentc_oldest_uncommitted_edit_seconds"] == 0.25
    assert samples["agentc_slowest_client_backlog_bytes"] == 4096
    assert samples["agentc_oldest_unprojected_edit_seconds"] == 1.5
    assert samples["agentc_store_in_service"] == 1


def test_counters_and_commit_latency_are_shown() -> None:
    statistics = Statistics(edits=5, refused_writes=2, projections=4)
    for seconds in (0.002, 0.003, 99.0):
        statistics.committed(seconds)
    samples = scraped(statistics)
    assert samples["agentc_edits_total"] == 5
    assert samples["agentc_refused_writes_total"] == 2
    assert samples["agentc_projections_total"] == 4
    assert samples['agentc_commit_seconds_bucket{le="0.001"}'] == 0
    assert samples['agentc_commit_seconds_bucket{le="0.0025"}'] == 1
    assert samples['agentc_commit_seconds_bucket{le="0.005"}'] == 2
    assert samples['agentc_commit_seconds_bucket{le="+Inf"}'] == 3
    assert samples["agentc_commit_seconds_count"] == 3


def test_two_servers_in_one_process_count_apart() -> None:
    assert scraped(Statistics(edits=1))["agentc_edits_total"] == 1
    assert scraped(Statistics(edits=2))["agentc_edits_total"] == 2
