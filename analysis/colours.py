"""The house's colours, for every picture: charts of the notebooks, of Word and of the slides."""

from __future__ import annotations

INK, QUIET, FAINT, PALE = "#1a1a1a", "#565c63", "#d5d9de", "#e6eaee"
# Blue, vermilion, green, plum: apart from each other for the colour-blind, and dark enough for words on white.
LINES = ("#0069AA", "#BF4B00", "#008264", "#3D1F5C")
# From orange through grey to blue: told apart by the colour-blind, darkest at both ends also when printed grey.
LEFT, MIDDLE, RIGHT = ("#b35806", "#f1a340", "#fbd9a8"), "#d9dce0", ("#1f5f9e", "#6fa8d6", "#b9d3ea")


def diverging(count: int) -> list[str]:
    """So many colours from the lowest answer to the highest; with more than seven the palest repeat."""
    half = count // 2
    left = [LEFT[min(place, len(LEFT) - 1)] for place in range(half)]
    right = [RIGHT[min(place, len(RIGHT) - 1)] for place in range(half)]
    return [*left, *[MIDDLE] * (count % 2), *reversed(right)]


def on(colour: str) -> str:
    """White or ink, whichever stands out more on a colour (WCAG 2, relative luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.18 else INK
