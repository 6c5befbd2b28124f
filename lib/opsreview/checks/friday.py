"""Margin and returns: what loses money on every sale, what only looks healthy, and what comes back too often."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, fact, inside
from opsreview.checks import Context, check, found, nothing, rows_of, say, worth
from opsreview.checks.overlaps import of_channels, of_margins
from opsreview.checks.pricing import CHECK, LESS, RAISE, priced
from opsreview.checks.promotions import promoted
from opsreview.checks.stakes import named
from opsreview.facts.returns import returns, sold_and_returned
from opsreview.formats import number, share, words
from opsreview.margin import COMPONENTS, by_sku, order_margin
from opsreview.margin import false_confidence as falsely_confident
from opsreview.weeks import WEEKS

SOLD = ("orders", "order_lines", "products.unit_cost")
COSTS = (*COMPONENTS, "cost_of_goods", "discounts")  # what may be at fault
PRIOR_UNITS = 30  # how many units of the store's rate a family's rate is worth
DECISIONS = {
    "wrong_item": "staff",
    "damaged": "investigate",
    "defective": "investigate",
    "late_delivery": "change_carrier",
    "changed_mind": "investigate",
}


@check
def negative_margin(ctx: Context) -> pd.DataFrame:
    """SKUs that lost money over four weeks; a family where most of it does is one finding."""
    if not ctx.covered(28, *SOLD):
        return nothing()
    rows = rows_of(sku_margins(ctx.books), "sku")
    rows["flagged"] = (rows["contribution_margin"] < 0) & (rows["units"] >= ctx.threshold("negative_margin", "units"))
    rows["impact"] = -rows["contribution_margin"] / WEEKS
    return _margin_findings(ctx, rows, 0.0, "", "loss of 28 days / 4")


@check
def false_confidence(ctx: Context) -> pd.DataFrame:
    """SKUs with a good gross margin and a poor contribution margin; a family where most of it is so is one finding."""
    if not ctx.covered(28, *SOLD):
        return nothing()
    target = float(ctx.target("contribution_margin").ok or 0.0)
    rows = rows_of(sku_margins(ctx.books), "sku")
    rows["flagged"] = rows["sku"].isin(falsely_confident(ctx.books).to_pandas()["sku"])
    rows["impact"] = (target * rows["net_revenue"] - rows["contribution_margin"]) / WEEKS
    return _margin_findings(ctx, rows, target, "looks healthy and ", "shortfall to the target margin of 28 days / 4")


@fact
def sku_margins(books: Books) -> ibis.Table:
    """One row a SKU with costed units sold in T28: name, units, net revenue, costs and margins."""
    return named(books, by_sku(books, books.week.trailing(28)))


def _margin_findings(ctx: Context, rows: pd.DataFrame, target: float, but: str, basis: str) -> pd.DataFrame:
    """The flagged SKUs, those of a family that is itself at fault gathered into one finding.

    A family is at fault when it as a whole falls short, through two SKUs or more that sell most of its units.
    """
    price = priced(ctx.books).set_index("sku")
    rows = rows.join(price[["discounts", "at_full"]], on="sku").fillna({"discounts": 0.0, "at_full": 0.0})
    money = ["units", "net_revenue", "gross_margin", *COSTS, "at_full", "contribution_margin", "impact"]
    ill = rows[rows["flagged"]]
    families = rows.groupby("family")[money].sum().join(ill.groupby("family").agg(ill=("units", "sum"), n=("sku", "size")), how="inner")
    families = families[(families["impact"] > 0) & (families["n"] >= 2) & (families["ill"] > families["units"] / 2)].reset_index()
    families["members"] = families["family"].map(ill.groupby("family")["sku"].agg("; ".join))
    families = families.assign(entity=families["family"], entity_type="family", name=families["family"])
    alone = ill[~ill["family"].isin(families["family"])].assign(entity=lambda t: t["sku"], entity_type="sku")
    both = pd.concat([families, alone], ignore_index=True)
    both["observed"] = both["contribution_margin"] / both["net_revenue"].where(both["net_revenue"] > 0)
    both["gross"] = both["gross_margin"] / both["net_revenue"].where(both["net_revenue"] > 0)
    # Which cost weighs more here than in the store as a whole: discounts as a share of what would have been asked for without them.
    net, full = (max(rows[base].sum(), 1e-9) for base in ("net_revenue", "at_full"))
    above = pd.DataFrame({c: both[c] - both["net_revenue"] * rows[c].sum() / net for c in COSTS})
    above["discounts"] = both["discounts"] - both["at_full"] * rows["discounts"].sum() / full
    both["culprit"] = above.astype(float).idxmax(axis=1) if len(both) else ""
    both["largest"] = both[list(COMPONENTS)].astype(float).idxmax(axis=1) if len(both) else ""
    both["above"] = above.max(axis=1) if len(both) else 0.0
    both = worth(ctx, both)
    both = both.join(price[["advice", "goal", "raise_", "share", "listed", "at_list"]], on="entity")
    both["advice"] = both["advice"].where(both["entity_type"] == "sku", "")
    promotions = set(promoted(ctx.books).select("sku").distinct().to_pandas()["sku"]) if (both["advice"] == LESS).any() else set()
    return found(
        both,
        title=say(
            both,
            lambda r: (
                f"{r.name} {but}{'loses' if r.contribution_margin < 0 else 'makes only'} {ctx.money(abs(r.contribution_margin))} "
                f"on {ctx.money(r.net_revenue)} of sales in 28 days"
            ),
        ),
        expected=target,
        threshold=target,
        basis=basis,
        decision=[
            "investigate" if r.advice == CHECK else "pause_promotion" if r.advice == LESS and r.entity in promotions else "reprice"
            for r in both.itertuples()
        ],
        detail=say(
            both,
            lambda r: (
                f"gross margin {share(r.gross)}, contribution margin {share(r.observed)} over {number(r.units)} units"
                f"{_culprit(ctx, r)}{_advice(ctx, r)}"
            ),
        ),
        evidence="orders and their costs: 28 days",
        overlaps=of_margins(ctx.books, both, both["members"].fillna(both["entity"]).str.split("; "), target),
    )


def _culprit(ctx: Context, r: Any) -> str:
    """`; shipping costs £2,102 more than the store's average would`; where no cost does, the largest."""
    if r.above < 0.005:
        return f"; largest: {words(r.largest)}, {ctx.money(getattr(r, r.largest))}"
    says = {"cost_of_goods": "goods cost", "discounts": "discounts take"}.get(r.culprit, f"{words(r.culprit)} costs")
    return f"; {says} {ctx.money(r.above)} more than the store's average would"


def _advice(ctx: Context, r: Any) -> str:
    """What Friday's proposal says of the SKU's price, with its arithmetic; nothing of a family's."""
    if r.advice == LESS:
        return f"; discount less: its price is not at fault, undiscounted it brings {ctx.money(r.listed)} and earns {ctx.money(r.at_list)}"
    if r.advice == CHECK:
        return "; check the allocation first: a quarter of what is allocated to it turns its margin over"
    if r.advice == RAISE and pd.notna(r.goal):
        earns = f"earns {share(r.share)}" if r.share > 0 else "breaks even"
        return f"; it {earns} at {ctx.money(r.goal)}, {share(r.raise_)} more than now"
    return "; no price earns: fees and returns take all of it" if r.advice == RAISE else ""


@fact
def channel_margins(books: Books) -> ibis.Table:
    """One row a channel with costed units sold in T28: net revenue, costs and margins."""
    t = order_margin(books, books.week.trailing(28))
    t = t.filter(t.costed)
    return t.group_by("channel").aggregate(**{c: t[c].sum() for c in ("net_revenue", "gross_margin", *COMPONENTS, "contribution_margin")})


def _kept(ctx: Context, row: Any) -> str:
    """`lost 21.1 % of its net revenue`; `lost £1,400 on no net revenue`."""
    if pd.isna(row.observed):
        return f"{'lost' if row.contribution_margin < 0 else 'made'} {ctx.money(abs(row.contribution_margin))} on no net revenue"
    return f"{'lost' if row.observed < 0 else 'kept'} {share(abs(row.observed))} of its net revenue"


@check
def channel_margin(ctx: Context) -> pd.DataFrame:
    """Channels that made less than their target over four weeks."""
    if not ctx.covered(28, *SOLD):
        return nothing()
    rows = rows_of(channel_margins(ctx.books), "channel")
    targets = [ctx.target("contribution_margin", channel).ok for channel in rows["channel"]]
    rows["target"] = [max(0.0, float(t or 0.0)) for t in targets]
    rows["observed"] = rows["contribution_margin"] / rows["net_revenue"].where(rows["net_revenue"] > 0)
    rows["impact"] = (rows["target"] * rows["net_revenue"] - rows["contribution_margin"]) / WEEKS
    rows["largest"] = rows[list(COMPONENTS)].idxmax(axis=1) if len(rows) else ""
    rows = worth(ctx, rows)
    return found(
        rows,
        entity=rows["channel"],
        title=say(rows, lambda r: f"The channel {r.channel} {_kept(ctx, r)}, its target is {share(r.target)}"),
        expected=rows["target"],
        threshold=rows["target"],
        basis="shortfall of 28 days / 4",
        decision="adjust_channel",
        detail=say(
            rows,
            lambda r: (
                f"{ctx.money(r.gross_margin)} gross margin, {ctx.money(r.contribution_margin)} after costs; "
                f"largest: {r.largest.replace('_', ' ')}, {ctx.money(getattr(r, r.largest))}"
            ),
        ),
        evidence="orders and their costs: 28 days",
        overlaps=of_channels(ctx.books, rows),
    )


def return_cost(r: ibis.Table) -> ibis.Value:
    """What a return cost, of several together: pending ones are valued at what a unit of the others brought back."""
    average = (r.value_back.sum() / r.quantity.sum(where=r.final).nullif(0)).fill_null(0.0).as_scalar()
    return r.refund + r.reverse_shipping + r.handling - r.value_back.fill_null(r.quantity * average)


@fact
def reason_costs(books: Books) -> ibis.Table:
    """One row a SKU and reason of returns requested in T28: their return cost, pending ones valued at what the others brought back."""
    r = returns(books)
    r = r.filter(inside(r.day, books.week.trailing(28)))
    r = r.mutate(cost=return_cost(r))
    return r.group_by("sku", "reason").aggregate(cost=r.cost.sum(), members=r.return_id.group_concat("; ", order_by=r.return_id))


@fact
def sold_by_sku(books: Books) -> ibis.Table:
    """One row a SKU sold in T28: name, family, units `sold`."""
    t = sold_and_returned(books, books.week.trailing(28))
    t = t.group_by("sku", "family").aggregate(sold=t.sold.sum())
    return named(books, t.filter(t.sold > 0))


@fact
def returned_by_reason(books: Books) -> ibis.Table:
    """One row a SKU and reason of T28: `returns`, and the units `returned` by them."""
    t = sold_and_returned(books, books.week.trailing(28))
    t = t.filter(t.reason.notnull())
    return t.group_by("sku", "reason").aggregate(returns=t.count().cast("float64"), returned=t.returned.sum())


def expectations(books: Books) -> pd.DataFrame:
    """A row a SKU sold in T28 and reason: sold, returned, `expected` (what the other SKUs of its family would have had come back), `each`.

    A family's rate is worth its own units, leant on the store's rate of that reason with the weight of thirty. `each`: units a return
    (the store's where there is none): a parcel of a hundred that comes back is one customer's mind, not a hundred's.
    """
    sold, back = sold_by_sku(books).to_pandas(), returned_by_reason(books).to_pandas()
    reasons = pd.DataFrame({"reason": sorted(back["reason"].unique())}, dtype=object)  # text also where nothing came back
    rows = sold.merge(reasons, how="cross").merge(back, on=["sku", "reason"], how="left")
    rows = rows.fillna({"returned": 0.0, "returns": 0.0})
    usual = rows["returned"].sum() / max(rows["returns"].sum(), 1.0)
    rows["each"] = (rows["returned"] / rows["returns"].where(rows["returns"] > 0)).fillna(usual).clip(lower=1e-9)
    by_family, by_reason = rows.groupby(["family", "reason"]), rows.groupby("reason")
    others_sold = by_family["sold"].transform("sum") - rows["sold"]
    others_back = by_family["returned"].transform("sum") - rows["returned"]
    store_back = by_reason["returned"].transform("sum") - rows["returned"]
    store_sold = by_reason["sold"].transform("sum") - rows["sold"]
    store = store_back / store_sold.where(store_sold > 0)
    rows["rate"] = (others_back + PRIOR_UNITS * store.fillna(0.0)) / (others_sold + PRIOR_UNITS)
    rows["expected"] = rows["sold"] * rows["rate"]
    return rows.sort_values(["sku", "reason"], ignore_index=True)


def shrunken(rows: pd.DataFrame, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """How many times what was expected comes back: the posterior's mean and its lower bound, a Gamma-Poisson model of returns.

    Its prior has mean 1 and the spread that SKUs show beyond chance (method of moments): where they all behave like their families
    nothing stands out, however large a single count.
    """
    from scipy.stats import gamma

    expected, returned = (rows["expected"] / rows["each"]).to_numpy(float), (rows["returned"] / rows["each"]).to_numpy(float)
    beyond = (np.square(returned - expected) - expected).sum() / max(np.square(expected).sum(), 1e-12)
    if beyond <= 0:
        return np.ones(len(rows)), np.ones(len(rows))
    shape = 1.0 / beyond
    posterior = gamma(shape + returned, scale=1.0 / (shape + expected))
    return posterior.mean(), posterior.ppf(1 - confidence)


@check
def returns_hotspot(ctx: Context) -> pd.DataFrame:
    """SKUs that come back for a reason more often than their family does, for sure."""
    if not ctx.covered(28, "orders", "order_lines", "returns"):
        return nothing()
    rows = expectations(ctx.books)
    rows["times"], rows["low"] = shrunken(rows, ctx.threshold("returns_hotspot", "confidence"))
    rows = rows[(rows["returns"] >= ctx.threshold("returns_hotspot", "returns")) & (rows["low"] > 1.0)]
    rows = rows.merge(reason_costs(ctx.books).to_pandas(), on=["sku", "reason"])
    rows["extra"] = rows["returned"] - rows["expected"]
    rows["impact"] = rows["cost"] * rows["extra"] / rows["returned"] / WEEKS
    rows["limit"] = rows["returned"] / rows["sold"] / rows["low"]
    rows = worth(ctx, rows, rows["low"])
    teams, actions = ctx.books.settings.returns.teams, ctx.books.settings.returns.actions
    return found(
        rows,
        entity=rows["sku"] + "/" + rows["reason"],
        title=say(
            rows,
            lambda r: f"{r.name}: {share(r.returned / r.sold)} come back as {r.reason.replace('_', ' ')}, {share(r.rate)} in its family",
        ),
        observed=rows["returned"] / rows["sold"],
        expected=rows["rate"],
        threshold=rows["rate"],
        basis="return cost above expectation of 28 days / 4",
        decision=[DECISIONS.get(reason, "fix_content" if reason in teams else "investigate") for reason in rows["reason"]],
        detail=say(
            rows,
            lambda r: (
                f"{number(r.returned)} units came back, {number(r.expected, 1)} expected, at least {number(r.low, 1)} times as many; "
                f"{ctx.money(r.cost / r.returned)} each{_of_reason(actions.get(r.reason, ''), teams.get(r.reason, ''))}"
            ),
        ),
        evidence="returns and order_lines: 28 days",
    )


def _of_reason(action: str, team: str) -> str:
    """`; mend the size table (fit and sizing)`: the bill's action for the reason, and whose it is."""
    return f"; {action}{f' ({team})' if team else ''}" if action else f"; for {team}" if team else ""
