"""Signal or noise: the XmR chart, and the status against a target, from the words of the definitions alone."""

from __future__ import annotations

import math
from itertools import pairwise


def signal(history: list[float], floor: float = -math.inf, ceiling: float = math.inf) -> str:
    """What the last value of a history (oldest first, n/a left out) completes: `none`, `short`, or `up:` / `down:` and the rule.

    "History: up to 26 weeks that end with W … Limits from the values before W, at least 12 (6–11: shown as provisional, no signal):
    centre = mean, limits = centre ± 2.66 × mean moving range, clamped to what is possible. A signal is one that W's value completes:
    `limits` (outside them), `run` (8 in a row on one side; a value on the centre breaks a run), `near` (3 of 4 nearer to the same limit
    than to the centre)."
    """
    history = list(history)[-26:]
    before = history[:-1]
    if len(before) < 12:
        return "short"
    centre = sum(before) / len(before)
    ranges = [abs(b - a) for a, b in pairwise(before)]
    reach = 2.66 * sum(ranges) / len(ranges)
    upper, lower = min(ceiling, centre + reach), max(floor, centre - reach)
    if history[-1] > upper:
        return "up:limits"
    if history[-1] < lower:
        return "down:limits"
    if all(x > centre for x in history[-8:]):
        return "up:run"
    if all(x < centre for x in history[-8:]):
        return "down:run"
    for limit, name in ((upper, "up:near"), (lower, "down:near")):
        near = [abs(x - limit) < abs(x - centre) for x in history[-4:]]
        if near[-1] and sum(near) >= 3:
            return name
    return "none"


def status(value: float | None, better: str, ok, breach=None) -> str:
    """ "watch lies between ok and breach; both lines are inclusive towards the better side"; without a breach line there is no watch."""
    if value is None or math.isnan(value):
        return "n/a"
    if ok is None:
        return "none"

    def reaches(line) -> bool:
        if line is None:
            return False
        if better == "band":
            return line[0] <= value <= line[1]
        if better == "zero":
            return abs(value) <= line
        return value >= line if better == "up" else value <= line

    return "ok" if reaches(ok) else "watch" if reaches(breach) else "breach"
