"""Friday's evidence: contribution margin, the re-rank from gross, returns, the leak ledger, and the decisions to take."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, counted, figures, formats, narrative, titles
from opsreview.charts.margin import largest
from opsreview.exhibits import Exhibit, Part, drawn, gone, listed, money, proposals, trend
from opsreview.exhibits.agreement import documents_apart
from opsreview.exhibits.bridges import late_costs, net_to_contribution, what_changed_margin, where_costs_come_from
from opsreview.exhibits.leaks import against_history, leak_trends
from opsreview.tables import Html
from opsreview.titles import COSTS, LEAKS

MARGIN = ["orders", "order_lines", "products"]
STEPS = "\n".join(f"{name} | {label} | money" for name, label in COSTS.items())
LEDGER = [
    "inventory", "demand_plan", "ad_spend", "inbound", "picks", "labor", "shipments", "carrier_charges", "returns", "support_tickets",
]  # fmt: skip
RANKED = 25  # SKUs in the picture of the re-rank; the table has them all


def margin_by_family(results: Any) -> list[Part]:
    """Gross and contribution margin by family and channel, and the costs between them."""
    currency = results.settings.reporting_currency
    parts = [trend(results, "contribution_margin", ["family", "channel"])]
    subtitle = "From gross margin down to contribution: packaging, shipping, pick and pack, payment, channel fees, support, returns."
    for by in ("family", "channel"):
        margin = results.evidence(f"{by}_margin")
        chart = charts.families(margin, by, titles.families(margin, by), subtitle, currency)
        parts.append(drawn(chart, f"Margin by {by}", results, MARGIN))
    columns = f"""
    family | Family
    net_revenue | Net revenue | money
    gross_margin_share | Gross | share
    {STEPS}
    contribution_margin | Contribution | money
    contribution_margin_share | Share | share
    accrued_share | Accrued | share | help=share of these costs that is accrued, not yet measured
    """
    stack = results.evidence("family_margin").sort_values("contribution_margin")
    note = "Without lines that have no unit cost. Accrued: the share of these costs that is reckoned from history, not yet invoiced."
    note += "".join(f" {formats.capital(text)}." for text in figures.beside(results, "contribution_margin"))
    return [*parts, listed(results, stack, columns, "The costs between gross margin and contribution, family by family", MARGIN, note=note)]


def sku_rerank(results: Any) -> list[Part]:
    """SKUs ranked by gross and by contribution margin: who falls, and through which cost."""
    skus, currency = results.evidence("sku_rank"), results.settings.reporting_currency
    subtitle = (
        f"The {min(RANKED, len(skus))} SKUs with most net revenue over 28 days, ranked among themselves (the table ranks all); in "
        "brackets the cost furthest above the store's share, of one that climbs furthest below."
    )
    chart = charts.rerank(skus, titles.rerank(largest(skus, RANKED), currency), subtitle, currency, RANKED)
    shown = skus.assign(falls=skus.fall > 0).sort_values(["falls", "culprit_money", "sku"], ascending=[False, False, True])
    up, level = shown.fall < 0, shown.fall == 0
    shown = shown.assign(
        through=shown.culprit.mask(up, shown.relief).mask(level, "").map(lambda cost: COSTS.get(cost, formats.words(cost))),
        beyond=shown.culprit_money.mask(up, -shown.relief_money).mask(level),
        hangs=shown.sign_depends.astype(bool).map({True: "±", False: ""}),
    )
    columns = """
    sku | SKU | code | small=name
    family | Family
    tier | Tier | help=A: the SKUs that sell most, C: least
    units | Units | number
    net_revenue | Net revenue | money
    gross_margin_share | Gross | share
    contribution_margin_share | Contribution | share
    hangs | ± | plain | help=its sign hangs on an allocation
    rank_gross | Rank, gross | number
    rank_contribution | Rank, contribution | number
    fall | Falls by | number
    through | Through | plain
    beyond | Beyond the store's share | money?
    """
    below = listed(
        results, shown, columns, "Every SKU over 28 days: who falls first, by what it costs", MARGIN, filterable=True,
        download=f"sku-rank-{results.week}.csv",
    )  # fmt: skip
    return [drawn(chart, "SKUs from gross to contribution margin", results, MARGIN), below]


def returns_hotspots(results: Any) -> list[Part]:
    """What comes back and why: the trend, family by reason, and the SKUs that come back beyond what these explain."""
    reasons = results.evidence("returns_reasons")
    subtitle = "Units returned in 28 days of the units sold in them, costliest families and reasons first."
    chart = charts.returns_heat(reasons, titles.returns_heat(reasons), subtitle, results.settings.reporting_currency)
    hot = narrative.worth_deciding(results, "friday")
    hot = hot[hot.check == "returns_hotspot"]
    caption = "Hotspots: SKUs that come back beyond what family and reason explain"
    parts = [drawn(chart, "Returns by reason", results, ["returns"]), trend(results, "return_rate", ["reason", "family", "channel"])]
    return [*parts, listed(results, _with_arithmetic(hot), ASKED, caption, ["returns"])]


def leak_ledger(results: Any) -> list[Part]:
    """What the five leaks cost in the week, in money and in basis points, and over 26 weeks."""
    leaks, currency = results.leaks, results.settings.reporting_currency
    title = titles.ledger(leaks, narrative.leaks_sentence(results), currency)
    subtitle = "Leaks 1 to 4 add up; leak 5 is a memo of what gross margin hides. Basis points are of the week's net revenue."
    chart = charts.ledger(results.leak_history, title, subtitle, currency)
    order = leaks.assign(place=leaks.leak.replace({"1-4": "4z"}), total=leaks.part == "total").sort_values(
        ["place", "total"], kind="stable"
    )
    shown = order.assign(
        named=order.leak.map({**LEAKS, "1-4": "Leaks 1 to 4"}), what=[_what(row) for row in order.itertuples()],
        kind=[_kind(row) for row in order.itertuples()], change=pd.to_numeric(order.amount) - pd.to_numeric(order.usual),
    )  # fmt: skip
    shown = shown.merge(against_history(results.leak_history, str(results.week)), on=["leak", "part"], how="left")
    shown[["signal", "trend"]] = shown[["signal", "trend"]].fillna("")
    columns = """
    named | Leak
    what | Part | text | small=kind
    amount | In the week | money
    basis_points | Basis points | one
    usual | Usually | money? | help=median of up to 13 weeks before with the same parts
    change | Against usual | money?
    signal | Signal | plain | help=against its own 26 weeks
    trend | Trend, basis points a week | plain | help=over 13 weeks, where it is surer than chance
    """
    note = (
        "Actionable: what of leak 4 is above its usual level; it is not in the sum. Medians do not add up, so neither do usual amounts. "
        "Trend: the median slope of 13 weeks, where it is none of chance (Kendall, 95 %); else level."
    )
    if shown.amount.isna().any() and (why := gone(results, LEDGER)):
        note += f" n/a: {why}."
    below = listed(results, shown, columns, "The ledger of the week", ["orders"], note=note, strong="total")
    return [drawn(chart, "The leak ledger", results, LEDGER), below]


def _what(row: Any) -> str:
    return f"{formats.words(row.part)}{', in part' if row.without else ''}"


def _kind(row: Any) -> str:
    if formats.missing(row.amount):
        return "n/a"
    return "" if row.part == "total" else "estimate" if str(row.estimate).lower() in ("true", "1", "1.0") else "money paid"


ASKED = """
title | What | text | small=impact_basis
impact | A week | money | small=per | bar
asked | Suggested, with its arithmetic
owner | Owner
due_at | Due | day
"""


def decisions_to_take(results: Any) -> list[Part]:
    """The four decisions a Friday takes, each with its arithmetic: pause promotions, reprice, rebalance stock, adjust channels."""
    return [
        proposals.promotions(results),
        proposals.prices(results),
        proposals.transfers(results),
        _asked(results, "rebalance_inbound", "Rebalance inbound"),
        *proposals.channels(results),
    ]


def _asked(results: Any, decision: str, caption: str) -> Html:
    """Findings of all reviews whose suggested decision this is."""
    found = results.findings
    found = found[(found.state != "resolved") & found.suggested_decision.fillna("").astype(str).str.startswith(decision)]
    if len(found):
        money = counted.said(found, results.settings.reporting_currency)
        who = formats.listing([o for o in dict.fromkeys(found.owner.fillna("")) if o])
        caption += f": {formats.count(len(found), 'finding')}"
        caption += f", {money}" if money else ""
        caption += f"; {who} to decide" if who else ""
    return listed(
        results, _with_arithmetic(found), ASKED, caption, [], "no finding of any review asks for it this week", first=proposals.FIRST
    )


def _with_arithmetic(found: pd.DataFrame) -> pd.DataFrame:
    """With `asked`: the suggested decision in words, then its arithmetic."""
    return found.assign(asked=[narrative.suggestion(text) for text in found.suggested_decision], per=counted.marked(found))


EXHIBITS: tuple[Exhibit, ...] = (
    leak_ledger, leak_trends, margin_by_family, net_to_contribution, what_changed_margin, late_costs, where_costs_come_from, sku_rerank,
    money.portfolio, returns_hotspots, money.returns_bill, documents_apart, decisions_to_take,
)  # fmt: skip
