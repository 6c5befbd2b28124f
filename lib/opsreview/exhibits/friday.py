"""Friday's evidence: contribution margin, the re-rank from gross, returns, the leak ledger, and the decisions to take."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats, narrative, tables, titles
from opsreview.charts.margin import COSTS, LEAKS
from opsreview.exhibits import Exhibit, Part, drawn, trend, why_nothing

MARGIN = ["orders", "order_lines", "products"]
PARTS = 20


def margin_by_family(results: Any) -> list[Part]:
    """Gross and contribution margin by family and channel, and the parts between them."""
    currency = results.settings.reporting_currency
    parts = [trend(results, "contribution_margin", ["family", "channel"])]
    for by in ("family", "channel"):
        margin = results.evidence(f"{by}_margin")
        subtitle = "From gross margin (grey) down to contribution margin: packaging, shipping, pick and pack, payment, channel fees, support, returns."
        parts.append(
            drawn(charts.families(margin, by, titles.families(margin, by), subtitle, currency), f"Margin by {by}", results, MARGIN)
        )
    margin = results.evidence("family_margin")
    shown = margin.sort_values("contribution_margin") if len(margin) else margin
    columns = [
        "family | Family", "units | Units | number", "net_revenue | Net revenue | money", "gross_margin_share | Gross | share", *[f"{k} | {v} | money" for k, v in COSTS.items()],
        "contribution_margin | Contribution | money", "contribution_margin_share | Share | share", "accrued_share | Accrued | share | help=share of the costs that is accrued, not yet measured",
    ]  # fmt: skip
    listed = tables.table(
        shown,
        columns,
        "The stack, family by family",
        currency,
        "Lines without unit cost are left out." if len(shown) else why_nothing(results, MARGIN),
        most=25,
    )
    return [*parts, listed]


def gross_to_contribution(results: Any) -> list[Part]:
    """The waterfall from gross to contribution margin, a family at a time."""
    margin = results.evidence("family_margin")
    chart = charts.waterfall(
        margin, titles.waterfall(margin), "Per cent of net revenue above each step.", results.settings.reporting_currency
    )
    return [drawn(chart, "From gross to contribution margin", results, MARGIN)]


def sku_rerank(results: Any) -> list[Part]:
    """SKUs ranked by gross and by contribution margin: who falls, and through which cost."""
    skus, currency = results.evidence("sku_rank"), results.settings.reporting_currency
    most = 25
    subtitle = f"The {min(most, len(skus))} SKUs with most net revenue over 28 days, ranked among themselves; in brackets the cost that is furthest above the store's share."
    chart = charts.rerank(skus, titles.rerank(skus, currency), subtitle, currency, most)
    shown = skus.sort_values(["fall", "net_revenue"], ascending=False) if len(skus) else skus
    shown = shown.assign(through=shown.culprit.map(lambda c: COSTS.get(c, formats.words(c)))) if len(shown) else shown
    columns = [
        "sku | SKU | text | small=name", "family | Family", "tier | Tier", "units | Units | number", "net_revenue | Net revenue | money", "gross_margin_share | Gross | share",
        "contribution_margin_share | Contribution | share", "rank_gross | Rank by gross | number", "rank_contribution | By contribution | number", "fall | Falls by | number",
        "through | Through", "culprit_money | Beyond the store's share | money",
    ]  # fmt: skip
    listed = tables.table(
        shown, columns, "Every SKU over 28 days, who falls most first", currency, why_nothing(results, MARGIN) if shown.empty else "", most=300,
        filterable=True, download=f"sku-rank-{results.week}.csv",
    )  # fmt: skip
    return [drawn(chart, "SKUs from gross to contribution margin", results, MARGIN), listed]


def returns_hotspots(results: Any) -> list[Part]:
    """What comes back and why: the trend, family by reason, and the SKUs that come back beyond what family and reason explain."""
    reasons, currency = results.evidence("returns_reasons"), results.settings.reporting_currency
    chart = charts.returns_heat(
        reasons,
        titles.returns_heat(reasons, currency),
        "Units returned in 28 days of units sold in them, by family and reason; costliest first.",
        currency,
    )
    hot = narrative.worth_deciding(results, "friday")
    hot = hot[hot.check == "returns_hotspot"]
    columns = [
        "title | Hotspot | text | small=impact_basis",
        "impact | A week | money | bar",
        "owner | Owner",
        "suggested_decision | Suggested",
        "state | State",
    ]
    listed = tables.table(
        hot,
        columns,
        "Hotspots: beyond what family and reason explain",
        currency,
        "None this week." if len(reasons) else why_nothing(results, ["returns"]),
    )
    return [trend(results, "return_rate", ["reason", "family", "channel"]), drawn(chart, "Returns by reason", results, ["returns"]), listed]


def leak_ledger(results: Any) -> list[Part]:
    """What the five leaks cost in the week, in money and in basis points, and over 26 weeks."""
    leaks, currency = results.leaks, results.settings.reporting_currency
    title = titles.ledger(leaks, narrative.leaks_sentence(results), currency)
    chart = charts.ledger(
        results.leak_history,
        title,
        "Leaks 1 to 4 add up; leak 5 is a memo of what margin hides. Basis points of the week's net revenue.",
        currency,
    )
    order = leaks.assign(place=leaks.leak.replace({"1-4": "4z"}), total=leaks.part == "total").sort_values(
        ["place", "total"], kind="stable"
    )
    said = order.assign(
        leak_name=order.leak.map({**LEAKS, "1-4": "Leaks 1 to 4"}), what=order.part.map(formats.words).where(~order.total, "total"),
        kind=[_kind(row) for row in order.itertuples()], change=pd.to_numeric(order.amount) - pd.to_numeric(order.baseline),
    )  # fmt: skip
    columns = [
        "leak_name | Leak", "what | Part", "amount | In the week | money | bar", "basis_points | Basis points | one", "baseline | Usually | money | help=median of up to 13 weeks before",
        "change | Against usual | money", "units | Units | number", "kind | It is",
    ]  # fmt: skip
    said["note"] = ""
    return [
        drawn(chart, "The leak ledger", results, ["orders"]),
        tables.table(
            said, columns, "The leak ledger of the week", currency, "Actionable: what of leak 4 is above its usual level; not in the sum."
        ),
    ]


def _kind(row: Any) -> str:
    if row.part == "total" or formats.missing(row.amount):
        return "n/a: a table it stands on did not come" if formats.missing(row.amount) else ""
    return "estimate" if str(row.estimate).lower() in ("true", "1", "1.0") else "money paid"


def decisions_to_take(results: Any) -> list[Part]:
    """The four decisions a Friday takes, each with its arithmetic: pause promotions, reprice, rebalance inbound, adjust channel exposure."""
    return [_promotions(results), _asked(results, "reprice", "Reprice"), _rebalance(results), _channels(results)]


def _promotions(results: Any) -> Part:
    running, currency = results.evidence("promotions"), results.settings.reporting_currency
    bad = running[running.verdict != "fine"] if len(running) else running
    bad = bad.assign(
        at_stake=(bad.margin_per_unit_after * bad.expected_units), ends=bad.ends_on, short=(bad.expected_units - bad.available - bad.inbound_until_end).clip(lower=0)
    ).sort_values("at_stake") if len(bad) else bad  # fmt: skip
    columns = [
        "promo_id | Promotion", "sku | SKU | text | small=name", "channel | Channel | plain", "starts_on | From | day", "ends_on | To | day", "discount | Discount | share",
        "margin_per_unit_after | Margin a unit after | cents", "expected_units | Expected units | number", "available | Available | number", "inbound_until_end | Comes until then | number",
        "short | Short of units | number", "at_stake | Margin until its end | money", "verdict | Verdict",
    ]  # fmt: skip
    note = (
        why_nothing(results, ["promotions"])
        if running.empty
        else f"{formats.count(len(running), 'promotion')} run or start within 14 days; none loses money or lacks stock."
    )
    return tables.table(
        bad,
        columns,
        "Pause promotions",
        currency,
        note if bad.empty else "Margin until its end: margin a unit after discount × expected units.",
        most=PARTS,
    )


def _asked(results: Any, decision: str, caption: str) -> Part:
    found = results.findings
    found = found[(found.state != "resolved") & found.suggested_decision.fillna("").str.startswith(decision)]
    columns = [
        "title | What | text | small=impact_basis",
        "impact | A week | money | bar",
        "suggested_decision | Suggested, with its arithmetic",
        "owner | Owner",
        "due_at | Due | day",
    ]
    shown = found.assign(
        suggested_decision=found.suggested_decision.fillna("").str.partition(" ")[2].str.strip().replace("", formats.words(decision))
    )
    return tables.table(
        shown,
        columns,
        caption,
        results.settings.reporting_currency,
        "No finding of any review asks for it this week." if found.empty else "",
        most=PARTS,
    )


def _rebalance(results: Any) -> Part:
    return _asked(results, "rebalance_inbound", "Rebalance inbound")


def _channels(results: Any) -> Part:
    margin, currency = results.evidence("channel_margin"), results.settings.reporting_currency
    if margin.empty:
        return tables.nothing("Adjust channel exposure", why_nothing(results, MARGIN))
    after = margin.contribution_margin - margin.ad_spend.fillna(0)
    found = _asked(results, "adjust_channel", "Adjust channel exposure")
    shown = margin.assign(after=after, after_share=after / margin.net_revenue.where(margin.net_revenue > 0)).sort_values("after_share")
    columns = [
        "channel | Channel", "units | Units | number", "net_revenue | Net revenue | money", "gross_margin_share | Gross | share", "channel_fees | Channel fees | money", "shipping | Shipping | money",
        "returns_reserve | Returns | money", "contribution_margin_share | Contribution | share", "ad_spend | Ad spend | money", "after | After ad spend | money", "after_share | After, share | share",
    ]  # fmt: skip
    listed = tables.table(shown, columns, "Channel exposure in the week", currency, most=PARTS)
    return tables.Html(found.html + listed.html, f"{found.text}; {listed.text}")


EXHIBITS: tuple[Exhibit, ...] = (margin_by_family, gross_to_contribution, sku_rerank, returns_hotspots, leak_ledger, decisions_to_take)
