"""Many replays, and what they come to.

What does not live here: one replay (``replay``), and what its findings are (``findings``).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ai_agent.ports import Office
from tests.ai_agent.replays.recordings import recordings
from tests.ai_agent.replays.replay import Replayed, as_it_is, replay
from tests.interop.node import run_script

PROMISES = {
    "lost": "human characters lost",
    "dangling": "visible edges dangling",
    "duplicates": "duplicates after resume",
    "overruns": "budget overruns",
    "unended": "runs without an end",
    "apart": "clients that differ",
}
"""What is found, and how it is called."""

MERMAID = "Mermaid parse failures"
MERMAID_SECONDS = 600.0


@dataclass
class Report:
    """``counts`` by the names of promises, ``broken`` the numbers of replays that broke one,
    ``ends`` how runs ended by what happened to them."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[int] = field(default_factory=list)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    sources: dict[str, int] = field(default_factory=dict)
    """Diagrams, each with the first replay in which it was drawn."""

    def add(self, done: Replayed) -> None:
        """One more replay."""
        found = {name: getattr(done.findings, name) for name in PROMISES}
        self.counts.update(found)
        if any(found.values()):
            self.broken.append(done.number)
        how = done.run.reason or done.run.status
        self.ends[done.trouble or "nothing", how] += 1
        for source in done.sources:
            self.sources.setdefault(source, done.number)

    def parse(self) -> None:
        """Let genuine Mermaid read all diagrams."""
        bad = unread(list(self.sources))
        self.counts[MERMAID] = len(bad)
        self.broken += [self.sources[source] for source in bad]

    def lines(self) -> Iterator[str]:
        """For people."""
        for trouble in sorted({trouble for trouble, _ in self.ends}):
            ends = {how: n for (one, how), n in self.ends.items() if one == trouble}
            told = ", ".join(f"{n} {how}" for how, n in sorted(ends.items()))
            yield f"{trouble:32}{told}"
        yield ""
        for title in (*PROMISES.values(), MERMAID):
            yield f"{title:32}{self.count(title)}"
        yield f"{'replays':32}{self.ends.total()}, diagrams read: {len(self.sources)}"
        if self.broken:
            yield f"broken in replays {sorted(set(self.broken))[:20]}"

    def count(self, title: str) -> int:
        """How often this promise was broken."""
        names = {title: name for name, title in PROMISES.items()}
        return self.counts[names.get(title, title)]


async def evaluate(numbers: Iterable[int], spoil: Callable[[Office], Office] = as_it_is) -> Report:
    """Replay these."""
    report, kept = Report(), recordings()
    for number in numbers:
        report.add(await replay(number, kept, spoil))
    return report


def unread(sources: Sequence[str]) -> list[str]:
    """The diagrams that genuine Mermaid does not read."""
    stdin = json.dumps(list(sources))
    answers = json.loads(run_script("mermaid.mjs", stdin, timeout=MERMAID_SECONDS))
    return [source for source, one in zip(sources, answers, strict=True) if "error" in one]
