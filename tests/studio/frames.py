"""What dragging a node costs a browser, frame by frame: ``make board-frames``.

A node of a board of 1,000 nodes and 2,000 edges is dragged in one Chromium while a colleague's
looks on. Chromium's own trace says what each main thread did between two of its frames: script,
style, layout, painting and collecting garbage. Printed, never asserted: the machine decides.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.server import Server
from tests.studio.browser import Person, arrive, launched
from tests.studio.scene import make_grid

NODES, EDGES = 1000, 2000
MOVES = 120
MOVE_EVERY_MS = 12
STILL_MS = 1000
NEAREST = """([x, y]) => {
  const cards = [...document.querySelectorAll('.react-flow__node')]
  const boxes = cards.map(one => one.getBoundingClientRect())
  const middles = boxes.map(one => [one.x + one.width / 2, one.y + one.height / 2])
  const far = ([left, top]) => Math.hypot(left - x, top - y)
  return middles.reduce((one, other) => far(one) < far(other) ? one : other)
}"""
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing"]
FRAME = "Commit"
WORK = {
    "script": {
        "EvaluateScript",
        "EventDispatch",
        "FireAnimationFrame",
        "FunctionCall",
        "MajorGC",
        "MinorGC",
        "RunMicrotasks",
        "TimerFire",
        "V8.GC_MC_INCREMENTAL_MARKING",
    },
    "style, layout": {"UpdateLayoutTree", "Layout", "PrePaint"},
    "paint": {"Paint", "Layerize"},
    "hand over": {"Commit"},
}


@dataclass(frozen=True, slots=True)
class Frame:
    """The work of one frame, in milliseconds by kind; what nests is counted once."""

    spent: dict[str, float]

    @property
    def total(self) -> float:
        """Script, style, layout and painting; not the wait until the compositor takes it."""
        return sum(time for kind, time in self.spent.items() if kind != "hand over")


def frames_of(trace: Iterable[dict[str, Any]], mark: str) -> list[Frame]:
    """The frames of the page that made this mark (`performance.mark`), with any work in them."""
    events = sorted((one for one in trace if "ts" in one), key=lambda one: one["ts"])
    marked = next(one for one in events if one["name"] == mark)
    thread = [one for one in events if (one["pid"], one["tid"]) == (marked["pid"], marked["tid"])]
    starts = [one["ts"] + one["dur"] for one in thread if one["name"] == FRAME and "dur" in one]
    work = [(kind, one) for one in thread for kind, names in WORK.items() if one["name"] in names]
    frames = [_frame(work, start, end) for start, end in pairwise(starts)]
    return [one for one in frames if one.total > 0]


def _frame(work: Sequence[tuple[str, dict[str, Any]]], start: float, end: float) -> Frame:
    """Events of a thread nest: what is inside another one is counted as its own kind only."""
    spent = dict.fromkeys(WORK, 0.0)
    open_until: list[tuple[float, str]] = []
    for kind, event in work:
        if not start <= event["ts"] < end:
            continue
        while open_until and open_until[-1][0] <= event["ts"]:
            open_until.pop()
        duration = event.get("dur", 0)
        if open_until:
            spent[open_until[-1][1]] -= duration / 1000
        spent[kind] += duration / 1000
        open_until.append((event["ts"] + duration, kind))
    return Frame(spent)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def drag(page: Page) -> None:
    """A node near the middle, round and round as a hand does it."""
    size = page.viewport_size
    assert size is not None
    centre = (size["width"] / 2, size["height"] / 2)
    x, y = page.evaluate(NEAREST, centre)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(MOVES):
        page.mouse.move(x + step % 60 * 4, y + step % 40 * 3)
        page.wait_for_timeout(MOVE_EVERY_MS)
    page.mouse.up()


def measure(browser: Browser, ada: Person, grace: Person, zoom: str) -> None:
    """One drag, told."""
    for person in (ada, grace):
        person.page.wait_for_timeout(STILL_MS)
    browser.start_tracing(categories=CATEGORIES)
    ada.page.evaluate("performance.mark('dragging')")
    grace.page.evaluate("performance.mark('looking on')")
    drag(ada.page)
    trace = json.loads(browser.stop_tracing())["traceEvents"]
    for mark in ("dragging", "looking on"):
        tell(f"{zoom}, {mark}", frames_of(trace, mark))


def tell(name: str, frames: Sequence[Frame]) -> None:
    """The figures of one page."""
    totals = [one.total for one in frames]
    kinds = ", ".join(
        f"{kind} {percentile([one.spent[kind] for one in frames], 0.95):.1f}" for kind in WORK
    )
    print(
        f"{name}: {len(frames)} frames, ms per frame: median {percentile(totals, 0.5):.1f}, "
        f"p95 {percentile(totals, 0.95):.1f} ({kinds} at their p95), most {max(totals):.1f}",
        flush=True,
    )


def main() -> None:
    """On a server of its own: the whole board in view, then a part of it that can be read."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(Path(folder), settings={"AGENTC_RATE_LIMITS": "off"}) as server,
        launched() as browser,
    ):
        size = {"width": 1440, "height": 900}
        ada = arrive(browser, server, "Ada", "ada@example.org", viewport=size)
        grace = arrive(browser, server, "Grace", "grace@example.org", viewport=size)
        project = make_grid(ada, NODES, EDGES)
        ada.share(project, grace)
        for person in (ada, grace):
            person.open(project, "board").wait_for_selector(".node")
        print(f"{NODES} nodes, {EDGES} edges; load of the machine {os.getloadavg()[0]:.1f}")
        measure(browser, ada, grace, "all in view")
        for person in (ada, grace):
            for _ in range(4):
                person.page.locator(".board").press("+")
                person.page.wait_for_timeout(STILL_MS)
        measure(browser, ada, grace, "readable")


if __name__ == "__main__":
    main()
