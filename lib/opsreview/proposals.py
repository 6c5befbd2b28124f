"""Friday's decisions as proposals with their arithmetic: pause a promotion, reprice, move stock between places, adjust a channel.

Each is a frame of finished sums, a row a proposal, money a week unless its column says otherwise. Nothing is proposed that the figures do
not carry: no elasticity without price changes in history, no transfer that costs more than the sales it saves.
"""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, fact, inside
from opsreview.checks import rows_of
from opsreview.checks.pricing import WEEKS, priced
from opsreview.checks.promotions import BY_REVENUE, advised, prices
from opsreview.checks.stakes import AHEAD, lost_units, places, shelf_stakes
from opsreview.demand import HORIZON, arrivals
from opsreview.facts.orders import sales
from opsreview.margin import COMPONENTS, order_margin
from opsreview.statistics import ENOUGH, elasticity

LEAST_UNITS = 20  # in T28, from which a price is worth a proposal
WORTH = 0.1  # of the floor of a finding: what a change of price must be about a week, or a SKU's moves once
PRICES_APART = 1.10  # how far a tenth of the weeks' prices must lie above another tenth for an elasticity to be asked for
NOTICE = 2  # days before it comes up to which a delivery may be sent elsewhere
LEAD = 3  # days a transfer takes where none was seen
CHANNEL_SKUS = 25  # SKUs that lose most in a channel: those worth a decision


def pauses(books: Books) -> pd.DataFrame:
    """A row a promotion and SKU running or soon to (`advised`), the dearest first: what it does a unit and in all, and what to do.

    margin: contribution a unit after discount, fees and returns; full: the same at list price. promoted_units, usual_units: what would sell
    with the promotion and without, as far as supply goes. uplift: what is expected of it; needs: the uplift from which it earns more than
    list price does (empty where no volume does).
    """
    rows = advised(books)
    rows = rows.assign(promoted_units=rows["sold"], usual_units=rows["usually_sold"])
    rows["needs"] = (rows["full"] / rows["margin"].where(rows["margin"] > 0) - 1).clip(lower=0)
    rows = rows.sort_values(["gain", "promo_id", "sku"], ascending=[False, True, True])
    return rows.reindex(columns=PAUSES).reset_index(drop=True)


PAUSES = [
    "promo_id", "sku", "name", "channel", "starts_on", "ends_on", "discount", "margin", "full", "days", "promoted_units", "usual_units",
    "gain", "uplift", "needs", "available", "inbound", "lasts", "next_days", "advice",
]  # fmt: skip


@fact
def weekly_prices(books: Books) -> ibis.Table:
    """One row a SKU and week of T182 that sold: units, `price` (net of discounts, a unit)."""
    s = sales(books)
    s = s.filter(inside(s.day, books.week.trailing(182))).mutate(monday=s.day.truncate("W").cast("date"))
    by = s.group_by("sku", "monday").aggregate(units=s.units.sum(), taken=s.base.sum())
    return by.filter(by.units > 0, by.taken > 0).mutate(price=lambda t: t.taken / t.units)


def price_elasticity(prices_: pd.Series, units: pd.Series) -> tuple[float, float, float, int] | None:
    """(value, low, high, weeks) of units to price, 90 %, where history carries one: twelve weeks, prices apart, surely below nil."""
    if len(prices_) < ENOUGH or prices_.quantile(0.9) < PRICES_APART * prices_.quantile(0.1):
        return None
    fit = elasticity(prices_.tolist(), units.tolist())
    return (fit.value, fit.low, fit.high, fit.n) if fit and fit.high < 0 else None


def reprices(books: Books) -> pd.DataFrame:
    """A row a SKU below its target contribution over T28 (`priced`), 20 units or more and worth a change: what its price should be.

    Worth a change is a tenth of `checks.floor` a week: what is missing to the target. break_even: units a week at the goal that earn what
    is earned now (0: any are better than today). Where history carries an elasticity: elasticity, low, high, weeks; units_then and gain a
    week with it, gain_low and gain_high at its interval; else empty.
    """
    f = priced(books)
    f = f[(f["units"] >= LEAST_UNITS) & (f["short"] > 0) & (f["short"] >= WORTH * float(books.settings.checks["floor"]))]
    f["margin_then"] = f["goal"] * f["share"]
    f["break_even"] = (f["margin"] * f["units_week"] / f["margin_then"].where(f["margin_then"] > 0)).clip(lower=0)
    weekly = rows_of(weekly_prices(books).semi_join(ibis.memtable({"sku": f["sku"].tolist() or [""]}), "sku"), "sku", "monday")
    fits = {sku: price_elasticity(g["price"], g["units"]) for sku, g in weekly.groupby("sku")}
    known = [fits.get(sku) or (np.nan, np.nan, np.nan, np.nan) for sku in f["sku"]]
    f[["elasticity", "low", "high", "weeks"]] = pd.DataFrame(known, index=f.index, columns=range(4)).astype(float)
    for units, gain, e in (("units_then", "gain", "elasticity"), ("_low", "gain_low", "low"), ("_high", "gain_high", "high")):
        f[units] = f["units_week"] * (f["goal"] / f["price"]) ** f[e]
        f[gain] = f["margin_then"] * f[units] - f["margin"] * f["units_week"]
    return f.sort_values(["loss", "sku"], ascending=[False, True]).reindex(columns=REPRICES).reset_index(drop=True)


REPRICES = [
    "sku", "family", "units_week", "price", "margin", "loss", "floor", "share", "goal", "raise_", "listed", "at_list", "sign_depends",
    "advice", "margin_then", "break_even", "elasticity", "low", "high", "weeks", "units_then", "gain", "gain_low", "gain_high",
]  # fmt: skip


@fact
def lanes(books: Books) -> ibis.Table:
    """One row a lane (source, location) of transfers ordered in T182, and one without: all. Median days from order to arrival, freight.

    freight: a unit; least: the cheapest line that was moved there and paid for. A few units do not go for a few units' share of a pallet.
    """
    t = books.table("inbound")
    t = t.filter(t.kind == "transfer", t.source_location.notnull(), t.quantity_ordered > 0, inside(t.ordered_on, books.week.trailing(182)))
    t = t.mutate(took=t.arrived_at_local.date().delta(t.ordered_on, unit="day").cast("float64"))
    said = {
        "freight": t.freight_cost.sum() / t.quantity_ordered.sum(),
        "least": t.freight_cost.min(where=t.freight_cost > 0),
        "took": t.took.median(),
    }
    none = ibis.null("string")
    overall = t.aggregate(**said).select(*said, source_location=none, location=none)
    by = t.group_by("source_location", "location").aggregate(**said)
    return by.union(overall.select(*by.columns))


def transfers(books: Books) -> pd.DataFrame:
    """A row a SKU and way worth a move, of stock or of what is on order: units, cost, what it saves until 14 days are over, the net, once.

    Worth is a tenth of `checks.floor` for all that is done about a SKU. A place may give what is above its own four weeks: of its stock,
    and of purchases due by then that have not come and are not due in a day. It lacks what its
    customers are expected to ask for beyond stock and inbound between the move's arrival and 14 days from now. avoided: units of demand
    expected to be met that would be lost. cost: freight a unit × units, at least what the cheapest move of the lane took; a redirect costs
    nothing. Which units go from where to where: the flow that nets most (integer programme, HiGHS).
    """
    s, coming = rows_of(shelf_stakes(books), "sku", "location"), rows_of(arrivals(books), *SHELF, "offset", *PURCHASE)
    due = coming[coming["offset"] < HORIZON].groupby(SHELF, as_index=False)["quantity"].sum().rename(columns={"quantity": "due"})
    s = s.merge(due, on=SHELF, how="left").fillna({"due": 0.0})
    s["short"] = lost_units(s, s["available"] + s["due"], HORIZON)
    way = rows_of(lanes(books), "source_location", "location")
    took = way.loc[way["source_location"].isna(), "took"].fillna(LEAD).astype(float).iloc[0]
    held = rows_of(places(books).select(*SHELF), *SHELF)
    sources = pd.concat([_spare(s, took), _redirects(coming.merge(held, on=SHELF), s)], ignore_index=True)
    takers = s.loc[(s["short"] >= 1) & (s["per_unit"] > 0), TAKERS]
    f = sources.merge(takers, on="sku", suffixes=("_from", "_to"))
    f["lacks"] = np.floor(np.maximum(f["short"] - lost_units(f, f["available_to"], f["arrives"]), 0.0) + 1e-9)
    f = _priced(f[(f["location_from"] != f["location_to"]) & (f["lacks"] >= 1)].reset_index(drop=True), way)
    steps = _steps(f)
    f["units"] = _flow(f, steps)
    f = f[f["units"] >= 1]
    f = f.assign(cost=np.maximum(f["units"] * f["freight"], f["least"]), avoided=_avoided(f, steps))
    f["saved"] = f["avoided"] * f["per_unit"]
    f["net"] = f["saved"] - f["cost"]
    f = f[f.groupby("sku")["net"].transform("sum") >= WORTH * float(books.settings.checks["floor"])]
    f = f.sort_values(["net", "sku", "location_from", *PURCHASE], ascending=[False, True, True, True, True])
    return f.reindex(columns=TRANSFERS).reset_index(drop=True)


SHELF, PURCHASE, TAKER = ["sku", "location"], ["document_id", "line_id"], ["sku", "location_to"]
SOURCE = ["sku", "location_from", "kind", *PURCHASE]
TAKERS = ["sku", "name", "location", "available", "due", "short", "d_here", "dispersion", "per_unit"]
TRANSFERS = [
    "kind", "sku", "name", "location_from", "location_to", "document_id", "line_id", "arrives", "available_from", "spares", "available_to",
    "lacks", "units", "per_unit", "freight", "least", "freight_known", "cost", "avoided", "saved", "net",
]  # fmt: skip


def _spare(s: pd.DataFrame, took: float) -> pd.DataFrame:
    """A row a place whose stock is above its own four weeks: what it spares, and when a transfer of it arrives."""
    spares = np.floor(np.maximum(s["available"] - AHEAD * s["d_here"], 0.0))
    s = s.assign(kind="stock", document_id="", line_id="", arrives=min(took, float(HORIZON)), spares=spares)
    return s.loc[s["spares"] >= 1, [*SHELF, "kind", *PURCHASE, "arrives", "available", "spares"]]


def _redirects(coming: pd.DataFrame, s: pd.DataFrame) -> pd.DataFrame:
    """A row a purchase line that could go elsewhere, due within the horizon: its units above four weeks of stock and what comes before it.

    Not one due before `NOTICE` days, nor one at the dock, nor one overdue: nobody knows when it comes. `coming`: lines of places that hold
    the SKU, by arrival; what a place that never held it will sell nobody knows either.
    """
    c = coming.merge(s[[*SHELF, "available", "d_here"]], on=SHELF)
    over = c["available"] + c.groupby(SHELF)["quantity"].cumsum() - AHEAD * c["d_here"]
    c = c.assign(spares=np.floor(np.clip(over, 0.0, c["quantity"])), available=c["quantity"], arrives=c["offset"])
    in_time = c["offset"].between(NOTICE, HORIZON, inclusive="left")
    free = (c["kind"] == "purchase") & ~c["here"] & ~c["overdue"] & in_time & (c["spares"] >= 1)
    return c.loc[free, [*SHELF, *PURCHASE, "arrives", "available", "spares"]].assign(kind="inbound")


def _priced(f: pd.DataFrame, way: pd.DataFrame) -> pd.DataFrame:
    """The ways with `freight` a unit and `least` of their lane, of all lanes where it has none; a redirected delivery has neither."""
    usual = way[way["source_location"].isna()].iloc[0]
    way = way.rename(columns={"source_location": "location_from", "location": "location_to"})
    f = f.merge(way, on=["location_from", "location_to"], how="left")
    stays = f["kind"] == "inbound"
    f["freight_known"] = f["freight"].fillna(usual["freight"]).notna() | stays
    for price in ("freight", "least"):
        f[price] = f[price].fillna(usual[price]).fillna(0.0).astype(float).mask(stays, 0.0)
    return f


def _steps(f: pd.DataFrame) -> pd.DataFrame:
    """A row a taker and unit that may come (`nth`, from 1): what that unit is expected to save, in units: P(demand asks for it)."""
    t = f.sort_values("lacks", ascending=False).drop_duplicates(TAKER).sort_values(TAKER)
    t = t.loc[t.index.repeat(t["lacks"].astype(int))].reset_index(drop=True)
    t["nth"] = t.groupby(TAKER).cumcount() + 1
    supply = np.ceil(t["available_to"] + t["due"])
    t["gain"] = lost_units(t, supply + t["nth"] - 1, HORIZON) - lost_units(t, supply + t["nth"], HORIZON)
    return t[[*TAKER, "nth", "gain"]]


def _avoided(f: pd.DataFrame, steps: pd.DataFrame) -> pd.Series:
    """What the units of each way save, in units: of all that go to a place together, by their number."""
    total = f.groupby(TAKER)["units"].transform("sum")
    saves = steps.assign(saved=steps.groupby(TAKER)["gain"].cumsum(), nth=steps["nth"].astype(float))[[*TAKER, "nth", "saved"]]
    both = f[TAKER].assign(nth=total).merge(saves, on=[*TAKER, "nth"], how="left")
    return (both["saved"].to_numpy() * f["units"] / total).astype(float)


def _flow(f: pd.DataFrame, steps: pd.DataFrame) -> np.ndarray:
    """Units a row (a way of one source to one place): the most margin saved less freight, SKU by SKU, which share nothing.

    `f`: SOURCE, location_to, arrives, spares, lacks, per_unit, freight, least, on a plain index; `steps` as `_steps` gives them.
    """
    units, mine = np.zeros(len(f)), dict(tuple(steps.groupby("sku")))
    for sku, own in f.groupby("sku"):
        units[own.index] = _plan(own, mine[sku])
    return units


def _plan(f: pd.DataFrame, steps: pd.DataFrame) -> np.ndarray:
    """The best units a way of one SKU, within what each source spares and what each place lacks from the arrival on.

    A transport problem in whole units. What comes after a day meets only what is lacking after it, so all that comes then is within that.
    A unit more saves less than the one before it. A least charge a way: cost ≥ freight × units, and ≥ least where it is used at all.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    n, m = len(f), len(steps)
    given, takes = f.groupby(SOURCE).ngroup().to_numpy(), f["location_to"].to_numpy()
    arrives, lacks, spares = (f[c].to_numpy(float) for c in ("arrives", "lacks", "spares"))
    freight, least, most = f["freight"].to_numpy(float), f["least"].to_numpy(float), np.minimum(spares, lacks)
    of_source = given[:, None] == given
    after = (takes[:, None] == takes) & (arrives >= arrives[:, None])  # a row a way: all that comes when it does, or later
    places_ = pd.unique(takes)
    arrived = -(places_[:, None] == takes).astype(float)
    counted = (places_[:, None] == steps["location_to"].to_numpy()).astype(float)
    eye, none, nil = np.eye(n), np.zeros((n, n)), np.zeros((n, m))
    # Columns: units, whether the way is used, what it costs, which units count at a place.
    limits = np.block([
        [of_source, none, none, nil],
        [after, none, none, nil],
        [eye, -np.diag(most), none, nil],
        [np.diag(freight), none, -eye, nil],
        [none, np.diag(least), -eye, nil],
        [arrived, np.zeros((len(places_), 2 * n)), counted],
    ])  # fmt: skip
    worth = steps["gain"].to_numpy(float) * f["per_unit"].iloc[0]
    answer = milp(
        np.concatenate([np.zeros(2 * n), np.ones(n), -worth]),
        constraints=LinearConstraint(limits, ub=np.concatenate([spares, lacks, np.zeros(3 * n + len(places_))])),
        integrality=np.repeat([1, 0], [2 * n, n + m]),
        bounds=Bounds(0, np.concatenate([most, np.ones(n), np.full(n, np.inf), np.ones(m)])),
        options={"mip_rel_gap": 0.0},
    )
    return np.round(answer.x[:n])


def channels(books: Books) -> pd.DataFrame:
    """A row a channel that sold or was advertised in T28, a week: net revenue, gross margin, each cost, contribution, share, advertising.

    left: after advertising (`after`), or the contribution where nobody says what that cost. fee_even: the channel fee as a share of net
    revenue at which it leaves nothing; raise_even: by how much its prices would have to rise for that, with fees and returns as a share of
    the price.
    """
    window = books.week.trailing(28)
    t = order_margin(books, window)
    t = t.filter(t.costed)
    money = ("net_revenue", "gross_margin", *COMPONENTS, "contribution_margin")
    f = rows_of(t.group_by("channel").aggregate(orders=t.order_id.nunique(), **{c: t[c].sum() / WEEKS for c in money}), "channel")
    spent = books.table("ad_spend")
    spent = spent.filter(inside(spent.spend_date, window)).group_by("channel").aggregate(ads=lambda a: a.amount.sum() / WEEKS).to_pandas()
    f = f.merge(spent[spent["channel"].notna()], on="channel", how="outer")
    f[["orders", *money]] = f[["orders", *money]].fillna(0.0)
    f["ads"] = f["ads"].fillna(0.0) if books.has("ad_spend", window) else np.nan
    f["after"] = f["contribution_margin"] - f["ads"]
    f["left"] = f["after"].fillna(f["contribution_margin"])
    net = f["net_revenue"].where(f["net_revenue"] > 0)
    f["share"], f["fee"] = f["contribution_margin"] / net, f["channel_fees"] / net
    f["fee_even"] = (f["channel_fees"] + f["left"]) / net
    falls = f[list(BY_REVENUE)].sum(axis=1) / net
    f["raise_even"] = (-f["left"] / net / (1 - falls).where(falls < 1)).clip(lower=0)
    return f.sort_values(["left", "channel"], ignore_index=True)


def channel_skus(books: Books) -> pd.DataFrame:
    """A row a SKU and channel that loses money there over T28, 20 units or more, and earns in the others: a week, here and elsewhere."""
    p = rows_of(prices(books), "sku", "channel")
    p["contribution"] = (p["net"] - p["fixed"] - p["moving"]) / WEEKS
    p["elsewhere"] = p.groupby("sku")["contribution"].transform("sum") - p["contribution"]
    p = p[(p["units"] >= LEAST_UNITS) & (p["contribution"] < 0) & (p["elsewhere"] > 0)]
    p = p.assign(units_week=p["units"] / WEEKS, price=p["net"] / p["units"])
    p = p.sort_values(["contribution", "sku", "channel"]).head(CHANNEL_SKUS)
    return p[["sku", "channel", "units_week", "price", "contribution", "elsewhere"]].reset_index(drop=True)


PROPOSALS = (pauses, reprices, transfers, channels, channel_skus)
