"""Monday's evidence: orders against plan, forecast, SKU variance, in-stock, the one inventory view, what may run out."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats, narrative, tables, titles
from opsreview.exhibits import Exhibit, Part, drawn, family, ranked, target_lines, trend, why_nothing

SHELF = 400  # rows of the inventory view in the page; inventory.csv has them all


def orders_against_plan(results: Any) -> list[Part]:
    """Trailing orders against plan, by channel, and the plan ahead."""
    daily, currency = results.evidence("orders_daily"), results.settings.reporting_currency
    title = titles.orders_against_plan(daily, results.week)
    subtitle = (
        "Plan: the version made on or before the first day shown; after the dotted line the newest. The plan is for all channels together."
    )
    chart = charts.orders_against_plan(daily, pd.Timestamp(results.week.end), title, subtitle, currency)
    return [drawn(chart, "Orders against plan", results, ["orders", "order_lines"])]


def forecast_accuracy(results: Any) -> list[Part]:
    """Accuracy and bias over 14 and 30 days: the trend, and where the plan misses."""
    names = [
        f"forecast_{name}" for name in ("accuracy_14d", "bias_14d", "value_added_14d", "accuracy_14d_in_stock", "accuracy_30d", "bias_30d")
    ]
    return [family(results, names), ranked(results, "forecast_accuracy_14d", ["family", "category", "tier", "cluster"])]


def sku_variance(results: Any) -> list[Part]:
    """SKUs against plan, inside the funnel that chance alone draws, and the SKUs that are outside it, by money."""
    skus, chance, settings = results.evidence("plan_vs_actual"), results.evidence("plan_chance"), results.settings
    rule = float(settings.checks["sku_demand_variance"]["share"])
    dispersion = 1.0 if chance.empty or formats.missing(chance.dispersion.iloc[0]) else float(chance.dispersion.iloc[0])
    subtitle = f"A dot a SKU, its size is revenue. Band: within {formats.share(rule, 0)}, or within what chance explains at the store's own spread (variance {dispersion:.1f} times the mean)."  # fmt: skip
    chart = charts.plan_vs_actual(skus, dispersion, rule, titles.plan_vs_actual(chance, rule), subtitle, settings.reporting_currency)
    off = (
        skus[skus.flagged.astype(bool)].assign(miss=lambda f: f.gap.abs()).sort_values(["revenue", "miss"], ascending=False)
        if len(skus)
        else skus
    )
    columns = [
        "sku | SKU | text | small=name", "family | Family", "tier | Tier", "planned | Planned units | number", "actual | Sold units | number", "gap | Sold − planned | number",
        "error_share | Off by | share", "chance_band | Chance explains ± | share", "revenue | Revenue, 14 days | money | bar",
    ]  # fmt: skip
    listed = tables.table(off, columns, "Off plan beyond rule and chance", settings.reporting_currency, "None this week.", most=15)
    return [drawn(chart, "SKUs against plan", results, ["demand_plan", "order_lines"]), listed]


def in_stock(results: Any) -> list[Part]:
    """In-stock rate, weighted by demand and plain: the trend, and where shelves are empty."""
    plain = family(results, ["in_stock_rate_weighted", "in_stock_rate"])
    return [plain, ranked(results, "in_stock_rate", ["location", "tier", "family"])]


def inventory_view(results: Any) -> list[Part]:
    """Days of supply against their band by tier, and every SKU and location: stock, pace, sell-through, what comes next."""
    shelf, currency = results.inventory, results.settings.reporting_currency
    tiers = tier_bands(results)
    chart = charts.days_of_supply(
        shelf,
        tiers,
        titles.days_of_supply(tiers),
        "A mark a SKU and location; the black line is the tier's own figure; the band is its target.",
    )
    order = (
        shelf.assign(held=shelf.value_at_cost.fillna(0)).sort_values(["held", "sku", "location"], ascending=[False, True, True])
        if len(shelf)
        else shelf
    )
    order = order.merge(_by_channel(results.evidence("inventory_by_channel")), on=["sku", "location"], how="left") if len(order) else order
    columns = [
        "sku | SKU", "location | Location", "tier | Tier", "available | Available | number", "daily_demand | Sold a day | two", "days_of_supply | Days of supply | number",
        "sell_through | Sell-through | share | help=sold in 28 days / (sold + on hand)", "next_eta | Next ETA | day", "next_quantity | Comes | number", "in_transit | In transfer | number",
        "p_out_of_stock_14d | Out in 14 days | share | help=probability", "excess_units | Excess units | number", "value_at_cost | At cost | money",
    ]  # fmt: skip
    if len(order) and order.channels.fillna("").ne("").any():
        columns.insert(4, "channels | By channel | plain")
    view = tables.table(
        order, columns, "The one inventory view", currency, why_nothing(results, ["inventory"]) if shelf.empty else "Most value first.",
        most=SHELF, filterable=True, download=f"inventory-{results.week}.csv", whole="all are in inventory.csv",
    )  # fmt: skip
    return [
        drawn(chart, "Days of supply by tier", results, ["inventory", "order_lines"]),
        trend(results, "days_of_supply", ["tier", "location"]),
        view,
    ]


def tier_bands(results: Any) -> pd.DataFrame:
    """tier, value, low, high: the days of supply of each velocity tier and the band the team wants."""
    rows = results.kpis[(results.kpis.kpi == "days_of_supply") & (results.kpis.grain == "tier")].sort_values("key")
    bands = [target_lines(results, "days_of_supply", key) for key in rows.key]
    low, high = ([band[i] if len(band) == 2 else float("nan") for band in bands] for i in (0, 1))
    return pd.DataFrame({"tier": rows.key.tolist(), "value": rows.value.tolist(), "low": low, "high": high})


def _by_channel(split: pd.DataFrame) -> pd.DataFrame:
    """sku, location, channels: `web 12, amazon 3`, where a system keeps stock by channel."""
    own = split[split.channel.fillna("") != ""] if len(split) else split
    said = own.assign(channels=own.channel + " " + own.available.map(formats.number)) if len(own) else own.assign(channels="")
    return said.groupby(["sku", "location"], as_index=False).channels.agg(", ".join)


def stockout_risks(results: Any) -> list[Part]:
    """SKU-locations that are likely to run out, with owner and the ETA somebody committed to; and inbound that slips."""
    shelf, currency = results.inventory, results.settings.reporting_currency
    listed = tables.nothing("Likely to run out", why_nothing(results, ["inventory"]))
    if len(shelf):
        least = results.settings.oos_risk_threshold
        risky = shelf[(shelf.p_out_of_stock_14d >= least) & (shelf.available > 0)]
        empty = shelf[(shelf.available <= 0) & (shelf.daily_demand > 0)]
        risky = pd.concat([empty.assign(state="out of stock"), risky.assign(state="at risk")]).merge(
            _promises(results), on=["sku", "location"], how="left"
        )
        risky = risky.sort_values(["impact", "p_out_of_stock_14d", "daily_demand"], ascending=False, na_position="last", kind="stable")
        risky["who"] = risky.decided_by.where(risky.decided_by.notna() & (risky.decided_by != ""), risky.owner).fillna("nobody yet")
        columns = [
            "sku | SKU", "location | Location", "tier | Tier", "state | State", "available | Available | number", "daily_demand | Sold a day | two", "days_of_supply | Days left | one",
            "p_out_of_stock_14d | Out in 14 days | share | bar", "next_eta | Next ETA | day", "next_quantity | Comes | number", "impact | A week | money", "who | Owner", "eta_commitment | ETA committed | day",
        ]  # fmt: skip
        note = f"At {formats.share(least, 0)} or more within 14 days, or out already with demand. The probability is a plain estimate from trailing demand."
        caption = f"{formats.count(len(risky), 'SKU-location')} out or likely to run out".capitalize()
        listed = tables.table(
            risky, columns, caption, currency, note, most=25, filterable=True, download=f"stockout-risks-{results.week}.csv"
        )
    late = results.evidence("inbound_open")
    late = (
        late[late.state.isin(["slipped", "overdue", "at dock"])].sort_values(["slip_days", "eta"], ascending=[False, True])
        if len(late)
        else late
    )
    columns = [
        "document_id | Document | text | small=line_id", "kind | Kind", "sku | SKU | text | small=name", "location | To", "supplier | Supplier | plain", "open_quantity | Open units | number",
        "original_eta | First ETA | day", "eta | ETA now | day", "slip_days | Days later | number", "state | State | pill",
    ]  # fmt: skip
    inbound = tables.table(
        late,
        columns,
        "Inbound that is late, slipped or waits at the dock",
        currency,
        "None." if len(results.evidence("inbound_open")) else why_nothing(results, ["inbound"]),
        most=15,
    )
    return [listed, trend(results, "oos_risk_14d", ["tier", "location"]), inbound]


def _promises(results: Any) -> pd.DataFrame:
    """sku, location, impact, eta_commitment, decided_by: what findings cost and what meetings decided about them."""
    found = narrative.worth_deciding(results, "monday")
    found = found[found.check == "oos_risk"][["finding_id", "entity", "impact"]]
    kept = (
        results.decisions[["finding_id", "eta_commitment", "owner"]]
        if len(results.decisions)
        else pd.DataFrame(columns=["finding_id", "eta_commitment", "owner"])
    )
    both = found.merge(kept.rename(columns={"owner": "decided_by"}), on="finding_id", how="left")
    parts = both.entity.str.rsplit("@", n=1)
    return both.assign(sku=parts.str[0], location=parts.str[-1])[["sku", "location", "impact", "eta_commitment", "decided_by"]]


EXHIBITS: tuple[Exhibit, ...] = (orders_against_plan, forecast_accuracy, sku_variance, in_stock, inventory_view, stockout_risks)
