"""What did not come or ended early, what that leaves unanswered, and what stands in for it: all that is asked of the exports' calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from opsreview.books import STANDING, Books, inside
from opsreview.catalog import checks, fallbacks
from opsreview.formats import listing, spans
from opsreview.intake.schema import TABLES
from opsreview.weeks import Window

Gap = tuple[str, list[str]]  # a table, or a column as table.column, and the weeks in which it did not come

HISTORY, ENOUGH = 13, 4  # exports before W that say how far a table reaches, and from how many on
SELDOM = 0.25  # of them may have ended so early
NOTHING: dict[str, Any] = {"unanswered": {}, "instead": [], "ended_early": []}  # of a week that was not run
FOUR_WEEKS = 28  # days of the margins of SKUs, leaks and returns
MARGINS = ("contribution_margin", "contribution_margin_after_marketing")  # what the fallbacks of the catalog move
USUAL = 4  # weeks whose days stand in for those that are missing


def of(books: Books) -> dict[str, Any]:
    """All that this module says of a week."""
    return {"unanswered": unanswered(books), "instead": instead(books), "ended_early": ended_early(books)}


def gaps(books: Books, needs: Mapping[str, int]) -> list[Gap]:
    """Of what is needed over so many trailing days, what did not come in a week of them, from its first export on.

    A table that never came takes nothing away that was there before; one that may be older than its week is never late.
    """
    out = []
    for need, days in needs.items():
        table, _, column = need.partition(".")
        if table in STANDING:
            continue
        weeks = [w for w in books.week.trailing(days).weeks if not books.known.exported(table, w, column or None)]
        if weeks and (began := books.first_week(need)):
            out.append((need, [str(w) for w in weeks if w >= began]))
    return [(need, weeks) for need, weeks in out if weeks]


def unanswered(books: Books) -> dict[str, str]:
    """Why a check cannot say this week that something is gone, a sentence each: by check, and `check|entity type` for its kinds."""
    out = {}
    for name, check in checks().items():
        for key, needs in {name: check.needs, **{f"{name}|{kind}": needs for kind, needs in check.kinds.items()}}.items():
            if found := gaps(books, needs):
                out[key] = did_not_come(found)
    return out


def why_unanswered(unknown: Mapping[str, str], check: str, entity_type: str) -> str:
    """The sentence of `unanswered` that holds for a finding; empty where its check was answered."""
    kinds = checks()[check].kinds if check in checks() else {}
    return unknown.get(f"{check}|{entity_type}" if entity_type in kinds else check, "")


def did_not_come(found: Iterable[Gap]) -> str:
    """`returns did not come in 2026-W46`; `picks and column hour of labor did not come in 2026-W45 to 2026-W46`."""
    tables = {need for need, _ in found}
    by_weeks: dict[tuple[str, ...], list[str]] = {}
    for need, weeks in found:
        table, _, column = need.partition(".")
        if not column or table not in tables:
            by_weeks.setdefault(tuple(weeks), []).append(f"column {column} of {table}" if column else table)
    return "; ".join(f"{listing(names, 4)} did not come in {spans(list(weeks))}" for weeks, names in by_weeks.items())


def instead(books: Books) -> list[dict[str, Any]]:
    """What stands in for tables of the contribution margin that did not come: table, weeks, instead (`shipping: label costs only`), beside.

    `beside`: the KPIs of W that this moves; none where it is only a week before W that lacks them, which moves what is told of four weeks.
    """
    out: list[dict[str, Any]] = []
    for table, fact in fallbacks().items():
        last = books.last_week(table)
        if last == books.week:
            before_w = [week for _, weeks in gaps(books, {table: FOUR_WEEKS}) for week in weeks]
            if before_w and fact.before:
                out.append({"table": table, "weeks": before_w, "instead": f"{fact.component} of four weeks: {fact.before}", "beside": []})
            continue
        says = fact.late if last else fact.never
        if last is None and table == "carrier_charges" and not books.ever("shipments.label_cost"):
            says = fallbacks()["shipments"].never
        weeks = [str(books.week)] if last else [f"up to {books.week}"]
        out.append({"table": table, "weeks": weeks, "instead": f"{fact.component}: {says.format(rate=last)}", "beside": [*MARGINS]})
    return out


def ended_early(books: Books) -> list[dict[str, Any]]:
    """Tables of events that came and end a day or more before W does, though they usually reach it: table, ends (day), days (missing).

    Usually: most of up to 13 exports before W reach the last day, and less than a quarter ended so early. `usual`: what those days cost in
    the four weeks before, for advertising alone; a figure of W leaves it out.
    """
    out = []
    for table, came in books.known.arrivals.groupby("table", sort=False):
        fact = TABLES[str(table)]
        if fact.kind != "event" or not fact.happened or came["week"].iloc[-1] != str(books.week):
            continue
        whole = 1 if fact[fact.happened].type == "date" else 0  # a day is as old as its morning
        early = (came["age_hours"] // 24 - whole).iloc[1:]
        now, before = early.iloc[-1:].squeeze(), early.iloc[:-1].dropna().tail(HISTORY)
        if len(before) < ENOUGH or not now >= 1 or before.median() > 0 or (before >= now).mean() >= SELDOM:
            continue
        ends = books.week.end - timedelta(days=int(now) + 1)
        missing = min(int(now), books.week.window.days)
        usual = _usual_spend(books, missing) if table == "ad_spend" else None
        out.append({"table": str(table), "ends": ends.isoformat(), "days": missing, "usual": usual})
    return out


def _usual_spend(books: Books, days: int) -> float | None:
    """What the last days of a week cost in advertising, mean of the four weeks before W; None where those were not exported."""
    past = Window(books.week.monday - timedelta(weeks=USUAL), books.week.monday)
    if not (books.began(past) and books.has("ad_spend", past)):
        return None
    spent = books.table("ad_spend").filter(lambda t: inside(t.spend_date, past)).select("spend_date", "amount").to_pandas()
    late = pd.to_datetime(spent["spend_date"]).dt.day_of_week >= 7 - days
    return float(spent["amount"][late].sum() / USUAL)
