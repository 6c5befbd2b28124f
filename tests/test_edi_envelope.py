"""EDI envelopes: marks taken from the message, and refusals as the standards ask; one thing varied a row."""

import gzip

import pytest
from helpers_edi import edifact, refusals, rows, x12
from opsreview.intake.edi.reading import read
from opsreview.intake.edi.tokens import begins

ORDER = """
    BEG*00*SA*P1**20261109
    PO1*1*120*EA*9.25**SK*A-1*VN*V1
    PO1*2*10*EA*3**SK*A-2
"""
LINES = [("1", "A-1", "120", "9.25"), ("2", "A-2", "10", "3")]
MESSAGE = """
    BGM+220+P1+9
    DTM+137:20261109:102
    LIN+1++A-1:SA
    QTY+21:120
    PRI+AAA:9.25
    LIN+2++A-2:SA
    QTY+21:10
    PRI+AAA:3
    UNS+S
"""


def lines(*files: bytes) -> list[tuple[str, ...]]:
    return [tuple(r[c] for c in ("line_id", "sku", "quantity", "unit_price")) for r in rows("order_lines", *files)]


@pytest.mark.parametrize("element", ["*", "|", "^", "\t", "\x1d", "+", ":"])
@pytest.mark.parametrize("end", ["~", "~\n", "~\r\n", "\n", "\r\n", "'", "\x1c", "\u2026\n", "!\n\n", "~   \n\t"])
def test_x12_marks_come_from_the_isa(element, end):
    assert lines(x12("850", ORDER, element=element, end=end)) == LINES


@pytest.mark.parametrize("una", [":+.? '", ":+.  '", ":+,? '", "=*.? ~", "|^.! ;", "\x1f\x1d.?*\x1c"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n    "])
def test_edifact_marks_come_from_the_una(una, end):
    text = MESSAGE.replace("9.25", "9,25") if una[2] == "," else MESSAGE
    assert lines(edifact("ORDERS", text, una=una, end=end)) == LINES
    assert lines(edifact("ORDERS", MESSAGE, end=end)) == LINES


@pytest.mark.parametrize("width", [4, 50, 80, 107])
def test_lines_may_be_wrapped_anywhere(width):
    def wrapped(data: bytes) -> bytes:
        return b"\n".join(data[i : i + width] for i in range(0, len(data), width))

    assert lines(wrapped(edifact("ORDERS", MESSAGE, end=""))) == LINES
    assert lines(wrapped(x12("850", ORDER, end="~"))) == LINES


def test_bytes_around_and_in_other_encodings():
    data = x12("850", ORDER)
    for around in (b"\xef\xbb\xbf" + data, b"\n\n  " + data, data + b"\r\n   \n", data.rstrip(b"~\n")):
        assert begins(around), around[:10]
        assert lines(around) == LINES
    latin = x12("850", ORDER.replace("A-1", "Ä-1")).decode().encode("latin-1")
    assert lines(latin)[0][1] == "Ä-1"
    assert not begins(b"order_id,sku\n") and not begins(b"ISABELLA,1") and not begins(b"") and begins(gzip.decompress(gzip.compress(data)))


def test_release_characters():
    text = MESSAGE.replace("A-1:SA", "A?+1?:2?'3??:SA")
    assert lines(edifact("ORDERS", text))[0][1] == "A+1:2'3?"


def test_an_isa_of_another_width_is_read_by_its_separators():
    data = x12("850", ORDER).replace(b"THEM           ", b"THEM ").replace(b"          ", b" ")
    assert lines(data) == LINES


@pytest.mark.parametrize(
    ("wrong", "reason", "element"),
    [
        ({"se01": "6"}, "segment_count_mismatch", "SE01"),
        ({"se01": "x"}, "segment_count_mismatch", "SE01"),
        ({"se01": ""}, "segment_count_mismatch", "SE01"),
        ({"se02": "0002"}, "message_control_mismatch", "SE02"),
        ({"se02": "1"}, "message_control_mismatch", "SE02"),  # ST02 is text: 1 is not 0001
        ({"se": None}, "no_message_trailer", "SE"),
        ({"ge01": "2"}, "message_count_mismatch", "GE01"),
        ({"ge02": "8"}, "group_control_mismatch", "GE02"),
        ({"ge": None}, "no_group_trailer", "GE"),
        ({"iea01": "2"}, "group_count_mismatch", "IEA01"),
        ({"iea02": "000000002"}, "interchange_control_mismatch", "IEA02"),
        ({"iea": None}, "no_interchange_trailer", "IEA"),
    ],
)
def test_what_x12_asks_of_an_envelope(wrong, reason, element):
    data = x12("850", ORDER, **wrong)
    assert [r[:2] for r in refusals(data)] == [(reason, element)]
    assert rows("orders", data) == rows("order_lines", data) == rows("documents", data) == []


def test_numerals_of_x12_may_be_padded():
    assert lines(x12("850", ORDER, iea02="1", ge02="0007")) == LINES
    assert lines(x12("850", ORDER, se01="0005")) == LINES


@pytest.mark.parametrize(
    ("wrong", "reason", "element"),
    [
        ({"unt01": "10"}, "segment_count_mismatch", "UNT01"),
        ({"unt02": "9"}, "message_control_mismatch", "UNT02"),
        ({"unt": None}, "no_message_trailer", "UNT"),
        ({"unz01": "2"}, "message_count_mismatch", "UNZ01"),
        ({"unz02": "REF2"}, "interchange_control_mismatch", "UNZ02"),
        ({"unz": None}, "no_interchange_trailer", "UNZ"),
    ],
)
def test_what_edifact_asks_of_an_envelope(wrong, reason, element):
    data = edifact("ORDERS", MESSAGE, **wrong)
    assert [r[:2] for r in refusals(data)] == [(reason, element)]
    assert rows("order_lines", data) == rows("documents", data) == []


def test_a_refused_set_leaves_its_neighbours():
    two = x12("850", ORDER, ORDER.replace("P1", "P2")).replace(b"SE*5*0001", b"SE*6*0001")
    assert refusals(two) == [("segment_count_mismatch", "SE01", 7)]
    assert [r["order_id"] for r in rows("orders", two)] == ["P2"]
    group = two.replace(b"GE*2*7", b"GE*1*7").replace(b"SE*6*0001", b"SE*5*0001")
    assert {r[0] for r in refusals(group)} == {"message_count_mismatch"} and rows("orders", group) == []


def test_a_refused_group_leaves_its_neighbours():
    data = x12("850", ORDER).decode()
    start, end = data.index("GS*"), data.index("IEA*")
    other = data[start:end].replace("*7*X", "*8*X").replace("GE*1*7", "GE*1*8").replace("P1", "P2")
    whole = (data[:end] + other + data[end:].replace("IEA*1", "IEA*2")).encode()
    assert [r["order_id"] for r in rows("orders", whole)] == ["P1", "P2"]
    broken = whole.replace(b"GE*1*7", b"GE*3*7")
    assert [r["order_id"] for r in rows("orders", broken)] == ["P2"]
    assert [r[:2] for r in refusals(broken)] == [("message_count_mismatch", "GE01")]


def test_groups_of_edifact():
    data = edifact("ORDERS", MESSAGE).decode()
    inside = data[data.index("UNH") : data.index("UNZ")]
    grouped = data.replace(inside, f"UNG+ORDERS+A+B+261110:0930+77+UN+D:96A'{inside}UNE+1+77'")
    assert lines(grouped.encode()) == LINES
    assert refusals(grouped.replace("UNE+1+77", "UNE+2+77").encode())[0][0] == "message_count_mismatch"
    assert refusals(grouped.replace("UNE+1+77", "UNE+1+78").encode())[0][0] == "group_control_mismatch"


def test_two_interchanges_and_rubbish_in_a_file():
    first, second = x12("850", ORDER), x12("850", ORDER.replace("P1", "P2"), element="|", end="!", control="000000002")
    assert [r["order_id"] for r in rows("orders", first + second)] == ["P1", "P2"]
    assert [r["order_id"] for r in rows("orders", first + b"thank you, Bob\n" + second)] == ["P1", "P2"]
    assert refusals(first + b"thank you, Bob\n" + second) == [("not_an_interchange", "", 10)]
    mixed = first + edifact("ORDERS", MESSAGE.replace("P1", "P3"))
    assert [r["order_id"] for r in rows("orders", mixed)] == ["P1", "P3"]
    cut = first[: first.index(b"GE*")] + second
    assert [r["order_id"] for r in rows("orders", cut)] == ["P2"]
    assert [r[0] for r in refusals(cut)] == ["no_group_trailer"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"ISA*00*", "unreadable_header"),
        (b"UNA:+", "unreadable_header"),
        (b"UNB+UNOC:3+A+B+261110:0930+1'UNZ+0+1'", "no_message"),
        (x12("850"), "no_message"),
        (b"hello", "not_an_interchange"),
    ],
)
def test_what_is_no_document(data, reason):
    found = read(data)
    assert found.documents == [] and [r.reason for r in found.refused] == [reason]


def test_segments_outside_a_message_refuse_the_interchange():
    data = x12("850", ORDER).replace(b"GE*1*7", b"N1*ST*JOHN DOE\x7e\nGE*1*7")
    assert refusals(data) == [("segment_outside_a_message", "", 8)]
    allowed = x12("850", ORDER).replace(b"GS*PO", b"TA1*000000905*261110*0930*A*000~\nGS*PO")
    assert refusals(allowed) == [] and lines(allowed) == LINES


def test_a_refusal_says_where_and_nothing_private():
    data = x12("850", ORDER).replace(b"SE*5*0001~\n", b"SE*5*0001 JOHN DOE~\n")
    (refused,) = [d.refused for d in read(data).documents]
    assert refused.reason == "message_control_mismatch" and refused.ordinal == 7
    assert refused.value == f"byte {data.index(b'SE*5')}" and "JOHN" not in str(refused)
    wrong = x12("850", ORDER, se01="9")
    (refused,) = [d.refused for d in read(wrong).documents]
    assert refused.value == f"9; counted 5; byte {wrong.index(b'SE*9')}"
    bom = "\ufeff".encode() + x12("850", ORDER.replace("A-1", "Ä-1"), se01="9")
    assert read(bom).documents[0].refused.value.endswith(f"byte {bom.index(b'SE*9')}")
