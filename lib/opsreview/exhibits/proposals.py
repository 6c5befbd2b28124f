"""The four decisions a Friday takes, each as a proposal with its arithmetic."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil
from typing import Any

import pandas as pd

from opsreview import figures, formats
from opsreview.exhibits import listed
from opsreview.tables import Html

SOLD = ["orders", "order_lines", "products"]
FIRST = 4  # rows of a proposal that a meeting sees at once


def promotions(results: Any) -> Html:
    """Promotions to pause, with what that brings; how many were looked at."""
    every = results.evidence("pauses")
    rows = every[every.advice != "keep"]
    rows = rows.assign(
        where=rows.channel.fillna("").where(rows.channel.fillna("") == "", "in " + rows.channel.fillna("") + " only"),
        runs=[f"{formats.day(a)} to {formats.day(b)}" for a, b in zip(rows.starts_on, rows.ends_on, strict=True)],
        uplift_says=[_uplift(row) for row in rows.itertuples()],
        inbound_says=["none on order" if formats.missing(d) else f"in {formats.count(d, 'day')}" for d in rows.next_days],
    )
    columns = """
    promo_id | Promotion | code | small=where
    sku | SKU | code | small=name
    runs | Runs
    discount | Discount | share
    margin | Margin a unit | cents | help=contribution after discount, fees and returns
    full | At list price | cents
    promoted_units | Would sell | number
    usual_units | Without it | number
    uplift_says | Uplift | plain | help=expected, and from which it earns more than list price does
    available | Available | number
    lasts | Lasts days | one
    inbound_says | Next inbound | plain
    gain | Pausing brings a week | money | bar
    advice | Proposal
    """
    weak = rows.advice == "does not pay"
    gain, more = (formats.money(rows.gain[mine].clip(lower=0).sum(), results.settings.reporting_currency) for mine in (~weak, weak))
    caption = f"Pause: {int((~weak).sum())} of {formats.count(len(every), 'promoted SKU')}"
    caption += f", which brings {gain} a week" if (~weak).any() else ""
    caption += f"; {int(weak.sum())} more earn less with their expected uplift than without it, {more} a week" if weak.any() else ""
    caption += decides(results, "promotion_at_risk") if len(rows) else ""
    note = (
        "Pausing brings: margin at list price × units without it − margin promoted × units promoted, as far as there is stock. Needs: "
        "the uplift from which it earns more than list price. Lasts: available / units expected a day. Where a SKU loses money at list "
        "price too, see reprice."
    )
    note += older(results, "promotions")
    quiet = f"none of {formats.count(len(every), 'promoted SKU')} loses money or runs dry" if len(every) else "none runs or starts soon"
    return listed(results, rows, columns, caption, ["promotions", *SOLD], quiet, note=note, first=FIRST)


def older(results: Any, table: str) -> str:
    """` All of it is said from promotions of 2026-W45: none came this week.`: a list that holds until the next one; else empty."""
    last = next((str(t["last_week"]) for t in results.trust.get("tables", []) if t["table"] == table), "")
    return f" All of it is said from {table} of {last}: none came this week." if last and last != str(results.week) else ""


def _uplift(row: Any) -> str:
    """What a promotion is expected to lift, and what it would have to."""
    needs = "no uplift would do" if formats.missing(row.needs) else f"needs {formats.share(row.needs, 0)}"
    return f"{formats.share(row.uplift, 0)} expected, {needs}" if row.uplift else needs


def prices(results: Any) -> Html:
    """SKUs to reprice: floor, goal, and what it takes; by elasticity where there is one."""
    currency = results.settings.reporting_currency
    rows = results.evidence("reprices")
    rows = rows.assign(
        name=_names(rows, results),
        per=[_elastic(row) for row in rows.itertuples()],
        then=[_then(row, currency) for row in rows.itertuples()],
    )
    dear, given, hangs = (rows.advice == advice for advice in ("raise", "discount less", "check the allocation"))
    rows["mark"] = rows.sign_depends.astype(bool).map({True: "±", False: ""})
    asked = ["goal", "raise_", "margin_then"]
    rows[asked] = rows[asked].where(dear)  # whose price is not at fault is asked for no other
    columns = """
    sku | SKU | code | small=name
    units_week | Units a week | one
    price | Price | cents
    margin | Margin a unit | cents
    mark | ± | plain | help=its sign hangs on an allocation
    loss | Loses a week | money | bar
    floor | Floor | cents
    goal | Price that earns | cents?
    raise_ | That is | change?
    margin_then | Margin then | cents?
    per | Elasticity of its history | plain
    then | What it takes | plain
    """
    goal = formats.share(rows.share.iloc[0]) if len(rows) else ""
    lost, off, unsure = (formats.money(rows.loss[mine].clip(lower=0).sum(), currency) for mine in (dear, given, hangs))
    caption = f"Reprice: {formats.count(int(dear.sum()), 'SKU')} below the target for contribution margin"
    caption += f", losing {lost} a week" if dear.any() else ""
    caption += f"; {int(given.sum())} more only by discounts, {off} a week" if given.any() else ""
    caption += f"; {int(hangs.sum())} more by what is allocated to them, {unsure} a week" if hangs.any() else ""
    caption = f"{caption}{decides(results, 'negative_margin')}" if len(rows) else "Reprice"
    note = (
        f"Price: net revenue a unit over 28 days. Price that earns: {goal}, the larger of the target and what the store earns. An "
        "elasticity is given only where twelve weeks and prices a tenth apart show that volume surely falls as price rises. "
        "±: a quarter more or less of what is allocated turns its sign."
    )
    return listed(
        results,
        rows,
        columns,
        caption,
        SOLD,
        "no SKU with 20 units or more misses its target by what is worth a change",
        note=note,
        first=FIRST,
    )


def _elastic(row: Any) -> str:
    if formats.missing(row.elasticity):
        return "none"
    span = f"{formats.number(row.low, 1)} to {formats.number(row.high, 1)}"
    return f"{formats.number(row.elasticity, 1)} ({span}), {formats.count(row.weeks, 'week')}"


def _then(row: Any, currency: str) -> str:
    if row.advice == "discount less":
        return (
            f"not its price: undiscounted it brings {formats.money(row.listed, currency)} and earns {formats.money(row.at_list, currency)}"
        )
    if row.advice == "check the allocation":
        return "check the allocation first: a quarter of it turns the margin over"
    if formats.missing(row.goal):
        return "no price earns: fees and returns take all of it"
    if not formats.missing(row.elasticity):
        span = f"{formats.money(row.gain_low, currency)} to {formats.money(row.gain_high, currency)}"
        return f"{formats.number(row.units_then, 1)} units, {formats.money(row.gain, currency)} a week more ({span})"
    if row.break_even <= 0:
        return f"any volume is better than now; every unit kept brings {formats.money(row.margin_then - row.margin, currency)}"
    return f"better from {formats.number(row.break_even, 1)} units a week on"


def transfers(results: Any) -> Html:
    """What to move, of stock and of what is on order: which units, from where to where, what that costs and saves, in units and money."""
    rows, currency = results.evidence("transfers"), results.settings.reporting_currency
    rows = rows.assign(
        way=rows.location_from + " → " + rows.location_to, source=[_source(row, results.week.end) for row in rows.itertuples()]
    )
    columns = """
    sku | SKU | code | small=name
    way | From → to | text | small=source
    units | Move | number
    available_from | Has | number | help=in stock there, or on the purchase line
    spares | Spares | number
    available_to | There | number
    lacks | Lacks | number
    avoided | Stock-outs avoided | one | help=units of demand expected to be met that would otherwise be lost
    per_unit | Margin a unit | cents
    saved | Saves | money
    cost | Freight | cents
    net | Net | money | bar
    """
    lanes = [f"{way}: {formats.count(units, 'unit')}" for way, units in rows.groupby("way").units.sum().items()]
    saved, freight = (formats.money(rows[c].sum(), currency) for c in ("net", "cost"))
    name = "Rebalance stock and inbound" if (rows.kind == "inbound").any() else "Rebalance stock"
    caption = (
        f"{name}: {formats.listing(lanes, 4)}, {formats.number(rows.avoided.sum(), 1)} units of stock-outs avoided, {saved} of margin "
        f"saved once, after {freight} freight{decides(results, 'oos_risk')}"
        if lanes
        else name
    )
    unknown = "" if not len(rows) or rows.freight_known.all() else " No transfer's freight is in the exports: it counts as nothing here."
    note = (
        "Spares: above its own 28 days, of its stock and of purchases due within 14 days and not just about to come, which then go "
        "elsewhere at no freight. Lacks: what customers are expected to ask for beyond stock and inbound from its arrival until 14 days "
        "from now. Stock-outs avoided: what of that is expected to be met, fewer than the units moved, since not each is surely asked for. "
        f"Freight: what transfers of that lane cost a unit in 26 weeks, at least what the cheapest of them did.{unknown}"
    )
    return listed(
        results,
        rows,
        columns,
        caption,
        ["inventory"],
        "no place lacks what another can spare for less than it saves",
        note=note,
        first=FIRST,
    )


def _source(row: Any, now: date) -> str:
    """`PO1 line 2, due 18 Nov` of a purchase that goes elsewhere; empty where stock is moved."""
    if row.kind == "stock":
        return ""
    return f"{row.document_id} line {row.line_id}, due {formats.day(now + timedelta(days=ceil(row.arrives)))}"


def channels(results: Any) -> list[Html]:
    """What each channel leaves after fees, returns, shipping and advertising, and the SKUs that lose most in one."""
    rows = results.evidence("channels")
    told = ["shipping", "pick_pack", "channel_fees", "returns_reserve"]
    rows = rows.assign(
        says=[_exposure(row, results.settings.reporting_currency) for row in rows.itertuples()], week=rows.orders / 4,
        other=rows.gross_margin - rows[told].sum(axis=1) - rows.contribution_margin,
    )  # fmt: skip
    columns = """
    channel | Channel
    week | Orders a week | one
    net_revenue | Net revenue | money
    gross_margin | Gross | money
    shipping | Shipping | money
    pick_pack | Pick & pack | money
    channel_fees | Fees | money
    returns_reserve | Returns | money
    other | Other | money | help=packaging, payment and support
    contribution_margin | Contribution | money
    share | Share | share
    ads | Ad spend | money
    after | After ad spend | money
    says | What would even it | plain
    """
    note = "Money a week, the mean of 28 days. What would even it: the fee, or the prices, at which it would lose nothing."
    note += "".join(f" {formats.capital(text)}." for text in figures.beside(results, figures.AFTER_SPEND))
    skus = results.evidence("channel_skus")
    below = """
    sku | SKU | code | small=name
    channel | Channel
    units_week | Units a week | one
    price | Price | cents
    contribution | Contribution a week | money | bar
    elsewhere | In the other channels | money
    """
    who = decides(results, "channel_margin")
    stays = skus.assign(name=_names(skus, results))
    saved = formats.money(-stays.contribution.sum(), results.settings.reporting_currency)
    caption = (
        f"Take out of a channel: {formats.count(len(stays), 'listing')} that earn elsewhere and lose {saved} a week here{who}"
        if len(stays)
        else "Losing listings"
    )
    return [
        listed(results, rows, columns, f"Adjust channel exposure: {_losing(rows, results)}", SOLD, note=note),
        listed(results, stays, below, caption, SOLD, "no SKU that earns elsewhere loses money in a channel", first=FIRST),
    ]


def decides(results: Any, check: str) -> str:
    """`; Finance Partner decides`: who owns what the check finds; empty where nobody does."""
    owner = results.settings.owners[check].owner
    return f"; {owner} decides" if owner else ""


def _names(rows: pd.DataFrame, results: Any) -> pd.Series:
    """What the SKUs of the rows are called; empty where nobody says."""
    known = results.evidence("portfolio").drop_duplicates("sku").set_index("sku")["name"]
    return rows.sku.map(known).fillna("")


def _losing(rows: pd.DataFrame, results: Any) -> str:
    """Which channels lose money after advertising (before it, where nobody says what that cost), and how much a week."""
    losing, when = rows[rows.left < 0].sort_values("left"), "after" if rows.after.notna().any() else "before"
    if losing.empty:
        return f"no channel loses money {when} advertising"
    said = [f"{row.channel} loses {formats.money(-row.left, results.settings.reporting_currency)}" for row in losing.itertuples()]
    return f"{formats.listing(said)} a week {when} advertising{decides(results, 'channel_margin')}"


def _exposure(row: Any, currency: str) -> str:
    if formats.missing(row.share) or row.left >= 0:
        return ""
    now, even = formats.share(row.fee), formats.share(row.fee_even)
    fee = f"a fee of {even} instead of {now}, " if row.fee_even >= 0 else "no fee alone, "
    return f"{fee}or prices {formats.share(row.raise_even)} higher" if not formats.missing(row.raise_even) else fee.rstrip(", ")


__all__ = ["channels", "decides", "prices", "promotions", "transfers"]
