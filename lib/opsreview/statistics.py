"""The few statistics that tell a change from noise: XmR limits, trends, Wilson intervals, an elasticity with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

XMR = 2.66  # 3 / d2(2): mean moving range to three-sigma limits (Shewhart; Wheeler)
HISTORY = 26  # weeks of history, W's own among them
SAME = 1e-9  # of a value: a difference that is rounding
ENOUGH = 12  # values before W from which a signal may be called
TREND = 8  # values from which a trend may be told
PROVISIONAL = 6  # values before W from which limits are drawn at all


@dataclass(frozen=True)
class Limits:
    """Natural process limits of a weekly history, from the values before the week judged."""

    centre: float
    lower: float
    upper: float
    provisional: bool


def xmr_limits(before: list[float], floor: float = -math.inf, ceiling: float = math.inf) -> Limits | None:
    """Centre = mean, limits = centre ± 2.66 × mean moving range, clamped to what is possible; None under six values."""
    values = np.array([v for v in before if v is not None and math.isfinite(v)], dtype=float)
    if len(values) < PROVISIONAL:
        return None
    centre = float(values.mean())
    reach = XMR * float(np.abs(np.diff(values)).mean())
    return Limits(centre, max(floor, centre - reach), min(ceiling, centre + reach), len(values) < ENOUGH)


def xmr_signal(history: list[float], floor: float = -math.inf, ceiling: float = math.inf) -> str:
    """What the last value of `history` (oldest first, n/a left out) completes.

    `up:limits`, `down:run`, `up:near` …; `none`; `short` where fewer than twelve values stand before it.
    """
    values = [float(v) for v in history[-HISTORY:]]
    limits = xmr_limits(values[:-1], floor, ceiling) if values else None
    if limits is None or limits.provisional:
        return "short"
    last, nothing = values[-1], SAME * max(1.0, abs(limits.centre))  # the mean of twelve times 0.8 is not 0.8 to the last digit
    if last > limits.upper + nothing:
        return "up:limits"
    if last < limits.lower - nothing:
        return "down:limits"
    for side, name in ((1, "up"), (-1, "down")):
        if len(values) >= 8 and all(side * (v - limits.centre) > nothing for v in values[-8:]):
            return f"{name}:run"
    for limit, name in ((limits.upper, "up"), (limits.lower, "down")):
        if abs(limit - limits.centre) <= nothing:
            continue
        near = [abs(v - limit) < abs(v - limits.centre) for v in values[-4:]]
        if near[-1] and sum(near) >= 3:
            return f"{name}:near"
    return "none"


def trend(history: list[float], confidence: float = 0.95) -> float | None:
    """What a weekly value changes by a week: the median slope, 0 where chance makes such a one too (Kendall's test).

    None under eight values.
    """
    if len(history) < TREND:
        return None
    from scipy.stats import kendalltau, theilslopes

    weeks = range(len(history))
    if len(set(history)) == 1 or kendalltau(weeks, history).pvalue > 1 - confidence:
        return 0.0
    return float(theilslopes(history, weeks).slope)


def wilson(successes: float, trials: float, confidence: float = 0.99) -> tuple[float, float]:
    """Wilson score interval of a share; (0, 1) where there were no trials."""
    if trials <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(max(0.0, share * (1 - share) / trials + z * z / (4 * trials * trials)))
    return max(0.0, middle - half), min(1.0, middle + half)


def student(share: float, freedom: int) -> float:
    """The quantile of Student's t."""
    from scipy.stats import t

    return float(t.ppf(share, freedom))


@dataclass(frozen=True)
class Elasticity:
    """By how many per cent hours move when volume moves by one per cent, with its interval."""

    value: float
    low: float
    high: float
    n: int


def elasticity(volume: list[float], hours: list[float], confidence: float = 0.90) -> Elasticity | None:
    """Least squares of log hours on log volume over weeks with both above 0; None under eight weeks or without spread."""
    x, y = np.array(volume, dtype=float), np.array(hours, dtype=float)
    both = (x > 0) & (y > 0)
    x, y = np.log(x[both]), np.log(y[both])
    if len(x) < 8 or np.ptp(x) == 0:
        return None
    from scipy.stats import linregress

    fit = linregress(x, y)
    reach = student(0.5 + confidence / 2, len(x) - 2) * fit.stderr
    return Elasticity(float(fit.slope), float(fit.slope - reach), float(fit.slope + reach), len(x))
