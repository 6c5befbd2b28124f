"""What each EDIFACT message says: its head and lines, in the vocabulary of `x12`."""

from __future__ import annotations

from opsreview.intake.edi.documents import Content, Line
from opsreview.intake.edi.envelope import Message
from opsreview.intake.edi.tokens import Segment
from opsreview.intake.edi.values import divided, edifact_moment, number

FUNCTIONS = {"1": "cancel", "3": "cancel", "4": "change", "5": "replace", "7": "new", "9": "new", "31": "new"}
DATES = {  # DTM qualifiers; 4 is when it was ordered, 171 the date of what RFF refers to
    "137": "date", "3": "date", "4": "order_date", "2": "requested", "64": "requested", "10": "ship_by", "63": "requested_by",
    "17": "promised", "67": "promised", "69": "promised", "11": "shipped", "50": "received", "310": "received", "35": "received",
    "366": "stock_at", "334": "at", "78": "at", "7": "at", "356": "sold_on", "90": "sold_on",
}  # fmt: skip
PLACES = {"DP": "ship_to", "ST": "ship_to", "CN": "ship_to", "SU": "supplier", "SE": "supplier", "SF": "ship_from", "WH": "warehouse",
          "GW": "warehouse", "CA": "carrier"}  # fmt: skip
QUANTITIES = {  # per message: what `quantity` is, the best first
    "ORDERS": ("21",), "ORDRSP": ("113", "12", "21"), "DESADV": ("12",), "INVOIC": ("47", "12"), "RECADV": ("194", "48"),
    "INVRPT": ("145", "17"), "SLSRPT": ("153", "12"), "IFTSTA": (),
}  # fmt: skip
TOTALS = ("77", "9", "86", "39", "128", "79", "24")  # of an invoice with tax, of an order its lines; the first of these that is said
PRICES = ("AAA", "INV", "NTP", "CAL", "AAB", "AAE")  # net before gross


def _read(m: Message) -> Content:
    """The segments that mean the same everywhere. A line begins with LIN (IFTSTA: with STS); what stands after it is the line's."""
    head, lines = dict[str, str](), list[Line]()
    begins = "STS" if m.type == "IFTSTA" else "LIN"
    wanted, decimal = QUANTITIES[m.type], m.interchange.decimal
    consignment, place, sold_on = "", "", ""
    summary = False
    for s in m.segments:
        summary = summary or (s.tag == "UNS" and s[1] == "S")
        into = lines[-1].values if lines and not summary else head
        if s.tag == "BGM":
            head |= {"number": s.part(2, 1), "purpose": FUNCTIONS.get(s[3], "new"), "code": s[1], "answer": "RE" if s[3] == "27" else s[4]}
        elif s.tag == begins and begins == "LIN":
            lines.append(
                Line(
                    s.ordinal, {"line": s[1] or str(len(lines) + 1), "said_line": s[1], "status": s[2], "place": place, "sold_on": sold_on}
                )
            )
            if s.part(3, 1):
                lines[-1].ids[s.part(3, 2) or "ZZ"] = s.part(3, 1)
        elif s.tag == begins:
            code = s.part(2, 1) or s.part(1, 1)
            lines.append(Line(s.ordinal, {"code": code, "reason": s.part(3, 1), "shipment": consignment}))
        elif s.tag == "PIA" and lines:
            for i in (2, 3, 4, 5, 6):
                if s.part(i, 1):
                    lines[-1].ids.setdefault(s.part(i, 2) or "ZZ", s.part(i, 1))
        elif s.tag == "CNI":
            consignment = s.part(2, 1)
        elif s.tag == "QTY" and lines:
            _quantity(lines[-1], s, wanted, decimal)
        elif s.tag == "PRI" and lines:
            _price(lines[-1], s, decimal)
        elif s.tag == "MOA":
            _money(s, head, into, decimal)
        elif s.tag == "DTM" and (name := DATES.get(s.part(1, 1))):
            said = edifact_moment(s.part(1, 2), s.part(1, 3))
            said = said if name in ("date", "shipped", "received", "at", "stock_at") else said[:10]
            if name == "sold_on" and m.type == "SLSRPT":
                sold_on = said
            into.setdefault(name, said)
        elif s.tag == "RFF":
            _reference(s, into, head)
        elif s.tag == "NAD" and (name := PLACES.get(s[1])):
            if s.part(2, 1):
                into.setdefault(name, s.part(2, 1))
            if name == "ship_to" and into is head:
                head.setdefault("country", s[9])
                head.setdefault("postal", s[8][:3])
        elif s.tag == "LOC":
            place = _location(s, m.type, head, into, place)
        elif s.tag == "TDT":
            head.setdefault("carrier", s.part(5, 1))
            head.setdefault("service", s.part(3, 1) or s.part(4, 1))
        elif s.tag == "CUX":
            head.setdefault("currency", s.part(1, 2))
    _total(head)
    return head, lines


def _quantity(line: Line, s: Segment, wanted: tuple[str, ...], decimal: str) -> None:
    code, value = s.part(1, 1), number(s.part(1, 2), decimal)
    if code in wanted and ("quantity" not in line.values or wanted.index(code) < wanted.index(line.values["quantity_code"])):
        line.values |= {"quantity": value, "quantity_code": code, "unit": s.part(1, 3)}
    if code == "21":
        line.values.setdefault("ordered", value)


def _price(line: Line, s: Segment, decimal: str) -> None:
    """PRI: of a price for so many (C509, fifth) the price of one; net before gross."""
    code, rank = s.part(1, 1), {p: i for i, p in enumerate(PRICES)}
    if code in rank and rank[code] < rank.get(line.values.get("price_code", ""), len(rank)):
        value = number(s.part(1, 2), decimal)
        line.values |= {"price": divided(value, s.part(1, 5)) if s.part(1, 5) else value, "price_code": code}


def _money(s: Segment, head: dict[str, str], into: dict[str, str], decimal: str) -> None:
    code, value = s.part(1, 1), number(s.part(1, 2), decimal)
    if code in ("203", "66") and into is not head:
        into.setdefault("amount", value)
    elif code in TOTALS and into is head:
        head.setdefault(f"total_{code}", value)


def _total(head: dict[str, str]) -> None:
    found = {code: head.pop(f"total_{code}", "") for code in TOTALS}
    head["total"] = next(filter(None, found.values()), "")


def _reference(s: Segment, into: dict[str, str], head: dict[str, str]) -> None:
    """RFF: ON the order (its line in the third component), AAK the despatch advice, CN and CU the consignment."""
    code, value = s.part(1, 1), s.part(1, 2)
    if code in ("ON", "CO") and value:
        into.setdefault("order", value)
        into.setdefault("order_line", s.part(1, 3))
    elif code in ("AAK", "DQ"):
        into.setdefault("despatch", value)
    elif code in ("CN", "CU", "AAO", "BM", "SRN"):
        into.setdefault("shipment" if into is not head else "tracking", value)


def _location(s: Segment, kind: str, head: dict[str, str], into: dict[str, str], place: str) -> str:
    """LOC: in a sales report each place of sale (162) begins its own lines; in a stock report the warehouse (14, 18)."""
    if kind == "SLSRPT" and s[1] in ("162", "18", "14"):
        return s.part(2, 1)
    if kind == "INVRPT" and s[1] in ("14", "18"):
        into.setdefault("warehouse" if into is head else "place", s.part(2, 1))
    return place


# Status events (9011, as UN/CEFACT recommendation 24 numbers them) that say that something went wrong, and that it was delivered.
EXCEPTIONS = ("6", "16", "19", "20", "25", "26", "27", "36", "51", "52", "53", "57", "58")
DELIVERED = ("21", "22")


def order(m: Message) -> Content:
    """ORDERS: the number is the order's own."""
    head, lines = _read(m)
    head["order"] = head.get("number", "")
    head["order_date"] = head.get("order_date") or head.get("date", "")
    head["date"] = head.get("date") or head.get("order_date", "")
    return head, lines


def order_response(m: Message) -> Content:
    """ORDRSP: BGM function 27 or answer RE is a rejection of the whole, LIN action 7 of a line."""
    head, lines = _read(m)
    head["status"] = "RD" if head.get("answer") == "RE" else head.get("answer", "")
    for line in lines:
        line.values["status"] = "IR" if line.values.get("status") in ("2", "7") else ""
        line.values["accepted"] = line.values.get("quantity", "")
    return head, lines


def invoice(m: Message) -> Content:
    """INVOIC: BGM 381 and 308 are credit notes, 396 and 261 too."""
    head, lines = _read(m)
    head["credit"] = "1" if head.get("code") in ("381", "308", "396", "261") else ""
    return head, lines


def sales(m: Message) -> Content:
    """SLSRPT: what each place sold, a line an item and place."""
    head, lines = _read(m)
    for line in lines:
        line.values["activity"] = "sold"
    return head, lines


def status(m: Message) -> Content:
    """IFTSTA: a line a status; the consignment is CNI's, else the line's own reference."""
    head, lines = _read(m)
    for line in lines:
        v = line.values
        v["shipment"] = v.get("shipment") or head.get("tracking", "")
        v["at"] = v.get("at") or head.get("at", "")
        bad = v.get("code") in EXCEPTIONS or bool(v.get("reason"))
        v["exception"], v["reason"] = str(bad).lower(), v.get("reason", "") if bad else ""
        v["delivered"] = v["at"] if v.get("code") in DELIVERED else ""
    return head, lines


def acknowledgement(m: Message) -> Content:
    """CONTRL: UCI speaks of the interchange, UCM of a message; action 4 rejects, 7 and 8 accept."""
    head, lines = dict[str, str](), list[Line]()
    states = {"4": "R", "7": "A", "8": "A"}
    for s in m.segments:
        if s.tag == "UCI":
            head |= {"of_interchange": s[1], "state": states.get(s[4], "")}
        elif s.tag == "UCM":
            lines.append(Line(s.ordinal, {"control": s[1], "type": s[2], "state": states.get(s[3], "")}))
    return head, lines


READERS = {
    "ORDERS": order, "ORDRSP": order_response, "DESADV": _read, "INVOIC": invoice, "RECADV": _read, "INVRPT": _read, "SLSRPT": sales,
    "IFTSTA": status, "CONTRL": acknowledgement,
}  # fmt: skip
