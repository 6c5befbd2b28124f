"""The month: from net revenue to EBITDA, the cash in stock, what stock earns, the leaks, and what decisions recovered."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import formats
from opsreview.exhibits import Exhibit, Part, listed
from opsreview.titles import LEAKS

SOLD = ["orders", "order_lines", "products"]
STEPS = {
    "net_revenue": "Net revenue", "goods": "Cost of goods, and sales without a cost", "gross_margin": "Gross margin",
    "orders": "Packaging to returns", "contribution_margin": "Contribution", "marketing": "Advertising",
    "other_labor": "Labor of receiving, returns and others", "expedite": "Paid for haste", "transfer_freight": "Transfers",
    "fixed": "Fixed costs", "ebitda": "EBITDA",
}  # fmt: skip
TOTALS = ("net_revenue", "gross_margin", "contribution_margin", "ebitda")


def ebitda(results: Any) -> list[Part]:
    """From net revenue to EBITDA, beside the month before, and the weeks that it is made of."""
    month = results.month
    rows = month.bridge()
    rows = rows.assign(said=rows.step.map(STEPS), total=rows.step.isin(TOTALS), change=rows.amount - rows.before)
    columns = f"""
    said | Step
    amount | {month.name} | money
    share | Of net revenue | share
    before | {month.before} | money?
    share_before | Of net revenue | share?
    change | Change | money?
    """
    weeks = month.weeks()
    counts = [formats.count(len(month.weeks(m)), "week") for m in (month.name, month.before)]
    note = (
        f"{month.name} has {counts[0]}, {month.before} {counts[1]} known: a week belongs to the month of its Thursday. Costs stand with a "
        "minus. Fixed costs: twelve months of costs.fixed_per_month over the days of a year, by the days of the weeks. The returns reserve "
        "stands in contribution; labor that no order bears stands apart."
    )
    bridge = listed(results, rows if len(weeks) else rows.head(0), columns, "From net revenue to EBITDA", SOLD, note=note, strong="total")
    total = month.total().to_frame().T.assign(week="Month", missing="", whole=True)
    each = pd.concat([weeks.assign(whole=False), total], ignore_index=True) if len(weeks) else weeks.assign(whole=False)
    columns = """
    week | Week
    net_revenue | Net revenue | money
    gross_margin | Gross | money
    contribution_margin | Contribution | money
    marketing | Advertising | money
    other_labor | Other labor | money?
    expedite | Haste | money?
    transfer_freight | Transfers | money?
    fixed | Fixed | money
    ebitda | EBITDA | money
    missing | Not known, in no sum | words
    """
    return [bridge, listed(results, each, columns, "The weeks it is made of, each as its own run says it", SOLD, strong="whole")]


def cash(results: Any) -> list[Part]:
    """Cash in stock, the days it is tied, and what freed or tied it."""
    month, currency = results.month, results.settings.reporting_currency
    rows = month.cash()
    columns = """
    month | Month
    stock | Stock at its end, at cost | money
    goods | Goods sold, at cost | money
    inventory_days | Days of inventory | one
    receivable | Receivable | money?
    payable | Payable | money?
    cycle | Cash conversion cycle, days | one?
    tied | Cash tied | money
    """
    given, want = results.settings.cash, ("receivable_days", "payable_days")
    wanting = [f"cash.{name}" for name in want if getattr(given, name) is None]
    note = "Days of inventory: stock at the end / goods sold a day, both at today's unit cost."
    note += (
        f" Not given in the settings: {formats.listing(wanting)}; the cycle needs both."
        if wanting
        else " Cycle: inventory + receivable − payable days."
    )
    known = rows[rows.stock.notna()]
    freed = month.freed()
    parts = [listed(results, known, columns, "Cash", ["inventory"], "no snapshot of stock this week", note=note)]
    said = {"volume": "More or less is sold a day", "cover": "More or fewer days of it are held", "stock": "Change of stock"}
    freed = freed[freed.tied.notna()].assign(said=lambda f: f.cause.map(said), total=lambda f: f.cause == "stock")
    whole = freed.loc[freed.cause == "stock", "tied"].sum()
    caption = (
        f"{'Tied' if whole > 0 else 'Freed'} since {month.before}: {formats.money(abs(whole), currency)}" if len(freed) else "Freed or tied"
    )
    columns = """
    said | Through
    tied | Tied, freed with a minus | money
    """
    return [
        *parts,
        listed(results, freed, columns, caption, ["inventory"], "the month before is not known as a whole this week", strong="total"),
    ]


def gmroi(results: Any) -> list[Part]:
    """What the stock of each family earns a year."""
    columns = """
    family | Family
    gross_margin | Gross margin | money
    value | Stock, mean of the week ends | money
    gmroi | GMROI | two | bar
    inventory_days | Days of inventory | one
    """
    note = "GMROI: gross margin of the month, as of a year, / mean stock at cost. The lowest first."
    return [listed(results, results.month.gmroi(), columns, "Gross margin return on inventory by family", ["inventory", *SOLD], note=note)]


def leaks(results: Any) -> list[Part]:
    """The leaks month by month."""
    rows = results.month.leaks()
    wide = rows.pivot(index="leak", columns="month", values="basis_points")
    months = [m for m in wide.columns][-7:]
    money = rows[rows.month == results.month.name].set_index("leak")["amount"]
    shown = (
        wide[months]
        .assign(amount=money, said=lambda f: f.index.map({**LEAKS, "1-4": "Leaks 1 to 4"}), total=lambda f: f.index == "1-4")
        .reset_index()
    )
    whole = rows.groupby("month")["whole"].all()
    lines = "\n".join(f"{m} | {m}{'' if whole[m] else ', in part'} | number" for m in months)
    columns = f"said | Leak\n{lines}\namount | {results.month.name}, in money | money"
    note = "Basis points of net revenue of the months' weeks; leak 5 is a memo and in no sum."
    return [listed(results, shown, columns, "Leaks, basis points of net revenue", SOLD, note=note, strong="total")]


def recovered(results: Any) -> list[Part]:
    """What decisions recovered: the impact a week of what was decided about, then and now."""
    rows, currency = results.month.recovered(), results.settings.reporting_currency
    columns = """
    decision | Decision | words
    taken | Taken | number
    done | Done | number
    then | Cost a week then | money
    now | And now | money
    recovered | Recovered a week | money | bar
    """
    caption = f"Decisions recovered {formats.money(rows.recovered.sum(), currency)} a week" if len(rows) else "What decisions recovered"
    quiet = "no decision taken before this week is on record with a figure then and now"
    note = "What the findings cost when it was decided, and in the last week of the month: what went away by itself is in it too."
    return [listed(results, rows, columns, caption, [], quiet, note=note)]


EXHIBITS: tuple[Exhibit, ...] = (ebitda, cash, gmroi, leaks, recovered)
