"""Monday's evidence: orders against plan, the plan SKU by SKU, the one inventory view, what is on its way."""

from __future__ import annotations

from datetime import timedelta

import ibis
import pandas as pd

from opsreview.books import Books, beside, inside
from opsreview.checks import drift
from opsreview.checks import monday as checks
from opsreview.demand import stockout_risk
from opsreview.facts.orders import orders, products, sales
from opsreview.facts.plan import planned_days
from opsreview.facts.stock import dead_stock, excess, open_inbound, shelves, stock_now, system_days
from opsreview.weeks import Window


def orders_daily(books: Books) -> pd.DataFrame:
    """A row a day of T28 and channel, one more for all of them: orders, units, net sales; the plan beside it, 14 days further on."""
    t28 = books.week.trailing(28)
    s, o = sales(books), orders(books)
    s = s.filter(inside(s.day, t28))
    by = s.group_by("day", "channel").aggregate(units=s.units.sum(), net_sales=s.net_revenue.sum())
    n = o.filter(inside(o.day, t28)).group_by("day", "channel").aggregate(orders=lambda t: t.count())
    each = n.left_join(by, ["day", "channel"]).select("day", "channel", "orders", "units", "net_sales").to_pandas()
    whole = each.groupby("day", as_index=False)[["orders", "units", "net_sales"]].sum().assign(channel="(all)")
    # The plan of a day past is the version made on or before its window began; ahead, the newest.
    past = planned_days(books, t28, t28.start).to_pandas()
    ahead = Window(books.week.end, books.week.end + timedelta(days=14))
    coming = planned_days(books, ahead, books.week.end).to_pandas()
    plan = pd.concat([past, coming], ignore_index=True).assign(channel="(all)")
    out = pd.concat([whole.merge(plan, on=["day", "channel"], how="outer"), each], ignore_index=True)
    columns = ["day", "channel", "orders", "units", "net_sales", "planned_units"]
    return out.reindex(columns=columns).sort_values(["channel", "day"], ignore_index=True)


def plan_vs_actual(books: Books) -> pd.DataFrame:
    """A row a SKU planned or sold in 14 days: how far off, and the band that chance alone explains."""
    return checks.plan_vs_actual(books)[0]


def plan_chance(books: Books) -> pd.DataFrame:
    """One row: the share of the catalog beyond the usual rule, and the share that chance alone would put there."""
    return checks.plan_vs_actual(books)[1]


def inventory(books: Books) -> pd.DataFrame:
    """inventory.csv: the one inventory view, a row a SKU and location with stock reported or on its way."""
    t, risk, e = shelves(books), stockout_risk(books), excess(books)
    keys = ["sku", "location"]
    s = sales(books).filter(lambda x: inside(x.day, books.week.trailing(28)))
    sold = s.group_by("sku").aggregate(units_28d=s.units.sum())
    i = open_inbound(books)
    earliest = i.group_by(*keys).aggregate(next_eta=i.eta.min())
    nearest = (
        i.join(earliest, keys)
        .filter(lambda x: x.eta == x.next_eta)
        .group_by(*keys)
        .aggregate(next_quantity=lambda x: x.open_quantity.sum())
    )
    transfers = i.filter(i.kind == "transfer").group_by(*keys).aggregate(in_transit=lambda x: x.open_quantity.sum())
    systems = system_days(books)
    last = ibis.window(group_by=[systems.system, systems.sku, systems.location], order_by=systems.day.desc())
    newest = systems.mutate(nth=ibis.row_number().over(last)).filter(lambda x: x.nth == 0)
    each = newest.group_by(*keys).aggregate(
        erp_on_hand=newest.on_hand.max(where=newest.system == "erp"), wms_on_hand=newest.on_hand.max(where=newest.system == "wms")
    )
    dead = dead_stock(books).select(*keys, dead_stock="value")
    for side in (risk.select(*keys, p_out_of_stock_14d="p_out_of_stock"), earliest, nearest, transfers, each, dead):
        t = t.pipe(beside, side, *keys)
    t = t.pipe(beside, sold, "sku").pipe(beside, e.select("sku", all_excess="excess_units"), "sku")
    everywhere = t.available.sum().over(ibis.window(group_by=t.sku))
    on_hand_all = t.on_hand.sum().over(ibis.window(group_by=t.sku))
    units = t.units_28d.fill_null(0.0)
    p = t.p_out_of_stock_14d
    t = t.select(
        *keys, "family", "tier", "cluster", "as_of_day", "system", "on_hand", "allocated", "available",
        in_transit=t.in_transit.fill_null(0.0),
        units_28d=units,
        daily_demand=t.d_here,
        days_of_supply=t.available / t.d_here.nullif(0),
        # Sales do not say from which shelf they could have come: sell-through is the SKU's.
        sell_through=units / (units + on_hand_all).nullif(0),
        next_eta=t.next_eta,
        next_quantity=t.next_quantity,
        p_out_of_stock_14d=ibis.ifelse(t.discontinued | t.d_here.isnull(), ibis.null("float64"), ibis.ifelse(t.available <= 0, 1.0, p)),
        excess_units=t.all_excess * (t.available / everywhere.nullif(0)).fill_null(0.0),
        value_at_cost=t.on_hand * t.unit_cost,
        dead_stock=t.dead_stock,
        erp_on_hand=t.erp_on_hand,
        wms_on_hand=t.wms_on_hand,
        owner=t.owner,
    )  # fmt: skip
    return t.order_by(keys).to_pandas()


def inventory_by_channel(books: Books) -> pd.DataFrame:
    """A row a SKU, location and channel of the last snapshot, where a system keeps stock by channel."""
    inv, now = books.table("inventory"), stock_now(books)
    inv = inv.mutate(day=inv.snapshot_at_local.date())
    inv = inv.join(now.select("sku", "location", "system", day="as_of_day"), ["sku", "location", "system", "day"])
    last = ibis.window(group_by=[inv.sku, inv.location, inv.channel], order_by=inv.snapshot_at.desc())
    inv = inv.mutate(nth=ibis.row_number().over(last)).filter(lambda t: (t.nth == 0) & (t.channel != ""))
    allocated = inv.allocated.fill_null(0.0)
    out = inv.select("sku", "location", "channel", "on_hand", allocated=allocated, available=ibis.greatest(inv.on_hand - allocated, 0.0))
    return out.order_by("sku", "location", "channel").to_pandas()


def inbound_open(books: Books) -> pd.DataFrame:
    """A row an inbound line still to bring something: what, where to, when, how late, in which state."""
    t, p = open_inbound(books), products(books)
    t = t.pipe(beside, p.select("sku", "name"), "sku")
    slip = t.eta.delta(t.original_eta, unit="day").cast("float64")
    state = ibis.cases(
        (t.arrived_at.notnull(), "at dock"), (t.eta < books.week.end, "overdue"), ((slip > 0).fill_null(False), "slipped"), else_="due"
    )
    t = t.select(
        "document_id", "line_id", "kind", "sku", "name", "location", "supplier", "open_quantity", "original_eta", "eta", "arrived_at",
        slip_days=slip, state=state,
    )  # fmt: skip
    return t.order_by("eta", "document_id", "line_id").to_pandas()


def stock_drift(books: Books) -> pd.DataFrame:
    """A row a SKU and location that two systems count differently: their counts, how long, what it costs, which is most likely wrong."""
    return drift.stock_drift(books)


EVIDENCE = (orders_daily, plan_vs_actual, plan_chance, inventory, inventory_by_channel, inbound_open, stock_drift)
