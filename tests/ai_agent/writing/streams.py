"""A text as it arrives: cut anywhere."""

from hypothesis import strategies as st


@st.composite
def cuts(draw: st.DrawFn, text: str) -> list[str]:
    """The pieces of a text, some of them empty."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
