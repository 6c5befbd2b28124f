"""The margin audit: how much of the revenue is audited, the SKUs to audit first, and what is wrong in the catalog."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats
from opsreview.catalog import TOP
from opsreview.exhibits import Exhibit, Part, drawn, listed

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
    """
    columns += "wrong | SKUs with flaws | number\ndoubtful | Their revenue | money" if cover.wrong.any() else ""
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


DATA = """
sku | SKU | code | small=name
state | State | code | small=signed
net_revenue | Net revenue | money
unit_cost | Cost | cents
packaging_cost | Packaging | cents
weight_kg | kg | two
size | Size, cm | code
"""
FLAWS = "flaws | What is missing or cannot be right | plain\n"
EARNS = """
sku | SKU | code | small=name
net_revenue | Net revenue | money
gross_share | Believed | share | help=gross margin
contribution_share | Is | share | help=contribution margin
hangs | ± | plain | help=its sign hangs on an allocation
contribution_margin | Contribution | money
measured | Measured | share
contracted | Contracted | share
accrued | Accrued | share
allocated | Allocated | share
"""
COME_FROM = (
    "Of the costs below gross margin: measured, a document of its own says so; contracted, a rate; accrued, reckoned until the document "
    "comes; allocated, shared by a rule with what a document or a crew served together: for a SKU that is every invoice of an order it "
    "shares with others, which is measured for the order and the store."
)


def _rows(audit: pd.DataFrame) -> pd.DataFrame:
    size = [
        "" if any(formats.missing(s) for s in row) else " × ".join(f"{s:g}" for s in row)
        for row in zip(audit.length_cm, audit.width_cm, audit.height_cm, strict=True)
    ]
    signed = [f"{by}, {formats.day(on)}" if by else "" for by, on in zip(audit.by, audit.on, strict=True)]
    return audit.assign(size=size, signed=signed)


def top_skus(results: Any) -> list[Part]:
    """The SKUs with most revenue, each audited: the margin believed and the margin it is, where its costs come from, its data."""
    top, currency = _rows(results.audit.skus.head(TOP)), results.settings.reporting_currency
    named = top.assign(
        sku=top.sku + " " + top.name.fillna(""), gross_margin_share=top.gross_share, contribution_margin_share=top.contribution_share,
        accrued_share=top.accrued,
    )  # fmt: skip
    subtitle = f"Of the {len(top)} SKUs with most net revenue the {LEAST} that keep least, over 28 days: from gross to contribution margin."
    chart = charts.families(named.nsmallest(LEAST, "contribution_margin_share"), "sku", believed_title(top, currency), subtitle, currency)
    hangs = top.sign_depends.astype(bool)
    earns = top.assign(hangs=hangs.map({True: "±", False: ""}))
    note = f"Believed: gross margin. Is: contribution margin, after everything an order costs, over 28 days. {COME_FROM}"
    note += " ±: a quarter more or less of what is allocated turns its sign." if hangs.any() else ""
    columns = EARNS if hangs.any() else EARNS.replace("hangs | ± | plain | help=its sign hangs on an allocation\n", "")
    below = listed(
        results, earns, columns, come_from_title(top), SOLD, note=note, filterable=True, download=f"margin-audit-margins-{results.week}.csv"
    )
    share = formats.share(top.revenue_share.sum()) if len(top) else formats.NA
    flawed = (top.flaws != "").sum()
    caption = f"The data of the {len(top)} with most net revenue, {share} of it: {formats.count(flawed, 'SKU')} with flaws"
    data = listed(
        results, top, DATA + FLAWS * bool(flawed), caption, SOLD, filterable=True, download=f"margin-audit-data-{results.week}.csv"
    )
    return [drawn(chart, "Margins believed and real", results, SOLD), below, data]


def come_from_title(top: pd.DataFrame) -> str:
    """How much of the costs of the largest SKUs documents of their own stand for, and whose sign hangs on what is allocated."""
    costs = (top.gross_share - top.contribution_share) * top.net_revenue
    known = costs.where(top.measured.notna()).dropna()
    if known.sum() <= 0:
        return f"Where the costs of the {len(top)} largest come from: n/a"
    shares = {kind: (top[kind] * costs).sum() / known.sum() for kind in ("measured", "allocated")}
    text = f"Of the costs of the {len(top)} largest {formats.share(shares['measured'], 0)} are measured"
    text += f" and {formats.share(shares['allocated'], 0)} allocated"
    hangs = int(top.sign_depends.sum())
    return f"{text}; {formats.count(hangs, 'margin')} {'hangs' if hangs == 1 else 'hang'} on the allocation" if hangs else text


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
    return [listed(results, bad, DATA + FLAWS, caption, SOLD, "no other SKU lacks cost, weight, size or packaging this week")]


EXHIBITS: tuple[Exhibit, ...] = (coverage, top_skus, catalog_flaws)
