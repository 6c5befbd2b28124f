"""What changed contribution margin this week against what is usual, split into parts that add up to the cent.

The baseline is the mean of the up to 13 weeks before, each as its own run knew it (so that costs of one age are compared). A mean is a
quantity like the week's own: the means of the parts are the parts of the mean, which no median's are.

A cell is a SKU in a channel, with units U and an amount X of every component; 1 is W, 0 the baseline, r = U1 / U0.
- price, discount, goods and every cost: X1 − r × X0: what this week's units brought or cost more than as many usually do.
- volume: (g − 1) × margin0, g the growth of all units: as if everything had grown alike.
- mix of groups: (G − g) × margin0, G the growth of the cell's family in its channel; mix of SKUs: (r − G) × margin0.
- A cell without units in the baseline (a new SKU) is mix of SKUs, whole.
Shipping goes on, by the parcels n of a cell (its shares of its orders' parcels): see `_shipping`.
"""

from __future__ import annotations

import ibis
import pandas as pd

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.carriage import BANDS
from opsreview.facts.shipments import first_shipment, order_shipping, shipping_accruals
from opsreview.margin import COMPONENTS, lines, order_margin

HISTORY = 13  # weeks the baseline looks back
ENOUGH = 4  # weeks from which there is a baseline
SIGNS = {"list": 1, "discount": -1, "charged": 1, "cost_of_goods": -1} | dict.fromkeys(COMPONENTS, -1)
# What a component's own part is called; shipping has several.
PARTS = {"list": "price", "charged": "shipping_charged", "returns_reserve": "returns"}
CELL = ["sku", "channel"]
OF_CELL = ["sku", "family", "channel", "units_baseline", "units"]  # what a cell is and sold, beside the money
COLUMNS = ["grain", "key", "part", "kind", "amount"]
_SUMS = ("units", *SIGNS, "contribution_margin", "net_revenue", "orders", "parcels", "shipped", "shipped_cost", "surcharges")


def cells(books: Books) -> pd.DataFrame:
    """A row a SKU and channel sold in W, of costed lines: family, _SUMS. `orders`, `parcels`: its shares of them by weight; `shipped`: of
    parcels that were sent. An order not sent yet counts as many as one of T28 came to."""
    return books.frame("change cells", lambda: _cells(books))


def _cells(books: Books) -> ibis.Table:
    m = order_margin(books, books.week.window)
    about = lines(books, books.week.window).select("order_id", "line_id", "price", "charged", "by_weight")
    t = m.pipe(beside, about, "order_id", "line_id").filter(lambda t: t.costed)
    t = t.pipe(beside, order_shipping(books).select("order_id", "surcharges", boxes="parcels"), "order_id")
    sent, means = t.boxes.notnull(), shipping_accruals(books)
    usual = means.filter(means.channel.isnull()).parcels.max().as_scalar().fill_null(1.0)
    t = t.mutate(
        list=t.units * t.price,
        discount=t.units * t.price + t.charged - t.net_revenue,
        orders=t.by_weight,
        parcels=t.by_weight * t.boxes.cast("float64").fill_null(usual),
        shipped=ibis.ifelse(sent, t.by_weight * t.boxes, 0.0),
        shipped_cost=ibis.ifelse(sent, t.shipping, 0.0),
        surcharges=t.by_weight * t.surcharges.fill_null(0.0),
    )
    return t.group_by("sku", "family", "channel").aggregate(**{c: t[c].sum() for c in _SUMS}).order_by("sku", "channel")


@fact
def profiled(books: Books) -> ibis.Table:
    """One row a line shipped in W or the 13 weeks before: sku, channel, `now`, n (share of the order's parcels), zone, band, service, cost.

    The band is of the declared weight (units × billable weight): a young parcel's billed weight is not known yet. `cost`: what a parcel of
    the order costs without surcharges.
    """
    t = lines(books, books.week.trailing(7 * (HISTORY + 1)))
    kg = (t.units * t.billable_kg).sum().over(ibis.window(group_by=t.order_id))
    t = t.mutate(kg=ibis.ifelse(t.unweighed, ibis.null("float64"), kg))
    s = order_shipping(books).select("order_id", "parcels", cost=lambda s: (s.shipping - s.surcharges) / s.parcels)
    t = t.join(s, "order_id").join(first_shipment(books).select("order_id", "zone", "service_key"), "order_id")
    band = ibis.cases(*((t.kg <= b, f"{b:g}") for b in BANDS), (t.kg.notnull(), "over"), else_="unknown")
    return t.select(
        "sku", "channel", "cost", now=inside(t.day, books.week.window), n=t.by_weight * t.parcels, band=band,
        zone=t.zone.fill_null("unknown"), service=t.service_key.fill_null("unknown"),
    )  # fmt: skip


def profile(books: Books) -> pd.DataFrame:
    """A row a SKU, channel and whether `now`: what a parcel like its would usually cost, by zone; zone and weight; and carrier too.

    Usual is the mean of the 13 weeks before over the store; where such a parcel never went, the coarser mean stands.
    """
    return books.frame("shipping profile", lambda: _profile(books))


def _profile(books: Books) -> ibis.Table:
    t = profiled(books)
    before = t.filter(~t.now)
    every = (before.n * before.cost).sum() / before.n.sum().nullif(0)
    usual = before.aggregate(every=every).every.max().as_scalar()
    for name, keys in (("by_zone", ["zone"]), ("by_weight", ["zone", "band"]), ("by_service", ["zone", "band", "service"])):
        means = before.group_by(*keys).aggregate(**{name: (before.n * before.cost).sum() / before.n.sum().nullif(0)})
        t = t.pipe(beside, means, *keys)
    t = t.mutate(by_zone=ibis.coalesce(t.by_zone, usual, 0.0))
    t = t.mutate(by_weight=t.by_weight.fill_null(t.by_zone))
    t = t.mutate(by_service=t.by_service.fill_null(t.by_weight))
    each = {c: (t.n * t[c]).sum() / t.n.sum().nullif(0) for c in ("by_zone", "by_weight", "by_service")}
    return t.group_by("sku", "channel", "now").aggregate(**each).order_by("sku", "channel", "now")


def explain(now: pd.DataFrame, past: list[pd.DataFrame], profiles: pd.DataFrame) -> pd.DataFrame:
    """`by_grain` of `by_cell`. Lists of cells as `cells` gives them, newest last; `profiles` as `profile` gives them."""
    return by_grain(by_cell(now, past, profiles))


def by_grain(frame: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS: for the store (grain all), every family, channel and SKU the baseline, the parts by size, the contribution of W.

    `kind`: baseline, part, contribution, memo (net revenue, now and usual). Of a SKU only the parts that are not nil. Empty under four
    weeks of history. `frame` as `by_cell` gives it.
    """
    if frame.empty:
        return pd.DataFrame(columns=COLUMNS).astype({"amount": float})
    about = [c for c in frame if c not in OF_CELL]
    tall = pd.concat([_by(frame.assign(all=""), grain, about) for grain in ("all", "family", "channel", "sku")], ignore_index=True)
    return tall[(tall["grain"] != "sku") | (tall["kind"] != "part") | (tall["amount"] != 0)].reset_index(drop=True)


def by_cell(now: pd.DataFrame, past: list[pd.DataFrame], profiles: pd.DataFrame) -> pd.DataFrame:
    """A row a cell of W or the weeks before: OF_CELL, `baseline`, every part, `contribution_margin` and both net revenues.

    Each column is what `by_grain` sums. Empty under four weeks of history.
    """
    past = [week for week in past if len(week)]
    if len(past) < ENOUGH or now.empty:
        return pd.DataFrame(columns=OF_CELL)
    both = _side_by_side(now, _mean(past), [*past, now], profiles)
    about = {
        "units_baseline": both["units_0"], "units": both["units_1"], "baseline": both["contribution_margin_0"], **_parts(both),
        "contribution_margin": both["contribution_margin_1"], "net_revenue_baseline": both["net_revenue_0"],
        "net_revenue": both["net_revenue_1"],
    }  # fmt: skip
    return pd.concat([both[["sku", "family", "channel"]], pd.DataFrame(about).fillna(0.0)], axis=1)


KINDS = {"baseline": "baseline", "contribution_margin": "contribution", "net_revenue_baseline": "memo", "net_revenue": "memo"}
PLACES = {"baseline": 0, "part": 1, "contribution": 2, "memo": 3}


def _by(frame: pd.DataFrame, grain: str, about: list[str]) -> pd.DataFrame:
    """COLUMNS of one grain: the sums of `about` a key, its baseline first, then its parts by size."""
    tall = frame.groupby(grain)[about].sum().rename_axis("key").reset_index().melt("key", var_name="part", value_name="amount")
    tall = tall.assign(grain=grain, kind=tall["part"].map(KINDS).fillna("part"))
    tall = tall.assign(place=tall["kind"].map(PLACES), size=-tall["amount"].abs().where(tall["kind"] == "part", 0.0))
    return tall.sort_values(["key", "place", "size"], kind="stable")[COLUMNS]


def _mean(past: list[pd.DataFrame]) -> pd.DataFrame:
    """The weeks' mean a cell; a week in which it did not sell counts as 0."""
    sums = pd.concat([week[[*CELL, *_SUMS]] for week in past], ignore_index=True).groupby(CELL, as_index=False)[list(_SUMS)].sum()
    return sums.assign(**{c: sums[c] / len(past) for c in _SUMS})


def _side_by_side(now: pd.DataFrame, base: pd.DataFrame, every: list[pd.DataFrame], profiles: pd.DataFrame) -> pd.DataFrame:
    """A row a cell of W or the baseline, with both (`_1`, `_0`, 0 where it is not in one), its newest family, and both profiles."""
    both = now[[*CELL, *_SUMS]].merge(base, on=CELL, how="outer", suffixes=("_1", "_0")).fillna(0.0)
    family = pd.concat([week[[*CELL, "family"]] for week in every]).drop_duplicates(CELL, keep="last")
    both = both.merge(family, on=CELL, how="left")
    for when, suffix in ((True, "_1"), (False, "_0")):
        mine = profiles[profiles["now"] == when].drop(columns="now")
        both = both.merge(mine.rename(columns={c: f"{c}{suffix}" for c in mine.columns if c not in CELL}), on=CELL, how="left")
    return both.sort_values(CELL, kind="stable", ignore_index=True)


def _parts(both: pd.DataFrame) -> dict[str, pd.Series]:
    """Every part a cell; they add up to the change of its contribution margin."""
    known = both["units_0"] > 0
    ratio = (both["units_1"] / both["units_0"].where(known)).fillna(0.0)
    parts: dict[str, pd.Series] = {}
    for component, sign in SIGNS.items():
        more = sign * (both[f"{component}_1"] - ratio * both[f"{component}_0"]).where(known, 0.0)
        if component == "shipping":
            parts |= {f"shipping_{name}": part for name, part in _shipping(both, ratio, known, more).items()}
        else:
            parts[PARTS.get(component, component)] = more
    margin = both["contribution_margin_0"]
    growth = both["units_1"].sum() / both["units_0"].sum() if both["units_0"].sum() else 1.0
    group = both.groupby(["family", "channel"])[["units_1", "units_0"]].transform("sum")
    of_group = (group["units_1"] / group["units_0"].where(group["units_0"] > 0)).fillna(1.0)
    fresh = both["contribution_margin_1"] - margin
    quantity = {
        "volume": (margin * (growth - 1)).where(known, 0.0),
        "mix_of_groups": (margin * (of_group - growth)).where(known, 0.0),
        "mix_of_skus": (margin * (ratio - of_group)).where(known, fresh),
    }
    return quantity | parts


def _shipping(both: pd.DataFrame, ratio: pd.Series, known: pd.Series, more: pd.Series) -> dict[str, pd.Series]:
    """Shipping's part, split: what its units took more than usual, as money of margin (a cost has a minus).

    parcels    more or fewer parcels a unit than usual, each at the usual cost
    zone, weight, carrier    a parcel like this week's against one like the usual, each at what such parcels usually cost; in this order
    surcharge  more surcharge a parcel than usual
    rate       a parcel of the same zone, weight and carrier costs more
    rest       what has not been shipped yet, reckoned otherwise than usual
    """
    n1, n0 = both["shipped_1"], both["shipped_0"].where(both["shipped_0"] > 0)
    sent = known & (n1 > 0) & n0.notna()
    per = {c: both[f"{c}_1"] - both[f"{c}_0"] for c in ("by_zone", "by_weight", "by_service")}
    seen = per["by_service"].notna()
    zone, weight, carrier = (
        (-n1 * step).where(sent & seen, 0.0)
        for step in (per["by_zone"], per["by_weight"] - per["by_zone"], per["by_service"] - per["by_weight"])
    )
    surcharge = -(both["surcharges_1"] - n1 * both["surcharges_0"] / n0).where(sent, 0.0)
    all_of_it = -(both["shipped_cost_1"] - n1 * both["shipped_cost_0"] / n0).where(sent, 0.0)
    each = (both["shipping_0"] / both["parcels_0"].where(both["parcels_0"] > 0)).fillna(0.0)
    parcels = -((both["parcels_1"] - ratio * both["parcels_0"]) * each).where(known, 0.0)
    rate = all_of_it - zone - weight - carrier - surcharge
    rest = more - parcels - all_of_it
    return {"zone": zone, "weight": weight, "carrier": carrier, "rate": rate, "surcharge": surcharge, "parcels": parcels, "rest": rest}


def flat_although(frame: pd.DataFrame, least: float = 0.05, most: float = 0.2) -> tuple[float, float] | None:
    """(growth of net revenue, growth of contribution margin) where revenue is up and margin flat, else None.

    Revenue up: 5 % or more above its usual level; margin flat: contribution grew by less than a fifth of that, or fell.
    """
    whole = frame[frame["grain"] == "all"].set_index("part")["amount"]
    if whole.empty or not (whole["net_revenue_baseline"] > 0 and whole["baseline"] > 0):
        return None
    revenue = whole["net_revenue"] / whole["net_revenue_baseline"] - 1
    margin = whole["contribution_margin"] / whole["baseline"] - 1
    return (float(revenue), float(margin)) if revenue >= least and margin < most * revenue else None
