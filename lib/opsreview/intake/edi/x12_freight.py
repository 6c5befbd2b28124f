"""What carriers and translators say: 210 freight invoices, 214 status, 997 acknowledgements."""

from __future__ import annotations

from opsreview.intake.edi.documents import Content, Line
from opsreview.intake.edi.envelope import Message
from opsreview.intake.edi.values import cents, day, kilograms, moment
from opsreview.intake.edi.x12_common import DATES, date_of

# Special charge codes (L108) as charge types of the contract; what is not here is `other`.
CHARGES = {
    "400": "base", "": "base", "DSC": "base", "405": "fuel", "FUE": "fuel", "FSC": "fuel", "RES": "residential", "RSD": "residential",
    "RDL": "redelivery", "RCL": "redelivery", "750": "redelivery", "ADC": "address_correction", "ACS": "address_correction",
    "RTS": "return_to_sender", "RET": "return_to_sender", "DIM": "dimensional", "PKS": "peak", "PSS": "peak",
}  # fmt: skip


def freight(m: Message) -> Content:
    """210: a line a charge (L1); amounts are in cents (N2). `shipment` is the shipment's own number (B303), or the parcel's (N9*CN).

    A charge that names no kind is freight itself. An invoice without charges is one charge of its total (B307).
    """
    head, lines = dict[str, str](), list[Line]()
    parcel = weight = ""
    for s in m.segments:
        if s.tag == "B3":
            head |= {"number": s[2], "shipment": s[3], "date": day(s[6]), "total": cents(s[7]), "delivered": day(s[9]), "carrier": s[11]}
            head["unit"], head["segment"] = s[5], str(s.ordinal)
        elif s.tag == "C3":
            head["currency"] = s[1]
        elif s.tag == "LX":
            parcel = weight = ""
        elif s.tag == "N9" and s[1] in ("CN", "2I"):
            parcel = s[2]
        elif s.tag == "L0":
            weight = kilograms(s[4], s[11] or head.get("unit", "")) if s[4] else ""
        elif s.tag == "L1" and s[4]:
            kind = CHARGES.get(s[8], "other")
            values = {
                "line": str(len(lines) + 1),
                "amount": cents(s[4]),
                "charge": kind,
                "code": s[8],
                "shipment": parcel,
                "weight": weight,
            }
            lines.append(Line(s.ordinal, values))
    if not lines and head.get("total"):
        lines.append(Line(int(head["segment"]), {"line": "1", "amount": head["total"], "charge": "base"}))
    head.pop("segment", None)
    head.pop("unit", None)
    return head, lines


# Shipment status codes (AT701) that say something went wrong, whatever the reason given.
EXCEPTIONS = ("A3", "A7", "A9", "AP", "BA", "BC", "CA", "I1", "OA", "P1", "S1", "SD", "X5", "XA")
NORMAL = ("NS", "NA", "")  # reasons (AT702) that say that nothing did
DELIVERED = ("D1", "D9")


def status(m: Message) -> Content:
    """214: a line a status (AT7). `shipment` is B1002, else the carrier's own reference (B1001)."""
    head, lines = dict[str, str](), list[Line]()
    for s in m.segments:
        if s.tag == "B10":
            head |= {"number": s[1], "shipment": s[2] or s[1], "carrier": s[3]}
        elif s.tag == "AT7":
            code, reason = (s[1], s[2]) if s[1] else (s[3], s[4])
            bad = code in EXCEPTIONS or reason not in NORMAL
            values = {"code": code, "at": moment(s[5], s[6], s[7]), "exception": str(bad).lower(), "reason": reason if bad else ""}
            values["delivered"] = values["at"] if code in DELIVERED else ""
            lines.append(Line(s.ordinal, values))
        elif s.tag == "Q7":
            code = s[1]
            values = {"code": code, "exception": str(code in EXCEPTIONS).lower(), "reason": code if code in EXCEPTIONS else ""}
            lines.append(Line(s.ordinal, values))
        elif s.tag == "DTM" and lines and s[1] not in DATES:
            lines[-1].values["at"] = lines[-1].values.get("at") or moment(s[2], s[3], s[4])
        elif s.tag == "DTM":
            date_of(s, head)
    return head, lines


def acknowledgement(m: Message) -> Content:
    """997: a line a set it speaks of (AK2, AK5), `state` A accepted, E accepted with errors, R rejected; the head speaks of the group."""
    head, lines = dict[str, str](), list[Line]()
    for s in m.segments:
        if s.tag == "AK1":
            head |= {"of_group": s[2], "functional": s[1]}
        elif s.tag == "AK2":
            lines.append(Line(s.ordinal, {"type": s[1], "control": s[2]}))
        elif s.tag == "AK5" and lines:
            lines[-1].values["state"] = s[1]
        elif s.tag == "AK9":
            head["state"] = s[1]
    return head, lines
