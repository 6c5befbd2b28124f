"""What stands at the top of a page, with its status: the headline of a review, of the margin audit and of the month."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import figures, formats, narrative, titles, titles_margin
from opsreview.catalog import TOP, kpis

COSTS = {  # what stands between contribution and EBITDA and may be n/a
    "marketing": "advertising", "other_labor": "the labor of receiving, returns and others", "expedite": "expediting",
    "transfer_freight": "transfers",
}  # fmt: skip
STEPS = {  # what EBITDA changes through
    "gross_margin": "gross margin", **{cost: said.lower() for cost, said in titles.COSTS.items()}, "payment": "payment costs",
    "returns_reserve": "returns reserve", **COSTS, "fixed": "fixed costs",
}  # fmt: skip


def week_headline(results: Any, review: str) -> tuple[str, str]:
    """A review in a few sentences, and its status; Friday begins with what was earned.

    The status is watch at least where a figure changed for the worse.
    """
    text, status = narrative.headline(results, review), narrative.grave(results, review)
    if review == "friday" and (results.change.grain == "all").any():
        names = results.evidence("sku_rank").dropna(subset="name").set_index("sku")["name"].to_dict()
        text = f"{titles_margin.change(results.change, results.settings.reporting_currency, results.flat_although, names)}. {text}"
    rows = narrative.whole(results, review)
    worse = any(figures.meaning(row.signal, kpis()[row.kpi].better) == "changed for the worse" for row in rows.itertuples())
    return text, "watch" if worse and narrative.ORDER[status] > narrative.ORDER["watch"] else status


def audit_headline(results: Any) -> tuple[str, str]:
    """The audit in a sentence, and its status."""
    audit, cover = results.audit.skus, results.audit.coverage
    if audit.empty:
        return "No SKU was sold in the last 28 days: nothing to audit.", "watch"
    row, top, rest = cover.iloc[0], audit.head(TOP), audit.iloc[TOP:]
    left, lacking = int((top.state != "signed off").sum()), [_lacking(part, row.net_revenue) for part in (top, rest)]
    done = f"{formats.number(row.done)} of {formats.count(row.skus, 'SKU')} signed off"
    said = [f"{formats.share(row.coverage)} of net revenue is audited ({done})"]
    awaits = f"Of the {len(top)} largest, {formats.number(left)} {'awaits' if left == 1 else 'await'} sign-off"
    first = awaits if left else f"The {len(top)} largest are all signed off"
    said.append(f"{first}; {lacking[0]}" if lacking[0] else first)
    said += [f"In the rest of the catalog {lacking[1]}"] if lacking[1] else [] if lacking[0] else ["No SKU lacks data"]
    losing = top[(top.gross_share > 0) & (top.contribution_share < 0)]
    if len(losing):
        lost = formats.money(-losing.contribution_margin.sum(), results.settings.reporting_currency)
        said.append(f"Of the {len(top)}, {len(losing)} {'is' if len(losing) == 1 else 'are'} believed to earn and lost {lost} in 28 days")
    return f"{'. '.join(said)}.", "watch" if left or any(lacking) or len(losing) else "ok"


def _lacking(skus: pd.DataFrame, net_revenue: float) -> str:
    """`3 SKUs (0.50 % of revenue) lack a cost or a weight`: whose data is missing or cannot be right; empty where it is nobody's."""
    bad = skus[skus.flaws != ""]
    if bad.empty:
        return ""
    phrases = list(dict.fromkeys(phrase for flaws in bad.flaws for phrase in flaws.split("; ")))
    gone = [phrase.removeprefix("no ") for phrase in phrases if phrase.startswith("no ")]
    odd, either = len(gone) < len(phrases), ", ".join(f"a {word}" for word in gone)
    either = " or ".join(either.rsplit(", ", 1))
    lack, have = ("lacks", "has") if len(bad) == 1 else ("lack", "have")
    what = [f"{lack} {either}"] * bool(gone) + [f"{have} data that cannot be right"] * odd
    share = formats.share(bad.net_revenue.sum() / net_revenue if net_revenue else None)
    return f"{formats.count(len(bad), 'SKU')} ({share} of revenue) {' or '.join(what)}"


def month_headline(results: Any) -> tuple[str, str]:
    """The month in a sentence, and its status."""
    month, currency = results.month, results.settings.reporting_currency
    rows = month.bridge().set_index("step")
    amount, before = rows.loc["ebitda", ["amount", "before"]]
    weeks = month.weeks()
    lacks = f" without {formats.spans(month.missing)}" if month.missing else ""
    span = f"{formats.month(month.name)}{'' if month.complete else ' so far'} ({formats.count(len(weeks), 'week')}{lacks})"
    status = "watch" if formats.missing(amount) or (lacks and amount >= 0) else "breach" if amount < 0 else "ok"
    text = f"{span}: EBITDA {formats.money(amount, currency)}"
    if formats.missing(amount):
        text = f"{span}: no EBITDA, as contribution margin is n/a ({figures.why_missing(results, 'contribution_margin')})"
        if not formats.missing(net := rows.loc["net_revenue", "amount"]):
            text += f"; {formats.money(net, currency)} of net revenue"
    elif month.complete and not lacks and not formats.missing(before):
        # Months have four weeks or five: what can be compared is a week of each.
        now, then = amount / len(weeks), before / len(month.weeks(month.before))
        text += (
            f", {formats.money(now, currency)} a week against {formats.money(then, currency)} in {formats.month(month.before, year=False)}"
        )
        text += _through(month.moved(), now - then, currency)
        status = "watch" if status == "ok" and round(now, 2) < round(then, 2) else status
    text += _lowest(weeks, currency)
    tied = month.freed().set_index("cause")["tied"]
    text += "" if formats.missing(tied.stock) else f"; stock {formats.moved(tied.stock, currency)}"
    text += "" if formats.missing(tied.cash) else f", cash tied {formats.moved(tied.cash, currency)} at the given payment days"
    return f"{text}.{_since_told(results)}{_before(results, weeks)}", status


def _since_told(results: Any) -> str:
    """` This is as its weeks were told: September's contribution has become £2,035 less since.`: what comes after a month is told."""
    weeks, month = results.month.become(), formats.month(results.month.before, year=False)
    moved = weeks.difference.sum(skipna=False) if len(weeks) else float("nan")
    if formats.missing(moved) or not round(moved):
        return ""
    size = f"{formats.money(abs(moved), results.settings.reporting_currency)} {'more' if moved > 0 else 'less'}"
    return f" This is as its weeks were told: {month}'s contribution has become {size} since."


def _through(steps: pd.Series, change: float, currency: str) -> str:
    """`, mostly through £310 less gross margin and £190 more shipping a week`: the largest step that way, and a second half its size.

    Steps: `month.moved`, what lowers EBITDA with a minus.
    """
    same = (steps if change > 0 else -steps).round(2).sort_values(ascending=False, kind="stable")
    if not round(change, 2) or not (same > 0).any():
        return ""
    top = same[same >= same.iloc[0] / 2].head(2)
    said = [
        f"{formats.money(size, currency)} {'more' if (steps[step] > 0) == (step == 'gross_margin') else 'less'} {STEPS[step]}"
        for step, size in top.items()
    ]
    return f", mostly through {formats.listing(said)} a week"


def _lowest(weeks: pd.DataFrame, currency: str) -> str:
    """`; lowest in 2026-W43, −£412`: the week with the lowest EBITDA, where that is below zero."""
    known = weeks.dropna(subset="ebitda")
    low = known.loc[known.ebitda.astype(float).idxmin()] if len(known) else None
    return "" if low is None or round(low.ebitda, 2) >= 0 else f"; lowest in {low.week}, {formats.money(low.ebitda, currency)}"


def _before(results: Any, weeks: pd.DataFrame) -> str:
    """What EBITDA is before, as nobody says it: costs that are n/a in a week, fixed costs that the settings do not give."""
    if weeks.ebitda.isna().any():
        return ""
    partly = [words for column, words in COSTS.items() if weeks[column].isna().any()]
    said = f" EBITDA is before {formats.listing(partly)}: not known in every week." if partly else ""
    return said + (
        ""
        if results.settings.costs.fixed_per_month
        else " Fixed costs are not given in the settings (costs.fixed_per_month): EBITDA is before them."
    )
