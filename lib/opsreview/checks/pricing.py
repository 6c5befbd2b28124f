"""Is a SKU's price at fault, its discount, or only what is allocated to it? What the finding asks for and what Friday proposes."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from opsreview.books import Books, fact
from opsreview.checks import rows_of
from opsreview.checks.promotions import prices
from opsreview.facts.orders import sales
from opsreview.provenance import money_by_kind, provenance, sign_depends
from opsreview.weeks import WEEKS

RAISE, LESS, CHECK = "raise", "discount less", "check the allocation"


@fact
def allocated(books: Books) -> ibis.Table:
    """One row a SKU with costed units sold in T28: what of its costs a rule gave it (`allocated`)."""
    t = provenance(books, books.week.trailing(28))
    t = t.filter(t.costed)
    return t.group_by("sku").aggregate(allocated=money_by_kind(t, "sku")["allocated"])


def priced(books: Books) -> pd.DataFrame:
    """A row a SKU sold in T28: its price, the price at which it earns, and what is at fault where it misses its target (`advice`).

    price: net revenue a unit; floor: where contribution is nil; goal: the price at which it earns `share`, the larger of target and the
    store's own; raise_: goal / price − 1. listed: what a unit brings without its lines' discounts; at_list: its contribution then;
    discounts: money taken off the lines. sign_depends: ±25 % on what is allocated to it turns its contribution over. short: what is
    missing to the target, a week. advice: discount less, where it is on target at list price, so that the price is not at fault; check
    the allocation, where its sign depends on it; else raise.
    """
    t = prices(books)
    f = rows_of(t.group_by("sku").aggregate(**{c: t[c].sum() for c in ("units", "listed", "beside", "net", "fixed", "moving")}), "sku")
    named = sales(books).group_by("sku").aggregate(family=lambda s: s.family.max()).to_pandas()
    f = f[(f["units"] > 0) & (f["net"] > 0)].merge(named, on="sku").merge(allocated(books).to_pandas(), on="sku", how="left")
    f["contribution"] = f["net"] - f["fixed"] - f["moving"]
    target = float(books.settings.targets["contribution_margin"].ok)  # type: ignore[arg-type]
    share = max(target, f["contribution"].sum() / f["net"].sum()) if len(f) else target
    falls = f["moving"] / f["net"]
    f = f.assign(
        units_week=f["units"] / WEEKS, price=f["net"] / f["units"], margin=f["contribution"] / f["units"], share=share,
        floor=f["fixed"] / f["units"] / (1 - falls).where(falls < 1),
        goal=f["fixed"] / f["units"] / (1 - falls - share).where(falls + share < 1),
        short=(target * f["net"] - f["contribution"]) / WEEKS, loss=-f["contribution"] / WEEKS,
        discounts=f["listed"] + f["beside"] - f["net"], at_full=f["listed"], listed=(f["listed"] + f["beside"]) / f["units"],
    )  # fmt: skip
    f["raise_"] = f["goal"] / f["price"] - 1
    f["at_list"] = f["listed"] * (1 - falls) - f["fixed"] / f["units"]
    f["sign_depends"] = sign_depends(f["contribution"], f["allocated"].fillna(0.0))
    less = (f["at_list"] >= target * f["listed"]) & (f["listed"] > f["price"])
    f["advice"] = np.select([less, f["sign_depends"]], [LESS, CHECK], RAISE)
    return f
