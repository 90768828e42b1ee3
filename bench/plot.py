"""A plot as SVG: small panels with both axes logarithmic, drawn by hand so that nothing need be installed for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP, COLUMNS = 300, 170, 52, 34, 26, 24, 3
LINE, BOUND, INK, FAINT = "#005ea2", "#b50909", "#1b1b1b", "#dfe1e2"


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure at several sizes, and the bound that it must stay under, if there is one."""

    title: str
    points: Sequence[tuple[float, float]]
    bound: float | None = None


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Return the SVG of panels, three beside each other."""
    rows = ceil(len(panels) / COLUMNS)
    width, height = COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="11" fill="{INK}" role="img"><title>{escape(title)}</title>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{GAP}" y="26" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for number, panel in enumerate(panels):
        x = GAP + number % COLUMNS * (WIDTH + GAP)
        y = 40 + number // COLUMNS * (HEIGHT + GAP)
        parts += [f'<g transform="translate({x} {y})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    values = [value for _, value in panel.points] + ([] if panel.bound is None else [panel.bound])
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    high += high == low
    first, last = log10(panel.points[0][0]), log10(panel.points[-1][0])
    right, bottom = WIDTH - 12, HEIGHT - BOTTOM

    def across(size: float) -> float:
        return LEFT + (log10(size) - first) / ((last - first) or 1) * (right - LEFT)

    def down(value: float) -> float:
        return bottom - (log10(value) - low) / (high - low) * (bottom - TOP)

    parts = [f'<text x="0" y="16" font-weight="bold">{escape(panel.title)}</text>']
    for power in range(low, high + 1):
        y = down(10.0**power)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{FAINT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    for size, _ in panel.points:
        parts.append(
            f'<text x="{across(size):.1f}" y="{bottom + 16}" text-anchor="middle">{size:,.0f}</text>'
        )
    if panel.bound is not None:
        y = down(panel.bound)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{BOUND}" stroke-dasharray="5 4"/>')
        parts.append(f'<text x="{LEFT + 4}" y="{y - 4:.1f}" fill="{BOUND}">bound {panel.bound:,.0f}</text>')
    path = "L".join(f"{across(size):.1f} {down(value):.1f}" for size, value in panel.points)
    parts.append(f'<path d="M{path}" fill="none" stroke="{LINE}" stroke-width="2"/>')
    for size, value in panel.points:
        x, y = across(size), down(value)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{LINE}"/>')
        anchor = "start" if size == panel.points[0][0] else "end"
        parts.append(
            f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="{anchor}">{value:,.{0 if value >= 100 else 2}f}</text>'
        )
    return parts
