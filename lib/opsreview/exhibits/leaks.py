"""The leaks over time, in the words of the weekly meeting, and what of each has a finding."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, figures, formats, statistics, titles_margin
from opsreview.exhibits import Part, drawn, gone, listed
from opsreview.exhibits.leak_findings import with_findings
from opsreview.exhibits.leak_unpriced import unpriced
from opsreview.narrative import lacking
from opsreview.tables import note
from opsreview.titles import LEAKS

PARTS = ("rework", "avoidable_charges", "creep")
STANDS_ON = ["shipments", "carrier_charges", "picks", "labor"]
TOTALS = {"1-4": "leaks 1 to 4", **LEAKS}
TREND_WEEKS = 13


def leak_trends(results: Any) -> list[Part]:
    """Basis points of each leak over 26 weeks against what weeks differ by anyway, what avoidables cost, and each leak's findings."""
    rows, currency = trends(results.leak_history), results.settings.reporting_currency
    news = rows[(rows.week == str(results.week)) & rows.signal.str.startswith(("up", "down"))]
    said = [
        f"{row.series.lstrip('12345 ').lower()} {'rose' if row.signal.startswith('up') else 'fell'}"
        for row in news[news.series != TOTALS["1-4"]].itertuples()
    ]
    news = f"beyond what weeks differ by anyway: {formats.listing(said, 5)}" if said else "no leak is beyond what weeks differ by anyway"
    title = {leak: trend_title(leak, own, str(results.week)) for leak, own in rows.groupby("series", sort=False)}
    whole = TOTALS["1-4"]
    title |= {whole: f"{title[whole]}; {news}"} if whole in title else {}
    subtitle = f"Basis points of net revenue, week by week. Band: what weeks differ by anyway.{unlike(results.leak_history)}"
    chart = charts.trend(rows, title, "count", "Basis points", subtitle, "Leak", currency)
    sentence = avoidables(results.leaks, currency)
    over_time = drawn(chart, "The leaks over 26 weeks", results, ["orders", "order_lines"])
    return [*([note(sentence)] if sentence else []), by_cause(results), over_time, with_findings(results), unpriced(results)]


def by_cause(results: Any) -> Part:
    """Leak 3 by what it comes from, the largest first, the remainder and the whole last."""
    rows, currency = results.leak_causes, results.settings.reporting_currency
    shown = shares(rows)
    columns = """
    named | Cause | text | small=what
    amount | In the week | cents | bar
    basis_points | Basis points | one
    rework | Rework | cents?
    avoidable_charges | Avoidable charges | cents?
    creep | Creep | cents?
    """
    note_ = (
        "Creep: what an order costs more than in the median of up to 13 weeks before, at this week's mix of zones and billed weights. "
        "Medians of shares do not add up to the median of the whole: the remainder is what that leaves."
    )
    of_creep = rows[rows.part == "creep"].amount
    if of_creep.notna().any() and not of_creep.any():
        note_ += " There is none this week: an order costs no more."
    if not rows[rows.cause == "surcharges"].amount.fillna(0.0).any():
        note_ += (
            " Surcharges stand on invoices: no more than usual are billed of this week's parcels so far, what comes is in the late costs."
        )
    if rows.amount.isna().any():
        note_ += f" n/a: {gone(results, STANDS_ON) or 'fewer than four weeks before this one'}."
    title = titles_margin.causes(shown[~shown.whole], currency)
    shown = pd.concat([shown, _zone_shift(results)], ignore_index=True)
    return listed(results, shown, columns, title, STANDS_ON, strong="whole", note=note_, download=f"leak-3-causes-{results.week}.csv")


def shares(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a cause of leak 3, the largest first, then the remainder and the whole: amount, basis points, and what of each part it is."""
    wide = rows.pivot_table(index="cause", columns="part", values="amount", aggfunc=_total, dropna=False)
    sums = rows.groupby("cause")[["amount", "basis_points"]].agg(_total).join(wide.reindex(columns=list(PARTS)))
    sums = sums.sort_values("amount", ascending=False, kind="stable")
    sums = sums.loc[[*(cause for cause in sums.index if cause != "remainder"), "remainder"]]
    whole = sums.agg(_total).to_frame("whole").T
    both = pd.concat([sums, whole]).rename_axis("cause").reset_index()
    about = both.cause.map(titles_margin.CAUSES)
    return both.assign(named=about.str[0], what=about.str[1], whole=both.cause == "whole")


def _zone_shift(results: Any) -> pd.DataFrame:
    """The memo line: what the week's zones cost more than the usual ones. In no share, since creep is held at this week's zones."""
    zones, known = results.evidence("zone_shifts"), results.leaks[results.leaks.amount.fillna(0.0) != 0]
    amount = zones.amount.sum(min_count=1)
    each = known.basis_points.iloc[0] / known.amount.iloc[0] if len(known) else float("nan")
    named, what = titles_margin.CAUSES["zone_shift"]
    return pd.DataFrame([{"named": named, "what": what, "amount": amount, "basis_points": amount * each, "whole": False}])


def _total(amounts: pd.Series) -> float:
    """The sum of what is said; n/a where nothing is."""
    return amounts.sum(min_count=1)


def trends(history: pd.DataFrame) -> pd.DataFrame:
    """A row a leak's total and week, as `charts.trend` takes them: basis points, limits from the weeks before the last, its signal."""
    out = []
    for leak, name in TOTALS.items():
        own = history[(history.part == "total") & (history.leak == leak)].dropna(subset=["basis_points"]).sort_values("week")
        own = own[own.without == most_alike(own)]
        values = own.basis_points.tolist()
        limits = statistics.xmr_limits(values[:-1], floor=0.0)
        edges = (limits.centre, limits.lower, limits.upper) if limits else (float("nan"),) * 3
        signal = statistics.xmr_signal(values, floor=0.0) if values else "short"
        last = own.week.iloc[-1] if len(own) else ""
        said = (signal if week == last else "none" for week in own.week)
        out += [(name, week, value, *edges, word) for week, value, word in zip(own.week, values, said, strict=True)]
    frame = pd.DataFrame(out, columns=["series", "week", "value", "centre", "lower", "upper", "signal"])
    nothing = float("nan")
    return frame.assign(better="down", target="none", low=nothing, high=nothing)


def against_history(history: pd.DataFrame, week: str) -> pd.DataFrame:
    """A row a leak and part of W: its `signal` in words (as any weekly value has one), and its `trend` over 13 weeks, in basis points."""
    out = []
    for (leak, part), own in history.dropna(subset=["basis_points"]).groupby(["leak", "part"]):
        own = (own[own.without == most_alike(own)] if part == "total" else own).sort_values("week")
        values = own.basis_points.tolist()
        if not values or own.week.iloc[-1] != week:
            continue
        way, _, rule = statistics.xmr_signal(values, floor=0.0).partition(":")
        slope = statistics.trend(values[-TREND_WEEKS:])
        said = "too short" if slope is None else "level" if not slope else f"{'rising' if slope > 0 else 'falling'} {abs(slope):.1f}"
        out.append((leak, part, {"up": f"▲ {rule}", "down": f"▼ {rule}", "short": "too short"}.get(way, "none"), said))
    return pd.DataFrame(out, columns=["leak", "part", "signal", "trend"])


def trend_title(leak: str, weeks: pd.DataFrame, week: str) -> str:
    """`Returns drag: 541 basis points of net revenue in the week, the second week above its range (mean 310)`. Rows: `trends` of a leak."""
    last, name = weeks.iloc[-1], leak.lstrip("12345 ")
    if last.week != week:
        return f"{leak}: last known in {last.week}"
    text = f"{formats.capital(name)}: {formats.number(last.value)} basis points of net revenue in the week"
    if formats.missing(last.centre):
        return text
    return f"{text}, {figures.standing(weeks, formats.number(last.centre))}"


def unlike(history: pd.DataFrame) -> str:
    """` Not drawn, as their total has other parts: leak 4 of 2026-W46, without …`: empty where every week has the parts of most."""
    out = []
    for leak in "1234":
        own = history[(history.part == "total") & (history.leak == leak)].dropna(subset=["amount"]).sort_values("week")
        for lack, weeks in own[own.without != most_alike(own)].groupby("without", sort=False).week:
            out.append(f"leak {leak} of {formats.spans(weeks.tolist())}{lacking(str(lack))}")
    return f" Not drawn, as their total has other parts than in most weeks: {formats.listing(out, 5)}." if out else ""


def most_alike(totals: pd.DataFrame) -> str:
    """What the total of a leak lacks in most weeks: only these can be held against one another. Rows: one leak's totals."""
    weeks = totals.without.value_counts()
    return str(weeks.idxmax()) if len(weeks) else ""


def avoidables(leaks: pd.DataFrame, currency: str) -> str:
    """`Fulfillment avoidables leak 34 basis points of net revenue (€1,200): …`: the question of the weekly meeting; empty where n/a."""
    own = leaks[(leaks.leak == "3") & leaks.amount.notna() & leaks.basis_points.notna()]
    total = own[own.part == "total"]
    if total.empty:
        return ""
    row = total.iloc[0]
    parts = own[own.part != "total"].sort_values("amount", ascending=False)
    said = [f"{formats.words(part.part)} {formats.number(part.basis_points, 1)}" for part in parts.itertuples()]
    cost = formats.money(row.amount, currency)
    usual = "" if formats.missing(row.usual) else f"; usually {formats.money(row.usual, currency)}"
    text = f"Fulfillment avoidables leak {formats.number(row.basis_points, 1)} basis points of net revenue ({cost}{usual})"
    text += lacking(row.without)
    return f"{text}: {formats.listing(said, 4)}."
