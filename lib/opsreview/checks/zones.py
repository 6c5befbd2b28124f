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
    by = t.group_by("location", "monday", "zone", "band").aggregate(parcels=t.count(), cost=t.cost.sum())
    f = rows_of(by, "location", "monday", "zone", "band")
    weeks = pd.to_datetime(f["monday"]).unique()
    if len(weeks) <= ENOUGH or weeks.max() < pd.Timestamp(books.week.monday):
        return pd.DataFrame(columns=COLUMNS)
    axes, names = zip(*(pd.factorize(f[c], sort=True) for c in ("location", "monday", "zone", "band")), strict=True)
    parcels, cost = (np.zeros([len(n) for n in names]) for _ in range(2))
    parcels[axes], cost[axes] = f["parcels"], f["cost"]
    with np.errstate(invalid="ignore", divide="ignore"):
        figures = _shifted(parcels, _prices(parcels.sum(axis=0), cost.sum(axis=0)))
    keys = pd.MultiIndex.from_product([names[0], names[2]], names=["location", "zone"])
    rows = pd.DataFrame({name: values.ravel() for name, values in figures.items()}, index=keys).reset_index()
    rows = rows[(rows["sent"] > 0) & (rows["to_zone"] + rows["usual"] > 0)]  # a location without a history has no usual zones
    return rows[COLUMNS].sort_values(["amount", "location", "zone"], ascending=[False, True, True], ignore_index=True)


def _prices(parcels: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """What a parcel usually costs by zone and band, from sums by week (W last), zone and band.

    Where such a parcel never went it is its zone's mean; of a new zone, W's.
    """
    many, all_of_them = parcels[:-1].sum(axis=0), cost[:-1].sum(axis=0)
    every = (cost.sum(axis=(0, 2)) / parcels.sum(axis=(0, 2)))[:, None]
    of_zone = all_of_them.sum(axis=1, keepdims=True) / many.sum(axis=1, keepdims=True)
    return _first(all_of_them / many, of_zone, every)


def _shifted(parcels: np.ndarray, price: np.ndarray) -> dict[str, np.ndarray]:
    """The figures of `shifts`, location × zone, from parcels by location × week × zone × band, W last.

    Where a band never went from a location before, the zones of all its parcels stand in.
    """
    before = parcels[:, :-1].sum(axis=1)
    of_all = before.sum(axis=2, keepdims=True) / before.sum(axis=(1, 2), keepdims=True)
    shares = _first(before / before.sum(axis=1, keepdims=True), of_all)
    more = price - (shares * price).sum(axis=1, keepdims=True)  # what a parcel costs more there than at the usual zones of its band
    usual = shares[:, None] * parcels.sum(axis=2, keepdims=True)
    sent = parcels.sum(axis=(2, 3))
    beyond = (parcels - usual).sum(axis=3) / sent[:, :, None]
    limits = [[xmr_limits(weeks[:-1].tolist()) for weeks in location.T] for location in beyond]
    upper = np.array([[limit.upper if limit and not limit.provisional else np.nan for limit in row] for row in limits])
    now, then, whole = parcels[:, -1], usual[:, -1].sum(axis=2), sent[:, -1:]
    to = now.sum(axis=2)
    return {
        "sent": np.broadcast_to(whole, to.shape), "to_zone": to, "usual": then, "amount": ((now - usual[:, -1]) * more).sum(axis=2),
        "each": (now * more).sum(axis=2) / np.where(to > 0, to, np.nan), "share": to / whole, "usual_share": then / whole,
        "limit": then / whole + upper,
    }  # fmt: skip


def _first(*choices: np.ndarray) -> np.ndarray:
    """Cell by cell the first that is a number."""
    out = choices[0]
    for other in choices[1:]:
        out = np.where(np.isnan(out), other, out)
    return out


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
