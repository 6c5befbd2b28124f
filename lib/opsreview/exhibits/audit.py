"""The margin audit: how much of the revenue is audited, the SKUs to audit first, and what is wrong in the catalog."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats
from opsreview.exhibits import Exhibit, Part, drawn, listed
from opsreview.headlines import TOP

LEAST = 15  # SKUs in the picture of the margins believed; the table has them all
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
        coverage_title(cover),
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


def coverage_title(cover: pd.DataFrame) -> str:
    """How much of the revenue is audited, and in which family least."""
    text = f"Coverage: {formats.share(cover.coverage.iloc[0])} of net revenue is audited" if len(cover) else "Coverage: n/a"
    families = cover.iloc[1:].dropna(subset=["coverage"]).sort_values("coverage", kind="stable")
    least = families.iloc[0] if len(families) > 1 else None
    return text if least is None else f"{text}, least in {least.family} ({formats.share(least.coverage)})"


COLUMNS = """
sku | SKU | code | small=name
state | State | code | small=signed
net_revenue | Net revenue | money
unit_cost | Cost | cents
weight_kg | kg | two
size | Size, cm | code
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
    top, currency = _rows(results.audit.skus.head(TOP)), results.settings.reporting_currency
    named = top.assign(
        sku=top.sku + " " + top.name.fillna(""), gross_margin_share=top.gross_share, contribution_margin_share=top.contribution_share,
        accrued_share=1 - top.measured,
    )  # fmt: skip
    subtitle = f"Of the {len(top)} SKUs with most net revenue the {LEAST} that keep least, over 28 days: from gross to contribution margin."
    chart = charts.families(named.nsmallest(LEAST, "contribution_margin_share"), "sku", believed_title(top, currency), subtitle, currency)
    share = formats.share(top.revenue_share.sum()) if len(top) else formats.NA
    note = "Believed: gross margin, what the goods alone leave. Is: contribution margin, after everything an order costs. Over 28 days."
    caption = f"The {len(top)} SKUs with most net revenue: {share} of it"
    file = f"margin-audit-{results.week}.csv"
    below = listed(results, top, COLUMNS, caption, SOLD, note=note, filterable=True, download=file)
    return [drawn(chart, "Margins believed and real", results, SOLD), below]


def believed_title(top: pd.DataFrame, currency: str) -> str:
    """How many of the largest SKUs are believed to earn and lose money, and the one that loses most."""
    losing = top[(top.gross_share > 0) & (top.contribution_share < 0)].sort_values("contribution_margin")
    if losing.empty:
        return f"None of the {len(top)} SKUs with most net revenue loses money after what its orders cost"
    row, lost = losing.iloc[0], formats.money(-losing.contribution_margin.sum(), currency)
    text = f"{len(losing)} of the {len(top)} largest SKUs {'is' if len(losing) == 1 else 'are'} believed to earn and lost {lost} in 28 days"
    gross, left = (formats.share(row[column], 1) for column in ("gross_share", "contribution_share"))
    name = row.sku if formats.missing(row["name"]) else f"{row.sku} {row['name']}"
    return f"{text}; most of it {name}: {gross} gross, {left} in the end"


def catalog_flaws(results: Any) -> list[Part]:
    """Beyond the largest: every other SKU whose data is missing or cannot be right."""
    rest = _rows(results.audit.skus.iloc[TOP:])
    bad = rest[rest.flaws != ""]
    caption = f"Flaws in the rest of the catalog: {len(bad)} of {formats.count(len(rest), 'SKU')}"
    return [listed(results, bad, COLUMNS, caption, SOLD, "no other SKU lacks cost, weight, size or packaging this week")]


EXHIBITS: tuple[Exhibit, ...] = (coverage, top_skus, catalog_flaws)
