"""What the segments that many X12 sets share say: dates, places as codes, totals, carrier."""

from __future__ import annotations

from opsreview.intake.edi.envelope import PHONE
from opsreview.intake.edi.tokens import Segment
from opsreview.intake.edi.values import day, moment

PURPOSES = {"00": "new", "01": "cancel", "03": "cancel", "04": "change", "05": "replace", "06": "new", "07": "new", "15": "replace"}
DATES = {  # DTM01 and the qualifiers of SCH and ACK, in the order of what they tell most of
    "002": "requested", "074": "requested", "010": "ship_by", "038": "ship_by", "037": "ship_after", "017": "promised", "067": "promised",
    "069": "promised", "068": "promised_ship", "011": "shipped", "050": "received", "035": "received", "003": "date", "004": "order_date",
}  # fmt: skip
PLACES = {"ST": "ship_to", "SF": "ship_from", "WH": "warehouse", "SU": "supplier", "SE": "supplier", "VN": "supplier", "CA": "carrier_code"}


def place(s: Segment, head: dict[str, str]) -> str:
    """N1: the code of a place, never its name. Returns the place's name in our vocabulary."""
    name = PLACES.get(s[1], "")
    if name and s[4] and s[3] != PHONE:
        head.setdefault(name, s[4])
    return name


def area(s: Segment, at: str, head: dict[str, str]) -> None:
    """N4 of the ship-to: country and the first three signs of the postal code."""
    if at == "ship_to":
        head.setdefault("country", s[4])
        head.setdefault("postal", s[3][:3])


def date_of(s: Segment, into: dict[str, str]) -> None:
    if name := DATES.get(s[1]):
        into.setdefault(name, moment(s[2], s[3], s[4]) if name in ("shipped", "received") else day(s[2]))


def common(s: Segment, head: dict[str, str], into: dict[str, str], at: str) -> str:
    """What means the same in every commercial set. Returns the place that N4 after it would speak of."""
    if s.tag == "CUR":
        head.setdefault("currency", s[2])
    elif s.tag == "DTM":
        date_of(s, into)
    elif s.tag == "N1":
        return place(s, head)
    elif s.tag == "N4":
        area(s, at, head)
    elif s.tag == "AMT" and s[1] in ("TT", "1"):
        head.setdefault("total", s[2])
    elif s.tag == "CTT":
        head.setdefault("said_lines", s[1])
    elif s.tag == "TD5":
        carrier = s[3] if s[2] in ("2", "02") else ""
        head.setdefault("carrier", carrier)
        head.setdefault("service", s[12] or s[4])
    return at
