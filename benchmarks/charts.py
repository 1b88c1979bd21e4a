"""Charts as SVG text: bars for servers side by side, lines for growth. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

WIDTH, LEFT, RIGHT = 720, 210, 90
ROW, TOP = 26, 40
PLOT_HEIGHT, BOTTOM = 240, 60
COLOURS = ("#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#868e96")


@dataclass(frozen=True, slots=True)
class Bar:
    """One server's figure, or a word on why there is none."""

    label: str
    value: float | None
    otherwise: str = "failed"


def bars(title: str, rows: Sequence[Bar], unit: str) -> str:
    """Horizontal bars. The first row is ours and stands out."""
    most = max((row.value or 0.0 for row in rows), default=0.0) or 1.0
    parts = [_text(10, 22, title, weight="bold")]
    for i, row in enumerate(rows):
        y = TOP + i * ROW
        parts.append(_text(LEFT - 8, y + 15, row.label, anchor="end"))
        if row.value is None:
            parts.append(_text(LEFT + 4, y + 15, row.otherwise, colour="#c92a2a"))
            continue
        width = max(1.0, (WIDTH - LEFT - RIGHT) * row.value / most)
        colour = COLOURS[0] if i == 0 else COLOURS[-1]
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="18" fill="{colour}"/>')
        parts.append(_text(LEFT + width + 6, y + 15, f"{row.value:.3g} {unit}".strip()))
    return _svg(TOP + len(rows) * ROW + 10, parts)


def lines(title: str, curves: Mapping[str, Sequence[tuple[float, float]]], axis: str) -> str:
    """Curves over a logarithmic x, y from zero. Points without a figure are left out."""
    points = [point for curve in curves.values() for point in curve]
    parts = [_text(10, 22, title, weight="bold")]
    if points:
        parts += _plot(curves, points)
    parts.append(_text(WIDTH / 2, TOP + PLOT_HEIGHT + 34, axis, anchor="middle"))
    return _svg(TOP + PLOT_HEIGHT + BOTTOM, parts)


def _plot(
    curves: Mapping[str, Sequence[tuple[float, float]]], points: Sequence[tuple[float, float]]
) -> Iterable[str]:
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    most = max(y for _, y in points) * 1.1 or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = log10(x / low) / log10(high / low) if high > low else 0.5
        return 80 + across * (WIDTH - 250), TOP + PLOT_HEIGHT * (1 - y / most)

    for share in (0, 0.5, 1):
        _, y = place(low, most * share)
        parts = f'<line x1="80" y1="{y:.1f}" x2="{WIDTH - 170}" y2="{y:.1f}" stroke="#dee2e6"/>'
        yield parts + _text(74, y + 4, f"{most * share:.3g}", anchor="end")
    for x in sorted({x for x, _ in points}):
        yield _text(place(x, 0)[0], TOP + PLOT_HEIGHT + 16, f"{x:,.0f}", anchor="middle")
    for i, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        drawn = [place(*point) for point in sorted(curve)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in drawn)
        yield _text(WIDTH - 150, TOP + 20 * (i + 1), name, colour=colour)


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", colour: str = "#212529",
    weight: str = "normal",
) -> str:  # fmt: skip
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )


def _svg(height: int, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
