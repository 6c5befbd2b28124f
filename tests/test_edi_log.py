"""EDI files in a week's folder: the account adds up, the log says what was answered, and silence is a finding."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest
from fake_known import FakeKnown
from helpers_edi import edifact, x12
from helpers_intake import Folder
from opsreview.books import Books
from opsreview.checks import Context, load
from opsreview.intake import documents
from opsreview.intake.edi import files as edi_files
from opsreview.settings import parse
from opsreview.weeks import Week
from test_edi_messages import ASN, BILL, INVOIC, OURS, PO

WEEK = "2026-W46"  # 9 to 15 November
SETTINGS = {"edi": {"own_ids": ["US"]}}


def folder(tmp_path, files: dict[str, bytes], **settings) -> Folder:
    out = Folder(tmp_path, currency="USD", timezone="UTC", **{**SETTINGS, **settings})
    for name, data in files.items():
        out.write(name, data)
    return out


def log(tmp_path, files: dict[str, bytes], week: str = WEEK, **settings) -> pd.DataFrame:
    exports = folder(tmp_path, files, **settings).open(week)
    return documents.listing(exports, Week.parse(week))


@pytest.mark.parametrize("name", ["po.edi", "po.txt", "850", "order.x12", "po.EDI.gz", "orders.850", "a b.dat", "po.csv"])
def test_files_are_told_by_their_content(tmp_path, name):
    data = x12("850", PO)
    shop = folder(tmp_path, {f"{WEEK}/{name}": data})
    exports = shop.open(WEEK)
    assert {m["table"] for m in exports.manifest} == {"documents", "orders", "order_lines"} and exports.unrecognised == []
    assert {m["profile"] for m in exports.manifest} == {"edi"}
    assert len(exports.known(Week.parse(WEEK)).table("order_lines").to_pandas()) == 2


def test_the_account_adds_up(tmp_path):
    files = {
        f"{WEEK}/a.edi": x12("850", PO) + b"rubbish\n" + x12("856", ASN, se01="99"),
        f"{WEEK}/b.edi": x12("850", PO.replace("*P1*", "*P2*").replace("20261102", "20261341"), control="000000002"),  # no such day
        f"{WEEK}/c.edi": edifact("INVOIC", INVOIC.replace("QTY+47:10\n", "QTY+47:1O\n")),
        f"{WEEK}/d.edi.gz": b"\x1f\x8b this is no gzip",
        f"{WEEK}/e.edi": b"",
    }
    shop = folder(tmp_path, files)
    (shop.root / WEEK / "d.edi.gz").write_bytes(b"\x1f\x8b cut")
    exports = shop.open(WEEK)
    for entry in exports.manifest:
        fates = ("kept", "replaced", "duplicate", "deleted", "quarantined", "elsewhere")
        assert entry["rows_read"] + entry["rows_split"] == sum(entry[f"rows_{f}"] for f in fates), entry
    counted = {(m["path"][9:], m["table"]): (m["rows_read"], m["rows_quarantined"]) for m in exports.manifest}
    assert counted[("a.edi", "documents")] == (3, 2)
    assert counted[("c.edi", "purchase_invoices")] == (2, 1)
    assert counted[("b.edi", "orders")] == (1, 1)
    found = shop.reasons(WEEK)
    assert (f"{WEEK}/a.edi", 18, None, f"byte {files[f'{WEEK}/a.edi'].index(b'rubbish')}", "not_an_interchange") in found
    found = [(q[0][9:], *q[1:]) for q in found]
    assert any(q[0] == "a.edi" and q[2] == "SE01" and q[4] == "segment_count_mismatch" for q in found)
    assert any(q[0] == "c.edi" and q[2] == "quantity" and q[3] == "1O" and q[4] == "not_a_number" for q in found)


def test_a_broken_file_is_named_and_the_rest_is_read(tmp_path):
    shop = folder(tmp_path, {f"{WEEK}/a.edi": x12("850", PO)})
    whole = gzip.compress(x12("850", PO, control="000000009") * 200)
    (shop.root / WEEK / "z.edi.gz").write_bytes(whole[: len(whole) // 2])
    exports = shop.open(WEEK)
    assert any("z.edi.gz" in sentence for sentence in exports.notices)
    assert len(exports.known(Week.parse(WEEK)).table("orders").to_pandas()) == 1


def test_a_later_week_knows_what_earlier_ones_said(tmp_path):
    files = {"2026-W45/po.edi": x12("850", PO, date="261102", **OURS), f"{WEEK}/asn.edi": x12("856", ASN, date="261109")}
    exports = folder(tmp_path, files).open(WEEK)
    then = exports.known(Week.parse("2026-W45")).table("inbound").to_pandas()
    now = exports.known(Week.parse(WEEK)).table("inbound").to_pandas().sort_values("line_id")
    assert then["asn_quantity"].isna().all() and now["asn_quantity"].tolist() == [100, 10]
    assert now["unit_price"].tolist() == [9.25, 3] and now["original_eta"].dt.day.tolist() == [16, 16]
    again = folder(tmp_path, {}).open(WEEK)
    assert again.manifest == exports.manifest and again.fingerprint(Week.parse(WEEK)) == exports.fingerprint(Week.parse(WEEK))
    other = folder(tmp_path, {}, edi={"own_ids": ["THEM"]}).open(WEEK)
    assert other.fingerprint(Week.parse(WEEK)) != exports.fingerprint(Week.parse(WEEK))
    assert "shipments" in {m["table"] for m in other.manifest}


def test_what_was_read_once_is_not_read_again(tmp_path, monkeypatch):
    files = {"2026-W45/po.edi": x12("850", PO, date="261102", **OURS), f"{WEEK}/asn.edi": x12("856", ASN, date="261109")}
    shop = folder(tmp_path, files)
    before = shop.open(WEEK)
    monkeypatch.setattr(edi_files, "_made", lambda *_: pytest.fail("read again"))
    again = shop.open(WEEK)
    assert again.manifest == before.manifest and again.documents.equals(before.documents)
    monkeypatch.undo()
    shop.write(f"{WEEK}/asn.edi", x12("856", ASN.replace("SN1**100", "SN1**99"), date="261109"))
    changed = shop.open(WEEK).known(Week.parse(WEEK)).table("inbound").to_pandas()
    assert changed.sort_values("line_id")["asn_quantity"].tolist() == [99, 10]


def test_who_we_are_may_be_learnt_later_and_then_earlier_weeks_are_read_anew(tmp_path):
    before, after = Week.parse("2026-W45"), Week.parse(WEEK)
    files = {"2026-W45/po.edi": x12("850", PO, date="261102", **OURS), f"{WEEK}/asn.edi": x12("856", ASN, date="261109")}
    shop = folder(tmp_path, files, edi={})
    then, now = shop.open("2026-W45"), shop.open(WEEK)
    assert {m["table"] for m in then.manifest} == {"documents", "orders", "order_lines"}
    assert {m["table"] for m in now.manifest} == {"documents", "inbound"}
    assert then.fingerprint(before) != now.fingerprint(before) != now.fingerprint(after)


def test_the_log(tmp_path):
    files = {
        "2026-W45/po.edi": x12("850", PO, date="261102", **OURS),
        f"{WEEK}/asn.edi": x12("856", ASN, date="261109"),
        f"{WEEK}/bad.edi": x12("856", ASN, se01="3"),
        f"{WEEK}/list.edi": x12("820", "BPR*C*100"),
        f"{WEEK}/test.edi": x12("850", PO, test="T"),
    }
    found = log(tmp_path, files).set_index("source_file")
    assert found.index.tolist() == ["2026-W45/po.edi", *(f"{WEEK}/{n}.edi" for n in ("asn", "bad", "list", "test"))]
    po = found.loc["2026-W45/po.edi"]
    said = po[["week", "type", "kind", "direction", "direction_by", "partner", "number", "lines", "total", "currency", "feeds"]]
    assert said.tolist() == ["2026-W45", "850", "order", "out", "edi.own_ids", "ZZ:THEM", "P1", 2, 1140, "USD", "inbound"]
    assert (po["answer"], po["answered"], str(po["answer_by"])) == ("order response", "overdue", "2026-11-04 09:30:00")
    assert po["acknowledged"] == ""  # they never send 997s
    bad = found.loc[f"{WEEK}/bad.edi"]
    assert bad["acknowledged"] == "refused by us" and bad["note"].startswith(
        "segment_count_mismatch SE01 (856 0001 from ZZ:THEM; 3; counted 19; byte"
    )
    assert found.loc[f"{WEEK}/list.edi", "note"] == "read and listed: it has no place in our tables"
    assert found.loc[f"{WEEK}/test.edi", "answer"] == ""
    assert found.loc[f"{WEEK}/asn.edi", "answered"] == "waiting"  # due on the 14th, and 72 hours more


def test_many_refusals_do_not_hide_what_was_read(tmp_path):
    sets = [PO.replace("*P1*", f"*P{i}*") for i in range(30)]
    broken = x12("850", *sets).replace(b"SE*13*", b"SE*12*", 10)
    found = log(tmp_path, {f"{WEEK}/a.edi": broken})
    assert (found["acknowledged"] == "refused by us").sum() == 10 and (found["type"] == "850").sum() == 20


ACK = "AK1*PO*7\nAK2*850*0001\nAK5*{}\nAK9*A*1*1*1"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (x12("997", ACK.format("A")), "accepted"),
        (x12("997", ACK.format("E")), "accepted with errors"),
        (x12("997", ACK.format("R*5")), "rejected"),
        (x12("997", "AK1*PO*0007\nAK9*A*1*1*1"), "accepted"),  # the group as a whole; GS06 is a number
        (x12("997", "AK1*PO*7\nAK9*R*1*1*0"), "rejected"),
        (x12("997", ACK.format("A").replace("*7\n", "*8\n")), "overdue"),  # another group: but they do send 997s
        (x12("997", ACK.format("A").replace("0001", "0002")), "accepted"),  # names another set, and accepts the group
        (x12("997", ACK.format("A"), sender="OTHER"), ""),
        (x12("997", ACK.format("A"), se01="2"), ""),  # a 997 that is refused acknowledges nothing
    ],
)
def test_acknowledgements(tmp_path, answer, state):
    found = log(tmp_path, {"2026-W45/po.edi": x12("850", PO, date="261102", **OURS), "2026-W45/ack.edi": answer})
    assert found.set_index("source_file").loc["2026-W45/po.edi", "acknowledged"] == state


def test_contrl(tmp_path):
    orders = "BGM+220+P1+9\nDTM+137:20261102:102\nLIN+1++A:IN\nQTY+21:1"
    sent = edifact("ORDERS", orders, sender="US:14", receiver="THEM:14", date="261102", control="R77")
    accepted = edifact("CONTRL", "UCI+R77+US+THEM+7", control="R78")
    assert log(tmp_path / "a", {f"{WEEK}/a": sent, f"{WEEK}/b": accepted})["acknowledged"].tolist()[0] == "accepted"
    refused = edifact("CONTRL", "UCI+R77+US+THEM+8\nUCM+1+ORDERS+4", control="R78")
    assert log(tmp_path / "b", {f"{WEEK}/a": sent, f"{WEEK}/b": refused})["acknowledged"].tolist()[0] == "rejected"


RECEIPT = "BRA*R1*20261113*00*1\nPRF*P1\nRCD*1*95*EA\nLIN**BP*A-1"


@pytest.mark.parametrize(
    ("document", "answer", "answered"),
    [
        (x12("850", PO, date="261102", **OURS), b"", "overdue"),
        (x12("850", PO, date="261115", **OURS), b"", "waiting"),
        (x12("850", PO, date="261102", **OURS), x12("855", "BAK*00*AD*P1*20261102"), "yes"),
        (x12("850", PO, date="261102", **OURS), x12("855", "BAK*00*AD*P2*20261102"), "overdue"),
        (x12("850", PO, date="261102", **OURS), x12("855", "BAK*00*AD*P1*20261102", sender="OTHER"), "overdue"),
        (x12("850", PO, date="261102"), b"", ""),  # a customer's order: we never answer any
        (x12("850", PO, date="261102"), x12("855", "BAK*00*AD*P9*20261102", **OURS), "overdue"),  # we do, but not this one
        (x12("856", ASN.replace("20261114", "20261109"), date="261105"), b"", "overdue"),
        (x12("856", ASN, date="261105"), b"", "waiting"),  # comes on the 14th
        (x12("856", ASN.replace("20261114", "20261109"), date="261105"), x12("861", RECEIPT, **OURS), "yes"),
        (x12("856", ASN.replace("20261114", "20261109"), date="261105"), x12("944", "W17*F*20261113*R1*P1\nW07*95*EA**BP*A-1"), "yes"),
        (x12("810", BILL, date="261106"), b"", "overdue"),
        (x12("810", BILL, date="261110"), b"", "waiting"),
        (x12("810", BILL, date="261106"), x12("861", RECEIPT, **OURS), "yes"),
        (x12("940", "W05*N*O5\nW01*3*EA**VN*V1", date="261109", **OURS), b"", "overdue"),
        (x12("940", "W05*N*O5\nW01*3*EA**VN*V1", date="261109", **OURS), x12("945", "W06*F*O5*20261110*S5\nW12*CC*3*3**EA**VN*V1"), "yes"),
        (x12("943", "W06*N*D5*20261109*SH1\nG62*17*20261110\nW04*40*EA**SK*A-1", date="261109", **OURS), b"", "overdue"),
        (x12("210", "B3**F1*S1*PP**20261101*100", date="261101"), b"", ""),
    ],
)
def test_answers(tmp_path, document, answer, answered):
    files = {f"{WEEK}/a.edi": document} | ({f"{WEEK}/b.edi": answer} if answer else {})
    assert log(tmp_path, files)["answered"].tolist()[0] == answered


def test_a_receipt_in_another_system_answers_too(tmp_path):
    received = "document_id,line_id,kind,sku,location,quantity_ordered,ordered_on,eta,quantity_received\n"
    received += "P1,1,purchase,A-1,DC1,100,2026-11-01,2026-11-10,100\n"
    found = log(tmp_path, {f"{WEEK}/a.edi": x12("810", BILL, date="261101"), f"{WEEK}/inbound.csv": received.encode()})
    assert found["answered"].tolist() == ["yes"]


def found(rows: list[dict], **settings) -> pd.DataFrame:
    known = FakeKnown({"documents": rows})
    books = Books(known, parse({"timezone": "UTC", "reporting_currency": "EUR", **settings}))
    return load()["edi_unanswered"](Context(books, pd.DataFrame(), pd.DataFrame()))


def order(no: str, sent: str, **over) -> dict:
    return {"source_file": f"{WEEK}/{no}", "position": "3", "standard": "X12", "type": "850", "direction": "out", "sender": "ZZ:US",
            "receiver": "ZZ:THEM", "control_group": "7", "control_number": no, "sent_at": sent, "number": no, "refers_to": no,
            "total": 600.0, "currency": "EUR"} | over  # fmt: skip


def test_silence_is_a_finding():
    got = found([order("1", "2026-11-12"), order("2", "2026-11-13"), order("3", "2026-11-15"), order("4", "2026-10-01")])
    (row,) = got.to_dict("records")
    assert (row["entity"], row["members"], row["observed"], row["impact"], row["severity"]) == (
        "ZZ:THEM/850",
        "1; 2",
        2.0,
        1200.0,
        "breach",
    )
    assert row["title"] == "2 purchase orders with ZZ:THEM without an order response"
    assert row["detail"] == "1 and 2; the oldest was due 14\u00a0Nov"


@pytest.mark.parametrize(
    ("over", "settings", "impact", "severity"),
    [
        ({}, {}, 600.0, "breach"),  # ten times the floor of 50
        ({"total": 499.0}, {}, 499.0, "watch"),
        ({"total": None}, {}, None, "watch"),
        ({"currency": "USD"}, {}, None, "watch"),
        ({"currency": None}, {}, 600.0, "breach"),
        ({"sent_at": "2026-10-28"}, {}, 600.0, "critical"),  # due on 30 October: more than two weeks ago
        ({}, {"checks": {"edi_unanswered": {"order_hours": 200}}}, "none", ""),
    ],
)
def test_what_a_silence_costs(over, settings, impact, severity):
    rows = found([order("1", "2026-11-12", **over)], **settings).to_dict("records")
    if impact == "none":
        assert rows == []
    else:
        assert [(None if pd.isna(r["impact"]) else r["impact"], r["severity"]) for r in rows] == [(impact, severity)]


def test_acknowledgements_are_a_finding_of_their_own():
    ack = order("9", "2026-11-01", type="997", direction="in", sender="ZZ:THEM", receiver="ZZ:US", acknowledges="6=A", number=None)
    answer = order("8", "2026-11-12", type="855", direction="in", sender="ZZ:THEM", receiver="ZZ:US", refers_to="1", control_group="9")
    got = found([order("1", "2026-11-12"), answer, ack]).to_dict("records")
    assert [(r["entity"], r["members"], pd.isna(r["impact"])) for r in got] == [("ZZ:THEM/acknowledgement", "1", True)]

    theirs = order("7", "2026-11-12", direction="in", sender="ZZ:THEM", receiver="ZZ:US", type="810", refers_to=None)
    we = order("6", "2026-11-01", type="997", direction="out", acknowledges="5=A", number=None)
    got = found([theirs, we]).to_dict("records")
    assert [(r["entity"], r["title"]) for r in got] == [("ZZ:THEM/our acknowledgement", "1 document from ZZ:THEM not acknowledged by us")]


def test_no_edi_no_finding():
    assert found([]).empty
