"""Monday's evidence: orders against plan, forecast, SKU variance, in-stock, the one inventory view, what may run out."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats, narrative, titles
from opsreview.exhibits import Exhibit, Part, drawn, each, listed, ranked, several, target_lines, trend
from opsreview.exhibits.agreement import stock_drift
from opsreview.tables import Html

SHELF = 400  # rows of the inventory view that the page carries; inventory.csv has them all


def orders_against_plan(results: Any) -> list[Part]:
    """Trailing orders against plan, by channel, and the plan ahead."""
    daily = results.evidence("orders_daily")
    subtitle = "Plan of all channels together: before the dotted line the version made by the first day shown, after it the newest."
    others = each(daily[daily.channel != titles.ALL], "channel", lambda own: titles.orders_against_plan(own, results.week))
    title = {titles.ALL: titles.orders_against_plan(daily[daily.channel == titles.ALL], results.week), **others}
    end = pd.Timestamp(results.week.end)
    chart = charts.orders_against_plan(daily, end, title, subtitle, results.settings.reporting_currency)
    return [drawn(chart, "Orders against plan", results, ["orders", "order_lines"])]


def forecast_accuracy(results: Any) -> list[Part]:
    """Accuracy, bias and value added over 14 and 30 days: the trend, and where the plan misses."""
    kinds = ("accuracy_14d", "bias_14d", "value_added_14d", "accuracy_14d_in_stock", "accuracy_30d", "bias_30d", "value_added_30d")
    trends = several(results, [f"forecast_{kind}" for kind in kinds])
    return [trends, ranked(results, "forecast_accuracy_14d", ["family", "category", "tier", "cluster"])]


def sku_variance(results: Any) -> list[Part]:
    """SKUs against plan inside the funnel that chance alone draws, and those outside it, by revenue."""
    skus, chance, settings = results.evidence("plan_vs_actual"), results.evidence("plan_chance"), results.settings
    rule = float(settings.checks["sku_demand_variance"]["share"])
    spread = 1.0 if chance.empty or formats.missing(chance.dispersion.iloc[0]) else float(chance.dispersion.iloc[0])
    subtitle = (
        f"A mark a SKU, its size is revenue. Band: within {formats.share(rule, 0)}, or within what chance explains where the store's "
        f"sales vary as they do (variance {spread:.1f} times the mean)."
    )
    chart = charts.plan_vs_actual(skus, spread, rule, titles.plan_vs_actual(chance, rule), subtitle, settings.reporting_currency)
    off = skus[skus.flagged.astype(bool)].sort_values(["revenue", "sku"], ascending=[False, True])
    columns = """
    sku | SKU | code | small=name
    family | Family
    tier | Tier
    planned | Planned units | number
    actual | Sold units | number
    gap | Sold − planned | number
    error_share | Off by | share
    chance_band | Chance explains ± | share
    revenue | Revenue, 14 days | money | bar
    """
    stands_on = ["demand_plan", "order_lines"]
    below = listed(results, off, columns, "Off plan beyond rule and chance, most revenue first", stands_on)
    return [drawn(chart, "SKUs against plan", results, stands_on), below]


def in_stock(results: Any) -> list[Part]:
    """In-stock rate, weighted by demand and plain: the trend, and where shelves are empty."""
    trends = several(results, ["in_stock_rate_weighted", "in_stock_rate"])
    return [trends, ranked(results, "in_stock_rate", ["location", "tier", "family"])]


def inventory_view(results: Any) -> list[Part]:
    """Days of supply against their band by tier; every SKU and location with its stock, pace, sell-through and what comes next."""
    shelf, tiers = results.inventory, tier_bands(results)
    subtitle = "A mark a SKU and location; the black line is the tier's own figure, the band its target."
    chart = charts.days_of_supply(shelf, tiers, titles.days_of_supply(tiers), subtitle)
    parts = [
        drawn(chart, "Days of supply by tier", results, ["inventory", "order_lines"]),
        trend(results, "days_of_supply", ["tier", "location"]),
    ]
    return [*parts, _view(results, shelf)]


def _view(results: Any, shelf: pd.DataFrame) -> Html:
    columns = """
    sku | SKU | code | small=tier_said
    location | Location | text | small=channels
    on_hand | On hand | number
    available | Available | number
    daily_demand | Sold a day | two
    days_of_supply | Days of supply | number
    sell_through | Sell-through | share | help=sold in 28 days / (sold and on hand), of the SKU everywhere
    next_eta | Next ETA | day
    next_quantity | Comes | number?
    in_transit | In transfer | number?
    p_out_of_stock_14d | Out in 14 days | share | help=probability
    excess_units | Excess | number
    value_at_cost | At cost | money
    """
    if len(shelf):
        shelf = shelf.merge(_by_channel(results.evidence("inventory_by_channel")), on=["sku", "location"], how="left")
        shelf["tier_said"] = shelf.family.fillna("") + " · " + shelf.tier.fillna("")
        shelf = shelf.sort_values(["value_at_cost", "sku", "location"], ascending=[False, True, True], na_position="last")
    return listed(
        results, shelf, columns, "The one inventory view, by SKU, channel and location", ["inventory"], most=SHELF, filterable=True,
        download=f"inventory-{results.week}.csv", whole="all are in inventory.csv",
    )  # fmt: skip


def tier_bands(results: Any) -> pd.DataFrame:
    """tier, value, low, high: the days of supply of each velocity tier and the band the team wants."""
    rows = results.kpis[(results.kpis.kpi == "days_of_supply") & (results.kpis.grain == "tier") & results.kpis.value.notna()]
    rows = rows.sort_values("key")
    bands = [target_lines(results, "days_of_supply", key) for key in rows.key]
    low, high = ([band[i] if len(band) == 2 else float("nan") for band in bands] for i in (0, 1))
    return pd.DataFrame({"tier": rows.key.tolist(), "value": rows.value.tolist(), "low": low, "high": high})


def _by_channel(split: pd.DataFrame) -> pd.DataFrame:
    """sku, location, channels: `web 12, amazon 3`, where a system keeps stock by channel."""
    own = split[split.channel.fillna("") != ""]
    if own.empty:
        return pd.DataFrame({"sku": [], "location": [], "channels": []}, dtype=str)
    own = own.assign(channels=own.channel + " " + own.available.map(formats.number))
    return own.groupby(["sku", "location"], as_index=False).channels.agg(", ".join)


def stockout_risks(results: Any) -> list[Part]:
    """SKU-locations that are out or likely to run out, with owner and the ETA somebody committed to; and inbound that is late."""
    return [_risks(results), trend(results, "oos_risk_14d", ["tier", "location"]), _late(results)]


def _risks(results: Any) -> Html:
    shelf, least = results.inventory, results.settings.oos_risk_threshold
    columns = """
    sku | SKU | code | small=family
    location | Location
    tier | Tier
    state | State | pill
    available | Available | number
    daily_demand | Sold a day | two
    days_of_supply | Days left | one
    p_out_of_stock_14d | Out in 14 days | share | bar
    next_eta | Next ETA | day
    next_quantity | Comes | number?
    impact | A week | money? | help=what its finding costs
    who | Owner
    eta_commitment | ETA committed | day
    """
    if len(shelf):
        empty = shelf[(shelf.available <= 0) & (shelf.daily_demand > 0)].assign(state="out")
        risky = shelf[(shelf.available > 0) & (shelf.p_out_of_stock_14d >= least)].assign(state="at risk")
        shelf = pd.concat([part for part in (risky, empty) if len(part)] or [risky]).merge(
            _promises(results), on=["sku", "location"], how="left"
        )
        shelf["who"] = shelf.decided_by.where(shelf.decided_by.fillna("") != "", shelf.owner).fillna("nobody yet")
        shelf["at_stake"] = shelf.p_out_of_stock_14d.fillna(1.0) * shelf.daily_demand
        shelf = shelf.sort_values(["at_stake", "sku", "location"], ascending=[False, True, True], na_position="last")
    known = len(results.inventory) > 0
    caption = f"{formats.count(len(shelf), 'SKU and location', 'SKUs and locations')} out of stock, or likely to be within 14 days"
    caption = formats.capital(caption) if known else "Out of stock, or likely to be within 14 days"
    estimate = "a plain estimate from trailing demand, its spread, and inbound by its ETA"
    note = f"Most demand at stake first. Likely: {formats.share(least, 0)} or more, {estimate}."
    return listed(
        results, shelf, columns, caption, ["inventory", "order_lines"], note=note, filterable=True,
        download=f"stockout-risks-{results.week}.csv", whole="all are in inventory.csv",
    )  # fmt: skip


def _late(results: Any) -> Html:
    late = results.evidence("inbound_open")
    late = late[late.state.isin(["slipped", "overdue", "at dock"])].sort_values(["slip_days", "eta"], ascending=[False, True])
    columns = """
    document_id | Document | code | small=line_id
    kind | Kind
    sku | SKU | code | small=name
    location | To
    supplier | Supplier | plain
    open_quantity | Open units | number
    original_eta | First ETA | day
    eta | ETA now | day
    slip_days | Days later | number
    state | State | pill
    """
    return listed(results, late, columns, "Inbound that slipped, is overdue or waits at the dock", ["inbound"])


def _promises(results: Any) -> pd.DataFrame:
    """sku, location, impact, eta_commitment, decided_by: what findings cost and what meetings decided about them."""
    found = narrative.worth_deciding(results, "monday")
    found = found[found.check == "oos_risk"][["finding_id", "entity", "impact"]]
    kept = results.decisions[["finding_id", "eta_commitment", "owner"]].rename(columns={"owner": "decided_by"})
    both = found.merge(kept, on="finding_id", how="left")
    parts = [str(entity).rpartition("@") for entity in both.entity]
    both = both.assign(sku=[part[0] for part in parts], location=[part[2] for part in parts])
    return both[["sku", "location", "impact", "eta_commitment", "decided_by"]]


EXHIBITS: tuple[Exhibit, ...] = (
    orders_against_plan,
    forecast_accuracy,
    sku_variance,
    in_stock,
    inventory_view,
    stock_drift,
    stockout_risks,
)
