"""The exports' own evidence: what each week's folder brought of each table, against the table's history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.books import Books
from opsreview.checks.exports import LOOKED_AT, before, is_odd, is_stale
from opsreview.statistics import HISTORY

COLUMNS = ["table", "week", "rows", "refused", "newest", "age_hours", "usual_age", "centre", "lower", "upper", "gone", "state"]


def export_weeks(books: Books) -> pd.DataFrame:
    """A row a table and week of up to 26, from the table's first export on: rows against the limits of its exports before, `state`.

    `state`: came, missing (it used to come), not due, stale, odd (in size), changed (`gone`: columns it lost); by the checks' thresholds.
    """
    arrivals, rules = books.known.arrivals, books.settings.checks
    weeks = [books.week - n for n in range(HISTORY - 1, -1, -1) if books.week - n >= books.known.first_week]
    out = []
    for table, came in arrivals.groupby("table", sort=False):
        there = {week: i for i, week in enumerate(came["week"])}
        for week in weeks:
            if str(week) in there:
                upto = came.iloc[: there[str(week)] + 1]
                out.append(_cell(upto, rules))
            elif str(week) > came["week"].iloc[0]:
                used = sum(str(week - n) in there for n in range(1, LOOKED_AT + 1)) >= rules["export_missing"]["of_last_4"]
                out.append({"table": table, "week": str(week), "state": "missing" if used else "not due", "gone": ""})
    frame = pd.DataFrame(out).reindex(columns=COLUMNS)
    numbers = ["rows", "refused", "age_hours", "usual_age", "centre", "lower", "upper"]
    return frame.astype({**dict.fromkeys(numbers, float), "newest": "datetime64[us]"})


def _cell(upto: pd.DataFrame, rules: dict) -> dict:
    """The last of a table's exports, against those before it."""
    last, ages, sizes = upto.iloc[-1], before(upto, "age_hours"), before(upto, "rows")
    odd = stale = False
    if sizes and not sizes.provisional:
        odd = is_odd(_one(last["rows"], sizes), rules["export_volume"]["share"], rules["export_volume"]["rows"]).iloc[0]
    if ages and pd.notna(last["age_hours"]):
        stale = is_stale(_one(last["age_hours"], ages), rules["export_stale"]["hours"]).iloc[0]
    state = "changed" if len(last["gone"]) else "stale" if stale else "odd" if odd else "came"
    limits = {name: getattr(sizes, name) if sizes else np.nan for name in ("centre", "lower", "upper")}
    usual = ages.centre if ages else np.nan
    return {**last.to_dict(), **limits, "usual_age": usual, "gone": ", ".join(last["gone"]), "state": state}


def _one(now: float, limits) -> pd.DataFrame:
    return pd.DataFrame([{"now": now, "centre": limits.centre, "lower": limits.lower, "upper": limits.upper}])


EVIDENCE = (export_weeks,)
