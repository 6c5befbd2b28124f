"""Interchanges with bytes dropped, doubled and swapped: nothing crashes, and no row says what its message does not.

Exactly: every row comes from a document whose envelope holds by a count of its own here (numbers of segments, repeated control numbers),
and each value of a row stands in that document's text, but for the constants and the arithmetic that docs/edi.md names.
"""

from __future__ import annotations

import random
import re
from datetime import date
from itertools import combinations

import pytest
from helpers_edi import edifact, rules, x12
from opsreview.intake.edi.assemble import Assembly
from opsreview.intake.edi.reading import read
from opsreview.intake.edi.tokens import stretches
from test_edi_messages import ASN, BILL, EDI_OURS, FREIGHT, INVOIC, ORDERS, OURS, PO, STOCK

SEEDS = 60  # mutations of each message; a new seed a run would make failures hard to find again
MESSAGES = {
    "850 in": x12("850", PO),
    "850 out": x12("850", PO, **OURS),
    "850 two": x12("850", PO, PO.replace("P1", "P2"), element="|", end="!"),
    "855": x12("850", PO, **OURS) + x12("855", "BAK*00*AC*P1*20261102\nPO1*1*120*EA*9.25**BP*A-1\nACK*IR*120*EA"),
    "856": x12("856", ASN),
    "856 out": x12("856", ASN, end="\n", **OURS),
    "810": x12("810", BILL, BILL.replace("I9", "I10"), end="~"),
    "210": x12("210", FREIGHT),
    "214": x12("214", "B10*PRO1*TRACK9*FEDX\nLX*1\nAT7*AF*NS***20261110*0900*LT\nAT7*A7*AI***20261111*0910*LT"),
    "846": x12("846", STOCK),
    "945": x12("945", "W06*F*O5*20261110*S5\nN1*WH*WARE*91*W1\nG62*11*20261110**1500\nW27*M*UPSN*GROUND\nW12*CC*3*3**EA**VN*V1"),
    "180": x12("180", "BGN*00*RMA1*20261112*1130\nPRF*P1\nRDR*CR*D9\nBLI*VN*V1*2*EA\nBLI*VN*V2*1*EA"),
    "INVOIC": edifact("INVOIC", INVOIC, una=":+.? '"),
    "INVOIC decimal comma": edifact("INVOIC", INVOIC.replace("1136.45", "1136,45"), una="=|,! ~"),
    "ORDERS": edifact("ORDERS", ORDERS, ORDERS.replace("P1", "P2"), end="", **EDI_OURS),
    "two interchanges": x12("850", PO) + edifact("INVOIC", INVOIC),
}
OUR_WORDS = {  # columns whose values are words of ours, or arithmetic
    "kind", "status", "channel", "charge_type", "is_exception", "system", "deleted", "weight_kg", "billed_weight_kg", "supplier",
    "line_id", "charge_id", "line_no",
}  # fmt: skip
SUMS = {"asn_quantity", "quantity_received", "on_hand"}


def damaged(data: bytes, seed: str) -> bytes:
    dice, out = random.Random(seed), bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 3, 8])):
        at = dice.randrange(len(out))
        match dice.randrange(6):
            case 0:
                del out[at]
            case 1:
                out.insert(at, out[at])
            case 2 if at + 1 < len(out):
                out[at], out[at + 1] = out[at + 1], out[at]
            case 3:
                other = dice.randrange(len(out))
                out[at], out[other] = out[other], out[at]
            case 4:
                del out[at : at + dice.randrange(1, 40)]
            case _:
                out[at] = dice.randrange(256)
    return bytes(out)


def plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def says(text: str, column: str, value: str) -> bool:
    """Whether a document's text (letters and digits only) says a value."""
    if found := re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d):(\d\d)Z?)?", value):
        on = date.fromisoformat(found[1])
        day = f"{on:%Y%m%d}" in text or f"{on:%y%m%d}" in text
        return day and (not found[2] or f"{found[2]}{found[3]}" in text)
    if plain(value) in text:
        return True
    if column == "unit_price":  # 925 for a hundred is said as 9.25 for one
        return re.fullmatch(r"[0-9.]+", value) is not None and f"{float(value) * 100:g}" in text and "100" in text
    return column in ("amount", "quantity") and plain(value).lstrip("0") in text  # of cents; a credit's quantity has a minus


def adds_up(value: str, numbers: list[float]) -> bool:
    """Whether a value is one of the numbers of the documents, or the sum of two or three of them."""
    if re.fullmatch(r"-?\d+\.?\d*", value) is None:
        return False
    return any(abs(sum(some) - float(value)) < 1e-9 for n in (1, 2, 3) for some in combinations(numbers, n))


def numbers_of(data: bytes) -> list[float]:
    said = [e for stretch in stretches(data) for s in stretch.segments for e in s.elements]
    return [float(c.strip()) for e in said for c in e if re.fullmatch(r"\s*-?\d{1,6}(\.\d{1,4})?\s*", c)]


def holds(document, data: bytes) -> str:
    """The text of an accepted document, after its envelope is counted again, byte by byte as its marks say."""
    segments = [s for stretch in stretches(data) for s in stretch.segments]
    (start,) = (i for i, s in enumerate(segments) if s.ordinal == document.position)
    end = next(i for i in range(start + 1, len(segments)) if segments[i].tag in ("SE", "UNT"))
    trailer = segments[end]
    head = segments[start]
    assert int(trailer[1]) == end - start + 1
    assert trailer[2] == (head[2] if head.tag == "ST" else head[1]) == document.control
    stop = segments[end + 1].offset if end + 1 < len(segments) else len(data)
    return plain(data[head.offset : stop].decode("latin-1"))


@pytest.mark.parametrize("name", MESSAGES)
def test_damage_is_refused_or_read_as_it_stands(name):
    rows_seen = refused = 0
    for seed in range(SEEDS):
        data = damaged(MESSAGES[name], f"{name}/{seed}")
        found = read(data)
        given = Assembly(rules(warehouses=("THEM",)), [found]).week([("f", found)])["f"]
        good = {d.position: d for d in found.documents if not d.refused}
        refused += len(found.documents) - len(good) + len(found.refused)
        assert len(given.rows.get("documents", [])) == len(good)
        texts = {position: holds(d, data) for position, d in good.items()}
        whole = "".join(texts.values())
        parties = {p for d in good.values() for p in (d.sender, d.receiver)}
        for table, rows in given.rows.items():
            if table == "documents":
                continue
            for segment, values in rows:
                position = max(p for p in good if p <= segment)
                # a purchase is spoken of by several documents: what one does not say another of them does
                text = whole if len(good) > 1 else texts[position]
                for column, value in values.items():
                    if value and column not in OUR_WORDS and value not in parties:
                        said = says(text, column, value) or (column in SUMS and adds_up(value, numbers_of(data)))
                        assert said, (seed, table, column, value)
                rows_seen += 1
    assert refused > SEEDS / 4, "the damage was too gentle to prove anything"
    assert rows_seen > 0


@pytest.mark.parametrize("name", MESSAGES)
def test_undamaged_messages_pass_the_same_measure(name):
    data = MESSAGES[name]
    found = read(data)
    assert found.refused == [] and all(d.refused is None for d in found.documents)
    assert all(holds(d, data) for d in found.documents)


def test_every_prefix_is_refused_or_whole():
    """A file that was cut off gives nothing of the interchange that it cuts."""
    data = x12("850", PO) + x12("850", PO.replace("P1", "P2"), control="000000002")
    first = data.index(b"ISA", 10)
    for end in range(len(data)):
        found = read(data[:end])
        good = [d.head["number"] for d in found.documents if not d.refused]
        # the last byte of a trailer may be missing: the file's end ends a segment too
        assert good == ([] if end < first - 2 else ["P1"]) or (end >= len(data) - 2 and good == ["P1", "P2"]), end


def test_noise_never_crashes():
    dice = random.Random(5)
    for size in (0, 1, 3, 9, 106, 500):
        for _ in range(60):
            noise = bytes(dice.randrange(256) for _ in range(size))
            for head in (b"", b"ISA", b"ISA*", b"UNA", b"UNB+", x12("850", PO)[:106], b"UNA:+.? 'UNB+"):
                assert all(d.refused for d in read(head + noise).documents)
