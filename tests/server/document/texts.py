"""Texts that hurt: emoji of several code points, flags, marks, CJK, line ends."""

from hypothesis import strategies as st

PIECES = (
    "a", "b", "word ", "the ", "\n", "\r\n", " ", "é", "e\u0301", "😀", "👍🏻", "👍🏿",
    "👩\u200d👩\u200d👧",
    "🇩🇪", "🇫🇷",
    "日本", "語", "한", "\u1112\u1161\u11ab", "\u200d", "\ufe0f", "1\ufe0f\u20e3",
)  # fmt: skip

texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@st.composite
def rewrites(draw: st.DrawFn, text: str) -> str:
    """What somebody makes of a text: a few cuts and a few new words."""
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 6)))
        text = text[:at] + draw(st.sampled_from(("", *PIECES, "new words"))) + text[end:]
    return text
