"""What a document says of one row, and the columns and keys of the rows that EDI can speak of."""

from __future__ import annotations

from dataclasses import dataclass, field

SEES = {  # the columns that EDI can speak of, by table
    "orders": "order_id ordered_at channel status cancelled_at promised_ship_at ship_country ship_postal currency",
    "order_lines": "order_id line_id sku quantity cancelled_quantity unit_price deleted",
    "inbound": "document_id line_id kind sku location source_location supplier quantity_ordered ordered_on original_eta eta asn_at "
    "asn_quantity stocked_at quantity_received unit_price deleted",
    "inventory": "snapshot_at system sku location on_hand",
    "shipments": "shipment_id order_id location carrier service weight_kg label_created_at promised_ship_at shipped_at "
    "promised_delivery_at delivered_at",
    "carrier_charges": "invoice_id charge_id shipment_id charge_type amount billed_weight_kg invoiced_on",
    "carrier_events": "shipment_id occurred_at code is_exception reason",
    "returns": "return_id line_no order_id sku quantity reason_code requested_at",
    "purchase_invoices": "invoice_id line_id document_id document_line sku quantity unit_price amount invoiced_on supplier currency",
}
KEYS = {
    "orders": ("order_id",), "order_lines": ("order_id", "line_id"), "inbound": ("document_id", "line_id"),
    "inventory": ("snapshot_at", "system", "sku", "location"), "shipments": ("shipment_id",),
    "carrier_charges": ("invoice_id", "charge_id"), "carrier_events": ("shipment_id", "occurred_at", "code"),
    "returns": ("return_id", "line_no"), "purchase_invoices": ("invoice_id", "line_id", "supplier"),
}  # fmt: skip


@dataclass
class Fact:
    """What a document says of one row. `key`: the values of the row's key, as `assemble` keeps them.

    `said` replaces what was said before, `first` stands once said, `weak` only where nobody says otherwise, `sums` adds up over documents.
    `known`: the document speaks of a row that another one has made, and makes none. `made`: it makes the line, under its own number; else
    `ids` tell which line it means, of the document that the key says, else of `also`.
    """

    table: str
    key: tuple[str, ...]
    segment: int
    said: dict[str, str] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    weak: dict[str, str] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    also: str = ""
    source: str = ""  # whose order it is: numbers of two customers may be alike
    known: bool = False
    made: bool = False
