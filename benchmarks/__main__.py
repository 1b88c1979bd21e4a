"""``python -m benchmarks [suite ...] [--quick]``: measure, then write RESULTS.md.

Without suites all run. A quick run, or one of a few suites, leaves RESULTS.md alone and
writes beside its working files, so that nobody publishes half a result by accident.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.config import FULL, QUICK, Config
from benchmarks.environment import environment
from benchmarks.generator import Unfit
from benchmarks.peers.kinds import KINDS
from benchmarks.report import Report
from benchmarks.run import Run, say
from benchmarks.suite import Suite
from benchmarks.suites import connections, documents, growth, reads, rooms

HERE = Path(__file__).parent
WORK = HERE / ".work"
SUITES: tuple[Suite, ...] = (
    *rooms.SUITES,
    *connections.SUITES,
    *documents.SUITES,
    *reads.SUITES,
    *growth.SUITES,
)


def main(argv: Sequence[str] | None = None) -> int:
    """0 when the report is written, whatever it says; 1 when nothing could be measured."""
    args = _parser().parse_args(argv)
    config = QUICK if args.quick else FULL
    suites = [suite for suite in SUITES if not args.suites or suite.name in args.suites]
    whole = len(suites) == len(SUITES) and config is FULL
    found = environment()
    run = Run(config, WORK)
    try:
        run.prepare()
        run.self_check([kind for kind in KINDS if any(kind in suite.kinds for suite in suites)])
        for suite in suites:
            run.carry_out(suite)
    except Unfit as reason:
        say(f"nothing can be measured: {reason}")
        return 1
    finally:
        run.results.write(WORK / "results.json")
    written = _write(config, suites, run, found, HERE if whole else WORK)
    say(f"wrote {written}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [suite.name for suite in SUITES]
    parser.add_argument(
        "suites", nargs="*", choices=[[], *names], metavar="suite", help=", ".join(names)
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, a few minutes")
    return parser


def _write(
    config: Config, suites: Sequence[Suite], run: Run, found: dict[str, str], where: Path
) -> Path:
    report = Report(config, suites, run.results, found)
    (where / "charts").mkdir(exist_ok=True)
    for name, svg in report.charts():
        (where / "charts" / name).write_text(svg)
    results = where / "RESULTS.md"
    results.write_text(report.text())
    return results


if __name__ == "__main__":
    sys.exit(main())
