"""Order-level contribution margin as docs/kpis.md defines it, as an analyst would write it in pandas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

KEY = ["order_id", "line_id"]


def order_margin(con: duckdb.DuckDBPyConnection, window: Any, costs: Any) -> pd.DataFrame:
    """One row a line sold in the window, from the views of `con`; orders are in one currency and the window ends with the week."""
    end = window.end
    ago = lambda days: pd.Timestamp(end - timedelta(days=days))  # noqa: E731
    first, last = pd.Timestamp(window.start), pd.Timestamp(window.end)

    def load(table: str, columns: str) -> pd.DataFrame:
        return con.execute(f"SELECT {columns} FROM {table}").df()

    live = "(SELECT * FROM orders WHERE NOT (status = 'cancelled' AND (cancelled_at IS NULL OR cancelled_at < as_of())))"
    orders = load(live, "order_id, channel, ordered_at_local::DATE AS day, payment_fee, channel_fee, shipping_charged, order_discount")
    orders["extra"] = orders.pop("shipping_charged").fillna(0) - orders.pop("order_discount").fillna(0)
    products = load("products", "sku, family, unit_cost, packaging_cost, weight_kg, length_cm, width_cm, height_cm")
    volume = products["length_cm"] * products["width_cm"] * products["height_cm"] / 5000
    products["kg"] = products[["weight_kg"]].assign(v=volume).max(axis=1).where(products["weight_kg"].notna())
    products = products[["sku", "family", "unit_cost", "packaging_cost", "kg"]]

    t = load("order_lines", "order_id, line_id, sku, quantity, cancelled_quantity, unit_price, line_discount")
    t["units"] = (t["quantity"] - t.pop("cancelled_quantity").fillna(0)).clip(lower=0)
    t["base"] = t["units"] * t.pop("unit_price") - t.pop("line_discount").fillna(0)
    t = t.drop(columns="quantity").merge(orders, on="order_id").merge(products, on="sku", how="left")
    t["family"] = t["family"].fillna("(unknown)")
    t["kg"] = t["units"] * t["kg"]
    order = t["order_id"]

    def shared(base: pd.Series, otherwise: pd.Series) -> pd.Series:
        base = base.clip(lower=0).fillna(0)
        total = base.groupby(order).transform("sum")
        return (base / total.where(total > 0)).where(total > 0, otherwise)

    t["by_units"] = shared(t["units"], 1 / order.groupby(order).transform("size"))
    t["net_revenue"] = t["base"] + t["extra"] * shared(t["base"], t["by_units"])
    t["by_net"] = shared(t["net_revenue"], t["by_units"])
    weighed = t["kg"].notna().groupby(order).transform("all")
    t["by_weight"] = shared(t["kg"].where(weighed, 0), t["by_units"])

    # shipping
    c = load("carrier_charges", "shipment_id, amount, invoiced_on").groupby("shipment_id")
    c = c.agg(charged=("amount", "sum"), complete_on=("invoiced_on", "min"))
    c["complete_on"] = pd.to_datetime(c["complete_on"]) + pd.Timedelta(days=14)
    s = load("shipments", "shipment_id, order_id, carrier, service, location, label_created_at, label_cost").join(c, on="shipment_id")
    s["complete"] = s["complete_on"] <= ago(0)
    learned = s[s["complete"] & (s["complete_on"] >= ago(91))].groupby(["carrier", "service"])[["charged", "label_cost"]].sum()
    ratio = (learned["charged"] / learned["label_cost"])[learned["label_cost"] > 0].rename("ratio")
    s = s.join(ratio, on=["carrier", "service"])
    estimate = s["label_cost"].fillna(0) * s["ratio"].fillna(1)
    early = np.maximum(s["charged"], estimate).where(s["charged"].notna(), estimate)
    s["sent_for"] = s["charged"].where(s["complete"], early)
    s = s.sort_values(["label_created_at", "shipment_id"]).groupby("order_id")
    sent = s.agg(sent_for=("sent_for", "sum"), invoiced=("complete", "all"), sent_from=("location", "first"))
    recent = orders[(orders["day"] >= ago(28)) & (orders["day"] < ago(0))].join(sent, on="order_id", how="inner")
    usual, overall = recent.groupby("channel")["sent_for"].mean(), recent["sent_for"].mean()
    sent["unpriced"] = s["charged"].count() + s["label_cost"].count() == 0
    t = t[(t["day"] >= ago(84)) | (t["day"] >= first)].join(sent, on="order_id")
    overall = costs.shipping_per_order if pd.isna(overall) else overall
    t["shipping"] = t["by_weight"] * t["sent_for"].fillna(t["channel"].map(usual)).fillna(overall)
    t["shipping_provenance"] = np.where(t["invoiced"].eq(True), "invoiced", np.where(t["sent_for"].notna(), "label", "accrued"))

    # pick and pack
    work = load("labor", "work_date, location, hour, role, hours, cost")
    work = work[(work["work_date"] >= first) & (work["work_date"] < last) & work["role"].isin(["pick", "pack"])]
    hourly = work["hour"].notna().groupby([work["work_date"], work["location"], work["role"]]).transform("any")
    crew = work[work["hour"].notna() | ~hourly].groupby("location")[["cost", "hours"]].sum()
    p = load("picks", "order_id, line_id, location, picked_at, picked_at_local, quantity, coalesce(rework_minutes, 0) AS minutes")
    p["now"] = (p["picked_at_local"] >= first) & (p["picked_at_local"] < last)
    p[["quantity", "minutes"]] = p[["quantity", "minutes"]].where(p["now"], 0)
    p = p.groupby([*KEY, "location"], as_index=False).agg(
        latest=("picked_at", "max"), now=("now", "any"), quantity=("quantity", "sum"), minutes=("minutes", "sum")
    )
    place = crew.join(
        p[p["now"]].groupby("location").agg(n=("now", "size"), units=("quantity", "sum"), minutes=("minutes", "sum")), how="inner"
    )
    minute = crew["cost"].sum() / crew["hours"].sum() / 60
    place["per_minute"] = (place["cost"] / place["hours"] / 60).fillna(minute)
    place["half"] = (place["cost"] - place["minutes"] * place["per_minute"]) / 2
    per_line, per_unit = place["half"] / place["n"], place["half"] / place["units"]
    line_mean, unit_mean = (place["half"].sum() / place[c].sum() for c in ("n", "units"))
    p["rework"] = p["minutes"] * p["location"].map(place["per_minute"]).fillna(minute)
    p["borne"] = p["location"].map(per_line).fillna(line_mean) + p["quantity"] * p["location"].map(per_unit).fillna(unit_mean)
    p["borne"] = p["borne"].where(p["now"])
    p = (
        p.sort_values("latest")
        .groupby(KEY)
        .agg(rework=("rework", "sum"), borne=("borne", "sum"), picked=("now", "any"), place=("location", "last"))
    )
    t = t.join(p, on=KEY)
    at = t["place"].fillna(t["sent_from"])
    accrual = at.map(per_line).fillna(line_mean) + t["units"] * at.map(per_unit).fillna(unit_mean)
    t["rework"], t["accrual"] = t["rework"].fillna(0), accrual.where(~t["picked"].eq(True), 0)
    t["pick_pack"] = t["borne"].where(t["picked"].eq(True), accrual) + t["rework"]

    # fees
    by_rate = costs.payment_rate * t["net_revenue"] + costs.payment_fixed * t["by_net"]
    t["payment"] = (t["payment_fee"] * t["by_net"]).where(t["payment_fee"].notna(), by_rate)
    rate = t["channel"].map(costs.channel_rate).fillna(0)
    t["channel_fees"] = (t["channel_fee"] * t["by_net"]).where(t["channel_fee"].notna(), rate * t["net_revenue"])

    # support
    k = load("support_tickets", "order_id, coalesce(cost, handle_minutes * support_per_minute(), 0) AS tickets")
    own = k.groupby("order_id")["tickets"].sum()
    past = orders[(orders["day"] >= ago(56)) & (orders["day"] < ago(28))]
    means = past["order_id"].map(own).fillna(0).groupby(past["channel"]).mean()
    t["tickets"] = t["order_id"].map(own).fillna(0)
    t["support"] = t["by_units"] * np.maximum(t["tickets"], t["channel"].map(means).fillna(0))

    # returns
    cohort = t.loc[(t["day"] >= ago(84)) & (t["day"] < ago(28)), [*KEY, "sku", "family", "channel", "units", "net_revenue"]]
    r = load(
        "returns", "order_id, line_id, sku, quantity, disposition, refund_amount, reverse_shipping_cost, handling_cost, recovered_value"
    )
    lines = load("order_lines WHERE order_id IN (SELECT order_id FROM returns WHERE line_id IS NULL)", "order_id, sku, line_id")
    r = r.join(lines.groupby(["order_id", "sku"])["line_id"].min().rename("found"), on=["order_id", "sku"])
    r["line_id"] = r["line_id"].fillna(r["found"])
    r = r.merge(products[["sku", "unit_cost"]], on="sku", how="left").merge(cohort[KEY], on=KEY)
    back = (r["quantity"] * r["unit_cost"].fillna(0)).where(r["disposition"] == "restock", r["recovered_value"].fillna(0))
    final = r["disposition"].isin(["restock", "refurbish", "liquidate", "write_off"])
    average = back[final].sum() / r.loc[final, "quantity"].sum() if final.any() else 0.0
    r["cost"] = r[["refund_amount", "reverse_shipping_cost", "handling_cost"]].fillna(0).sum(axis=1) - back.where(
        final, r["quantity"] * average
    )
    cohort = cohort.join(r.groupby(KEY)["cost"].sum(), on=KEY).fillna({"cost": 0.0})
    t["rate"] = np.nan
    for keys in (["sku", "channel"], ["family", "channel"], ["channel"]):
        g = cohort.groupby(keys)[["units", "net_revenue", "cost"]].sum()
        g = g[(g["units"] >= 30) & (g["net_revenue"] > 0)]
        t["rate"] = t["rate"].fillna(t[keys].join((g["cost"] / g["net_revenue"]).rename("r"), on=keys)["r"])
    net = cohort["net_revenue"].sum()
    t["returns_reserve"] = t["net_revenue"] * t["rate"].fillna(cohort["cost"].sum() / net if net > 0 else 0.0)

    t = t[(t["day"] >= first) & (t["day"] < last)]
    goods, packaging = t["units"] * t["unit_cost"], t["units"] * t["packaging_cost"].fillna(0)
    t = t.assign(cost_of_goods=goods, gross_margin=t["net_revenue"] - goods, packaging=packaging)
    spent = t[["packaging", "shipping", "pick_pack", "payment", "channel_fees", "support", "returns_reserve"]].sum(axis=1)
    t["contribution_margin"] = t["gross_margin"] - spent
    return with_kinds(t, costs)


def with_kinds(t: pd.DataFrame, costs: Any) -> pd.DataFrame:
    """The lines with where each cost comes from, and the money of each kind; what stands on an order of several lines is allocated."""
    alone = t.groupby("order_id")["line_id"].transform("size") == 1
    whole = lambda kind: np.where(alone, kind, "allocated")  # noqa: E731
    t["cost_of_goods_kind"] = np.where(t["unit_cost"].isna(), "missing", "contracted")
    t["packaging_kind"] = np.where(t["packaging_cost"].isna(), "missing", "contracted")
    source, nothing = t["shipping_provenance"], t["shipping"] == 0
    invoice, label, ahead = (t["shipping"].where(source == kind, 0) for kind in ("invoiced", "label", "accrued"))
    t["shipping_kind"] = np.select(
        [t.pop("unpriced").eq(True) & nothing, nothing, source == "accrued", source == "invoiced"],
        ["missing", "measured", "accrued", whole("measured")], whole("contracted"),
    )  # fmt: skip
    rework, accrual = t.pop("rework"), t.pop("accrual")
    pool = t["pick_pack"] - rework - accrual
    surest = rework.abs() >= np.maximum(accrual.abs(), pool.abs())
    t["pick_pack_kind"] = np.select([surest, accrual.abs() >= pool.abs()], ["measured", "accrued"], "allocated")
    named = t["payment_fee"].notna()
    fee, rated = t["payment"].where(named, 0), (costs.payment_rate * t["net_revenue"]).where(~named, 0)
    fixed = (costs.payment_fixed * t["by_net"]).where(~named, 0)
    t["payment_kind"] = np.select(
        [named & (t["payment"] == 0), named, rated.abs() >= fixed.abs()], ["measured", whole("measured"), "contracted"], whole("contracted")
    )
    named = t["channel_fee"].notna()
    commission = t["channel_fees"].where(named, 0)
    by_rate = t["channel_fees"] - commission
    t["channel_fees_kind"] = np.select([~named, commission == 0], ["contracted", "measured"], whole("measured"))
    tickets = t["by_units"] * t.pop("tickets")
    expected = t["support"] - tickets
    surest = (t["support"] == 0) | (alone & (tickets.abs() >= expected.abs()))
    t["support_kind"] = np.select([surest, alone | (expected.abs() >= tickets.abs())], ["measured", "accrued"], "allocated")
    t["returns_reserve_kind"] = "accrued"
    documents, rates = invoice + fee + commission + tickets, label + fixed
    t["measured"] = rework + documents.where(alone, 0)
    t["contracted"] = t["packaging"] + rated + by_rate + rates.where(alone, 0)
    t["accrued"] = ahead + accrual + expected + t["returns_reserve"]
    t["allocated"] = pool + (documents + rates).where(~alone, 0)
    return t
