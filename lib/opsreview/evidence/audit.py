"""The margin audit's evidence: of every SKU sold, is its master data there and plausible, where its costs come from, what it earns."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import ibis
import pandas as pd

from opsreview.books import Books, beside, fact, inside
from opsreview.facts.orders import products, sales
from opsreview.facts.shipments import charges, shipments
from opsreview.provenance import KINDS, money_by_kind, provenance, sign_depends

MASTER = ("unit_cost", "packaging_cost", "weight_kg", "length_cm", "width_cm", "height_cm")  # what a sign-off is a sign-off of
PRICE_OFF, PACK_SHARE = 0.10, 0.20  # a purchase price so far from the cost, packaging above such a share of the price: implausible
WEIGHED, SCALE_OFF, SCALE_KG = 5, 0.25, 0.3  # parcels of one unit from which carriers' scales count, and how far they may be off
DENSITY = (0.005, 12.0)  # kg a litre: lighter than down, heavier than iron
LONGEST = 300.0  # cm


@fact
def scales(books: Books) -> ibis.Table:
    """One row a SKU that left alone, a unit a parcel, in T182: `scale_kg`, the median weight that carriers billed, and `parcels`."""
    s, lines = shipments(books), sales(books)
    alone = lines.group_by("order_id").aggregate(sku=lines.sku.max(), units=lines.units.sum(), n=lines.count())
    alone = alone.filter(alone.units == 1, alone.n == 1).select("order_id", "sku")
    once = s.group_by("order_id").aggregate(shipment_id=s.shipment_id.max(), n=s.count()).filter(lambda t: t.n == 1)
    t = alone.join(once, "order_id").join(charges(books).select("shipment_id", "billed_kg"), "shipment_id")
    t = t.filter(t.billed_kg.notnull())
    return t.group_by("sku").aggregate(scale_kg=t.billed_kg.median(), parcels=t.count())


@fact
def bought(books: Books) -> ibis.Table:
    """One row a SKU bought in T182: `bought_at`, the unit price of the purchase that came last; of the newest order where none came."""
    t = books.table("inbound")
    t = t.filter(t.kind == "purchase", t.unit_price.notnull(), inside(t.ordered_on, books.week.trailing(182)))
    last = [t.arrived_at.desc(nulls_first=False), t.ordered_on.desc(), t.document_id.desc(), t.line_id]
    newest = ibis.window(group_by=t.sku, order_by=last)
    return t.mutate(nth=ibis.row_number().over(newest)).filter(lambda x: x.nth == 0).select("sku", bought_at="unit_price")


def audit(books: Books) -> pd.DataFrame:
    """A row a SKU sold in T28, most net revenue first: master data, `flaws` in it, where its costs come from, margins, its fingerprint.

    measured, contracted, accrued, allocated: shares of the costs below gross margin, as `provenance` sees a SKU; sign_depends: ±25 % on
    what is allocated turns its contribution over; invoiced: of its shipping, what carriers' invoices say in full, shared orders' too.
    gross_share is what a look at goods alone believes, contribution_share what is left. fingerprint changes with the master data.
    """
    m, p = provenance(books, books.week.trailing(28)), products(books)
    m = m.mutate(invoiced=ibis.ifelse(m.shipping_provenance == "invoiced", m.shipping, 0.0))
    sums = ("units", "net_revenue", "cost_of_goods", "gross_margin", "contribution_margin", "costs", "shipping", "invoiced")
    kinds = {kind: money for kind, money in money_by_kind(m, "sku").items() if kind in KINDS}
    by = m.group_by("sku", "family").aggregate(costed=m.costed.all(), **{c: m[c].sum() for c in sums}, **kinds)
    sizes = books.table("products").select("sku", "length_cm", "width_cm", "height_cm")
    p = p.select("sku", "name", "unit_cost", "packaging_cost", "weight_kg", "billable_kg")
    for side in (p, sizes, scales(books), bought(books)):
        by = beside(by, side, "sku")
    f = by.filter(by.units > 0).to_pandas()
    f = f.sort_values(["net_revenue", "sku"], ascending=[False, True], ignore_index=True)
    seen = [*MASTER, "billable_kg", "scale_kg", "parcels", "bought_at"]
    f[seen] = f[seen].astype(float)
    net, costs = f["net_revenue"].where(f["net_revenue"] > 0), f["costs"].where(f["costs"] > 0)
    f["revenue_share"] = f["net_revenue"] / f["net_revenue"].sum()
    f["gross_share"], f["contribution_share"] = f["gross_margin"] / net, f["contribution_margin"] / net
    f["sign_depends"] = sign_depends(f["contribution_margin"], f["allocated"])
    f[list(KINDS)] = f[list(KINDS)].div(costs, axis=0)
    f["invoiced"] = f["invoiced"] / f["shipping"].where(f["shipping"] > 0)
    f["price"] = net / f["units"]
    f["flaws"] = ["; ".join(flaws(row)) for row in f.itertuples()]
    f["fingerprint"] = [fingerprint(row, row["flaws"]) for row in f.to_dict("records")]
    columns = [
        "sku", "name", "family", "units", "net_revenue", "revenue_share", "price", *MASTER, "scale_kg", "bought_at", "flaws", *KINDS,
        "invoiced", "gross_share", "contribution_share", "contribution_margin", "sign_depends", "fingerprint",
    ]  # fmt: skip
    return f[columns]


def fingerprint(master: Mapping[str, Any], flaws: str = "") -> str:
    """Eight digits that change when one of a SKU's MASTER data does, or when another kind of flaw is found in it.

    A purchase that costs half as much again was not there to be seen when the cost was signed off.
    """
    kinds = [re.sub(r"[\d.,]+", "", flaw) for flaw in flaws.split("; ") if flaw]
    return hashlib.sha256(repr([_plain(master[c]) for c in MASTER] + kinds).encode()).hexdigest()[:8]


def _plain(value: Any) -> str:
    return "" if pd.isna(value) else f"{float(value):.6g}"


def flaws(row: Any) -> list[str]:
    """What is missing or cannot be right in a SKU's master data, a phrase each; `row` has its columns as attributes."""
    said = [
        f"no {words}"
        for column, words in (("unit_cost", "cost"), ("packaging_cost", "packaging cost"), ("weight_kg", "weight"))
        if pd.isna(getattr(row, column))
    ]
    sides = [getattr(row, c) for c in ("length_cm", "width_cm", "height_cm")]
    sized = not any(pd.isna(side) for side in sides)
    if not sized:
        said.append("no size")
    elif min(sides) <= 0 or max(sides) > LONGEST:
        said.append(f"a size of {' × '.join(f'{side:g}' for side in sides)} cm")
    if row.weight_kg <= 0:
        said.append("a weight of nothing")
    elif sized and min(sides) > 0 and not DENSITY[0] <= row.weight_kg / (sides[0] * sides[1] * sides[2] / 1000) <= DENSITY[1]:
        said.append(f"{row.weight_kg:g} kg do not go with its size")
    if row.unit_cost <= 0 or row.unit_cost >= row.price:
        said.append(f"a cost of {row.unit_cost:.2f} against a price of {row.price:.2f}")
    if abs(row.bought_at / row.unit_cost - 1 if row.unit_cost else 0) > PRICE_OFF:
        said.append(f"last bought at {row.bought_at:.2f}, its cost says {row.unit_cost:.2f}")
    if row.packaging_cost < 0 or row.packaging_cost > PACK_SHARE * row.price:
        said.append(f"packaging of {row.packaging_cost:.2f} on a price of {row.price:.2f}")
    if row.parcels >= WEIGHED and row.scale_kg > (1 + SCALE_OFF) * row.billable_kg + SCALE_KG:
        said.append(f"carriers bill {row.scale_kg:.1f} kg, it says {row.billable_kg:.1f}")
    return said


EVIDENCE = (audit,)
