"""Documents that should agree: a finding for what differs beyond tolerance, the rows of one cause together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from opsreview.checks import GRAVE_MONEY, GRAVE_TIMES, Context, check, found, nothing, say
from opsreview.checks.apart import documents_apart
from opsreview.checks.matching import CLAIM_DAYS
from opsreview.facts.skus import skus
from opsreview.formats import count, day, listing, number

# By kind: what is said of it, how its money was reckoned, what is suggested, on what it stands. `r`: the finding, `first` its dearest row;
# its `what` is the product on the document.
Title = Callable[[Context, Any, Any], str]
KINDS: dict[str, tuple[Title, str, str, str]] = {
    "billed_quantity": (
        lambda c, r, first: f"{first.what}: {number(first.stated)} units billed, {number(first.expected)} are due{_more(r)}",
        "units billed beyond what came × their price, and what was billed above the price agreed",
        "dispute_charge",
        "inbound and purchase_invoices: 28 days",
    ),
    "billed_price": (
        lambda c, r, first: f"{first.what} billed at {c.money(first.stated)} a unit, {c.money(first.expected)} was agreed{_more(r)}",
        "units × (price billed − price agreed)",
        "dispute_charge",
        "inbound and purchase_invoices: 28 days",
    ),
    "ordered_price": (
        lambda c, r, first: f"{first.what} costs {c.money(first.stated)} a unit, {c.money(first.expected)} is the product's cost{_more(r)}",
        "units × (price of the purchase − the product's cost)",
        "dispute_charge",
        "inbound and products: open purchases and 28 days",
    ),
    "unknown_purchase": (
        lambda c, r, first: f"Invoice {r.entity} is for {_named(r.members)}, which no export knows",
        "the amount billed",
        "investigate",
        "purchase_invoices and inbound: 28 days",
    ),
    "not_billed": (
        lambda c, r, first: f"{first.partner} has not billed {_what(r, first)}: {c.money(r.accrued)} to accrue",
        "",
        "investigate",
        "what came or left in 91 days, and invoices",
    ),
    "charge_ids": (
        lambda c, r, first: f"{number(first.stated)} carrier charges name shipments that no export knows",
        "",
        "investigate",
        "carrier_charges and shipments: 28 days",
    ),
    "charged_not_sent": (
        lambda c, r, first: f"Invoice {r.entity} charges {count(first.stated, 'parcel')} that we did not send: {first.note}",
        "the amounts charged",
        "dispute_charge",
        "carrier_charges, shipments and carrier_events: 28 days",
    ),
    "cancelled_sent": (
        lambda c, r, first: f"{count(r.rows, 'order')} left {first.partner} after being cancelled",
        "goods at cost that have not come back, and carriage",
        "investigate",
        "orders and shipments: 28 days",
    ),
    "service_unasked": (
        lambda c, r, first: f"{first.partner} billed {count(r.rows, r.entity.rpartition('/')[2].replace('_', ' '))} without an exception",
        "charges of 28 days",
        "dispute_charge",
        "carrier_charges and carrier_events: 28 days",
    ),
    "refund_above_paid": (
        lambda c, r, first: f"{r.entity} refunded {c.money(first.stated)}, {c.money(first.expected)} was paid",
        "refund − what was paid for what came back, shipping included",
        "investigate",
        "returns and order_lines: 58 days",
    ),
    "refunds_above_paid": (
        lambda c, r, first: f"{count(r.rows, 'refund')} of {first.partner} above what was paid",
        "refunds − what was paid for what came back, of 58 days, a week",
        "investigate",
        "returns and order_lines: 58 days",
    ),
    "refund_unreceived": (
        lambda c, r, first: f"{count(r.rows, 'return')} of {first.partner} refunded and not received",
        "the refunds of returns whose time to come back ended in 28 days",
        "investigate",
        "returns: 28 days",
    ),
    "contract_price": (
        lambda c, r, first: f"{first.partner} was charged other prices than agreed for {count(r.rows, 'product')}",
        "units × difference to the agreed price, of 28 days / 4",
        "reprice",
        "order_lines and contract_prices: 28 days",
    ),
}

OVER = {"service_unasked": 4}  # weeks of a claim that gathers them: what it comes to a week is held against the floor
WEEKLY = ("refunds_above_paid", "contract_price")  # go on from week to week; the others, claims among them, come once
# A price or a quantity that a supplier bills is in no leak of the ledger, nor is what left after it was cancelled.
LEAKS = {"charged_not_sent": "3", "charge_ids": "3", "service_unasked": "3"} | dict.fromkeys(
    ("refund_above_paid", "refunds_above_paid", "refund_unreceived"), "4"
)
PURCHASES = ("billed_quantity", "billed_price", "ordered_price", "unknown_purchase")  # `day` is that of their newest document


@check
def invoice_mismatch(ctx: Context) -> pd.DataFrame:
    """Documents that differ beyond tolerance, where the difference costs as much as a finding must; accruals are told without money."""
    rows = documents_apart(ctx.books)
    rows = rows[rows["entity"].notna()]
    if rows.empty:
        return nothing()
    # Of a finding the dearest row comes first.
    by = rows.groupby("entity", sort=True)
    out = by.agg(
        impact=("money", lambda m: m.sum(min_count=1)), accrued=("accrued", lambda a: a.sum(min_count=1)), rows=("kind", "size"),
        kind=("kind", "first"), times=("times", "max"), entity_type=("entity_type", "first"), oldest=("day", "min"), newest=("day", "max"),
        members=("members", lambda m: "; ".join(dict.fromkeys("; ".join(m.dropna()).split("; ")))), notes=("note", _notes),
    ).reset_index()  # fmt: skip
    told = out["impact"].isna() & ((out["accrued"] >= ctx.floor) | (out["kind"] == "charge_ids"))
    a_week = out["impact"] / out["kind"].map(OVER).fillna(1)
    out, a_week = out[(a_week >= ctx.floor) | told], a_week[(a_week >= ctx.floor) | told]
    if out.empty:
        return nothing()
    grave = (a_week >= GRAVE_MONEY * ctx.floor).astype(int) + (out["times"] >= GRAVE_TIMES).astype(int)
    names = skus(ctx.books).select("sku", "name").to_pandas().dropna().set_index("sku")["name"].to_dict()
    first = {name: _first(group, names) for name, group in by if name in set(out["entity"])}
    return found(
        out,
        title=say(out, lambda r: KINDS[r.kind][0](ctx, r, first[r.entity])),
        observed=[first[e]["stated"] for e in out["entity"]],
        expected=[first[e]["expected"] for e in out["entity"]],
        severity=grave.where(out["impact"].notna(), 0).map({0: "watch", 1: "breach", 2: "critical"}),
        basis=[KINDS[kind][1] for kind in out["kind"]],
        decision=[KINDS[kind][2] for kind in out["kind"]],
        detail=say(out, lambda r: f"{_arithmetic(ctx, r)}{r.notes}; {_when(r)}"),
        evidence=[KINDS[kind][3] for kind in out["kind"]],
        period=["week" if kind in WEEKLY else "once" for kind in out["kind"]],
        leak=[LEAKS.get(kind, "") for kind in out["kind"]],
    )


def _first(rows: pd.DataFrame, names: dict[str, str]) -> pd.Series:
    """The dearest row of a finding, with `what`: `Fern cardigan on PO20740CN/3`, where it is of one product."""
    first = rows.iloc[0].copy()
    goods = "" if pd.isna(first["sku"]) else names.get(first["sku"], first["sku"])
    first["what"] = f"{goods} on {first['document']}" if goods else str(first["document"])
    return first


def _arithmetic(ctx: Context, r: Any) -> str:
    if pd.isna(r.impact):
        return ""
    rows = count(r.rows, "difference")
    if r.kind not in WEEKLY:
        return f"{ctx.money(r.impact)} in {rows}: "
    days = CLAIM_DAYS + (ctx.threshold("invoice_mismatch", "refund_days") if r.kind == "refunds_above_paid" else 0)
    return f"{ctx.money(r.impact * days / 7)} in {rows} of {number(days)} days, {ctx.money(r.impact)} a week: "


def _when(r: Any) -> str:
    """A purchase is older than its newest document, and may be found before that has come."""
    return f"newest document {day(r.newest)}" if r.kind in PURCHASES else f"since {day(r.oldest)}"


def _notes(notes: pd.Series) -> str:
    return listing(list(dict.fromkeys(notes.dropna())), 3)


def _named(members: str) -> str:
    return listing(str(members).split("; "), 3)


def _more(r: Any) -> str:
    return f", and {count(r.rows - 1, 'more difference')}" if r.rows > 1 else ""


def _what(r: Any, first: pd.Series) -> str:
    return count(first.expected, "parcel") if first.unit == "parcels" else f"{count(r.rows, 'line')} that came"
