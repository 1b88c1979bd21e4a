"""The difference of two texts, as few and as small replacements as people would make.

Whoever sends a whole text has changed a part of it, and somebody else may be typing in the
rest: what both texts share must not be touched. Compared are lines, then the words of lines
that differ, then the ends of words that differ. A replacement begins and ends where a
character as people see it does, so an emoji of five code points is not cut.

The time is bounded: where texts are too large for a comparison, parts that occur once in
both divide them; where there are none, what lies between their common beginning and end is
replaced as a whole. Pure, on strings and code points.

Long because the steps of one algorithm are read together.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import Indel

from server.document.splices import Splice, Splices

MAX_SPLICES: Final = 200
"""Replacements in one difference. pycrdt needs memory by the square of their number."""


# Scripts that put no space between words are compared by the character.
WORDS: Final = r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0003ffff]+|(?s:.)"
LINES: Final = r"[^\n]*\n|[^\n]+"


Levels = Sequence[re.Pattern[str]]
LEVELS: Final[Levels] = (re.compile(LINES), re.compile(WORDS))

MAX_CHARACTER: Final = 32
"""Code points of one character that are kept together."""


class Budget:
    """How much may still be parted, and compared: parts of one text times parts of the other."""

    CELLS: Final = 2**25
    CELLS_PER_CALL: Final = 2**14
    CODE_POINTS: Final = 2_500_000
    """To be parted, of both texts together; each is parted into lines and then into words."""

    def __init__(self) -> None:
        self._cells = self.CELLS
        self._points = self.CODE_POINTS

    def allows(self, old: str, new: str) -> bool:
        """Take the price of parting these texts, if there is enough left."""
        self._points -= len(old) + len(new)
        return self._points >= 0 and self._cells >= self.CELLS_PER_CALL

    def spend(self, olds: int, news: int) -> bool:
        """Take the price of a comparison, if there is enough left."""
        price = olds * news + self.CELLS_PER_CALL
        if price > self._cells:
            return False
        self._cells -= price
        return True


class Run(NamedTuple):
    """So many code points that both texts have, at an offset in each."""

    old: int
    new: int
    length: int


_START: Final = Run(0, 0, 0)


def difference(old: str, new: str) -> Splices:
    """What makes ``new`` of ``old``: ``spliced(old, difference(old, new)) == new``."""
    end = Run(len(old), len(new), 0)
    runs = _whole_characters(old, new, _common(old, new, _START, LEVELS, Budget()))
    return tuple(_between(new, [*_fewest(_telling(runs, end)), end]))


def displacement(old: str, new: str) -> Splices:
    """The same to the code point, to see where places of ``old`` lie in ``new``.

    Not to be applied: it may part characters, and is not bounded in number.
    """
    runs = [run for run in _common(old, new, _START, LEVELS, Budget()) if run.length]
    return tuple(_between(new, [*runs, Run(len(old), len(new), 0)]))


def _between(new: str, runs: Sequence[Run]) -> Iterator[Splice]:
    """Replace everything that no run keeps."""
    at_old = at_new = 0
    for run in runs:
        if at_old < run.old or at_new < run.new:
            yield Splice(at_old, run.old, new[at_new : run.new])
        at_old, at_new = run.old + run.length, run.new + run.length


def _common(old: str, new: str, at: Run, levels: Levels, budget: Budget) -> Iterator[Run]:
    """What two passages have in common, in order; ``at`` is where they lie."""
    head = _common_head(old, new)
    tail = _common_tail(old[head:], new[head:])
    yield Run(at.old, at.new, head)
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if inner_old and inner_new and levels and budget.allows(inner_old, inner_new):
        inner = Run(at.old + head, at.new + head, 0)
        yield from _aligned(inner_old, inner_new, inner, levels, budget)
    yield Run(at.old + len(old) - tail, at.new + len(new) - tail, tail)


def _aligned(old: str, new: str, at: Run, levels: Levels, budget: Budget) -> Iterator[Run]:
    """The same, by comparing their parts."""
    olds, news = levels[0].findall(old), levels[0].findall(new)
    old_starts, new_starts = _starts(olds), _starts(news)
    for i, j, i_end, j_end, same in _blocks(olds, news, budget):
        here = Run(at.old + old_starts[i], at.new + new_starts[j], 0)
        if same:
            yield here._replace(length=old_starts[i_end] - old_starts[i])
        else:
            inner = old[old_starts[i] : old_starts[i_end]], new[new_starts[j] : new_starts[j_end]]
            yield from _common(*inner, here, levels[1:], budget)


def _blocks(
    olds: list[str], news: list[str], budget: Budget
) -> Iterator[tuple[int, int, int, int, bool]]:
    """From where to where in both lists, and whether that is the same in both.

    What differs in as many parts on both sides is taken part by part.
    """
    i = j = 0
    for same_i, same_j, count in (*_equal_parts(olds, news, budget), (len(olds), len(news), 0)):
        if same_i - i == same_j - j <= FEW:
            yield from ((i + n, j + n, i + n + 1, j + n + 1, False) for n in range(same_i - i))
        else:
            yield i, j, same_i, same_j, False
        i, j = same_i + count, same_j + count
        yield same_i, same_j, i, j, True


FEW: Final = 256
"""Parts that are taken one by one, and in which no anchors are looked for."""

Blocks = Iterator[tuple[int, int, int]]
"""From where in both lists so many parts are the same."""


def _equal_parts(olds: list[str], news: list[str], budget: Budget) -> Blocks:
    """By number, since hashes of strings may coincide."""
    numbers: dict[str, int] = {}
    first = [numbers.setdefault(part, len(numbers)) for part in olds]
    second = [numbers.setdefault(part, len(numbers)) for part in news]
    return _subsequence(first, second, budget)


def _subsequence(first: list[int], second: list[int], budget: Budget) -> Blocks:
    """The longest common subsequence; of long lists, what lies between their anchors."""
    if first == second:
        yield 0, 0, len(first)
    elif budget.spend(len(first), len(second)):
        for code in Indel.opcodes(first, second):
            if code.tag == "equal":
                yield code.src_start, code.dest_start, code.src_end - code.src_start
    elif len(first) + len(second) > FEW and (
        anchors := _anchors(first, second) or _anchors(_rows(first), _rows(second))
    ):
        i = j = 0
        for i_end, j_end in (*anchors, (len(first), len(second))):
            if i < i_end and j < j_end:
                for at, there, count in _subsequence(first[i:i_end], second[j:j_end], budget):
                    yield i + at, j + there, count
            if i_end < len(first):
                yield i_end, j_end, 1
            i, j = i_end + 1, j_end + 1


def _rows(parts: list[int]) -> list[tuple[int, ...]]:
    """Each part with those after it: words that occur often seldom do so in one row."""
    return list(zip(parts, parts[1:], parts[2:], parts[3:], strict=False))


def _anchors(first: Sequence[Hashable], second: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Parts that are in both lists once, as many as are in one order in both (patience)."""
    places = {part: j for j, part in enumerate(second)}
    once = Counter(first).items() & Counter(second).items()
    unique = {part for part, count in once if count == 1}
    pairs = [(i, places[part]) for i, part in enumerate(first) if part in unique]
    ends: list[int] = []
    chains: list[tuple[int, int, int]] = []  # i, j, and the pair before in its chain
    last: list[int] = []
    for number, (i, j) in enumerate(pairs):
        at = bisect_left(ends, j)
        ends[at : at + 1] = [j]
        last[at : at + 1] = [number]
        chains.append((i, j, last[at - 1] if at else -1))
    found: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        i, j, number = chains[number]
        found.append((i, j))
    return found[::-1]


def _starts(parts: Sequence[str]) -> list[int]:
    """Where each part begins, and where the last one ends."""
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    return starts


def _common_head(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_tail(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _joined(runs: Iterator[Run]) -> Iterator[Run]:
    """Runs that follow on each other in both texts, as one."""
    before = _START
    for run in runs:
        if (before.old + before.length, before.new + before.length) == run[:2]:
            before = before._replace(length=before.length + run.length)
        else:
            yield before
            before = run
    yield before


def _telling(runs: Sequence[Run], end: Run) -> list[Run]:
    """The runs without those that are shorter than what differs on either side: a rewritten
    paragraph has some words in common with the old one, and means nothing by it."""
    telling: list[Run] = []
    for run in (*runs, end):
        while telling and telling[-1].length < min(
            _gap(telling[-2] if len(telling) > 1 else _START, telling[-1]),
            _gap(telling[-1], run),
        ):
            telling.pop()
        telling.append(run)
    return telling[:-1]


def _gap(before: Run, after: Run) -> int:
    """How many code points differ between two runs, in the text where they are more."""
    return max(after.old - before.old, after.new - before.new) - before.length


def _fewest(runs: list[Run]) -> list[Run]:
    """So many of the longest that no more than ``MAX_SPLICES`` gaps are between them."""
    if len(runs) < MAX_SPLICES:
        return runs
    longest = sorted(range(len(runs)), key=lambda index: -runs[index].length)
    return [runs[index] for index in sorted(longest[: MAX_SPLICES - 1])]


# --- characters as people see them ------------------------------------------------


def _whole_characters(old: str, new: str, runs: Iterator[Run]) -> list[Run]:
    """The runs without what is a part of a character that differs."""
    whole: list[Run] = []
    for i, j, count in _joined(runs):
        first, last = 0, count
        while first < min(count, MAX_CHARACTER) and _parts(old, i + first, new, j + first):
            first += 1
        while last > max(first, count - MAX_CHARACTER) and _parts(old, i + last, new, j + last):
            last -= 1
        if first < last:
            whole.append(Run(i + first, j + first, last - first))
    return whole


def _parts(old: str, old_at: int, new: str, new_at: int) -> bool:
    """Whether a cut here would part a character of either text."""
    return _is_inside(old, old_at) or _is_inside(new, new_at)


def _is_inside(text: str, at: int) -> bool:
    """Whether ``at`` lies inside a character. After Unicode's annex 29, but that all of a
    row of flags counts as one: whether a flag begins here depends on where the row does."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if after < "\u0300":
        return before == "\r" and after == "\n"
    if before == _JOINER or after == _JOINER or _extends(after):
        return True
    return _is_flag(before) and _is_flag(after)


_JOINER: Final = "\u200d"


def _extends(char: str) -> bool:
    return (
        unicodedata.category(char)[0] == "M"
        or "\u1160" <= char <= "\u11ff"  # vowels and finals of Hangul
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # tones of skin
        or "\U000e0020" <= char <= "\U000e007f"  # tags
        or char == "\u200c"
    )


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
