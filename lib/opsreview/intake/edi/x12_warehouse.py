"""Warehouse and returns sets: 846, 852, 940, 943, 944, 945, 180."""

from __future__ import annotations

from opsreview.intake.edi.documents import Content, Line
from opsreview.intake.edi.envelope import Message
from opsreview.intake.edi.tokens import Segment
from opsreview.intake.edi.values import day, moment
from opsreview.intake.edi.x12_common import PURPOSES, common

G62 = {  # its dates have codes of their own
    "10": "ship_by", "38": "ship_by", "02": "requested", "01": "cancel_after", "11": "shipped", "17": "promised", "09": "received",
    "08": "received", "AA": "received",
}  # fmt: skip
ON_HAND = ("33", "17", "QA", "QE", "QH")  # available for sale, on hand; of activity: available, ending balance, on hand
SOLD = "QS"


def _g62(s: Segment, into: dict[str, str]) -> None:
    if name := G62.get(s[1]):
        into.setdefault(name, moment(s[2], s[4]) if name in ("shipped", "received") else day(s[2]))


def _stocked(s: Segment, count: int, quantity: int, upc: int, ids: int) -> Line:
    """W01, W04, W07, W12: quantity and unit, then the case code, then numbers by qualifier."""
    numbers = s.pairs(ids)
    if s[upc]:
        numbers.setdefault("UA", s[upc])
    return Line(s.ordinal, {"line": str(count), "quantity": s[quantity], "unit": s[upc - 1]}, numbers)


def stock(m: Message) -> Content:
    """846: a line an item, `quantity` what may be sold of it (QTY01 33), else what is there (17); of several the best."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        if s.tag == "BIA":
            head |= {"purpose": PURPOSES.get(s[1], "new"), "number": s[3], "date": moment(s[4], s[5])}
        elif s.tag == "LIN":
            lines.append(Line(s.ordinal, {"line": s[1] or str(len(lines) + 1)}, s.pairs(2)))
        elif s.tag == "QTY" and lines:
            _best(lines[-1], s[1], s[2], s[3])
        elif s.tag == "DTM" and not lines:
            head.setdefault("stock_at", moment(s[2], s[3], s[4]))
        else:
            at = common(s, head, lines[-1].values if lines else head, at)
    return head, lines


def _best(line: Line, code: str, quantity: str, unit: str) -> None:
    best = line.values.get("quantity_code", "")
    if code in ON_HAND and (not best or ON_HAND.index(code) < ON_HAND.index(best)):
        line.values |= {"quantity_code": code, "quantity": quantity, "unit": unit}


def sales(m: Message) -> Content:
    """852: a line an item, activity (ZA01) and store (SDQ); `activity` is `stock` or `sold`, `place` the store."""
    head, lines, at = dict[str, str](), list[Line](), ""
    item, activity, price = Line(0), "", ""
    for s in m.segments:
        if s.tag == "XQ":
            head |= {"from": day(s[2]), "to": day(s[3]) or day(s[2]), "date": day(s[3]) or day(s[2])}
        elif s.tag == "LIN":
            item, activity, price = Line(s.ordinal, {"line": s[1]}, s.pairs(2)), "", ""
        elif s.tag == "CTP":
            price = s[3]
        elif s.tag == "ZA":
            activity = "sold" if s[1] == SOLD else "stock" if s[1] in ON_HAND else ""
            if activity and s[2]:
                values = {**item.values, "activity": activity, "quantity": s[2], "unit": s[3], "price": price}
                lines.append(Line(s.ordinal, values, item.ids))
        elif s.tag == "SDQ" and activity:
            for i in range(3, 23, 2):
                if s[i]:
                    values = {**item.values, "activity": activity, "place": s[i], "quantity": s[i + 1], "unit": s[1], "price": price}
                    lines.append(Line(s.ordinal, values, item.ids))
        elif s.tag in ("N1", "N9", "CUR", "CTT"):
            at = common(s, head, head, at)
            if s.tag == "N9" and s[1] == "IA":
                head.setdefault("number", s[2])
    return head, lines


def ship_order(m: Message) -> Content:
    """940: what the warehouse is to ship, and by when. `order` is the depositor's order number (W0502)."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        if s.tag == "W05":
            head |= {"number": s[2], "order": s[2], "purchase": s[3], "purpose": "cancel" if s[1] in ("F", "C", "D") else "new"}
        elif s.tag == "G62":
            _g62(s, head)
        elif s.tag == "W66":
            head.setdefault("carrier", s[10])
            head.setdefault("service", s[5])
        elif s.tag == "W01":
            lines.append(_stocked(s, len(lines) + 1, 1, 3, 4))
        else:
            at = common(s, head, head, at)
    return head, lines


def stock_notice(m: Message) -> Content:
    """943: what is on its way to the warehouse. `order` is the purchase (W0606), else the depositor's own number (W0602)."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        if s.tag == "W06":
            head |= {"number": s[4] or s[2], "order": s[6] or s[2], "purchase": s[6], "date": day(s[3])}
        elif s.tag == "G62":
            _g62(s, head)
        elif s.tag == "W27":
            head.setdefault("carrier", s[2])
        elif s.tag == "W04":
            lines.append(_stocked(s, len(lines) + 1, 1, 3, 4))
        elif s.tag == "N9" and s[1] == "LI" and lines:
            lines[-1].values["line"] = s[2]
            lines[-1].values["said_line"] = s[2]
        else:
            at = common(s, head, head, at)
    return head, lines


def stock_receipt(m: Message) -> Content:
    """944: what the warehouse received. `order` is the depositor's order number (W1704), or the purchase that N9*PO names."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        if s.tag == "W17":
            head |= {"date": day(s[2]), "number": s[3], "order": s[4], "despatch": s[5]}
        elif s.tag == "G62":
            _g62(s, head)
        elif s.tag == "W07":
            lines.append(_stocked(s, len(lines) + 1, 1, 3, 4))
        elif s.tag == "N9" and s[1] in ("PO", "LI"):
            into = lines[-1].values if lines else head
            into["order" if s[1] == "PO" else "line"] = s[2]
            if s[1] == "LI":
                into["said_line"] = s[2]
        else:
            at = common(s, head, head, at)
    return head, lines


def ship_advice(m: Message) -> Content:
    """945: what the warehouse shipped. `quantity` is W1203, of `ordered` W1202; `number` the shipment, else the order's own number."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        if s.tag == "W06":
            head |= {"number": s[4], "order": s[2], "purchase": s[6], "date": day(s[3])}
        elif s.tag == "G62":
            _g62(s, head)
        elif s.tag == "W27":
            head.setdefault("carrier", s[2])
            head.setdefault("service", s[3] or s[1])
        elif s.tag == "W10":
            head.setdefault("pallets", s[2])
        elif s.tag == "N9" and s[1] in ("2I", "CN", "BM") and not lines:
            head.setdefault("tracking", s[2])
        elif s.tag == "W12":
            values = {"line": str(len(lines) + 1), "ordered": s[2], "quantity": s[3], "unit": s[5]}
            lines.append(Line(s.ordinal, values, s.pairs(7) or ({"UA": s[6]} if s[6] else {})))
        elif s.tag == "W03":
            head |= {"weight": s[2], "weight_unit": s[3]}
        else:
            at = common(s, head, head, at)
    return head, lines


def returned(m: Message) -> Content:
    """180: a line an item that comes back. `reason` is RDR02, else RDR01; `order` PRF01."""
    head, lines, at = dict[str, str](), list[Line](), ""
    for s in m.segments:
        into = lines[-1].values if lines else head
        if s.tag == "BGN":
            head |= {"purpose": PURPOSES.get(s[1], "new"), "number": s[2], "date": moment(s[3], s[4])}
        elif s.tag == "BLI":
            ids = {s[1]: s[2]} if s[1] and s[2] else {}
            values = {"line": str(len(lines) + 1), "quantity": s[3], "unit": s[4], "price": s[5]}
            lines.append(Line(s.ordinal, values, {**ids, **s.pairs(7)}))
        elif s.tag == "RDR":
            into.setdefault("disposition", s[1])
            into.setdefault("reason", s[2] or s[1])
        elif s.tag == "PRF":
            into.setdefault("order", s[1])
        else:
            at = common(s, head, into, at)
    return head, lines
