"""Zones: locations whose parcels go to dearer zones than they used to, what that costs a week, and what may be behind it."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, beside, fact, inside
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.facts.carriage import band, weights
from opsreview.facts.orders import sales
from opsreview.facts.shipments import carries_cost, shipment_costs
from opsreview.facts.stock import stock_days
from opsreview.formats import count, listing, number
from opsreview.statistics import wilson, xmr_limits

HISTORY = 13  # weeks whose zones are the usual ones
ENOUGH = 4  # weeks from which there is a usual mix
REGIONS = 3  # named in a finding
COLUMNS = ["location", "zone", "sent", "to_zone", "usual", "each", "amount", "share", "usual_share", "limit"]


@fact
def zoned(books: Books) -> ibis.Table:
    """One row a shipment handed over in W or the 13 weeks before, its zone known: location, monday, zone, weight band, cost, region.

    region: the first characters of the postal code it went to, else the country; empty where neither is known.
    """
    s = shipment_costs(books)
    s = s.filter(inside(s.shipped_at_local.date(), books.week.trailing(7 * (HISTORY + 1))), s.zone.notnull())
    o = books.table("orders")
    went = o.select("order_id", region=ibis.coalesce(o.ship_postal, o.ship_country))
    s = beside(beside(s, weights(books), "shipment_id"), went, "order_id")
    return s.select(
        "shipment_id", "order_id", "location", "zone", "cost", "region", band=band(s.ours_kg), packed=s.label_created_at_local.date(),
        monday=s.shipped_at_local.date().truncate("W").cast("date"), now=inside(s.shipped_at_local.date(), books.week.window),
    )  # fmt: skip


def shifts(books: Books) -> pd.DataFrame:
    """A row a location that sent parcels in W, and zone, dearest first: COLUMNS. `amount`: what W's zones cost more than the usual ones.

    Usual are the zones where the location's parcels of the 13 weeks before went, weight band by weight band. A parcel has the price of its
    zone and band, the mean of those weeks, whatever was paid for it: only where parcels go makes an amount. sent: parcels of W;
    to_zone: of them to the zone; usual: of as many in the same bands; each: what one there costs more than at the usual zones of its band;
    amount: to_zone less usual, × that, band by band. The amounts of a location add up to what its shift costs in the week.
    share, usual_share: of the parcels sent; limit: the upper XmR limit of the location's own weeks, empty under twelve of them.
    Empty under four weeks of history, and where no export says what a parcel costs.
    """
    if not carries_cost(books):
        return pd.DataFrame(columns=COLUMNS)
    t = zoned(books)
    by = t.group_by("location", "now", "monday", "zone", "band").aggregate(parcels=t.count(), cost=t.cost.sum())
    f = rows_of(by, "location", "monday", "zone", "band")
    if not f["now"].any() or f.loc[~f["now"], "monday"].nunique() < ENOUGH:
        return pd.DataFrame(columns=COLUMNS)
    price = _prices(f)
    parts = [_shift(own, price).assign(location=at) for at, own in f.groupby("location") if own["now"].any() and not own["now"].all()]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return rows[COLUMNS].sort_values(["amount", "location", "zone"], ascending=[False, True, True], ignore_index=True)


def _grid(rows: pd.DataFrame, value: str, like: pd.DataFrame) -> pd.DataFrame:
    """A sum by zone (rows) and band (columns) of `like`, 0 where there is none."""
    sums = rows.pivot_table(index="zone", columns="band", values=value, aggfunc="sum")
    return sums.reindex(index=sorted(set(like["zone"])), columns=sorted(set(like["band"]))).fillna(0.0)


def _prices(f: pd.DataFrame) -> pd.DataFrame:
    """What a parcel usually costs by zone (rows) and band (columns): where such never went its zone's mean, of a new zone W's."""
    before = f[~f["now"]]
    cost, parcels, every = _grid(before, "cost", f), _grid(before, "parcels", f), f.groupby("zone")[["cost", "parcels"]].sum()
    of_zone = (cost.sum(axis=1) / parcels.sum(axis=1)).fillna(every["cost"] / every["parcels"])
    return (cost / parcels).apply(lambda column: column.fillna(of_zone))


def _shift(own: pd.DataFrame, price: pd.DataFrame) -> pd.DataFrame:
    """The rows of one location. Where a band never went from there before, the zones of all its parcels stand in."""
    like = pd.DataFrame([(z, b) for z in price.index for b in price.columns], columns=["zone", "band"])
    usual = _grid(own[~own["now"]], "parcels", like)
    of_all = usual.sum(axis=1) / usual.to_numpy().sum()
    shares = (usual / usual.sum()).apply(lambda column: column.fillna(of_all))
    more = price - (shares * price).sum()  # what a parcel costs more there than at the usual zones of its band
    weeks = [_grid(rows, "parcels", like) for _, rows in own.groupby("monday")]  # W's the last
    beyond = pd.DataFrame([(n - shares * n.sum()).sum(axis=1) / n.to_numpy().sum() for n in weeks])
    now, there, sent = weeks[-1], shares * weeks[-1].sum(), weeks[-1].to_numpy().sum()
    limits = {zone: xmr_limits(beyond[zone].tolist()[:-1]) for zone in price.index}
    upper = pd.Series({zone: limit.upper if limit and not limit.provisional else np.nan for zone, limit in limits.items()})
    out = pd.DataFrame({"to_zone": now.sum(axis=1), "usual": there.sum(axis=1), "amount": ((now - there) * more).sum(axis=1)})
    out = out.assign(sent=sent, share=out["to_zone"] / sent, usual_share=out["usual"] / sent)
    out["each"] = (now * more).sum(axis=1) / out["to_zone"].where(out["to_zone"] > 0)
    return out.assign(limit=out["usual_share"] + upper).rename_axis("zone").reset_index()


def regions(books: Books, location: str, zone: str) -> pd.DataFrame:
    """A row a region that parcels of W went to from there in that zone: `parcels`, `usual` of as many from there, the `near` location.

    near: another location that usually reaches the region in a zone that is cheaper on average, and which zone; `lacked`: how many of the
    parcels held something that it had none of on the evening before they were packed (empty where its stock is not known).
    """
    t = zoned(books)
    z = t.group_by("zone").aggregate(price=t.cost.mean())
    ways = t.filter(t.region.notnull()).group_by("location", "region", "zone").aggregate(parcels=lambda x: x.count())
    first = ibis.window(group_by=[ways.location, ways.region], order_by=[ways.parcels.desc(), ways.zone])
    ways = ways.mutate(nth=ibis.row_number().over(first)).filter(lambda x: x.nth == 0).join(z, "zone")
    dear = z.filter(z.zone == zone).price.max().as_scalar()
    near = ways.filter(ways.location != location, ways.price < dear)
    nearest = ibis.window(group_by=near.region, order_by=[near.price, near.location])
    near = near.mutate(nth=ibis.row_number().over(nearest)).filter(lambda x: x.nth == 0)
    mine = t.filter(t.location == location, t.zone == zone)
    here = beside(mine.filter(mine.now), near.select("region", near="location", near_zone="zone"), "region")
    stock = stock_days(books).select(near="location", sku="sku", evening="day", available="available")
    lines = sales(books).filter(lambda x: x.units > 0).select("order_id", "sku")
    asked = here.filter(here.near.notnull()).mutate(evening=here.packed - ibis.interval(days=1)).join(lines, "order_id")
    looked = asked.semi_join(stock.select("near", "evening").distinct(), ["near", "evening"])
    had = beside(looked, stock, "near", "sku", "evening")
    had = had.group_by("shipment_id").aggregate(lacked=(had.available.fill_null(0.0) <= 0).any())
    here = beside(here, had, "shipment_id")
    by = here.group_by("region").aggregate(
        parcels=here.count(), near=here.near.max(), near_zone=here.near_zone.max(), known=here.lacked.count(),
        lacked=here.lacked.sum().fill_null(0), members=here.shipment_id.group_concat("; ", order_by=here.shipment_id),
    )  # fmt: skip
    before = mine.filter(~mine.now).group_by("region").aggregate(before=lambda x: x.count())
    whole = t.filter(t.location == location).aggregate(now=lambda x: x.now.sum(), before=lambda x: (~x.now).sum()).to_pandas().iloc[0]
    out = rows_of(beside(by, before, "region"), "region")
    out["usual"] = out["before"].fillna(0.0) * float(whole["now"]) / float(whole["before"])
    return out.drop(columns="before")


@check
def zone_shift(ctx: Context) -> pd.DataFrame:
    """Locations that sent more parcels to a dear zone than they use to, beyond what their weeks differ by; by the zone that costs most."""
    if not ctx.covered(7, "shipments", "shipments.zone", "shipments.shipped_at"):
        return nothing()
    rows = shifts(ctx.books).rename(columns={"amount": "impact"})
    rows = rows[(rows["sent"] >= ctx.threshold("zone_shift", "shipments")) & (rows["share"] > rows["limit"])]
    sure = [wilson(r.to_zone, r.sent, ctx.threshold("zone_shift", "confidence"))[0] > r.usual_share for r in rows.itertuples()]
    rows = rows[np.array(sure, dtype=bool)].drop_duplicates("location")
    rows = worth(ctx, rows, rows["share"] / rows["limit"])
    where = [regions(ctx.books, r.location, r.zone) for r in rows.itertuples()]
    asked = [_suggested(region) for region in where]
    return found(
        rows,
        entity=rows["location"],
        title=say(rows, _title),
        observed=rows["share"],
        expected=rows["usual_share"],
        threshold=rows["limit"],
        basis=f"parcels to the zone beyond the usual × what one costs more there than at the usual zones (mean costs of {HISTORY} weeks)",
        decision=[decision for decision, _ in asked],
        detail=[
            f"{ctx.money(r.impact / (r.to_zone - r.usual))} more a parcel; {said}"
            for r, (_, said) in zip(rows.itertuples(), asked, strict=True)
        ],
        members=["; ".join(region["members"]) for region in where],
        evidence=f"shipments of the week and of {HISTORY} weeks before, their charges, orders.ship_postal",
    )


def _title(row: Any) -> str:
    usual = f"{number(row.usual)} {'is' if round(row.usual) == 1 else 'are'} usual"
    return f"{row.location} sent {number(row.to_zone)} of {count(row.sent, 'parcel')} to zone {row.zone}, {usual}"


def _suggested(where: pd.DataFrame) -> tuple[str, str]:
    """(decision, why): stock to the location that is near, parcels from there, or a carrier of the region. `where`: of `regions`."""
    known = where[where["region"].notna()]
    if known.empty:
        return "investigate", "where to is not known: neither ship_postal nor ship_country was exported"
    most = known.assign(more=known["parcels"] - known["usual"]).sort_values(["more", "region"], ascending=[False, True])
    most = most[most["more"] > 0].head(REGIONS)
    said = "most beyond the usual to " + listing([f"{r.region} ({number(r.more)})" for r in most.itertuples()], REGIONS)
    near = known[known["near"].notna()]
    if 2 * near["parcels"].sum() < where["parcels"].sum():
        return "change_carrier", f"{said}; no other location reaches them in a cheaper zone: ask carriers of the region for a price"
    best = near.groupby(["near", "near_zone"])[["parcels", "known", "lacked"]].sum().sort_values("parcels").iloc[-1]
    place, its_zone = best.name
    reach = f"{said}; {place} reaches {number(best.parcels)} of them in zone {its_zone}"
    if not best.known:
        return "investigate", f"{reach}: see why they did not leave from there"
    if 2 * best.lacked >= best.known:
        return "transfer", f"{reach} and lacked something of {number(best.lacked)}: send stock there"
    return "investigate", f"{reach} and had all that {number(best.known - best.lacked)} of them held: see why they did not leave from there"
