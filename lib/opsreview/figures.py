"""One figure in words: its name, target, signal and history, and why it is n/a."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from opsreview import formats
from opsreview.catalog import kpis
from opsreview.judgement import target_of

AFTER_SPEND = "contribution_margin_after_marketing"


def figure(row: Any, currency: str) -> str:
    """`On-time ship is 91.2 %`; `Dock-to-stock, median is n/a`."""
    return f"{kpis()[row.kpi].label} is {formats.quantity(row.value, row.unit, currency)}"


def subject(row: Any) -> str:
    """`On-time ship` or `On-time ship, location BER`."""
    label = kpis()[row.kpi].label
    return label if row.grain == "all" else f"{label}, {key_words(row.grain, row.key)}"


def key_words(grain: str, key: str) -> str:
    """`location BER`, `error type wrong item`: names of ours without their underscores, names of the store as they are."""
    return f"{formats.words(grain)} {formats.words(key) if grain in ('error_type', 'reason') else key}"


def formula(fact: Any) -> str:
    """A KPI's formula as a sentence without the contract's shorthand."""
    text = fact.formula.replace("T28", "28 days").replace("T91", "91 days")
    return formats.capital(text)


def target_words(kpi: str, key: str, settings: Any, line: str = "ok") -> str:
    """`at least 95 %`, `at most 10 h`, `within ±5 %`, `14 to 45 days`; empty where there is no target."""
    target, fact = target_of(settings, kpi, key), kpis()[kpi]
    if target is None:
        return ""
    if isinstance(target.ok, tuple):
        low, high = (formats.number(v) for v in target.ok)
        return f"{low} to {formats.quantity(target.ok[1], fact.unit, settings.reporting_currency)}" if low != high else high
    value = target.ok if line == "ok" or target.breach is None else target.breach
    if fact.unit == "share":  # a target is a round number: as many decimals as it has
        text = f"{formats.number(value * 100, len(f'{value * 100:.6g}'.partition('.')[2]))}{formats.NBSP}%"
    else:
        text = formats.quantity(value, fact.unit, settings.reporting_currency)
    return {"up": f"at least {text}", "down": f"at most {text}", "zero": f"within ±{text}"}.get(fact.better, text)


def value_of(results: Any, kpi: str, grain: str = "all", key: str = "") -> Any:
    """The row of kpis.csv of one figure, None where there is none."""
    rows = results.kpis[(results.kpis.kpi == kpi) & (results.kpis.grain == grain) & (results.kpis.key == key)]
    return next(rows.itertuples(), None)


def charted(results: Any, kpi: str, grain: str = "all", key: str = "") -> pd.DataFrame:
    """The charted history of one figure, oldest first."""
    rows = results.history
    return rows[(rows.kpi == kpi) & (rows.grain == grain) & (rows.key == key)]


def meaning(signal: str, better: str) -> str:
    """What a signal means to the business: a rise is good news only where more is better."""
    way = str(signal).partition(":")[0]
    if way not in ("up", "down"):
        return "in its usual range"
    if better not in ("up", "down"):
        return "changed"
    return f"changed for the {'better' if way == better else 'worse'}"


def signal_words(signal: str) -> str:
    """`up:run` as a reader says it."""
    way, _, rule = str(signal).partition(":")
    if rule == "limits":
        return f"{'above its upper' if way == 'up' else 'below its lower'} limit"
    if rule == "run":
        return f"eight weeks in a row {'above' if way == 'up' else 'below'} its mean"
    if rule == "near":
        return f"three of four weeks close to its {'upper' if way == 'up' else 'lower'} limit"
    return {"short": "too little history to say", "none": "none: within its limits"}.get(way, "judged in the week itself")


def beyond(rows: pd.DataFrame) -> list[int]:
    """Of each row, the side of its limits `lower` and `upper` on which its value lies: 1 above, −1 below, 0 between, on or without them."""
    value, lower, upper = (rows[name].to_numpy(dtype=float) for name in ("value", "lower", "upper"))
    above, below = (value > upper) & ~np.isclose(value, upper), (value < lower) & ~np.isclose(value, lower)
    return [int(a) - int(b) for a, b in zip(above, below, strict=True)]


def outside(rows: pd.DataFrame) -> str:
    """`the fifth week below its range`, of a figure's charted weeks, oldest first; empty where the last is within."""
    sides = beyond(rows)
    if not sides or not sides[-1]:
        return ""
    weeks = next((i for i, side in enumerate(reversed(sides)) if side != sides[-1]), len(sides))
    nth = f"the {formats.ordinal(weeks)} week " if weeks > 1 else ""
    return f"{nth}{'above' if sides[-1] > 0 else 'below'} its range"


def standing(rows: pd.DataFrame, mean: str) -> str:
    """`the fifth week below its range (mean 15.0 %)`, `eight weeks in a row above its mean of 9.5 %`, `within its range (mean 4.6 %)`."""
    signal = rows.signal.iloc[-1]
    how = outside(rows) or (signal_words(signal) if signal.startswith(("up:", "down:")) else "within its range")
    return f"{how} of {mean}" if how.endswith("its mean") else f"{how} (mean {mean})"


def trend_title(results: Any, kpi: str, grain: str = "all", key: str = "") -> str:
    """What a trend shows of the whole store, or of one key: its level, what is usual, whether that is news and for how long."""
    fact, spot = kpis()[kpi], charted(results, kpi, grain, key)
    name = fact.label if grain == "all" else f"{fact.label}, {key_words(grain, key)}"
    if spot.empty:
        return f"{name}: n/a, {why_missing(results, kpi)}"
    last, currency = spot.iloc[-1], results.settings.reporting_currency
    value = formats.quantity(last.value, fact.unit, currency)
    if last.week != str(results.week):
        return f"{name} was last known in {last.week}, at {value}; this week: {why_missing(results, kpi)}"
    if formats.missing(last.centre):
        return f"{name} is {value} in the week; too little history to say what is usual"
    usual = formats.quantity(last.centre, fact.unit, currency)
    alone = " in the week alone" if fact.charted_over and fact.charted_over < fact.window else " in the week"
    news = meaning(last.signal, fact.better)
    if news != "in its usual range":
        return f"{name} {news}: {value}{alone}, {standing(spot, usual)}"
    if last.provisional:
        return f"{name} is {value}{alone}, against a mean so far of {usual}; too little history for a signal"
    return f"{name} is {value}{alone}, {standing(spot, usual)}"


def why_missing(results: Any, kpi: str) -> str:
    """Why a figure is n/a: the tables and weeks that did not come, a window longer than the history, or nothing to divide by."""
    fact, missing = kpis()[kpi], results.trust.get("missing", [])
    named = [m for m in missing if kpi in (m.get("costs") or [])]
    if not named:  # entries that do not say what they cost: by the tables that the figure stands on
        tables = {need.partition(".")[0] for need in fact.needs}
        named = [m for m in missing if not m.get("costs") and (m["table"] in fact.needs or m["table"] in tables)]
    if named:
        whole = {m["table"] for m in named}
        return "; ".join(
            missing_table(m) for m in named if m["table"] == m["table"].partition(".")[0] or m["table"].partition(".")[0] not in whole
        )
    weeks = -(-(fact.window + fact.ended_days_ago) // 7)
    if results.trust.get("weeks_read", 0) < weeks:
        return f"needs {weeks} weeks of exports, {results.trust.get('weeks_read', 0)} are here"
    return "nothing to measure it on in its window"


def wanting(results: Any, names: list[str]) -> str:
    """` for want of inventory and picks`: the tables that keep these figures from being said; empty where no table does."""
    entries = {m["table"] for m in results.trust.get("missing", []) if set(names) & set(m.get("costs") or [])} - {"exports"}
    said = [
        (table, f"{column} of {table}" if column else table) for table, _, column in (entry.partition(".") for entry in sorted(entries))
    ]
    whole = {table for table, text in said if text == table}
    wanted = list(dict.fromkeys(table if table in whole else text for table, text in said))
    return f" for want of {formats.listing(wanted, 3)}" if wanted else ""


def missing_table(gone: dict[str, Any]) -> str:
    """`picks was not exported in 2026-W45 to 2026-W46`; `labor was never exported`; `the exports begin after its window does`."""
    if gone["table"] == "exports":
        return "the exports begin after its window does"
    weeks = gone.get("weeks") or []
    weeks = [weeks] if isinstance(weeks, str) else list(weeks)
    table, _, column = gone["table"].partition(".")
    what = f"{f'column {column} of ' if column else ''}{table}"
    if any(week.startswith("up to") for week in weeks):
        return f"{what} was never exported"
    return f"{what} was not exported{f' in {formats.spans(weeks)}' if weeks else ''}"


def beside(results: Any, kpi: str, row: Any = None) -> list[str]:
    """What a reader must know beside a figure of the week: its tables that ended early, and what stands in for those that did not come.

    `row`: the figure, where what it would be at usual spend is wanted too.
    """
    needs = {need.partition(".")[0] for need in kpis()[kpi].needs}
    out = []
    for early in results.trust.get("ended_early", []):
        if early["table"] in needs:
            then = at_usual(early, kpi, row)
            spend = formats.money(early["usual"], results.settings.reporting_currency) if then is not None else ""
            out.append(ended(early) + (f"; at usual spend on them ({spend}) it would be {formats.share(then)}" if then is not None else ""))
    moved = [m for m in results.trust.get("missing", []) if kpi in (m.get("beside") or [])]
    return out + [f"{m['instead']}, as {missing_table(m)}" for m in moved]


def at_usual(early: dict[str, Any], kpi: str, row: Any) -> float | None:
    """The margin after marketing if the days that are missing had cost what they usually do; None for any other figure."""
    if kpi != AFTER_SPEND or row is None or early.get("usual") is None or formats.missing(row.numerator) or not row.denominator > 0:
        return None
    return float((row.numerator - early["usual"]) / row.denominator)


def ended(early: dict[str, Any]) -> str:
    """`ad spend ends on 12 Nov, 3 of the week's 7 days are missing`."""
    n = early["days"]
    day = formats.day(date.fromisoformat(early["ends"]))
    return f"{formats.words(early['table'])} ends on {day}, {n} of the week's 7 days {'is' if n == 1 else 'are'} missing"


def asides(results: Any, rows: pd.DataFrame) -> str:
    """` Contribution margin after marketing: ad spend ends on 12 Nov, …`: what must be known of figures, a sentence each."""
    said: dict[str, list[str]] = {}
    for row in rows.itertuples():
        for text in beside(results, row.kpi, row):
            said.setdefault(text, []).append(formats.inner(kpis()[row.kpi].label))
    return "".join(f" {formats.capital(formats.listing(names))}: {text}." for text, names in said.items())
