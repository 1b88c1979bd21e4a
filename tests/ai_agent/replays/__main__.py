"""``make eval``: replay recorded answers, print what was found, fail if anything was.

What does not live here: what is counted (``findings``).
"""

import argparse
import asyncio
import logging
import sys
import time

from tests.ai_agent.replays.evaluation import evaluate
from tests.interop.node import missing


def main() -> None:
    """Exits with 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    parser.add_argument("--replays", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first replay")
    given = parser.parse_args()
    if (reason := missing()) is not None:
        sys.exit(f"genuine Mermaid cannot be asked: {reason}")
    logging.disable()  # What is injected is also logged, a thousand times.
    started = time.perf_counter()
    report = asyncio.run(evaluate(range(given.first, given.first + given.replays)))
    report.parse()
    for line in report.lines():
        print(line)
    print(f"{time.perf_counter() - started:.0f} s")
    sys.exit(1 if report.broken else 0)


if __name__ == "__main__":
    main()
