"""Splices, and moving them past somebody else's."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from server.document.differences import difference, displacement
from server.document.splices import Splice, rebased, spliced
from tests.server.document.texts import rewrites, texts


@st.composite
def scripts(draw: st.DrawFn, length: int, mark: str) -> list[Splice]:
    """Splices of a text of this length; what they add is recognised by ``mark``."""
    points = sorted(draw(st.lists(st.integers(0, length), min_size=2, max_size=8)))
    ends = list(zip(points[::2], points[1::2], strict=False))
    found = [Splice(s, e, mark * draw(st.integers(0, 2))) for s, e in ends]
    return [one for one in found if one.added or one.start < one.end]


@settings(deadline=None)
@given(st.data())
def test_both_sides_additions_stay_and_both_sides_deletions_go(data: st.DataObject) -> None:
    text = "".join(chr(0x4E00 + n) for n in range(data.draw(st.integers(0, 12))))
    ours = data.draw(scripts(len(text), "o"))
    theirs = data.draw(scripts(len(text), "t"))
    now = spliced(text, theirs)
    both = spliced(now, rebased(ours, theirs))
    gone = {n for s in [*ours, *theirs] for n in range(s.start, s.end)}
    assert [char for char in both if char not in "ot"] == [
        char for n, char in enumerate(text) if n not in gone
    ]
    assert both.count("o") == sum(len(s.added) for s in ours)
    assert both.count("t") == sum(len(s.added) for s in theirs)


@settings(deadline=None)
@given(st.data())
def test_what_nobody_else_has_changed_becomes_what_was_wanted(data: st.DataObject) -> None:
    base = data.draw(texts)
    wanted = data.draw(rewrites(base))
    ours = difference(base, wanted)
    assert spliced(base, rebased(ours, difference(base, base))) == wanted
    assert rebased(ours, ()) == ours


@settings(deadline=None)
@given(st.data())
def test_whoever_changes_nothing_undoes_nothing(data: st.DataObject) -> None:
    base = data.draw(texts)
    now = data.draw(rewrites(base))
    assert rebased(difference(base, base), difference(base, now)) == ()


def test_changes_in_different_places_are_both_there() -> None:
    base = "one two three four"
    ours = difference(base, "one 2 three four")
    theirs = difference(base, "one two three, and four")
    now = spliced(base, theirs)
    assert spliced(now, rebased(ours, theirs)) == "one 2 three, and four"


def test_in_a_long_line_of_words_that_are_made_of_the_same_parts_a_word_keeps_its_place() -> None:
    def word(who: int, number: int) -> str:
        return f"<{('ada', 'bo', 'cy')[who]}-{number} 日😀>"

    words = [word(n % 3, n // 3) for n in range(2000)]
    base = "".join(words)
    typed = list(words)
    for n in range(300):
        typed.insert(n * 8, word(n % 3, 700 + n // 3))
    now = "".join(typed)
    for at in (5, 700, 1300, 1995):
        wanted = "".join([*words[:at], "<rest 👍🏻>", *words[at:]])
        both = spliced(now, rebased(difference(base, wanted), displacement(base, now)))
        found = re.findall("<[^>]*>", both)
        assert sorted(found) == sorted([*typed, "<rest 👍🏻>"])
        behind = found[found.index("<rest 👍🏻>") :]
        assert [one for one in behind if one in words] == words[at:]


def test_a_word_typed_inside_what_is_removed_stays() -> None:
    base = "keep remove this keep"
    ours = difference(base, "keep keep")
    theirs = difference(base, "keep remove NOT this keep")
    assert "NOT" in spliced(spliced(base, theirs), rebased(ours, theirs))
