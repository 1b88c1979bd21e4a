"""An answer of the load generator is good only if nothing at all went wrong."""

import json

import pytest

from benchmarks.generator import Outcome, Unfit

PERFECT = {
    "ok": True, "seconds": 2.0, "cpu": 0.5, "sent": 10, "finished": 10, "deliveries": 100,
    "again": 0, "gaps": 0, "leaks": 0, "closed": 0, "refused": 0, "frames": 100, "bytes": 4000,
    "status": 0, "denied": 0, "late_ms": 0.1, "synced": 10, "step2": 2, "seen": [10],
    "error": "", "hist": [[700, 99], [900, 1]],
}  # fmt: skip


def outcome(**changes: object) -> Outcome:
    """An answer, perfect but for ``changes``."""
    return Outcome.read(json.dumps({**PERFECT, **changes}))


def test_a_perfect_answer_passes() -> None:
    perfect = outcome()
    assert perfect.check("work") is perfect
    assert perfect.busy == 0.25
    assert 0 < perfect.ms(0.5) < perfect.ms(1.0)


@pytest.mark.parametrize("fault", ["gaps", "leaks", "closed", "refused", "denied"])
def test_any_fault_is_the_servers_failure_and_named(fault: str) -> None:
    with pytest.raises(Unfit, match=fault):
        outcome(**{fault: 1}).check("work")


def test_an_unfinished_answer_says_how_far_it_came() -> None:
    with pytest.raises(Unfit, match="9 of 10 were seen by all"):
        outcome(ok=False, finished=9).check("work")


def test_what_comes_again_is_no_fault() -> None:
    outcome(again=5).check("work")
