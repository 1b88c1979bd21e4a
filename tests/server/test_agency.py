"""Which model the agent of a process gets, and what its runs may take."""

from pathlib import Path

import pytest

from ai_agent import local_model
from ai_agent.model import Feature
from ai_agent.ports import Office
from ai_agent.worker import Worker
from server.agency import OPENAI_MODEL, at_work, bounds_of, employing
from server.edge.settings import Settings, read_settings
from server.ground import hosting_of
from server.room.worker import Here
from store.open import open_store
from tests.doubles.clock import ManualClock

pytestmark = pytest.mark.anyio


async def office_with(folder: Path, **environ: str) -> Office:
    """What a worker stands on with these settings."""
    settings, clock = read_settings(environ), ManualClock()
    store = await open_store(f"sqlite:///{folder}/8gentc.db", clock)
    try:
        async with (
            hosting_of(store, settings, clock) as rooms,
            employing(settings, store, rooms, Here(), clock) as worker,
        ):
            office: Office = worker._office
            return office
    finally:
        await store.close()


async def test_with_a_key_it_is_openais(tmp_path: Path) -> None:
    office = await office_with(
        tmp_path, OPENAI_API_KEY="sk-x", AGENTC_MODEL_PRICES=f"{OPENAI_MODEL}=1/2"
    )
    assert office.model is not None
    assert office.model.name == OPENAI_MODEL
    assert office.model.features == frozenset(Feature)
    assert office.prices.usage(OPENAI_MODEL, 1, 1, estimated=False).cost == 3


async def test_with_an_address_it_is_what_is_there(tmp_path: Path) -> None:
    office = await office_with(
        tmp_path,
        OPENAI_BASE_URL="http://127.0.0.1:11434/v1/",
        AGENTC_MODEL="llama",
        AGENTC_MODEL_FEATURES="json_schema",
    )
    assert office.model is not None
    assert office.model.name == "llama"
    assert office.model.features == frozenset({Feature.JSON_SCHEMA})


async def test_with_neither_it_is_the_small_one_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights.gguf"
    monkeypatch.setattr(local_model, "weights_here", lambda: weights)
    office = await office_with(tmp_path)
    assert office.model is not None
    assert office.model.name == local_model.NAME
    assert office.bounds.context_tokens == local_model.CONTEXT_TOKENS
    monkeypatch.setattr(local_model, "weights_here", lambda: None)
    assert (await office_with(tmp_path)).model is None


def test_bounds_come_from_the_settings() -> None:
    settings = Settings(agent_context_tokens=300, agent_run_money=5, agent_workers=0)
    bounds = bounds_of(settings)
    assert (bounds.context_tokens, bounds.run_cost, bounds.workers) == (300, 5, 1)


async def test_a_server_without_workers_leaves_runs_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Worker] = []
    monkeypatch.setattr("server.agency.working", begun.append)
    settings, clock = Settings(agent_workers=0), ManualClock()
    store = await open_store(f"sqlite:///{tmp_path}/8gentc.db", clock)
    async with (
        hosting_of(store, settings, clock) as rooms,
        at_work(settings, store, rooms, Here(), clock),
    ):
        assert begun == []
    await store.close()
