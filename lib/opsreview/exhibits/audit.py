"""The margin audit: how much of the revenue is audited, the SKUs to audit first, and what is wrong in the catalog."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import formats
from opsreview.exhibits import Exhibit, Part, listed
from opsreview.headlines import TOP

SOLD = ["orders", "order_lines", "products"]


def coverage(results: Any) -> list[Part]:
    """Audited revenue of all revenue: by family, and how it grew."""
    cover = results.audit.coverage
    shown = cover.assign(family=cover.family.replace("", "All"), whole=cover.family == "")
    columns = """
    family | Family
    skus | SKUs sold | number
    done | Signed off | number
    net_revenue | Net revenue | money
    covered | Of it audited | money
    coverage | Coverage | share | bar
    wrong | SKUs with flaws | number
    doubtful | Their revenue | money
    """
    note = "Audited: signed off with the master data of today, over 28 days. What changes after its sign-off asks for a new one."
    by = listed(
        results,
        shown if len(results.audit.skus) else shown.head(0),
        columns,
        "Coverage: audited revenue / revenue",
        SOLD,
        note=note,
        strong="whole",
    )
    columns = """
    on | Signed off on | day
    skus | SKUs | number
    coverage | Coverage since, of today's revenue | share
    """
    return [
        by,
        listed(
            results, results.audit.growth, columns, "How it grew", [], "no SKU is signed off this week yet: the checklist below does it"
        ),
    ]


COLUMNS = """
sku | SKU | code | small=name
state | State | plain | small=signed
net_revenue | Net revenue | money
unit_cost | Cost | cents
weight_kg | kg | two
size | Size, cm | plain
packaging_cost | Packaging | cents
measured | Measured | share | help=share of the costs below gross margin that is not accrued
invoiced | Invoiced | share | help=of its shipping
gross_share | Believed | share | help=gross margin
contribution_share | Is | share | help=contribution margin
flaws | What is missing or cannot be right | plain
"""


def _rows(audit: pd.DataFrame) -> pd.DataFrame:
    size = [
        "" if any(formats.missing(s) for s in row) else " × ".join(f"{s:g}" for s in row)
        for row in zip(audit.length_cm, audit.width_cm, audit.height_cm, strict=True)
    ]
    signed = [f"{by}, {formats.day(on)}" if by else "" for by, on in zip(audit.by, audit.on, strict=True)]
    return audit.assign(size=size, signed=signed)


def top_skus(results: Any) -> list[Part]:
    """The SKUs with most revenue, each audited: data, what is measured, the margin believed and the margin it is."""
    top = _rows(results.audit.skus.head(TOP))
    share = formats.share(top.revenue_share.sum()) if len(top) else formats.NA
    note = "Believed: gross margin, what the goods alone leave. Is: contribution margin, after everything an order costs. Over 28 days."
    caption = f"The {len(top)} SKUs with most net revenue: {share} of it"
    return [listed(results, top, COLUMNS, caption, SOLD, note=note, filterable=True, download=f"margin-audit-{results.week}.csv")]


def catalog_flaws(results: Any) -> list[Part]:
    """Beyond the largest: every other SKU whose data is missing or cannot be right."""
    rest = _rows(results.audit.skus.iloc[TOP:])
    bad = rest[rest.flaws != ""]
    caption = f"Flaws in the rest of the catalog: {len(bad)} of {formats.count(len(rest), 'SKU')}"
    return [listed(results, bad, COLUMNS, caption, SOLD, "no other SKU lacks cost, weight, size or packaging this week")]


EXHIBITS: tuple[Exhibit, ...] = (coverage, top_skus, catalog_flaws)
