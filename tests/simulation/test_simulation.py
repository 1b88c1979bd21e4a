"""The laws under every schedule that hypothesis thinks of: edits, sockets, faults, crashes.

``make simulate`` runs many more, at random; set ``SCHEDULES``.
"""

import os

from hypothesis import HealthCheck, Phase, example, given, settings

from server.protocol.roles import Role
from tests.simulation import steps
from tests.simulation.schedules import schedules
from tests.simulation.steps import Edit, Schedule, Step
from tests.simulation.world import run

SCHEDULES = int(os.environ.get("SCHEDULES", "0"))
AT_RANDOM = settings(
    max_examples=SCHEDULES or 150,
    derandomize=not SCHEDULES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)

TWO_PROGRAMS = Schedule(2, 2, 0, 200, (steps.Write(0, "a"), steps.Write(1, "a")))
"""The second to commit was once answered with a seq before its own."""
SHARED_TYPE = Schedule(2, 1, 0, 200, (Edit(0, 3, 0, "a"),))
"""The nesting guard once asked the replica for what it no longer had."""


@AT_RANDOM
@given(schedules())
@example(TWO_PROGRAMS)
@example(SHARED_TYPE)
def test_no_schedule_breaks_a_law__L1_L2_L3_L4_L6_L8(schedule: Schedule) -> None:
    run(schedule)


def test_what_waits_survives_all_that_can_come_in_between__L4() -> None:
    """Compaction, unloading, restarts and late joiners, between an update and the one before."""
    script: tuple[Step, ...] = (
        Edit(0, 0, 0, "one ", silent=True),
        Edit(0, 3, 0, "waits", prompt=True),
        Edit(0, 0, 4, "日本 two", prompt=True),
        steps.Calm(),
        steps.Compact(reads=True, replaces=True),
        *(steps.Sever(who, noticed=True) for who in range(4)),
        steps.Pass(40.0),
        steps.Connect(2, 0),
        steps.Calm(),
        steps.Restart(0),
        steps.Connect(3, 1),
        steps.Edit(3, 0, 0, "late ", prompt=True),
        steps.Crash(0, landed=False),
        steps.Compact(reads=True, replaces=True),
        steps.Appoint(0, Role.EDITOR),
        steps.Connect(0, 0),
        steps.Repeat(0, 2),
        steps.Carry(0, up=True, most=99),
        steps.Calm(),
    )
    for houses in (1, 2):
        run(Schedule(guests=4, houses=houses, haste=30, backlog=1 << 20, steps=script))
