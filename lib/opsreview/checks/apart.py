"""Documents that say different things, a row each: of purchases, of parcels, of refunds, of agreed prices. What a row costs is `money`;
where nothing is lost (in our favour, not billed yet, priced by another check) that is empty and `note` says why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from opsreview.books import Books
from opsreview.checks import rows_of
from opsreview.checks.matching import (
    CLAIM_DAYS,
    COLUMNS,
    came,
    limits,
    part,
    purchases,
    unbilled_purchases,
    unknown_purchases,
    unmatched_purchases,
)
from opsreview.facts import parcels, refunds
from opsreview.formats import count
from opsreview.weeks import WEEKS


def documents_apart(books: Books) -> pd.DataFrame:
    """COLUMNS, dearest first; a kind whose tables did not come has no row."""
    parts = [rows for build in KINDS if len(rows := build(books))]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    rows = rows.reindex(columns=COLUMNS)
    numbers = ["expected", "stated", "difference", "times", "money", "accrued"]
    rows[numbers] = rows[numbers].astype(float)
    rows["day"] = pd.to_datetime(rows["day"])
    rows["age"] = (pd.Timestamp(books.week.end) - rows["day"]).dt.days.astype(float)
    order = rows.assign(worth=rows["money"].fillna(0.0)).sort_values(
        ["worth", "accrued", "kind", "document", "sku"], ascending=[False, False, True, True, True], na_position="last", kind="stable"
    )
    return order.drop(columns="worth").reset_index(drop=True)


# ---- parcels --------------------------------------------------------------------------------------------------------------------


def charged_not_sent(books: Books) -> pd.DataFrame:
    """Carrier charges for shipments that no export knows, and for parcels that nobody handed over.

    Where most charges of four weeks name unknown shipments the carrier writes them otherwise: that is said once, without money.
    """
    if not came(books, 91, "shipments") or not came(books, 7, "carrier_charges"):
        return pd.DataFrame(columns=COLUMNS)
    t = rows_of(parcels.charges_without_parcel(books), "invoice_id")
    if t["unknown_charges"].sum() > t["charges"].sum() / 2:
        all_of = {"expected": 0.0, "stated": t["unknown_charges"].sum(), "difference": t["unknown_charges"].sum()}
        return pd.DataFrame([{
            "kind": "charge_ids", "entity": "carrier_charges", "entity_type": "table", "document": "carrier_charges", "unit": "charges",
            **all_of, "day": t["invoiced_on"].max(), "members": "; ".join(t["invoice_id"]),
            "note": f"of {t['charges'].sum():.0f} charges: carriers write shipments' numbers otherwise",
        }])  # fmt: skip
    if not came(books, 91, "shipments.shipped_at"):
        t[["kept", "kept_amount"]] = 0.0
    t["difference"], t["money"] = t["unknown"] + t["kept"], t["unknown_amount"] + t["kept_amount"]
    t = t[(t["difference"] > 0) & (t["money"] > 0)]
    notes = [
        " and ".join(f"{n:.0f} {what}" for n, what in ((r.unknown, "unknown"), (r.kept, "never handed over")) if n) for r in t.itertuples()
    ]
    return t.assign(
        kind="charged_not_sent", entity=t["invoice_id"], entity_type="invoice_id", document=t["invoice_id"], unit="parcels", expected=0.0,
        stated=t["difference"], day=t["invoiced_on"], note=notes, members=t["members"].map(_once),
    )  # fmt: skip


def sent_though_cancelled(books: Books) -> pd.DataFrame:
    """Orders that left after they were cancelled, by the place they left."""
    if not came(books, 28, "orders", "orders.cancelled_at", "shipments", "shipments.shipped_at"):
        return pd.DataFrame(columns=COLUMNS)
    t = rows_of(parcels.sent_though_cancelled(books), "location", "order_id")
    return t.assign(
        kind="cancelled_sent", entity=t["location"] + "/cancelled", entity_type="location/cancelled", document=t["order_id"],
        partner=t["location"], unit="parcels", expected=0.0, stated=1.0, difference=1.0, money=t["goods"] + t["carriage"],
        members=t["order_id"], note="handed over after it was cancelled",
    )  # fmt: skip


def services_unasked(books: Books) -> pd.DataFrame:
    """Corrections, redeliveries and returns billed though the carrier's own scans know of no trouble."""
    if not came(books, 28, "carrier_charges", "carrier_events", "shipments"):
        return pd.DataFrame(columns=COLUMNS)
    t = rows_of(parcels.services_unasked(books), "carrier", "charge_type", "shipment_id")
    return t.assign(
        kind="service_unasked", entity=t["carrier"] + "/" + t["charge_type"], entity_type="carrier/charge_type", document=t["shipment_id"],
        partner=t["carrier"], unit="money", expected=0.0, stated=t["amount"], difference=t["amount"], money=t["amount"],
        day=t["invoiced_on"], members=t["shipment_id"], note=t["charge_type"].str.replace("_", " ") + " billed, no exception scanned",
    )  # fmt: skip


def unbilled_parcels(books: Books) -> pd.DataFrame:
    """Parcels that a carrier has not billed in its usual time: an accrual."""
    if not came(books, 7, "carrier_charges", "shipments", "shipments.shipped_at"):
        return pd.DataFrame(columns=COLUMNS)
    t = rows_of(parcels.parcels_unbilled(books), "carrier")
    return t.assign(
        kind="not_billed", entity=t["carrier"] + "/not billed", entity_type="carrier/not billed", document=t["carrier"],
        partner=t["carrier"], unit="parcels", expected=t["parcels"], stated=0.0, difference=-t["parcels"], day=t["oldest"],
        note=[f"not billed, usual within {days:.0f} days: to be accrued at their labels, nothing is lost" for days in t["usual_days"]],
    )  # fmt: skip


def weights_apart(books: Books) -> pd.DataFrame:
    """Billed weight against declared, by service; what it costs is `carrier_overcharge`'s to say."""
    if not came(books, 7, "carrier_charges.billed_weight_kg", "shipments.weight_kg"):
        return pd.DataFrame(columns=COLUMNS)
    t = rows_of(parcels.weights_apart(books), "carrier", "service")
    t = part(t, "billed_weight", "kg", "declared_kg", "billed_kg")
    notes = [f"{n:.0f} parcels billed heavier than declared; priced by carrier_overcharge" for n in t["parcels"]]
    return t.assign(document=t["carrier"] + "/" + t["service"], partner=t["carrier"], day=t["invoiced_on"], note=notes)


# ---- customers ------------------------------------------------------------------------------------------------------------------


def refunded_beyond(books: Books) -> pd.DataFrame:
    """Refunds of more than was paid for what came back, shipping included: alone where dear enough, else by channel as money a week."""
    least, floor = limits(books), float(books.settings.checks["floor"])
    if not came(books, 7, "returns", "returns.refund_amount"):
        return pd.DataFrame(columns=COLUMNS)
    days = CLAIM_DAYS + int(least["refund_days"])
    t = rows_of(refunds.refunds(books, days), "return_id", "sku")
    t = part(t, "refund_above_paid", "money", "most", "refunded", np.maximum(least["refund"], least["price_share"] * t["most"]))
    t = t[t["difference"] > 0]
    alone = t["difference"] >= floor
    return t.assign(
        kind=np.where(alone, "refund_above_paid", "refunds_above_paid"),
        entity=t["return_id"].where(alone, t["channel"] + "/above paid"),
        entity_type=np.where(alone, "return_id", "channel/above paid"),
        document=t["return_id"],
        partner=t["channel"],
        money=t["difference"].where(alone, t["difference"] * 7 / days),
        note=[f"of {count(n, 'unit')} to come back" for n in t["back"]],
    )


def refunded_unreceived(books: Books) -> pd.DataFrame:
    """Refunds of goods that have not come back in their time, by channel."""
    days = int(limits(books)["refund_days"])
    if not came(books, CLAIM_DAYS + days, "returns", "returns.refund_amount", "returns.received_at"):
        return pd.DataFrame(columns=COLUMNS)
    t = rows_of(refunds.refunded_unreceived(books, days), "return_id", "sku")
    beyond = refunded_beyond(books).groupby("document")["difference"].sum()
    first = ~t["return_id"].duplicated()
    left = t["refund"] - beyond.reindex(t["return_id"]).fillna(0.0).astype(float).set_axis(t.index).where(first, 0.0)
    t = t.assign(money=left)[left > 0]
    return t.assign(
        kind="refund_unreceived", entity=t["channel"] + "/not received", entity_type="channel/not received", document=t["return_id"],
        partner=t["channel"], unit="money", expected=0.0, stated=t["money"], difference=t["money"], members=t["return_id"],
        note=f"refunded, not received {days} days after it was asked for",
    )  # fmt: skip


def off_contract(books: Books) -> pd.DataFrame:
    """Prices charged otherwise than agreed, by customer and product; both ways cost: too little is lost, too much will be claimed."""
    least = limits(books)
    if not books.ever("contract_prices") or not came(books, 28, "orders", "order_lines"):
        return pd.DataFrame(columns=COLUMNS)
    t = rows_of(refunds.off_contract(books), "customer", "sku", "order_id", "line_id")
    t["limit"] = np.maximum(least["price"], least["price_share"] * t["agreed"])
    t = t[t["off"].abs() > t["limit"] + 1e-9]
    t = t.assign(
        below=t["off"] < 0, money=t["off"].abs() * t["units"], was=(t["agreed"] + t["off"]) * t["units"], due=t["agreed"] * t["units"]
    )
    by = t.groupby(["customer", "sku", "below"], as_index=False).agg(
        units=("units", "sum"), money=("money", "sum"), was=("was", "sum"), due=("due", "sum"), limit=("limit", "max"), day=("day", "max"),
        orders=("order_id", "nunique"), members=("order_id", lambda ids: "; ".join(sorted(set(ids)))),
    )  # fmt: skip
    by["agreed"], by["charged"] = by["due"] / by["units"], by["was"] / by["units"]
    by = part(by, "contract_price", "money", "agreed", "charged", by["limit"])
    return by.assign(
        entity=by["customer"] + "/agreed prices", entity_type="customer/agreed prices", document=by["customer"] + "/" + by["sku"],
        partner=by["customer"], money=by["money"] / WEEKS,
        note=[f"{r.units:.0f} units charged {'below' if r.below else 'above'} the agreed price" for r in by.itertuples()],
    )  # fmt: skip


def _once(members: str) -> str:
    return "; ".join(dict.fromkeys(str(members).split("; ")))


KINDS: tuple[Callable[[Books], pd.DataFrame], ...] = (
    purchases, unknown_purchases, unbilled_purchases, unmatched_purchases, charged_not_sent, sent_though_cancelled, services_unasked,
    unbilled_parcels,
    weights_apart, refunded_beyond, refunded_unreceived, off_contract,
)  # fmt: skip
