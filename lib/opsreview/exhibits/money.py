"""Friday's evidence of the range and of returns: the portfolio, the whale curve, price floors, and what a return costs in full."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from opsreview import charts, formats
from opsreview.charts.money import GROUPS, grouped
from opsreview.exhibits import Part, drawn, listed
from opsreview.tables import Html

MARGIN = ["orders", "order_lines", "products"]
FOUR = "\n".join(f"{part} | {label} | money" for part, (label, _) in GROUPS.items())  # of a return's bill
BILLED = {  # every part of it: what a reader calls it, and what it is reckoned from
    "outbound": ("Sent for nothing", "shipping, pick and pack and packaging of what came back"),
    "reverse_shipping": ("Reverse shipping", ""), "handling": ("Handling", ""),
    "restock_labor": ("Restock labor", "the returns crew, shared by units received"),
    "under_way": ("Still to come back", "an estimate: these three for units not received yet"),
    "refurbish": ("Refurbishing", "cost less what they still bring"), "markdown": ("Markdown", "sold off"), "write_off": ("Write-off", ""),
    "pending": ("Not decided yet", "an estimate: as the decided ones lost"), "support": ("Support", "tickets about returns"),
}  # fmt: skip
ACROSS = 6  # reasons beside each other
BEST = 0.2  # the part of the range that is told apart at the top of the whale curve


def portfolio(results: Any) -> list[Part]:
    """The range by gross against contribution margin, where its profit is made and destroyed, and the price each SKU needs."""
    skus, currency = results.evidence("portfolio"), results.settings.reporting_currency
    targets = results.settings.targets
    gross, contribution = (float(targets[name].ok or 0.0) for name in ("gross_margin", "contribution_margin"))
    lines = f"Dashed: the targets, {formats.share(gross, 0)} gross and {formats.share(contribution, 0)} contribution margin."
    quadrants = charts.portfolio(
        skus,
        gross,
        contribution,
        quadrant_title(skus, currency),
        f"A mark a SKU sold in 28 days, its size is net revenue. {lines}",
        currency,
    )
    curve = charts.whale(skus, whale_title(skus, currency), "Dashed: what is left in the end.", currency)
    return [drawn(quadrants, "The range", results, MARGIN), drawn(curve, "The whale curve", results, MARGIN), _floors(skus, results)]


def quadrant_title(skus: pd.DataFrame, currency: str) -> str:
    """How many SKUs look healthy and are not (false confidence as `kpis.md` has it), and what they turned over."""
    false = skus[skus.quadrant == "false confidence"]
    if false.empty:
        return "No SKU looks healthy by gross margin and misses its contribution target"
    part = formats.share(false.net_revenue.sum() / skus.net_revenue.sum())
    lost = false.loc[false.contribution_margin < 0, "contribution_margin"].sum()
    return (
        f"False confidence: {formats.count(len(false), 'SKU')} with {part} of net revenue look healthy by gross margin and are not"
        f"{f'; they lost {formats.money(-lost, currency)}' if lost < 0 else ''}"
    )


def whale_title(skus: pd.DataFrame, currency: str) -> str:
    """How much profit the best fifth of the SKUs makes, and how much the losing ones destroy, of what is left in the end."""
    if skus.empty:
        return "The whale curve"
    total, best = skus.contribution_margin.sum(), max(1, round(BEST * len(skus)))
    made, losers = skus.contribution_margin.head(best).sum(), skus[skus.contribution_margin < 0]
    lost = -losers.contribution_margin.sum()
    of = f"{formats.share(made / total, 0)} of the contribution" if total > 0 else f"{formats.money(made, currency)}, and all together lose"
    ending = f"; {formats.count(len(losers), 'SKU')} ({formats.share(len(losers) / len(skus), 0)}) destroy {formats.money(lost, currency)}"
    return f"The best {formats.count(best, 'SKU')} of {len(skus)} make {of}{ending if len(losers) else '; none loses money'}"


def _floors(skus: pd.DataFrame, results: Any) -> Html:
    """Every SKU's price against the price at which it breaks even, those below it first."""
    now, planned = skus.price < skus.floor, skus.planned < skus.floor
    short = (skus.floor - skus.planned) * skus.units
    shown = skus.assign(
        hangs=skus.sign_depends.astype(bool).map({True: "±", False: ""}),
        to_floor=skus.floor / skus.price - 1, place=np.select([now, planned], [0, 1], 2),
        state=np.select([now, planned], ["below now", "below with its discount"], "above"),
        loss=np.where(now, -skus.contribution_margin, np.where(planned, short, -skus.contribution_margin)),
    ).sort_values(["place", "loss"], ascending=[True, False], kind="stable")  # fmt: skip
    columns = """
    sku | SKU | code | small=name
    family | Family
    units | Units | number
    price | Price | cents | help=net revenue a unit over 28 days
    floor | Floor | cents | help=the price at which contribution is nil
    to_floor | To its floor | change | help=by how much the price must rise (+), or may fall (−)
    discount | Planned | share? | help=deepest discount running or starting
    planned | Price with it | cents?
    gross_share | Gross | share
    contribution_share | Contribution | share
    contribution_margin | Contribution | money
    hangs | ± | plain | help=its sign hangs on an allocation
    state | Price is
    """
    below = int((shown.place < 2).sum())
    caption = f"Price floors: {below} of {formats.count(len(skus), 'SKU')} sell, or are about to, below the price at which they break even"
    note = (
        "Floor: goods, packaging, shipping, pick and pack and support of a unit / (1 − payment, channel fees and returns as a share of "
        "revenue). Price with it: list price less the planned discount, and the shipping that customers pay. "
        "±: a quarter more or less of what is allocated turns its sign."
    )
    file = f"price-floors-{results.week}.csv"
    return listed(results, shown, columns, caption, MARGIN, note=note, filterable=True, download=file)


def returns_bill(results: Any) -> list[Part]:
    """What returns cost beyond the money given back: by reason with whose it is, by SKU and by channel."""
    bill, currency = results.evidence("returns_bill"), results.settings.reporting_currency
    whole = bill[bill.grain == "all"]
    title = "What a return costs"
    if len(whole):
        row, ours = whole.iloc[0], bill[(bill.grain == "reason") & bill.ours].total.sum()
        title = (
            f"A returned unit costs {formats.money(row.each, currency)} beyond its refund: {formats.money(row.total, currency)} for "
            f"{formats.number(row.units)} units in 28 days, {formats.share(ours / row.total if row.total else None, 0)} of it for reasons "
            "that are ours to control"
        )
    subtitle = "Returns asked for in 28 days. Sent for nothing: shipping, pick and pack and packaging of what came back."
    parts = [drawn(charts.returns_bill(bill, title, subtitle, currency), "The bill of a return", results, ["returns"])]
    reasons = bill[bill.grain == "reason"].assign(control=lambda f: f.ours.map({True: "ours to control", False: "not ours alone"}))
    reasons = grouped(reasons)
    columns = f"""
    key | Reason | words | small=control
    units | Units | number
    {FOUR}
    total | All of it | money | bar
    each | A unit | cents
    team | Goes to | plain | small=action
    """
    note = (
        "Back and restocked: reverse shipping, handling, and restock labor, which is hours of the returns role shared by units received; "
        "units still under way at what the others came to, an estimate. "
        "Value lost: refurbished, sold off, written off, and what is not decided yet at what the other returns lost on average, an "
        "estimate. Refunds themselves are not in it: they take back revenue, they are no cost."
    )
    unknown = float(whole.unmatched.sum()) if len(whole) else 0.0
    if unknown:
        note += (
            f" {formats.number(unknown)} units came back of orders older than 91 days or not exported: nothing sent for nothing is counted."
        )
    parts.append(listed(results, reasons, columns, "The bill by reason: whose it is and what to do", ["returns"], note=note))
    return [*parts, _part_by_part(bill, results), _by(bill, "sku", "SKU", results), _by(bill, "channel", "Channel", results)]


def _part_by_part(bill: pd.DataFrame, results: Any) -> Html:
    """Every part of the bill, whole and by the dearest reasons, and their sum."""
    keys = bill[bill.grain == "reason"].key.head(ACROSS).tolist()
    sums = bill[bill.grain.isin(["all", "reason"])].set_index("key")[[*BILLED]].T
    shown = sums.reindex(columns=["", *keys]).rename(columns={"": "total"}) if len(bill) else pd.DataFrame(columns=["total"], dtype=float)
    shown = pd.concat([shown, shown.sum().to_frame("whole").T]) if len(shown) else shown
    about = {**BILLED, "whole": ("The bill", "")}
    units = bill[bill.grain == "all"].units.sum()
    shown = shown.assign(
        said=[about[part][0] for part in shown.index], small=[about[part][1] for part in shown.index], whole=shown.index == "whole",
        each=shown.total / (units or float("nan")),
    )  # fmt: skip
    names = [(formats.capital(formats.words(key)) or "(unknown)").replace("|", "/") for key in keys]
    shown = shown.rename(columns={key: f"reason {i}" for i, key in enumerate(keys)})
    across = "\n".join(f"reason {i} | {name} | money" for i, name in enumerate(names))
    columns = f"""
    said | Part | text | small=small
    total | All of it | money
    each | A unit | cents
    {across}
    """
    return listed(results, shown, columns, "The bill, part by part, and by reason", ["returns"], strong="whole", first=len(shown))


def _by(bill: pd.DataFrame, grain: str, label: str, results: Any) -> Html:
    """The bill by SKU or channel, the dearest first, its parts drawn together."""
    shown = grouped(bill[bill.grain == grain])
    columns = f"""
    key | {label} | {"code | small=name" if grain == "sku" else "text"}
    units | Units | number
    {FOUR}
    total | All of it | money | bar
    each | A unit | cents
    refund | Refunded | money | help=given back to customers: revenue taken back, in no part of the bill
    """
    return listed(
        results,
        shown,
        columns,
        f"The bill by {label if grain == 'sku' else label.lower()}",
        ["returns"],
        whole='review.table("returns_bill") holds them',
    )
