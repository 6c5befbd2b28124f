"""The tables of the exports contract: columns, types, keys and rules, as data. Everything that reads a file reads this."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Column:
    """One column. `type`: text, number, date, timestamp, boolean or choice.

    `event`: the moment by which the row (on `Table.happened`) or the fact it fills in later became known: a value at or after
    `as_of` is read as empty. Promises and plans are not events.
    """

    name: str
    type: str = "text"
    key: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    non_negative: bool = False
    event: bool = False
    end_of_day: bool = False  # a date without a time means the end of that day


@dataclass(frozen=True)
class Table:
    """One table of the contract. `kind`: event (upserts), snapshot (accumulates) or master (newest row of a key wins)."""

    name: str
    kind: str
    columns: tuple[Column, ...]
    happened: str = ""  # the column that says when the row itself happened; later rows are not yet known
    required: bool = False

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.key)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


def _columns(text: str) -> tuple[Column, ...]:
    """Columns written one a word: `name:type` with marks `*` key, `?` optional, `+` never negative, `!` event, `~` end of day."""
    columns = []
    for word in text.split():
        head, _, rest = word.partition(":")
        kind, _, choices = rest.partition("=")
        name = head.rstrip("*?+!~")
        marks = head[len(name) :]
        columns.append(
            Column(
                name,
                {"": "text", "n": "number", "d": "date", "t": "timestamp", "b": "boolean", "c": "choice"}[kind],
                key="*" in marks,
                optional="?" in marks,
                choices=tuple(choices.split("|")) if choices else (),
                non_negative="+" in marks,
                event="!" in marks,
                end_of_day="~" in marks,
            )
        )
    return tuple(columns)


def _table(name: str, kind: str, columns: str, happened: str = "", required: bool = False) -> Table:
    return Table(name, kind, _columns(columns), happened, required)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "orders",
            "event",
            """order_id* ordered_at!:t channel status:c=open|fulfilled|cancelled cancelled_at?!:t promised_ship_at?~:t
            shipping_charged?:n order_discount?+:n payment_fee?:n channel_fee?:n promo_id? ship_country? ship_postal? currency?""",
            "ordered_at",
            required=True,
        ),
        _table(
            "order_lines",
            "event",
            "order_id* line_id* sku quantity+:n cancelled_quantity?+:n unit_price:n line_discount?+:n",
            required=True,
        ),
        _table(
            "products",
            "master",
            """sku* name? family? category? unit_cost?:n status?:c=active|discontinued weight_kg?:n length_cm?:n width_cm?:n height_cm?:n
            packaging_cost?:n supplier? lead_time_days?:n pack_size?:n launched_on?:d is_hero?:b owner?""",
            required=True,
        ),
        _table(
            "demand_plan",
            "snapshot",
            "plan_date*!:d sku* target_date*:d channel*? location*? period_days?:n planned_units+:n",
            "plan_date",
        ),
        _table(
            "inventory",
            "snapshot",
            "snapshot_at*!:t system*:c=erp|wms|shop sku* location* channel*? on_hand:n allocated?:n",
            "snapshot_at",
        ),
        _table(
            "inbound",
            "event",
            """document_id* line_id* kind:c=purchase|transfer sku location source_location? supplier? quantity_ordered+:n ordered_on!:d
            original_eta?:d eta:d asn_at?!:t asn_quantity?+:n arrived_at?!:t stocked_at?!:t quantity_received?+:n closed?:b unit_price?:n
            expedite_cost?:n expedited_on?!:d freight_cost?:n owner?""",
            "ordered_on",
        ),
        _table(
            "shipments",
            "event",
            """shipment_id* order_id location carrier service zone? weight_kg?:n label_created_at!:t promised_ship_at?~:t shipped_at?!:t
            promised_delivery_at?~:t delivered_at?!:t label_cost?:n""",
            "label_created_at",
        ),
        _table(
            "carrier_charges",
            "event",
            """invoice_id* charge_id* shipment_id
            charge_type:c=base|fuel|residential|dimensional|address_correction|redelivery|return_to_sender|peak|other
            amount:n billed_weight_kg?:n invoiced_on!:d""",
            "invoiced_on",
        ),
        _table("carrier_events", "event", "shipment_id* occurred_at*!:t code* is_exception:b reason?", "occurred_at"),
        _table(
            "carrier_rates",
            "master",
            "carrier* service* zone* max_weight_kg*:n cost:n transit_days?:n valid_from*?:d",
        ),
        _table(
            "picks",
            "event",
            """pick_id* order_id line_id sku location picked_at!:t quantity+:n
            error_type?:c=wrong_item|wrong_quantity|damaged|packing|label rework_minutes?:n""",
            "picked_at",
        ),
        _table(
            "labor",
            "event",
            "work_date*!:d location* hour*?:n role*:c=pick|pack|receive|returns|other hours+:n cost:n",
            "work_date",
        ),
        _table(
            "returns",
            "event",
            """return_id* line_no* order_id? line_id? sku quantity+:n reason_code requested_at!:t received_at?!:t
            disposition?:c=pending|restock|refurbish|liquidate|write_off disposed_at?!:t refund_amount?:n reverse_shipping_cost?:n
            handling_cost?:n recovered_value?:n""",
            "requested_at",
        ),
        _table("support_tickets", "event", "ticket_id* order_id? opened_at!:t topic cost?:n handle_minutes?:n", "opened_at"),
        _table(
            "promotions",
            "master",
            "promo_id* sku*? family*? channel*? starts_on:d ends_on:d discount+:n expected_uplift?:n owner?",
        ),
        _table("ad_spend", "event", "spend_date*!:d channel* network*? sku*? family*? amount:n", "spend_date"),
        _table("fx_rates", "master", "rate_date*!:d currency* rate:n", "rate_date"),
        _table(
            "control_totals",
            "event",
            """source* measure*:c=gross_sales|discounts|refunds|shipping|net_sales|orders|units period_start*:d period_end*:d
            clock*:c=order_date|event_date amount:n""",
        ),
        _table("contract_prices", "master", "customer* sku* valid_from*:d price:n"),
        _table(
            "purchase_invoices",
            "event",
            """invoice_id* line_id* document_id document_line? sku quantity:n unit_price:n amount?:n invoiced_on!:d supplier*?
            currency?""",
            "invoiced_on",
        ),
        _table(
            "documents",
            "event",
            """source_file* position* standard? type direction?:c=in|out direction_by? sender? receiver? interchange? control_group?
            control_number? sent_at?:t number? refers_to? document_date?:d lines?:n total?:n currency? feeds? acknowledges? note?""",
        ),
    )
}

DELETED = Column("deleted", "boolean", optional=True)  # any table may carry it: a true row removes its key from then on
LOG = "documents"  # says what was read; however much was refused, the rest was read
EXTENSIONS = (".csv", ".csv.gz", ".parquet", ".xlsx")
SYNONYMS = {"canceled": "cancelled"}
