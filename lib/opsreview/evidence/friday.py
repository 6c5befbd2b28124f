"""Friday's evidence: margin by family, channel and SKU, what comes back and why."""

from __future__ import annotations

import ibis
import pandas as pd

from opsreview.books import Books, beside, inside
from opsreview.checks import apart
from opsreview.checks.friday import return_cost
from opsreview.checks.matching import came
from opsreview.checks.pricing import allocated
from opsreview.facts.orders import sales
from opsreview.facts.returns import returns
from opsreview.facts.skus import skus
from opsreview.kpis.margin import ad_spend
from opsreview.margin import COMPONENTS, by_sku, false_confidence
from opsreview.provenance import KINDS, money_by_kind, provenance, sign_depends

TRIVIAL = 0.01  # of its net revenue: what moves a SKU by less explains no rank
MONEY = ("cost_of_goods", "gross_margin", *COMPONENTS, "contribution_margin")


def _components(t: ibis.Table, *keys: str) -> ibis.Table:
    """Sums of units, net revenue, components, margins and costs by keys, and the costs by where they come from as the first key sees it."""
    sums = {c: t[c].sum() for c in ("units", "net_revenue", *MONEY, "costs")}
    return t.group_by(*keys).aggregate(**sums, **money_by_kind(t, keys[0]))


def _shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Margins as shares of net revenue; costs below gross margin by where they come from; `missing_share`: of net revenue."""
    net, costs = frame["net_revenue"].where(frame["net_revenue"] > 0), frame["costs"].where(frame["costs"] != 0)
    return frame.assign(
        gross_margin_share=frame["gross_margin"] / net,
        contribution_margin_share=frame["contribution_margin"] / net,
        **{f"{kind}_share": frame[kind] / costs for kind in KINDS},
        missing_share=frame["missing"] / net,
        sign_depends=sign_depends(frame["contribution_margin"], frame["allocated"]),
    ).drop(columns=["costs", *KINDS, "missing"])


def _with_spend(books: Books, by: str) -> pd.DataFrame:
    t = provenance(books, books.week.window).filter(lambda t: t.costed)
    a = ad_spend(books)
    spend = a.filter(a[by].notnull()).group_by(by).aggregate(ad_spend=a.amount.sum()).to_pandas()
    out = _shares(_components(t, by).order_by(by).to_pandas()).merge(spend, on=by, how="left")
    return out.assign(ad_spend=out["ad_spend"].fillna(0.0) if books.has("ad_spend", books.week.window) else float("nan"))


def family_margin(books: Books) -> pd.DataFrame:
    """A row a family sold in W, of its costed lines: units, net revenue, each component, margins and shares, ad spend."""
    return _with_spend(books, "family")


def channel_margin(books: Books) -> pd.DataFrame:
    """The same by channel."""
    return _with_spend(books, "channel")


def sku_margin(books: Books) -> pd.DataFrame:
    """sku_margin.csv: a row a SKU sold in W; goods and margins are empty where it has no unit cost."""
    t = provenance(books, books.week.window)
    a = ad_spend(books)
    spend = a.filter(a.sku.notnull()).group_by("sku").aggregate(ad_spend=a.amount.sum())
    k, doubted = skus(books), false_confidence(books).select("sku").mutate(false_confidence=True)
    by = _components(t, "sku", "family", "category")
    for side in (k.select("sku", "tier"), spend, doubted):
        by = by.pipe(beside, side, "sku")
    out = _shares(by.order_by("sku").to_pandas())
    out["false_confidence"] = out["false_confidence"].eq(True)
    out["ad_spend"] = out["ad_spend"].fillna(0.0) if books.has("ad_spend", books.week.window) else float("nan")
    columns = [
        "sku", "family", "category", "tier", "units", "net_revenue", *MONEY, "gross_margin_share", "contribution_margin_share",
        "accrued_share", "ad_spend", "false_confidence", "measured_share", "contracted_share", "allocated_share", "missing_share",
        "sign_depends",
    ]  # fmt: skip
    return out[columns]


def margin_provenance(books: Books) -> pd.DataFrame:
    """A row the whole store (grain all), a family and a channel in W: net revenue, contribution, costs below gross margin by kind.

    Of costed lines; but `missing` (net revenue of lines of which nobody says a cost) and `sold` (net revenue) are of all lines: a line
    without a unit cost is in no margin, and the first that is missing.
    """
    every = provenance(books, books.week.window)
    t, out = every.filter(every.costed), []
    for grain in ("all", "family", "channel"):
        sums = {c: t[c].sum() for c in ("net_revenue", "contribution_margin", "costs")} | money_by_kind(t, grain)
        sums.pop("missing")
        of_all = {"missing": money_by_kind(every, grain)["missing"], "sold": every.net_revenue.sum()}
        by = t.mutate(key=ibis.literal("") if grain == "all" else t[grain]).group_by("key").aggregate(**sums)
        whole = every.mutate(key=ibis.literal("") if grain == "all" else every[grain]).group_by("key").aggregate(**of_all)
        by = by.pipe(beside, whole, "key")
        out.append(by.to_pandas().assign(grain=grain).sort_values("key"))
    return pd.concat(out, ignore_index=True)[["grain", "key", "net_revenue", "contribution_margin", "costs", *KINDS, "missing", "sold"]]


def sku_rank(books: Books) -> pd.DataFrame:
    """A row a costed SKU sold in T28: its rank by gross and by contribution margin share, and the cost that costs it most ranks.

    culprit: the component whose share of net revenue is furthest above the store's, in money above it; relief: the one furthest below;
    each empty where it is less than a hundredth of the SKU's net revenue. sign_depends: ±25 % on what is allocated turns its contribution.
    """
    t = by_sku(books, books.week.trailing(28))
    k = skus(books).select("sku", "name", "tier")
    f = t.filter(t.net_revenue > 0, t.units > 0).pipe(beside, k, "sku").order_by("sku").to_pandas()
    f = f.rename(columns={"gross_share": "gross_margin_share", "contribution_share": "contribution_margin_share"})
    f["rank_gross"] = f["gross_margin_share"].rank(ascending=False, method="first").astype(int)
    f["rank_contribution"] = f["contribution_margin_share"].rank(ascending=False, method="first").astype(int)
    f["fall"] = f["rank_contribution"] - f["rank_gross"]
    share = f["net_revenue"] / f["net_revenue"].sum() if len(f) else f["net_revenue"]
    beyond = pd.DataFrame({c: f[c] - share * f[c].sum() for c in COMPONENTS})
    for which, side in (("culprit", beyond), ("relief", -beyond)):
        told = side.max(axis=1) >= TRIVIAL * f["net_revenue"]
        f[which] = (side.idxmax(axis=1) if len(f) else pd.Series(dtype=str)).where(told, "")
        f[f"{which}_money"] = side.max(axis=1).where(told)
    f = f.merge(allocated(books).to_pandas(), on="sku", how="left")
    f["sign_depends"] = sign_depends(f["contribution_margin"], f["allocated"].fillna(0.0))
    columns = [
        "sku", "name", "family", "tier", "units", "net_revenue", "gross_margin_share", "contribution_margin_share", "rank_gross",
        "rank_contribution", "fall", "culprit", "culprit_money", "relief", "relief_money", "sign_depends",
    ]  # fmt: skip
    return f[columns].sort_values(["fall", "sku"], ascending=[False, True], ignore_index=True)


def returns_reasons(books: Books) -> pd.DataFrame:
    """A row a family and reason in T28: units returned and sold, rate, what the returns cost, whose it is to mend.

    Empty where the returns of a week of T28 did not come, as the return rate is n/a.
    """
    t28 = books.week.trailing(28)
    r, s = returns(books), sales(books)
    r = r.filter(inside(r.day, t28))
    r = r.mutate(cost=return_cost(r))
    by = r.group_by("family", "reason").aggregate(returned_units=r.quantity.sum(), cost=r.cost.sum())
    sold = s.filter(inside(s.day, t28)).group_by("family").aggregate(sold_units=lambda t: t.units.sum())
    out = by.pipe(beside, sold, "family").order_by("family", "reason").to_pandas()
    out["rate"] = out["returned_units"] / out["sold_units"].where(out["sold_units"] > 0)
    rules = books.settings.returns
    out["ours_to_control"] = out["reason"].isin(rules.control_reasons)
    out["team"] = out["reason"].map(rules.teams).fillna("")
    out = out[["family", "reason", "returned_units", "sold_units", "rate", "cost", "ours_to_control", "team"]]
    return out if came(books, 28, "returns") else out.head(0)


def documents_apart(books: Books) -> pd.DataFrame:
    """A row a document that says another thing than the one it belongs to, dearest first, those below the floor too."""
    return apart.documents_apart(books)


EVIDENCE = (family_margin, channel_margin, margin_provenance, sku_margin, sku_rank, returns_reasons, documents_apart)
