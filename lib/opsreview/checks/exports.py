"""The exports themselves: what should have come and did not, came old, came in an odd size, or came changed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import catalog, gaps
from opsreview.books import STANDING
from opsreview.checks import GRAVE_TIMES, Context, check, found, nothing, say
from opsreview.formats import count, day, listing, number, share, words
from opsreview.intake.schema import TABLES
from opsreview.statistics import HISTORY, Limits, xmr_limits

LOOKED_AT = 4  # weeks before W
AFTER_SPEND = "contribution_margin_after_marketing"


@check
def export_missing(ctx: Context) -> pd.DataFrame:
    """Tables that came in three of the last four weeks and not in this one."""
    known, week = ctx.books.known, ctx.books.week
    least = ctx.threshold("export_missing", "of_last_4")
    rows = pd.DataFrame(
        {
            "entity": list(TABLES),
            "observed": [float(known.exported(table, week)) for table in TABLES],
            "came": [sum(known.exported(table, week - n) for n in range(1, LOOKED_AT + 1)) for table in TABLES],
        }
    )
    rows = rows[(rows["observed"] == 0) & (rows["came"] >= least)]
    return found(
        rows,
        title=say(rows, lambda r: f"No export of {words(r.entity)} came this week"),
        expected=1.0,
        threshold=least,
        severity="breach",
        basis="",
        decision="investigate",
        detail=say(rows, lambda r: f"came in {r.came} of the {LOOKED_AT} weeks before; {_costs(ctx, r.entity)}"),
        evidence=f"folders of {LOOKED_AT + 1} weeks",
    )


def _costs(ctx: Context, table: str) -> str:
    """What stands on a table: figures that are n/a without it; of one that may be older, what is said from its last folder."""
    kpis = [k.label for k in catalog.kpis().values() if any(need.partition(".")[0] == table for need in k.needs)]
    told = [c.title.lower() for c in catalog.checks().values() if any(need.partition(".")[0] == table for need in c.needs)]
    if table in STANDING:
        last = ctx.books.last_week(table)
        return f"{listing([*kpis, *told], 4)}: said from {words(table)} of {last}" if kpis or told else "nothing stands on it"
    if kpis:
        return f"without it: {listing(kpis)}"
    return f"not looked for without it: {listing(told)}" if told else "nothing stands on it"


@check
def export_stale(ctx: Context) -> pd.DataFrame:
    """Tables whose newest event is older than 48 h at the week's end, and older than it uses to be."""
    least = ctx.threshold("export_stale", "hours")
    rows = _against_history(ctx, "age_hours")
    rows = rows[is_stale(rows, least)]
    early = {e["table"]: e for e in gaps.ended_early(ctx.books)} if len(rows) else {}
    return found(
        rows,
        entity=rows["table"],
        title=say(rows, lambda r: f"The export of {words(r.table)} ends on {day(r.newest)}, not with the week"),
        observed=rows["now"],
        expected=rows["centre"],
        threshold=rows["upper"].clip(lower=least),
        severity="breach",
        basis="",
        decision="investigate",
        detail=say(
            rows,
            lambda r: f"usually it ends {_age(r.centre)} before the week does{_lacks(ctx, early.get(r.table))}",
        ),
        evidence=f"folders of up to {HISTORY} weeks",
    )


def _lacks(ctx: Context, early: dict[str, Any] | None) -> str:
    """`; 3 of 7 days are missing: margin after marketing is 3.3 %, at usual spend on them 1.9 %`; empty where no day is missing."""
    if early is None:
        return ""
    text = f"; {early['days']} of the week's 7 days missing"
    card = ctx.card[(ctx.card["kpi"] == AFTER_SPEND) & (ctx.card["grain"] == "all")]
    if early["usual"] is None or card.empty or not card["denominator"].iloc[0] > 0:
        return text
    row = card.iloc[0]
    then = share((row["numerator"] - early["usual"]) / row["denominator"])
    label = catalog.kpis()[AFTER_SPEND].label.lower()
    return f"{text}: {label} is {share(row['value'])} without them, {then} at usual spend ({ctx.money(early['usual'])})"


@check
def export_volume(ctx: Context) -> pd.DataFrame:
    """Tables that came with far more or fewer rows than weeks differ by anyway. Days that are missing at the end are `export_stale`'s."""
    share_off, least = (ctx.threshold("export_volume", name) for name in ("share", "rows"))
    rows = _against_history(ctx, "rows", sure=True)
    short_of_days = rows["table"].isin(export_stale(ctx)["entity"]) & (rows["now"] < rows["lower"])
    rows = rows[is_odd(rows, share_off, least) & ~short_of_days]
    limit = rows["upper"].where(rows["now"] > rows["upper"], rows["lower"])
    grave = (rows["now"] >= GRAVE_TIMES * limit) | (rows["now"] * GRAVE_TIMES <= limit)
    return found(
        rows,
        entity=rows["table"],
        title=say(rows, lambda r: f"The export of {words(r.table)} came with {number(r.now)} rows, {number(r.centre)} are usual"),
        observed=rows["now"],
        expected=rows["centre"],
        threshold=limit,
        severity=grave.map({True: "breach", False: "watch"}),
        basis="",
        decision="investigate",
        detail=say(rows, _usually),
        evidence=f"folders of up to {HISTORY} weeks",
    )


@check
def schema_drift(ctx: Context) -> pd.DataFrame:
    """Tables that lost a column of the contract since their last export, or whose listed values are unknown in more than a few rows."""
    least = ctx.threshold("schema_drift", "share")
    drift = pd.DataFrame(ctx.books.known.schema_drift, columns=["table", "column", "share"]).astype({"share": float})
    drift = drift[drift["share"].isna() | (drift["share"] > least)]
    if drift.empty:
        return nothing()
    drift["needed"] = [_needed(f"{r.table}.{r.column}") for r in drift.itertuples()]
    drift["said"] = say(
        drift, lambda r: f"column {r.column} is gone" if pd.isna(r.share) else f"{share(r.share)} of the values of {r.column} are unknown"
    )
    by = drift.groupby("table", sort=False)
    rows = pd.DataFrame(
        {
            "observed": by["share"].max(), "columns": by["column"].agg("; ".join), "said": by["said"].agg(lambda s: listing(s.tolist(), 3)),
            "needed": by["needed"].agg(lambda s: sorted({k for names in s for k in names})),
        }
    ).rename_axis("table").reset_index()  # fmt: skip
    grave = rows["needed"].str.len().gt(0) | rows["observed"].notna()
    return found(
        rows,
        entity=rows["table"],
        title=say(rows, lambda r: f"The export of {words(r.table)} changed: {r.said}"),
        observed=rows["observed"],
        expected=0.0,
        threshold=least,
        severity=grave.map({True: "breach", False: "watch"}),
        basis="",
        decision="investigate",
        detail=say(rows, lambda r: f"without it: {listing(r.needed, 3)}" if r.needed else "no KPI needs it"),
        members=rows["columns"],
        evidence="headers and listed values of this week's files and of the export before",
    )


def is_stale(rows: pd.DataFrame, hours: float) -> pd.Series:
    """Which ages (`now`, with the limits of their history) are of a stale export."""
    return (rows["now"] > hours) & (rows["now"] > rows["upper"])


def is_odd(rows: pd.DataFrame, share_off: float, least: float) -> pd.Series:
    """Which numbers of rows (`now`, with the limits of their history) are odd."""
    large = rows[["now", "centre"]].max(axis=1) >= least
    off = (rows["now"] - rows["centre"]).abs() > share_off * rows["centre"]
    return large & off & ((rows["now"] > rows["upper"]) | (rows["now"] < rows["lower"]))


def _usually(row: Any) -> str:
    low, high = number(row.lower), number(row.upper)
    return f"until now always {low}" if low == high else f"{low} to {high} rows are what weeks differ by anyway"


def _needed(column: str) -> list[str]:
    return [k.label for k in catalog.kpis().values() if column in k.needs]


def _age(hours: float) -> str:
    return count(round(hours), "hour") if hours < 2 * 24 else f"{number(hours / 24, 0 if hours % 24 == 0 else 1)} days"


def before(came: pd.DataFrame, measure: str) -> Limits | None:
    """XmR limits of a table's exports before the last of `came` (its rows of `Known.arrivals`); its first export is left out."""
    return xmr_limits(came.iloc[1:-1][measure].tolist()[-(HISTORY - 1) :], floor=0.0)


def _against_history(ctx: Context, measure: str, sure: bool = False) -> pd.DataFrame:
    """A row a table that came in W with a value: `now`, `newest`, and the limits of its exports `before` W, at least six.

    `sure`: limits only from the twelve on that call a signal.
    """
    arrivals, week = ctx.books.known.arrivals, str(ctx.books.week)
    out = []
    for table, came in arrivals.groupby("table", sort=False):
        last, limits = came.iloc[-1], before(came, measure)
        if last["week"] == week and pd.notna(last[measure]) and limits and not (sure and limits.provisional):
            out.append((table, float(last[measure]), last["newest"], limits.centre, limits.lower, limits.upper))
    return pd.DataFrame(out, columns=["table", "now", "newest", "centre", "lower", "upper"])
