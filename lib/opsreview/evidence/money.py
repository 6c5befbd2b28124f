"""Friday's evidence beneath the margin: what a return costs in full, and what each SKU of the range earns, and from which price on."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.bills import PARTS, bills
from opsreview.books import Books, beside, inside
from opsreview.checks.matching import came
from opsreview.checks.pricing import allocated
from opsreview.checks.promotions import BY_REVENUE, PER_UNIT, prices, promoted
from opsreview.facts.shipments import avoidable
from opsreview.facts.skus import skus
from opsreview.margin import by_sku, false_confidence
from opsreview.provenance import sign_depends

QUADRANTS = ("earns", "false confidence", "thin, and earns", "loses at both")
FEW = "too few to say"  # looks healthy and is not, on fewer units than false confidence is told from


def returns_bill(books: Books) -> pd.DataFrame:
    """A row a grain and key (all, reason, sku, channel, family) of the returns of T28: units, each part of the bill, total, a unit.

    A reason says too whether it is ours to control, whose it is and what is suggested (`returns.*` of the settings). Empty where the
    returns of a week of T28 did not come, as the return rate is n/a: three weeks' returns are no bill of four.
    """
    b = bills(books)
    rows = []
    for grain in ("all", "reason", "sku", "channel", "family"):
        key = ibis.literal("") if grain == "all" else b[grain]
        by = b.group_by(key=key).aggregate(returns=b.count(), **{c: b[c].sum() for c in ("units", "refund", "unmatched", *PARTS)})
        rows.append(by.order_by("key").to_pandas().assign(grain=grain))
    out = pd.concat(rows, ignore_index=True)
    out = out[out["returns"] > 0]
    out["total"] = out[list(PARTS)].sum(axis=1)
    out["each"] = out["total"] / out["units"].where(out["units"] > 0)
    names = skus(books).select("sku", "name").to_pandas().dropna().set_index("sku")["name"].to_dict()
    rules, reason = books.settings.returns, out["grain"] == "reason"
    out["name"] = [str(names.get(key) or "") if grain == "sku" else "" for key, grain in zip(out["key"], out["grain"], strict=True)]
    out["ours"] = (out["key"].isin(rules.control_reasons) & reason).astype(bool)
    for column, said in (("team", rules.teams), ("action", rules.actions)):
        out[column] = [said.get(key, "") if here else "" for key, here in zip(out["key"], reason, strict=True)]
    columns = ["grain", "key", "name", "returns", "units", *PARTS, "total", "each", "refund", "unmatched", "ours", "team", "action"]
    out = out[columns].sort_values(["grain", "total", "key"], ascending=[True, False, True], ignore_index=True)
    return out if came(books, 28, "returns") else out.head(0)


def portfolio(books: Books) -> pd.DataFrame:
    """A row a costed SKU sold in T28, the most profitable first: margins, quadrant, its part of the whale curve, and its price floor.

    quadrant: by the targets, false confidence as `kpis.md` has it (from 20 units on). sign_depends: ±25 % on what is allocated to it turns
    its contribution over. price: net revenue a unit. floor: the price at which contribution is nil, costs of the unit / (1 − costs that
    fall with the price, as a share of revenue); empty where those eat all of it. headroom: the discount it can bear. discount: the deepest
    that is planned (running or starting within the days of `promotion_at_risk`), `planned` the price with it (list price less it, and what
    else comes in a unit). cumulative: contribution of this SKU and all before.
    """
    t = by_sku(books, books.week.trailing(28))
    k = skus(books).select("sku", "name", "tier")
    f = t.filter(t.net_revenue > 0, t.units > 0).pipe(beside, k, "sku").order_by("sku").to_pandas()
    targets = books.settings.targets
    healthy = f["gross_share"] >= float(targets["gross_margin"].ok)  # type: ignore[arg-type]
    earns = f["contribution_share"] >= float(targets["contribution_margin"].ok)  # type: ignore[arg-type]
    f["quadrant"] = np.select([healthy & earns, healthy, earns], QUADRANTS[:3], QUADRANTS[3])
    told = f["sku"].isin(false_confidence(books).select("sku").to_pandas()["sku"])
    f["quadrant"] = f["quadrant"].mask((f["quadrant"] == QUADRANTS[1]) & ~told, FEW)
    f = f.merge(allocated(books).to_pandas(), on="sku", how="left")
    f["sign_depends"] = sign_depends(f["contribution_margin"], f["allocated"].fillna(0.0))
    f["price"] = f["net_revenue"] / f["units"]
    falls = f[list(BY_REVENUE)].sum(axis=1) / f["net_revenue"]
    f["floor"] = (f[list(PER_UNIT)].sum(axis=1) / f["units"] / (1 - falls).where(falls < 1)).astype(float)
    f["headroom"] = 1 - f["floor"] / f["price"]
    offers = promoted(books).group_by("sku").aggregate(discount=lambda p: p.discount.max()).to_pandas()
    listed = prices(books).group_by("sku").aggregate(**{c: ibis._[c].sum() for c in ("units", "listed", "beside")}).to_pandas()
    listed = listed.assign(list_price=listed["listed"] / listed["units"], on_top=listed["beside"] / listed["units"])
    f = f.merge(offers, on="sku", how="left").merge(listed[["sku", "list_price", "on_top"]], on="sku", how="left")
    f["planned"] = f["list_price"] * (1 - f["discount"]) + f["on_top"]
    f["below_floor"] = (f["planned"].fillna(f["price"]) < f["floor"]).astype(bool)
    f = f.sort_values(["contribution_margin", "sku"], ascending=[False, True], ignore_index=True)
    f["cumulative"] = f["contribution_margin"].cumsum()
    f["place"] = (f.index + 1) / max(len(f), 1)
    columns = [
        "sku", "name", "family", "tier", "units", "net_revenue", "gross_margin", "contribution_margin", "gross_share", "contribution_share",
        "quadrant", "price", "floor", "headroom", "discount", "planned", "below_floor", "place", "cumulative", "sign_depends",
    ]  # fmt: skip
    return f[columns]


def avoidable_by_type(books: Books) -> pd.DataFrame:
    """A row a type of charge that was avoidable, of what was invoiced in W: amount, charges, the most first."""
    t = avoidable(books)
    t = t.filter(inside(t.invoiced_on, books.week.window), t.avoidable != 0)
    by = t.group_by("charge_type").aggregate(amount=t.avoidable.sum(), charges=t.count())
    return by.order_by(ibis.desc("amount"), "charge_type").to_pandas()


EVIDENCE = (returns_bill, portfolio, avoidable_by_type)
