"""How hypothesis draws schedules: free steps, and scenes that chance alone would seldom play."""

from hypothesis import strategies as st

from server.protocol.roles import Role
from tests.simulation.steps import (
    WORDS,
    Appoint,
    Ask,
    Break,
    Calm,
    Carry,
    Compact,
    Connect,
    Crash,
    Edit,
    Fail,
    Hold,
    Notice,
    Pass,
    Paste,
    Read,
    Reload,
    Repeat,
    Restart,
    Schedule,
    Sever,
    Stall,
    Step,
    Write,
)

people = st.integers(0, 4)
houses = st.integers(0, 1)
inserts = st.sampled_from([0, 3, 7])
yes = st.just(True)
places = st.integers(0, 30)
words = st.sampled_from(WORDS)
edits = st.builds(
    Edit,
    who=people,
    act=st.integers(0, 7),
    place=places,
    word=words,
    silent=st.sampled_from([False, False, False, True]),
    prompt=st.booleans(),
)
carries = st.builds(Carry, who=people, up=st.booleans(), most=st.sampled_from([1, 2, 99]))
socket_steps = st.one_of(
    st.builds(Sever, who=people, noticed=st.booleans()),
    st.builds(Connect, who=people, house=houses),
    st.builds(Stall, who=people, stalled=st.booleans()),
    st.builds(Ask, who=people),
    st.builds(Repeat, who=people, which=st.integers(0, 9)),
    st.builds(Paste, who=people, thousands=st.integers(1, 4)),
    st.just(Notice()),
)
roles = st.sampled_from([Role.EDITOR, Role.EDITOR, Role.VIEWER, None])
server_steps = st.one_of(
    st.builds(Hold, house=houses, held=st.booleans()),
    st.builds(Fail, house=houses, busy=st.booleans()),
    st.builds(Break, house=houses, broken=st.booleans()),
    st.builds(Crash, house=houses, landed=st.booleans()),
    st.builds(Restart, house=houses),
    st.builds(Pass, seconds=st.sampled_from([1.0, 2.5, 40.0])),
    st.builds(Compact, reads=st.booleans(), replaces=st.booleans()),
    st.builds(Read, house=houses),
    st.builds(Write, house=houses, word=st.sampled_from(WORDS)),
    st.builds(Appoint, who=people, role=roles),
    st.builds(Reload, who=people),
)
steps = st.one_of(edits, carries, st.just(Calm()), edits, carries, socket_steps, server_steps)


@st.composite
def lagging(draw: st.DrawFn) -> list[Step]:
    """A scene: somebody stops reading while others write and delete."""
    who, house = draw(people), draw(houses)
    acts = st.sampled_from(draw(st.sampled_from([[0, 2, 3, 7], [2]])))
    busy = st.builds(Edit, people, acts, places, words, prompt=yes)
    meanwhile: list[Step] = draw(st.lists(st.one_of(busy, busy, busy, steps), max_size=12))
    before: list[Step] = [
        Connect(who, house),
        Calm(),
        Stall(who, stalled=True),
        Paste(who + 1, 1),
        Calm(),
    ]
    return [*before, *meanwhile, Stall(who, draw(st.booleans()))]


@st.composite
def trailing(draw: st.DrawFn) -> list[Step]:
    """A scene: somebody has missed much, and is brought up in portions while more happens."""
    who, house = draw(people), draw(houses)
    busy = st.builds(Edit, people, st.integers(0, 7), places, words, prompt=yes)
    much = st.one_of(busy, busy, st.builds(Paste, who=st.just(who + 1), thousands=st.just(1)))
    before: list[Step] = [Connect(who, house), Calm(), Stall(who, stalled=True), Paste(who + 1, 1)]
    missed: list[Step] = draw(st.lists(much, min_size=4, max_size=20))
    again = st.builds(Stall, who=st.just(who), stalled=st.booleans())
    between: list[Step] = draw(st.lists(st.one_of(busy, again, steps), max_size=8))
    return [*before, Calm(), *missed, Calm(), Stall(who, stalled=False), *between]


@st.composite
def parking(draw: st.DrawFn) -> list[Step]:
    """A scene: an update arrives before its predecessor, and much may come in between."""
    who, house, place = draw(people), draw(houses), draw(st.integers(0, 9))
    first = [Connect(who, house), Calm(), Edit(who, draw(inserts), place, "1", silent=True)]
    second = [Edit(who, draw(inserts), place, "2", prompt=True), Calm()]
    between = draw(st.lists(st.one_of(server_steps, steps), max_size=4))
    compacted = [Compact(reads=True, replaces=True)] if draw(st.booleans()) else []
    return [*first, *second, *between, *compacted, Repeat(who, 1), Carry(who, True, 99)]


@st.composite
def asking(draw: st.DrawFn) -> list[Step]:
    """A scene: questions while a commit hangs or fails."""
    who, house = draw(people), draw(houses)
    trouble = draw(st.sampled_from([Hold(house, True), Fail(house, False), Break(house, True)]))
    edit = Edit(who, draw(inserts), 0, "?")
    asked = [Connect(who, house), Calm(), trouble, edit, Ask(who), Carry(who, True, 99)]
    return [*asked, Read(house), draw(steps), Hold(house, False), Carry(who, False, 99)]


@st.composite
def demoting(draw: st.DrawFn) -> list[Step]:
    """A scene: somebody may no longer write, and does not know it yet."""
    who, house = draw(people), draw(houses)
    before = [
        Appoint(who, Role.EDITOR),
        Connect(who, house),
        Calm(),
        Hold(house, draw(st.booleans())),
    ]
    edits = [Edit(who, draw(inserts), 0, "v", prompt=draw(st.booleans())) for _ in range(2)]
    return [*before, edits[0], Appoint(who, draw(roles)), edits[1], draw(steps), Calm()]


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Schedules of a few dozen steps. Several short parts: one long list would be short too,
    by the way in which hypothesis draws lengths, unless it could not be shrunk."""
    free = st.lists(steps, max_size=12)
    scenes = st.one_of(free, free, free, lagging(), trailing(), parking(), asking(), demoting())
    parts = [draw(scenes) for _ in range(draw(st.integers(1, 8)))]
    return Schedule(
        guests=draw(st.integers(2, 5)),
        houses=draw(st.integers(1, 2)),
        haste=draw(st.sampled_from([0, 1, 2, 3, 5, 30, 30])),
        backlog=draw(st.sampled_from([40, 1_000, 1 << 20])),
        steps=tuple(step for part in parts for step in part),
        difference=draw(st.sampled_from([0, 0, 100, 1 << 20])),
    )
