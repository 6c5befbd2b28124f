"""Promotions that run or soon will: do they earn anything, and is there enough to sell?"""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, fact, inside
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.overlaps import of_promotions
from opsreview.checks.stakes import lost_units, places, sku_stakes
from opsreview.demand import arrivals
from opsreview.facts.orders import sales
from opsreview.facts.stock import demand, open_inbound
from opsreview.formats import count, day, listing, number, share
from opsreview.margin import order_margin

LOOK_AHEAD = 28  # days beyond which there is time to order more
PER_UNIT = ("cost_of_goods", "packaging", "shipping", "pick_pack", "support")  # what a discount does not change
BY_REVENUE = ("payment", "channel_fees", "returns_reserve")  # what falls with the price


@fact
def promoted(books: Books) -> ibis.Table:
    """One row a promotion and SKU in it, running or soon to start: discount, uplift, `begins` and `ends` in days from `as_of`."""
    p, k = books.table("promotions"), sku_stakes(books)
    ahead = float(books.settings.checks["promotion_at_risk"]["days"])
    today = ibis.literal(books.week.end)
    p = p.mutate(
        begins=p.starts_on.delta(today, unit="day").cast("float64"),
        ends=p.ends_on.delta(today, unit="day").cast("float64") + 1.0,
        before=today.delta(p.starts_on, unit="day").cast("float64"),
        uplift=p.expected_uplift.fill_null(0.0),
        of_sku=p.sku.nullif(""),
        of_family=p.family.nullif(""),
        channel=p.channel.nullif(""),
    ).filter(lambda t: (t.ends > 0) & (t.begins < ahead))
    p = p.select("promo_id", "of_sku", "of_family", "channel", "discount", "uplift", "begins", "ends", "before", "starts_on", "ends_on")
    t = p.cross_join(k.select("sku", "family", "name", "dispersion"))
    return t.filter((t.of_sku.isnull() | (t.of_sku == t.sku)) & (t.of_family.isnull() | (t.of_family == t.family)))


@fact
def prices(books: Books) -> ibis.Table:
    """One row a SKU and channel with costed units sold in T28: units, list value, what else came in, costs by unit and by revenue."""
    window = books.week.trailing(28)
    m, s = order_margin(books, window), sales(books)
    s = s.filter(inside(s.day, window)).select("order_id", "line_id", listed=s.units * s.price, beside=s.net_revenue - s.base)
    t = m.filter(m.costed).join(s, ["order_id", "line_id"])
    return t.group_by("sku", "channel").aggregate(
        units=t.units.sum(), listed=t.listed.sum(), beside=t.beside.sum(), net=t.net_revenue.sum(),
        fixed=sum((t[c].sum() for c in PER_UNIT[1:]), t[PER_UNIT[0]].sum()),
        moving=sum((t[c].sum() for c in BY_REVENUE[1:]), t[BY_REVENUE[0]].sum()),
    )  # fmt: skip


def judged(books: Books) -> pd.DataFrame:
    """A row a promotion and SKU that sells: margin a unit after the discount, units expected until its end, what there is, what is missing.

    At list price less the discount, with T28's costs a unit and T28's fees and returns as a share of revenue. Demand is what the SKU
    sells a day, lifted on the channel and the days promoted (promoted days of T28 taken out of it first), 28 days ahead at most.
    promoted_units, usual_units: asked for in the days promoted, with the promotion and without it; sold, usually_sold: of them what supply
    is there for (all of it where no stock is `reported`), which all that is asked for until the end shares alike.
    """
    rows, sold = rows_of(promoted(books), "promo_id", "sku"), rows_of(prices(books), "sku", "channel")
    every = sold.drop(columns="channel").groupby("sku", as_index=False).sum()
    by_channel = rows.merge(sold, on=["sku", "channel"], how="inner")
    anywhere = rows[rows["channel"].isna()].merge(every, on="sku", how="inner")
    rows = pd.concat([by_channel, anywhere], ignore_index=True)
    rows = rows[rows["units"] > 0].merge(every[["sku", "units"]].rename(columns={"units": "all_units"}), on="sku")
    net = rows["listed"] / rows["units"] * (1 - rows["discount"]) + rows["beside"] / rows["units"]
    moving = (rows["moving"] / rows["net"].where(rows["net"] > 0)).fillna(0.0)
    rows["margin"] = net * (1 - moving) - rows["fixed"] / rows["units"]
    rows = rows.merge(demand(books).to_pandas(), on="sku")
    part = rows["units"] / rows["all_units"]
    lift = rows["uplift"] * part
    rows["until"] = rows["ends"].clip(upper=LOOK_AHEAD)
    rows["days"] = (rows["until"] - rows["begins"].clip(lower=0)).clip(lower=0)
    rows["base"] = rows["d"] / (1 + lift * (rows["before"].clip(0, 28) / 28))
    rows["promoted_units"], rows["usual_units"] = (rows["base"] * units * rows["days"] for units in (part + lift, part))
    rows["expected_units"] = rows["base"] * (rows["until"] + lift * rows["days"])
    held = places(books).to_pandas().groupby("sku", as_index=False)["available"].sum()
    coming = arrivals(books).to_pandas().drop(columns="location").merge(rows[["sku", "until"]].drop_duplicates(), on="sku")
    coming = coming[coming["offset"] < coming["until"]].groupby(["sku", "until"], as_index=False)["quantity"].sum()
    rows = rows.merge(held, on="sku", how="left").merge(coming.rename(columns={"quantity": "inbound"}), on=["sku", "until"], how="left")
    rows["reported"] = rows[["available", "inbound"]].notna().any(axis=1)  # of what no system reports nobody knows how far it goes
    rows = rows.fillna({"available": 0.0, "inbound": 0.0})
    rows["supply"] = rows["available"] + rows["inbound"]
    for sold, units, asked in (
        ("sold", "promoted_units", rows["expected_units"]),
        ("usually_sold", "usual_units", rows["base"] * rows["until"]),
    ):
        rows[sold] = rows[units] * (rows["supply"] / asked.where((asked > 0) & rows["reported"])).fillna(1.0).clip(upper=1.0)
    rows["missing"] = np.where(rows["reported"], lost_units(rows.assign(d_here=rows["expected_units"]), rows["supply"], 1.0), 0.0)
    return rows.sort_values(["promo_id", "sku"], ignore_index=True)


PAUSE, UNTIL, WEAK, KEEP = "pause", "pause until inbound", "does not pay", "keep"


def advised(books: Books) -> pd.DataFrame:
    """`judged`, and what to do: what the finding suggests and what Friday's proposal says.

    full: margin a unit at list price; gain: what the SKU would earn at list price on its usual units less what it earns promoted, a week;
    lasts: days until stock is out at the promoted pace; next_days: days until the next inbound (empty: none on order). advice: pause
    (loses on a unit, or runs dry), pause until inbound, does not pay (its expected uplift is less than it needs), or keep.
    """
    rows = judged(books)
    moving = (rows["moving"] / rows["net"].where(rows["net"] > 0)).fillna(0.0)
    rows["full"] = (rows["listed"] + rows["beside"]) / rows["units"] * (1 - moving) - rows["fixed"] / rows["units"]
    pace = rows["expected_units"] / rows["until"].where(rows["until"] > 0)
    rows["lasts"] = rows["available"] / pace.where((pace > 0) & rows["reported"])
    rows["gain"] = (rows["full"] * rows["usually_sold"] - rows["margin"] * rows["sold"]) / (rows["until"].clip(lower=7.0) / 7.0)
    first = arrivals(books).group_by("sku").aggregate(next_days=lambda t: t.offset.min()).to_pandas()
    rows = rows.merge(first, on="sku", how="left")
    dry = (rows["lasts"] < rows["until"]) & (rows["lasts"] < rows["next_days"].fillna(np.inf))
    short = (rows["uplift"] > 0) & (rows["gain"] > 0)  # without an expected uplift nobody says what it was to bring
    rows["advice"] = np.select([rows["margin"] < 0, dry & rows["next_days"].notna(), dry, short], [PAUSE, UNTIL, PAUSE, WEAK], KEEP)
    return rows


def on_order(books: Books, skus: pd.Series) -> dict[str, list[str]]:
    """SKU -> what is on order of it, the soonest first: `PO1/1 (100 to BER, 24 Nov)`."""
    t = open_inbound(books)
    t = t.filter(t.sku.isin(skus.unique().tolist())).select("sku", "document_id", "line_id", "location", "open_quantity", "eta")
    lines = rows_of(t, "eta", "document_id", "line_id")
    said = [f"{r.document_id}/{r.line_id} ({number(r.open_quantity)} to {r.location}, {day(r.eta)})" for r in lines.itertuples()]
    return lines.assign(said=said).groupby("sku")["said"].agg(list).to_dict()


@check
def promotion_at_risk(ctx: Context) -> pd.DataFrame:
    """Promotions that lose money on a unit, or that stock and inbound will not last for."""
    if not (ctx.covered(28, "orders", "order_lines", "products.unit_cost", "inventory") and ctx.books.ever("promotions")):
        return nothing()
    rows = advised(ctx.books)
    rows["loses"] = rows["margin"] < 0
    weeks = rows["until"].clip(lower=7.0) / 7.0
    loss, lost = -rows["margin"] * rows["sold"], rows["missing"] * rows["margin"]
    rows["impact"] = loss.where(rows["loses"], lost) / weeks
    rows = rows[rows["loses"] | (rows["reported"] & (rows["expected_units"] > rows["supply"]))]
    # Of several channels of a promotion the worst speaks.
    rows = rows.sort_values("impact", ascending=False).drop_duplicates(["promo_id", "sku"]).sort_values(["promo_id", "sku"])
    rows = worth(ctx, rows, np.where(rows["loses"], 0.0, rows["expected_units"] / rows["supply"].clip(lower=1.0)))
    lines = on_order(ctx.books, rows["sku"]) if len(rows) else {}
    return found(
        rows,
        entity=rows["promo_id"] + "/" + rows["sku"],
        title=say(
            rows,
            lambda r: (
                f"{r.promo_id} on {r.name} " + (f"loses {ctx.money(-r.margin)} on every unit" if r.loses else "will run out of stock")
            ),
        ),
        observed=np.where(rows["loses"], rows["margin"], rows["supply"]),
        expected=np.where(rows["loses"], 0.0, rows["expected_units"]),
        threshold=np.where(rows["loses"], 0.0, rows["expected_units"]),
        basis=np.where(rows["loses"], "loss a unit × units that will sell, a week", "units short × margin a unit after discount, a week"),
        # What would sell out while more is on order is worth more of it, sooner; what loses, runs dry first or does not pay is not.
        decision=np.where(rows["advice"] == KEEP, "rebalance_inbound", "pause_promotion"),
        detail=say(
            rows,
            lambda r: (
                f"{share(r.discount)} off leaves {ctx.money(r.margin)} a unit; {number(r.expected_units)} units expected in "
                f"{number(r.until)} days, {number(r.available)} available and {number(r.inbound)} coming: "
                f"{_what_to_do(ctx, r, lines.get(r.sku, []))}"
            ),
        ),
        evidence="promotions, orders of 28 days, inventory, inbound",
        overlaps=of_promotions(ctx.books, rows),
    )


def _what_to_do(ctx: Context, r: Any, lines: list[str]) -> str:
    """The advice with what stands behind it; what is on order, where that matters."""
    brings = (
        f"pausing brings {ctx.money(r.gain)} a week"
        if r.gain > 0
        else f"pausing leaves the stock for list price and costs {ctx.money(-r.gain)} a week"
    )
    if r.advice == KEEP:
        return f"more or sooner of what is on order: {listing(lines, 3)}"
    if r.loses:
        return f"pause it, {brings}"
    if r.advice == WEAK:
        return f"it does not pay with the uplift expected, {brings}"
    lasts = f"stock lasts {number(r.lasts, 1)} days"
    if r.advice == UNTIL:
        return f"{lasts}, pause it until {lines[0] if lines else count(r.next_days, 'day')} has come"
    return f"{lasts} and none is on order: pause it, {brings}"
