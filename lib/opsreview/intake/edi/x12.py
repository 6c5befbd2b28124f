"""What each X12 set says: its head and lines in our vocabulary. Orders, answers, invoices here; warehouse and freight beside.

Names of values: `number` (the document's own), `order` (the purchase or order it speaks of), `order_date`, `date`, `purpose` (new, cancel,
replace, change), `requested` (delivery), `promised` (delivery), `ship_by`, `shipped`, `received`, `ship_to`, `ship_from`, `supplier`
(codes, never names), `country`, `postal`, `currency`, `total`, `carrier`, `service`; of a line also `line`, `quantity`, `unit`, `price`.
"""

from __future__ import annotations

from opsreview.intake.edi.documents import Content, Line
from opsreview.intake.edi.envelope import Message
from opsreview.intake.edi.tokens import Segment
from opsreview.intake.edi.values import cents, day, moment
from opsreview.intake.edi.x12_common import DATES, PURPOSES, common, date_of
from opsreview.intake.edi.x12_freight import acknowledgement, freight, status
from opsreview.intake.edi.x12_warehouse import returned, sales, ship_advice, ship_order, stock, stock_notice, stock_receipt


def _item(s: Segment, count: int) -> Line:
    """PO1 and IT1: line, quantity, unit, price and the product's numbers."""
    return Line(s.ordinal, {"line": s[1] or str(count), "quantity": s[2], "unit": s[3], "price": s[4]}, s.pairs(6))


def _order_among(line: Line) -> None:
    """An order's number (PO, ON) among the product's numbers is the order's."""
    said = [line.ids.pop(q, "") for q in ("PO", "ON")]
    line.values["order"] = line.values.get("order") or said[0] or said[1]


def order(m: Message) -> Content:
    """850."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        into = lines[-1].values if lines else head
        if s.tag == "BEG":
            head |= {"purpose": PURPOSES.get(s[1], "new"), "number": s[3], "order": s[3], "date": day(s[5]), "order_date": day(s[5])}
        elif s.tag == "PO1":
            lines.append(_item(s, len(lines) + 1))
        elif s.tag == "SCH" and lines and s[5] in DATES:
            into.setdefault(DATES[s[5]], day(s[6]))
        else:
            at = common(s, head, into, at)
    return head, lines


def order_change(m: Message) -> Content:
    """860: `change` of a line is POC02 (AI added, DI deleted, the rest as it now reads)."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        into = lines[-1].values if lines else head
        if s.tag == "BCH":
            head |= {"purpose": PURPOSES.get(s[1], "change"), "number": s[3], "order": s[3], "order_date": day(s[6])}
            head["date"] = day(s[11]) or day(s[6])
        elif s.tag == "POC":
            values = {"line": s[1] or str(len(lines) + 1), "change": s[2], "quantity": s[3], "unit": s[5], "price": s[6]}
            lines.append(Line(s.ordinal, values, s.pairs(8)))
        elif s.tag == "SCH" and lines and s[5] in DATES:
            into.setdefault(DATES[s[5]], day(s[6]))
        else:
            at = common(s, head, into, at)
    return head, lines


def order_response(m: Message) -> Content:
    """855: `status` of the whole is BAK02 (RD, RJ: rejected), of a line ACK01 (IR, R2: rejected), `promised` its newest schedule."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        into = lines[-1].values if lines else head
        if s.tag == "BAK":
            head |= {
                "purpose": PURPOSES.get(s[1], "new"),
                "status": s[2],
                "order": s[3],
                "order_date": day(s[4]),
                "date": day(s[9]) or day(s[4]),
            }
            head["number"] = s[8] or s[3]
        elif s.tag == "PO1":
            lines.append(_item(s, len(lines) + 1))
        elif s.tag == "ACK" and lines:
            into.setdefault("status", s[1])
            into.setdefault("accepted", s[2])
            if s[4] in DATES:
                into.setdefault(DATES[s[4]], day(s[5]))
        elif s.tag == "SCH" and lines and s[5] in DATES:
            into.setdefault(DATES[s[5]], day(s[6]))
        else:
            at = common(s, head, into, at)
    return head, lines


def despatch(m: Message) -> Content:
    """856: one line an item level (HL03 I), under the order (HL03 O) it hangs on, however many packs stand between."""
    head, lines, at = dict[str, str](), list[Line](), ""
    levels: dict[str, tuple[str, str, dict[str, str]]] = {}  # HL01 -> parent, level, what its segments said
    here: dict[str, str] = {}
    level = ""
    for s in m.segments:
        if s.tag == "BSN":
            head |= {"purpose": PURPOSES.get(s[1], "new"), "number": s[2], "date": moment(s[3], s[4])}
        elif s.tag == "HL":
            here, level = dict[str, str](), s[3]
            levels[s[1]] = (s[2], level, here)
            if level == "I":
                lines.append(Line(s.ordinal, {**_above(s[2], levels)}))
        elif s.tag == "PRF":
            here |= {"order": s[1], "order_date": day(s[4])}
            head.setdefault("order", s[1])
            if level == "I":
                lines[-1].values |= {"order": s[1], "order_date": day(s[4])}
        elif level == "I" and s.tag == "LIN":
            lines[-1].values["line"] = s[1]
            lines[-1].ids, lines[-1].segment = s.pairs(2), s.ordinal
            _order_among(lines[-1])
        elif level == "I" and s.tag == "SN1":
            lines[-1].values |= {"quantity": s[2], "unit": s[3], "ordered": s[5]}
            lines[-1].values["line"] = lines[-1].values.get("line") or s[1]
        elif s.tag == "REF" and s[1] == "CN":
            head.setdefault("tracking", s[2])
        elif s.tag == "DTM":
            date_of(s, head)
        else:
            at = common(s, head, head, at)
    return head, lines


def _above(parent: str, levels: dict[str, tuple[str, str, dict[str, str]]]) -> dict[str, str]:
    """What the levels above say of an item: its order. A level that hangs on itself ends the climb."""
    seen, found = set[str](), dict[str, str]()
    while parent in levels and parent not in seen:
        seen.add(parent)
        parent, _, said = levels[parent]
        found = {**said, **found}
    return found


def invoice(m: Message) -> Content:
    """810: `total` is TDS01, whose two decimals are not written; a credit memo (BIG07 CR, CN) has `credit`."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        into = lines[-1].values if lines else head
        if s.tag == "BIG":
            head |= {
                "date": day(s[1]),
                "number": s[2],
                "order_date": day(s[3]),
                "order": s[4],
                "credit": "1" if s[7] in ("CR", "CN") else "",
            }
            head["purpose"] = PURPOSES.get(s[8], "new")
        elif s.tag == "IT1":
            lines.append(_item(s, len(lines) + 1))
            lines[-1].values["said_line"] = s[1]
            _order_among(lines[-1])
        elif s.tag == "REF" and s[1] == "PO":
            into["order"] = into.get("order") or s[2]
        elif s.tag == "TDS":
            head["total"] = cents(s[1])
        else:
            at = common(s, head, into, at)
    return head, lines


def receipt(m: Message) -> Content:
    """861: `quantity` is RCD02, what was received."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        into = lines[-1].values if lines else head
        if s.tag == "BRA":
            head |= {"number": s[1], "date": day(s[2]), "purpose": PURPOSES.get(s[3], "new")}
        elif s.tag == "RCD":
            lines.append(Line(s.ordinal, {"line": s[1], "quantity": s[2], "unit": s[3]}))
        elif s.tag == "LIN" and lines:
            lines[-1].ids = s.pairs(2)
            into["line"] = into.get("line") or s[1]
            _order_among(lines[-1])
        elif s.tag == "PRF":
            into["order"] = into.get("order") or s[1]
        elif s.tag == "REF" and s[1] in ("PO", "SI"):
            name = "order" if s[1] == "PO" else "despatch"
            into[name] = into.get(name) or s[2]
        else:
            at = common(s, head, into, at)
    return head, lines


READERS = {
    "850": order, "860": order_change, "855": order_response, "856": despatch, "810": invoice, "861": receipt, "846": stock, "852": sales,
    "940": ship_order, "943": stock_notice, "944": stock_receipt, "945": ship_advice, "180": returned, "210": freight, "214": status,
    "997": acknowledgement,
}  # fmt: skip
