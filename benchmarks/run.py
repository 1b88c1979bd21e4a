"""Carries out suites: each server fresh for each go, servers in turn within each repeat.

Interleaving matters: a machine that grows slower during a run does so for everybody.
A server that fails a workload is reported as failed, with the end of its log, and is
not asked again. ``Results`` is everything that the report is made from.
"""

import resource
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.config import Config
from benchmarks.generator import Unfit, build
from benchmarks.peers.kinds import Kind
from benchmarks.peers.server import Server
from benchmarks.process import cores
from benchmarks.results import Results
from benchmarks.suite import Suite, Trial
from benchmarks.verify import LOSSY, converges, notices_loss


@dataclass(slots=True)
class Run:
    """One run of the benchmark in a working folder."""

    config: Config
    work: Path
    results: Results = field(default_factory=Results)

    def prepare(self) -> None:
        """Compile, make room for sockets, and check the checker."""
        self.programs.mkdir(parents=True, exist_ok=True)
        for program in ("loadgen", "relay"):
            build(self.programs, program)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        with self.server(LOSSY) as server:
            notices_loss(self.trial(server, 0))

    def self_check(self, kinds: Sequence[Kind]) -> None:
        """Real clients first. Who fails is not measured."""
        for kind in kinds:
            say(f"self-check: {kind.title}")
            server = self.server(kind)
            try:
                with server:
                    converges(self.trial(server, 0))
            except Unfit as reason:
                self.results.unfit[kind.name] = explained(reason, server)
                say(f"  {reason}")

    def carry_out(self, suite: Suite) -> None:
        """All repeats of all points, servers in turn."""
        for repeat in range(suite.repeats(self.config)):
            for point in suite.points(self.config):
                for kind in turned(suite.kinds, repeat):
                    self._go(suite, kind, point, repeat)

    @property
    def programs(self) -> Path:
        """Where what was compiled is, and what can be made once."""
        return self.work / "programs"

    def _go(self, suite: Suite, kind: Kind, point: int, repeat: int) -> None:
        key = (suite.name, kind.name, point)
        if kind.name in self.results.unfit or key in self.results.failures:
            return
        server = self.server(kind)
        try:
            with server:
                values = dict(suite.run(self.trial(server, point)))
        except Unfit as reason:
            self.results.failures[key] = explained(reason, server)
            say(f"{suite.name} {point or ''} {kind.name}: FAILED: {reason}")
            return
        self.results.samples.setdefault(key, []).append(values)
        shown = "  ".join(f"{name} {value:.3g}" for name, value in values.items())
        say(f"{suite.name} {point or ''} #{repeat + 1} {kind.name}: {shown}")

    def server(self, kind: Kind) -> Server:
        """A server with nothing in it, not started yet."""
        folder = self.work / "instance"
        shutil.rmtree(folder, ignore_errors=True)
        config = self.config
        return Server(kind, folder, self.programs, cores(), config.most_rooms, config.start_s)

    def trial(self, server: Server, point: int) -> Trial:
        """What a workload needs to know."""
        scratch = self.work / "scratch"
        scratch.mkdir(exist_ok=True)
        program, core = self.programs / "loadgen", server.cores.others
        return Trial(self.config, server, scratch, program, core, point)


def turned(kinds: Sequence[Kind], by: int) -> Iterator[Kind]:
    """The same kinds, another one first each time."""
    for i in range(len(kinds)):
        yield kinds[(i + by) % len(kinds)]


def explained(reason: Unfit, server: Server) -> str:
    """Why, and the end of the server's log."""
    return f"{reason}\n{reason.log or server.log_tail()}".strip()


def say(line: str) -> None:
    """Progress, for whoever waits."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
