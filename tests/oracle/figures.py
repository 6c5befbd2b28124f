"""How a figure is written down: (value, numerator, denominator), for everything and for each group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

NONE = (None, None, None)


def ratio(numerator: float, denominator: float) -> tuple:
    """ "A ratio whose denominator is 0 is n/a, never 0 and never 1." "Every ratio is published with its numerator and denominator." """
    return (numerator / denominator if denominator else None, numerator, denominator)


def grouped(rows: Iterable[Any], figure: Callable[[list], tuple], **grains: Callable[[Any], str]) -> dict[tuple[str, str], tuple]:
    """(grain, key) -> (value, numerator, denominator): the same `figure` of all rows and of each group's rows."""
    rows = list(rows)
    found = {("all", ""): figure(rows)}
    for grain, key in grains.items():
        groups: dict[str, list] = {}
        for row in rows:
            groups.setdefault(key(row), []).append(row)
        found |= {(grain, k): figure(group) for k, group in groups.items()}
    return found
