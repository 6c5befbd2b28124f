"""The month: from net revenue to EBITDA, the cash in stock, what stock earns, and the leaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from opsreview import charts, formats
from opsreview.charts.month import STEPS as SHORT
from opsreview.exhibits import Exhibit, Part, drawn, listed
from opsreview.exhibits.cash import STOOD, cash
from opsreview.exhibits.month_decisions import recovered
from opsreview.narrative import lacking
from opsreview.tables import Html
from opsreview.titles import COSTS, LEAKS

SOLD = ["orders", "order_lines", "products"]
STEPS = {
    "net_revenue": "Net revenue", "goods": "Cost of goods, and sales without a cost", "gross_margin": "Gross margin",
    **COSTS, "returns_reserve": "Returns reserve", "contribution_margin": "Contribution", "marketing": "Advertising",
    "other_labor": "Labor of receiving, returns and others", "expedite": "Expediting", "transfer_freight": "Transfers",
    "fixed": "Fixed costs", "ebitda": "EBITDA",
}  # fmt: skip
MOST_MONTHS = 12  # months of leaks beside each other in the table
MOST_SAID = 8  # sentences on leaks in part under it
TOTALS = ("net_revenue", "gross_margin", "contribution_margin", "ebitda")


def ebitda(results: Any) -> list[Part]:
    """From contribution to EBITDA, beside the month before, and the weeks that it is made of."""
    month, currency = results.month, results.settings.reporting_currency
    rows, counts = month.bridge(), {m: len(month.weeks(m)) for m in (month.name, month.before)}
    both = [(formats.month(month.name), "amount", "share"), (formats.month(month.before), "before", "share_before")]
    tall = pd.concat([rows[["step", a, s]].set_axis(["step", "amount", "share"], axis=1).assign(month=m) for m, a, s in both])
    subtitle = f"Beside each step its amount. {_spans(counts)}"
    title = {m: ebitda_title(rows.assign(amount=rows[a]), m, currency) for m, a, _ in both}
    chart = charts.ebitda(tall, title, subtitle, currency)
    picture = drawn(chart, "From contribution to EBITDA", results, SOLD)
    return [picture, _bridge(rows, counts, results), _weeks(results), _become(results)]


def ebitda_title(rows: pd.DataFrame, name: str, currency: str) -> str:
    """What is left of contribution as EBITDA, and the cost that takes most."""
    amount = rows.set_index("step").amount.astype(float)
    if formats.missing(amount.ebitda):
        return f"{name} has no EBITDA"
    costs = -amount[[step for step in SHORT if step not in ("contribution_margin", "ebitda")]].dropna()
    whole, left = (formats.money(amount[step], currency) for step in ("contribution_margin", "ebitda"))
    text = f"Of {whole} of contribution {left} is left as EBITDA in {name}"
    top = costs.idxmax() if len(costs) else ""
    return f"{text}; most goes to {STEPS[top].lower()}, {formats.money(costs[top], currency)}" if top and costs[top] > 0 else text


def _spans(counts: dict[str, int]) -> str:
    spans = {formats.month(month): f"has {formats.count(n, 'week')}" if n else "is not known as a whole" for month, n in counts.items()}
    said = [f"{month} {span}" for month, span in spans.items()]
    return f"{', '.join(said)}: a week belongs to the month of its Thursday."


def _bridge(rows: pd.DataFrame, counts: dict[str, int], results: Any) -> Html:
    """Step by step, in money, of net revenue and a week: months of four weeks and of five can be set beside each other."""
    (name, n), (before, m) = counts.items()
    rows = rows.assign(
        said=rows.step.map(STEPS),
        total=rows.step.isin(TOTALS),
        now=rows.amount / (n or float("nan")),
        then=rows.before / (m or float("nan")),
    )
    here, there = formats.month(name, year=False), formats.month(before, year=False)
    columns = f"""
    said | Step
    amount | {here} | money
    share | {here}, of net revenue | share
    now | {here}, a week | money
    before | {there} | money?
    share_before | {there}, of net revenue | share?
    then | {there}, a week | money?
    change | Change a week | money?
    """
    note = (
        f"{_spans(counts)} Costs stand with a minus. Fixed costs: what a month costs by the settings, twelve of them over the days of a "
        "year, by the days of the weeks. The returns reserve stands in contribution; labor that no order bears stands apart. Each step is "
        "what the weeks' own runs say."
    )
    shown = rows.assign(change=rows.now - rows.then) if n else rows.head(0)
    return listed(results, shown, columns, "From net revenue to EBITDA", SOLD, note=note, strong="total", first=len(shown))


def _weeks(results: Any) -> Html:
    """The weeks that the month is made of, each as its own run says it, and their sum."""
    weeks = results.month.weeks()
    total = results.month.total().to_frame().T.assign(week="Month", missing="", whole=True)
    each = pd.concat([weeks.assign(whole=False), total], ignore_index=True) if len(weeks) else weeks.assign(whole=False)
    columns = """
    week | Week | code
    net_revenue | Net revenue | money
    gross_margin | Gross margin | money
    contribution_margin | Contribution | money
    marketing | Advertising | money
    other_labor | Other labor | money?
    expedite | Expediting | money?
    transfer_freight | Transfers | money?
    fixed | Fixed costs | money
    ebitda | EBITDA | money
    """
    columns += "missing | Not known, in no sum | words" if weeks.missing.any() else ""
    return listed(results, each, columns, "The weeks it is made of, each as its own run says it", SOLD, strong="whole")


def _become(results: Any) -> Html:
    """What the weeks of the month before have become: of no sum, as each month is what its weeks' own runs say."""
    weeks, currency = results.month.become(), results.settings.reporting_currency
    before = formats.month(results.month.before, year=False)
    columns = """
    week | Week | code
    then | Contribution as its own run said it | money
    now | As it has become | money
    difference | Difference | money
    """
    total = weeks[["then", "now", "difference"]].sum(skipna=False).to_frame().T.assign(week="Month", whole=True)
    shown = pd.concat([weeks.assign(whole=False), total], ignore_index=True) if len(weeks) else weeks.assign(whole=False)
    known = "at the end of" if results.month.complete else "so far in"
    note = (
        f"With what is known {known} {formats.month(results.month.name)}: carriers' bills, tickets, returns and corrections that came "
        "after a week was told. A memo, in no sum of this page."
    )
    quiet = "the month before is not known as a whole this week"
    return listed(results, shown, columns, become_title(weeks, before, currency), SOLD, quiet, strong="whole", note=note)


def become_title(weeks: pd.DataFrame, before: str, currency: str) -> str:
    """By how much the contribution of the month before is another one than its weeks said."""
    change = weeks.difference.sum(skipna=False) if len(weeks) else np.nan
    text = f"What {before} has become since"
    return text if formats.missing(change) else f"{text}: its contribution {formats.moved(change, currency)}"


def gmroi(results: Any) -> list[Part]:
    """What the stock of each family earns a year."""
    rows, currency = results.month.gmroi(), results.settings.reporting_currency
    per = f"{formats.symbol(currency)}1"
    tooltip = [
        "family | Family",
        "gmroi | GMROI | two",
        "gross_margin | Gross margin | money",
        "value | Stock | money",
        "inventory_days | Days | one",
    ]
    label = f"Gross margin a year for each {per} of stock"
    subtitle = "GMROI: gross margin of the month, as of a year, over the mean of the stock at its weeks' ends, at cost. The lowest first."
    chart = charts.ranked(
        rows, "family", "gmroi", gmroi_title(rows, currency), "money", label, tooltip, subtitle, currency=currency, most=25
    )
    columns = """
    family | Family
    gross_margin | Gross margin | money
    value | Stock, mean of the week ends | money
    gmroi | GMROI | two
    inventory_days | Days of inventory | one
    """
    note = "Days of inventory: stock at the end of the month / goods sold a day, as under Cash."
    by = listed(results, rows, columns, "Gross margin return on inventory (GMROI) by family", [*STOOD, *SOLD], note=note)
    return [drawn(chart, "Return on stock", results, [*STOOD, *SOLD]), by]


def gmroi_title(rows: pd.DataFrame, currency: str) -> str:
    """Whose stock earns least, and whose most."""
    known = rows.dropna(subset=["gmroi"])
    if known.empty:
        return "Return on stock: n/a"
    low, high = known.iloc[0], known.iloc[-1]
    text = f"{low.family} earn least on their stock: {formats.money(low.gmroi, currency, 2)} of gross margin a year for each"
    text += f" {formats.symbol(currency)}1"
    text += f", {formats.number(low.inventory_days)} days of it lie there" if not formats.missing(low.inventory_days) else ""
    return f"{text}; {high.family} most, {formats.money(high.gmroi, currency, 2)}" if len(known) > 1 else text


def leaks(results: Any) -> list[Part]:
    """The leaks month by month."""
    rows, currency = results.month.leaks(), results.settings.reporting_currency
    part = rows[rows.leak == "1-4"].set_index("month")["whole"].map({True: "", False: ", in part"})
    part = part.reindex(rows.month.unique()).fillna("")  # a month of which only leak 5 is known has no sum
    tall = rows.assign(part="total", month=rows.month + rows.month.map(part))
    subtitle = "Leaks 1 to 4 add up; leak 5, what gross margin hides, is a memo and in no sum. Basis points of the months' net revenue."
    chart = charts.ledger(tall, leaks_title(rows, results.month, currency), subtitle, currency, by="month")
    wide = rows.pivot(index="leak", columns="month", values="basis_points")
    months = list(wide.columns)[-MOST_MONTHS:]
    money = rows[rows.month == results.month.name].set_index("leak")["amount"]
    shown = wide[months].assign(
        amount=money, said=lambda f: f.index.map({**LEAKS, "1-4": "Leaks 1 to 4"}), total=lambda f: f.index == "1-4",
        place=lambda f: f.index.map(lambda leak: "4+" if leak == "1-4" else leak),
    )  # fmt: skip
    lines = "\n".join(f"{m} | {formats.month(m, year=False)[:3]}{part[m]} | number | small={m} in part" for m in months)
    cells = rows.assign(said=rows.whole.map({True: "", False: "in part"})).pivot(index="leak", columns="month", values="said")
    shown = shown.join(cells[months].add_suffix(" in part").fillna(""))
    columns = f"said | Leak\n{lines}\namount | {formats.month(results.month.name, year=False)}, in money | money"
    below = listed(
        results, shown.sort_values("place"), columns, "Leaks, basis points of net revenue", SOLD, strong="total", note=in_part(rows)
    )
    return [drawn(chart, "The leaks month by month", results, SOLD), below]


def in_part(rows: pd.DataFrame) -> str:
    """Which leaks of which months lack a part or a week, a sentence for those that lack the same: what `in part` stands for."""
    alike: dict[tuple[str, str], list[str]] = {}
    for row in rows[(rows.leak != "1-4") & ~rows.whole].itertuples():
        why = [lacking(row.without).strip()] * bool(row.without) + ["not every week"] * (not row.every_week)
        alike.setdefault((row.month, "; ".join(why)), []).append(row.leak)
    said = [
        f"{'Leak' if len(own) == 1 else 'Leaks'} {formats.listing(own, len(own))}, {formats.month(month)}: {why}."
        for (month, why), own in alike.items()
    ]
    more = [f"{len(said) - MOST_SAID} more are in part."] if len(said) > MOST_SAID else []
    return " ".join([*said[:MOST_SAID], *more])


def leaks_title(rows: pd.DataFrame, month: Any, currency: str) -> str:
    """What leaks 1 to 4 cost in the month, against the month before where that is whole, and the largest of them."""
    now = rows[rows.month == month.name].set_index("leak")
    if "1-4" not in now.index:
        return f"The leaks of {formats.month(month.name)}: n/a"
    whole = now.loc["1-4"]
    text = f"Leaks 1 to 4 cost {formats.money(whole.amount, currency)} in {formats.month(month.name)}"
    text += f", {formats.number(whole.basis_points)} basis points of net revenue"
    text += lacking(whole.without)
    alike = rows.every_week & (rows.without == whole.without)  # sums of other parts are not held against one another
    then = rows[(rows.month == month.before) & (rows.leak == "1-4") & alike].basis_points
    if len(then):
        more = whole.basis_points - then.iloc[0]
        way = f"{formats.number(abs(more))} {'more' if more > 0 else 'less'} than" if round(more) else "as"
        text += f", {way} in {formats.month(month.before, year=False)}"
    four = now.loc[[leak for leak in "1234" if leak in now.index]]
    top = four.amount.idxmax() if len(four) else ""
    return f"{text}; the largest is {LEAKS[top][2:].lower()} ({formats.number(four.basis_points[top])})" if top else text


EXHIBITS: tuple[Exhibit, ...] = (ebitda, cash, gmroi, leaks, recovered)
