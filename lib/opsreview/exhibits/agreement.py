"""What does not agree: documents of the same purchase, parcel or refund, and systems' counts of the same shelf."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import formats
from opsreview.exhibits import Part, listed

DOCUMENTS = ["inbound", "purchase_invoices", "shipments", "carrier_charges", "returns"]
WHAT = {
    "billed_quantity": "Units billed beyond what is due", "billed_price": "Billed at another price than agreed",
    "ordered_price": "Priced above the product's cost", "unknown_purchase": "Invoice of an unknown purchase",
    "unrated": "Cannot be matched",
    "not_billed": "Not billed yet", "charge_ids": "Charges of unknown shipments", "charged_not_sent": "Charged, not sent",
    "cancelled_sent": "Sent after it was cancelled", "service_unasked": "Service without a cause",
    "billed_weight": "Billed heavier than declared", "refund_above_paid": "Refunded above what was paid",
    "refunds_above_paid": "Refunded above what was paid", "refund_unreceived": "Refunded, not received",
    "contract_price": "Another price than agreed with the customer",
}  # fmt: skip
SYSTEMS = {"erp": "ERP", "wms": "WMS", "shop": "shop"}


def documents_apart(results: Any) -> list[Part]:
    """Documents that do not agree: by cause and partner what it costs, then one by one."""
    rows, currency = results.evidence("documents_apart"), results.settings.reporting_currency
    rows = rows.assign(what=rows.kind.map(WHAT), whose=rows.partner.fillna("–"))
    by = rows.groupby(["what", "whose"], as_index=False, sort=False).agg(
        documents=("document", "size"), money=("money", lambda m: m.sum(min_count=1)), oldest=("age", "max"),
        accrued=("accrued", lambda a: a.sum(min_count=1)), note=("note", _common),
    )  # fmt: skip
    by = by.sort_values(["money", "accrued", "documents"], ascending=False, na_position="last", kind="stable")
    causes = """
    what | What | text | small=note
    whose | Partner
    documents | Documents | number
    money | Costs | money? | bar | help=the difference
    accrued | To accrue | money? | help=will still be billed: nothing is lost
    oldest | Oldest, days | number
    """
    note = (
        "Below the floor of a finding too. – has no money on it: nothing is lost, or another check prices it. What goes on from week to "
        "week counts as a week of it."
    )
    first = listed(results, by, causes, _apart(by, len(rows), currency), DOCUMENTS, "all documents agree", note=note)
    shown = rows.assign(
        ours=[_said(v, unit, currency) for v, unit in zip(rows.expected, rows.unit, strict=True)],
        theirs=[_said(v, unit, currency) for v, unit in zip(rows.stated, rows.unit, strict=True)],
        apart=[_said(v, unit, currency) for v, unit in zip(rows.difference, rows.unit, strict=True)],
    )
    documents = """
    document | Document | code | small=sku
    what | What | text | small=note
    whose | Partner
    ours | Should be | said
    theirs | Is | said
    apart | Difference | said
    money | Costs | cents? | bar
    day | Day | day
    age | Days | number
    """
    second = listed(
        results, shown, documents, "One by one, dearest first", DOCUMENTS, "all documents agree", filterable=True,
        download=f"documents-apart-{results.week}.csv",
    )  # fmt: skip
    return [first, second]


def _apart(by: pd.DataFrame, documents: int, currency: str) -> str:
    """How many documents do not agree, what that costs, and through what most of it."""
    text = f"What does not agree: {formats.count(documents, 'document')}"
    if by.empty or not by.money.sum() > 0:
        return text
    top = by.iloc[0]
    whole, most = (formats.money(amount, currency) for amount in (by.money.sum(), top.money))
    return f"{text}, {whole}; most of it {top.what.lower()}, {top.whose} ({most})"


def _common(notes: pd.Series) -> str:
    """What all rows say alike; nothing where they differ."""
    return str(notes.iloc[0]) if len(set(notes)) == 1 else ""


def _said(value: Any, unit: Any, currency: str) -> str:
    if formats.missing(value) or formats.missing(unit):
        return "–"
    return formats.money(value, currency) if unit == "money" else f"{formats.number(value, 1 if unit == 'kg' else 0)} {unit}"


def stock_drift(results: Any) -> list[Part]:
    """Shelves that ERP, WMS and shop count differently: how far, how long, what it costs, and which is most likely wrong."""
    rows = results.evidence("stock_drift")
    rows = rows.assign(wrong=rows.suspect.map(SYSTEMS).fillna("count it"))
    columns = """
    sku | SKU | code | small=name
    location | Location
    erp | ERP | number?
    wms | WMS | number?
    shop | Shop | number?
    gap | Apart | number
    limit | Allowed | number
    age | Days | number? | help=days on end on which they differ, of a quarter
    d_here | Sold a day | one
    impact | A week | money | bar
    wrong | Most likely wrong | text | small=why
    """
    limits = results.settings.checks["erp_wms_mismatch"]
    note = (
        f"Last snapshots at most a day apart; allowed: {formats.number(limits['units'])} units or {formats.share(limits['share'], 0)}. "
        "A shop may count what is there or what is free to sell. Most likely wrong: the one that the two others contradict, else the one "
        "whose count receipts, picks and transfers since they last agreed do not explain."
    )
    quiet = "the systems agree within tolerance"
    return [
        listed(results, rows, columns, "Shelves that systems count differently", ["inventory"], quiet, note=note, filterable=True,
               download=f"stock-drift-{results.week}.csv")
    ]  # fmt: skip
