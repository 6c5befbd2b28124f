"""What a document says of our tables' rows.

Documents speak of the same row one after another: a purchase is ordered (850), promised (855), on its way (856), received (861). So a
document gives `Fact`s, and `assemble` holds what is known of a row until then. `docs/edi.md` lists every reading.
"""

from __future__ import annotations

from collections.abc import Iterator

from opsreview.intake.edi.documents import Document, Line
from opsreview.intake.edi.fact import Fact
from opsreview.intake.edi.parties import IN, OUT, Parties, Rules
from opsreview.intake.edi.values import decimal, kilograms, plain

# Product numbers by qualifier, our own first. X12 235 and EDIFACT 7143 in one list; what is in neither comes last, as written first.
TRADE = ["UP", "UK", "UA", "UI", "EN", "EAN", "SRV", "EM"]
OF_BUYER, OF_SELLER = ["SK", "IN", "BP", "PI", "CB"], ["SK", "VN", "VP", "VC", "VA", "SA", "MG", "MF"]


def facts(d: Document, direction: str, parties: Parties) -> tuple[list[Fact], str]:
    """The facts of a document that stands, and a note where it gives none that it could."""
    if d.test and not parties.rules.test:
        return [], "a test: listed, not counted"
    if not d.kind or d.kind == "acknowledgement":
        return [], "" if d.kind else "read and listed: it has no place in our tables"
    if not direction:
        return [], "neither or both parties are ours: name them in edi.own_ids"
    us, partner = (d.sender, d.receiver) if direction == OUT else (d.receiver, d.sender)
    say = _SAY.get((d.kind, direction))
    if d.kind in ("stock", "sales") and direction == IN and not (parties.holds_our_stock(partner, us) or parties.is_outlet(partner)):
        return [], "whose stock it is, is not known: name the partner in edi.warehouses or edi.outlets"
    if not say:
        return [], "a copy of what we told: our own systems' exports say it"
    return list(say(d, partner, parties)), ""


def _sku(ids: dict[str, str], own: list[str], rules: Rules) -> str:
    """Our number of the product: as the team ranks the qualifiers, else our own kind of number, the trade's, the partner's."""
    ranked = [*rules.sku, *own, *TRADE, *OF_SELLER, *OF_BUYER]
    return next((ids[q] for q in ranked if ids.get(q)), next(iter(ids.values()), ""))


def _line_id(line: Line, otherwise: str = "") -> str:
    return line.values.get("line", "") or otherwise


def _numbers(line: Line) -> dict[str, str]:
    """The product numbers by which a line is found again; other qualifiers tell colours, promotions, contracts."""
    return {q: v for q, v in line.ids.items() if q in (*TRADE, *OF_BUYER, *OF_SELLER)} or line.ids


def _either(name: str, *says: dict[str, str]) -> str:
    """The first of several that says something."""
    return next((s[name] for s in says if s.get(name)), "")


def _our_price(price: str, d: Document, rules: Rules) -> str:
    """A price of a table in the reporting currency: empty where the document's is another."""
    return price if d.head.get("currency", rules.currency) == rules.currency else ""


def _place(d: Document, rules: Rules, *names: str) -> str:
    return next((d.head[n] for n in names if d.head.get(n)), rules.location)


def _purchase(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """We order: 850, 860, ORDERS. The requested delivery is the first promise; a requested shipment stands in where none is said."""
    rules, h = parties.rules, d.head
    for line in d.lines:
        v = line.values
        gone = h.get("purpose") == "cancel" or v.get("change") == "DI"
        eta = _either("requested", v, h) or _either("requested_by", v, h)
        ship = _either("ship_by", v, h)
        said = {"kind": "purchase", "sku": _sku(line.ids, OF_BUYER, rules), "quantity_ordered": v.get("quantity", "")}
        said |= {"location": h.get("ship_to") or h.get("warehouse", ""), "supplier": h.get("supplier", ""), "eta": eta}
        said["unit_price"] = _our_price(v.get("price", ""), d, rules)
        said["deleted"] = "true" if gone else ""
        first = {"ordered_on": h.get("order_date", "") or h.get("date", ""), "original_eta": eta}
        weak = {"eta": ship, "supplier": partner, "location": rules.location}
        key, change = (h.get("order", ""), _line_id(line)), d.kind == "order_change" and v.get("change") != "AI"
        yield Fact("inbound", key, line.segment, said, first, weak, ids=_numbers(line), known=change, made=not change)
    if h.get("purpose") == "cancel" and not d.lines:
        yield Fact("inbound", (h.get("order", ""), ""), d.position, {"deleted": "true"}, known=True)


def _promise(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """Our supplier answers: 855, ORDRSP. A rejected line is called off; what it confirms about quantities waits for the notice."""
    h = d.head
    rejected = h.get("status") in ("RD", "RJ")
    for line in d.lines:
        v = line.values
        gone = rejected or v.get("status") in ("IR", "R2")
        eta = _either("promised", v, h) or _either("requested", v, h)
        yield Fact("inbound", (h.get("order", ""), _line_id(line)), line.segment, {"eta": eta, "deleted": "true" if gone else ""},
                   {"original_eta": eta}, ids=_numbers(line), known=True)  # fmt: skip
    if rejected and not d.lines:
        yield Fact("inbound", (h.get("order", ""), ""), d.position, {"deleted": "true"}, known=True)


def _notice(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """Goods are on their way: 856, DESADV, and 943. Where the order was never seen the notice stands in for it (weak)."""
    rules, h = parties.rules, d.head
    transfer = d.kind == "stock_notice" and not h.get("purchase")
    for line in d.lines:
        v = line.values
        eta = _either("promised", h, v) or _either("requested", h, v)
        said = {"asn_at": h.get("date", "") or h.get("shipped", ""), "eta": eta}
        weak = {
            "kind": "transfer" if transfer else "purchase",
            "sku": _sku(line.ids, OF_BUYER if d.kind == "despatch" else OF_SELLER, rules),
        }
        weak |= {"location": _place(d, rules, "ship_to", "warehouse"), "source_location": h.get("ship_from", "") if transfer else ""}
        weak |= {"supplier": h.get("supplier", "") or ("" if transfer else partner), "eta": h.get("shipped", "")[:10]}
        weak |= {"quantity_ordered": v.get("ordered") or v.get("quantity", "")}
        weak["ordered_on"] = _either("order_date", v, h) or said["asn_at"][:10]
        quantity = "" if h.get("purpose") == "cancel" else v.get("quantity", "")
        key = (_either("order", v, h), v.get("order_line") or _line_id(line, weak["sku"]))
        yield Fact("inbound", key, line.segment, said, {"original_eta": eta}, weak, {"asn_quantity": quantity}, _numbers(line))


def _received(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """Goods were received: 861 and RECADV that we send, 944 that the warehouse sends. It is when they are in stock."""
    h = d.head
    when = h.get("received") or h.get("date", "")
    for line in d.lines:
        v = line.values
        key = (_either("order", v, h), v.get("order_line") or _line_id(line))
        also = h.get("order", "") if v.get("order") and v.get("order") != h.get("order") else ""
        yield Fact("inbound", key, line.segment, {"stocked_at": when}, sums={"quantity_received": v.get("quantity", "")},
                   ids=_numbers(line), also=also, known=True)  # fmt: skip


def _sale(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """A customer orders from us: 850, 860, ORDERS. The purchase number is the order's."""
    rules, h = parties.rules, d.head
    order, cancelled = h.get("order", ""), h.get("purpose") == "cancel"
    said = {"ship_country": h.get("country", ""), "ship_postal": h.get("postal", ""), "currency": h.get("currency", "")}
    said["promised_ship_at"] = h.get("ship_by", "")
    said |= {"status": "cancelled", "cancelled_at": h.get("date", "")} if cancelled else {}
    first = {"ordered_at": h.get("order_date", "") or h.get("date", ""), "channel": rules.channel}
    change = d.kind == "order_change"
    yield Fact("orders", (order,), d.position, said, first, {"status": "open"}, source=partner, known=change, made=not change)
    for line in d.lines:
        v = line.values
        change = d.kind == "order_change" and v.get("change") != "AI"
        values = {"sku": _sku(line.ids, OF_SELLER, rules), "quantity": v.get("quantity", ""), "unit_price": v.get("price", "")}
        if v.get("change") == "DI":
            values = {"deleted": "true"}
        key = (order, _line_id(line))
        yield Fact("order_lines", key, line.segment, values, ids=_numbers(line), source=partner, known=change, made=not change)


def _answer(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """We answer a customer: 855, ORDRSP. What we reject of a line is cancelled."""
    h = d.head
    whole = h.get("status") in ("RD", "RJ")
    if whole:
        gone = {"status": "cancelled", "cancelled_at": h.get("date", "")}
        yield Fact("orders", (h.get("order", ""),), d.position, gone, source=partner, known=True)
    for line in d.lines:
        v = line.values
        if v.get("status") in ("IR", "R2") and not whole:
            key = (h.get("order", ""), _line_id(line))
            gone = {"cancelled_quantity": v.get("quantity", "")}
            yield Fact("order_lines", key, line.segment, gone, ids=_numbers(line), source=partner, known=True)


def _shipped(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """Goods left for a customer: 856 and DESADV that we send, 945 that the warehouse sends. The label is as old as the handover."""
    h, rules = d.head, parties.rules
    order = h.get("order") or next((line.values["order"] for line in d.lines if line.values.get("order")), "")
    when = h.get("shipped") or h.get("date", "")
    number = h.get("number") or h.get("tracking") or order
    said = {"order_id": order, "location": _place(d, rules, "ship_from", "warehouse"), "carrier": h.get("carrier", "")}
    said |= {"service": h.get("service", ""), "label_created_at": when, "shipped_at": when, "promised_delivery_at": h.get("promised", "")}
    said["weight_kg"] = kilograms(h.get("weight", ""), h.get("weight_unit", ""))
    aliases = {name: h[name] for name in ("number", "tracking", "shipment") if h.get(name)}
    yield Fact("shipments", (number,), d.position, said, ids=aliases)
    if order:
        whose = partner if d.kind == "despatch" else ""
        yield Fact("orders", (order,), d.position, {"status": "fulfilled"}, source=whose, known=True)


def _to_ship(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """940: the warehouse is to ship by a day; that is the promise of the shipment that its 945 reports."""
    h = d.head
    promises = {"promised_ship_at": h.get("ship_by", ""), "promised_delivery_at": h.get("requested", "")}
    yield Fact("shipments", ("", h.get("order", "")), d.position, promises, known=True)


def _billed(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """A supplier bills us: 810, INVOIC. A credit is a negative quantity."""
    h = d.head
    for line in d.lines:
        v = line.values
        sign = -1 if h.get("credit") else 1
        number, amount = (_signed(v.get(name, ""), sign) for name in ("quantity", "amount"))
        said = {"document_id": _either("order", v, h), "document_line": v.get("order_line") or v.get("said_line", "")}
        said |= {"sku": _sku(line.ids, OF_BUYER, parties.rules), "quantity": number, "unit_price": v.get("price", ""), "amount": amount}
        said |= {"invoiced_on": h.get("date", ""), "currency": h.get("currency", "")}
        yield Fact("purchase_invoices", (h.get("number", ""), _line_id(line), partner), line.segment, said)


def _signed(text: str, sign: int) -> str:
    value = decimal(text)
    return plain(-abs(value)) if sign < 0 and value is not None else text


def _stock(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """846, INVRPT and 852 of a warehouse or outlet of ours: what lies there, lots of a product together. The place is the one
    named, else the partner."""
    h, rules = d.head, parties.rules
    when = h.get("stock_at") or h.get("date") or d.sent_at
    found: dict[tuple[str, str], Fact] = {}
    for line in d.lines:
        v = line.values
        if v.get("activity") not in (None, "stock") or not v.get("quantity"):
            continue
        sku, place = _sku(line.ids, OF_SELLER, rules), v.get("place") or _place(d, rules, "warehouse", "ship_from") or partner
        fact = found.setdefault((sku, place), Fact("inventory", (when, "wms", sku, place), line.segment))
        fact.said["on_hand"] = _sum(fact.said.get("on_hand", "0"), v["quantity"])
    yield from found.values()


def _sum(a: str, b: str) -> str:
    """Two numbers added; the text of the one that is none."""
    x, y = decimal(a), decimal(b)
    return a if x is None else b if y is None else plain(x + y)


def _sold(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """852 and SLSRPT: of an outlet of ours each place and day is an order; stock is stock."""
    if d.kind == "sales":
        yield from _stock(d, partner, parties)
    if not parties.is_outlet(partner):
        return
    h, rules = d.head, parties.rules
    for i, line in enumerate(d.lines, 1):
        v = line.values
        if v.get("activity") != "sold":
            continue
        on = v.get("sold_on") or h.get("sold_on") or h.get("date", "")
        order = "/".join(filter(None, (partner, h.get("number", ""), v.get("place", ""), on)))
        values = {"ordered_at": on, "channel": rules.channel, "status": "fulfilled", "currency": h.get("currency", "")}
        yield Fact("orders", (order,), line.segment, values)
        said = {"sku": _sku(line.ids, OF_SELLER, rules), "quantity": v.get("quantity", ""), "unit_price": v.get("price", "")}
        yield Fact("order_lines", (order, str(i)), line.segment, said, made=True)


def _back(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """180: a customer sends goods back."""
    h = d.head
    for line in d.lines:
        v = line.values
        said = {"order_id": _either("order", v, h), "sku": _sku(line.ids, OF_SELLER, parties.rules), "quantity": v.get("quantity", "")}
        said |= {"reason_code": _either("reason", v, h), "requested_at": h.get("date", "")}
        yield Fact("returns", (h.get("number", ""), _line_id(line)), line.segment, said)


def _freight(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """210: a charge a row. One that names no parcel is of the invoice's shipment, or of the one parcel on it.

    An amount in another currency than the reporting one is left out, and its row refused for want of it."""
    h = d.head
    parcels = {line.values["shipment"] for line in d.lines if line.values.get("shipment")}
    whole = h.get("shipment") or (next(iter(parcels)) if len(parcels) == 1 else "")
    for line in d.lines:
        v = line.values
        said = {"shipment_id": v.get("shipment") or whole, "charge_type": v.get("charge", ""), "billed_weight_kg": v.get("weight", "")}
        said |= {"amount": _our_price(v.get("amount", ""), d, parties.rules), "invoiced_on": h.get("date", "")}
        yield Fact("carrier_charges", (h.get("number", ""), _line_id(line)), line.segment, said)


def _event(d: Document, partner: str, parties: Parties) -> Iterator[Fact]:
    """214, IFTSTA: a status a row; a delivery is told to the shipment too, where its own document was seen."""
    for line in d.lines:
        v = line.values
        shipment = v.get("shipment") or d.head.get("shipment", "")
        said = {"is_exception": v.get("exception", ""), "reason": v.get("reason", "")}
        yield Fact("carrier_events", (shipment, v.get("at", ""), v.get("code", "")), line.segment, said)
        if v.get("delivered"):
            yield Fact("shipments", (shipment,), line.segment, {"delivered_at": v["delivered"]}, known=True)


_SAY = {
    ("order", OUT): _purchase, ("order_change", OUT): _purchase, ("order_response", IN): _promise, ("despatch", IN): _notice,
    ("stock_notice", OUT): _notice, ("receipt", OUT): _received, ("stock_receipt", IN): _received, ("invoice", IN): _billed,
    ("order", IN): _sale, ("order_change", IN): _sale, ("order_response", OUT): _answer, ("despatch", OUT): _shipped,
    ("ship_advice", IN): _shipped, ("ship_order", OUT): _to_ship, ("stock", IN): _stock, ("sales", IN): _sold, ("return", IN): _back,
    ("freight", IN): _freight, ("status", IN): _event,
}  # fmt: skip
