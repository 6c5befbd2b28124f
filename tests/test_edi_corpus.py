"""Real interchanges of many senders: how many documents and lines each file has, what it feeds, and what of it is refused.

Beside the table a slow second reading, which takes the separators from the index of the files: it counts segments and compares numbers,
and nothing else. Skipped where the files are not there.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from pathlib import Path

import pytest
from opsreview.intake.edi.assemble import Assembly
from opsreview.intake.edi.parties import Rules
from opsreview.intake.edi.reading import read

EDI = Path(__file__).resolve().parents[2] / "shared" / "edi"
pytestmark = pytest.mark.skipif(not EDI.is_dir(), reason="the shared interchanges are not here")

# file -> documents read, their lines, rows a table (we as the receiver, tests counted), what is refused: reason, element and how often.
FILES: dict[str, tuple[int, int, dict[str, int], dict[str, int]]] = {
    "edifact/APERAK/indice-co__Apperak_edi_out_issue235.edi": (
        0,
        0,
        {},
        {"interchange_control_mismatch UNZ02": 1, "no_interchange_trailer UNZ": 1},
    ),
    "edifact/APERAK/nerdocs__2_aperak.edi": (0, 0, {}, {"segment_count_mismatch UNT01": 1}),
    "edifact/APERAK/nerdocs__2_aperak_rejected.edi": (0, 0, {}, {"segment_count_mismatch UNT01": 1}),
    "edifact/APERAK/nerdocs__aperak.edi": (0, 0, {}, {"segment_count_mismatch UNT01": 1}),
    "edifact/APERAK/nerdocs__aperak_rejected.edi": (0, 0, {}, {"segment_count_mismatch UNT01": 1}),
    "edifact/DELFOR/indice-co__edifact.Issue196.edi": (0, 0, {}, {"segment_count_mismatch UNT01": 1}),
    "edifact/IFTMIN_INVOIC/indice-co__edifact.Issue188.edi": (
        0,
        0,
        {},
        {"segment_count_mismatch UNT01": 2, "message_control_mismatch UNT02": 2},
    ),
    "edifact/INVOIC/indice-co__edifact.Issue203.edi": (0, 0, {}, {"message_control_mismatch UNT02": 1}),
    "edifact/INVOIC/nerdocs__invoice1.edi": (1, 1, {"purchase_invoices": 1}, {}),
    "edifact/INVOIC/nerdocs__invoice_with_colon_at_end.edi": (1, 1, {"purchase_invoices": 1}, {}),
    "edifact/INVOIC/xlate__invoic_d93a_una.edi": (1, 3, {"purchase_invoices": 3}, {}),
    "edifact/INVOIC/xlate__invoic_d97b.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "edifact/INVOIC/xlate__invoic_d97b_bad.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "edifact/INVOIC/xlate__invoic_d97b_una.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "edifact/INVOIC/xlate__wrapped_invoic_d97b.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "edifact/INVOIC/xlate__wrapped_invoic_d97b_una.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "edifact/ORDERS/nerdocs__huge_file2.edi.gz": (0, 0, {}, {"segment_count_mismatch UNT01": 1}),
    "edifact/ORDERS/nerdocs__order.edi": (0, 0, {}, {"no_interchange_trailer UNZ": 1}),
    "edifact/ORDERS/nerdocs__order2.edi": (0, 0, {}, {"no_interchange_trailer UNZ": 1}),
    "edifact/ORDERS/nerdocs__wikipedia_de.edi": (0, 0, {}, {"interchange_control_mismatch UNZ02": 1}),
    "edifact/ORDERS/xlate__orders-with-group.edi": (0, 0, {}, {"segment_count_mismatch UNT01": 1}),
    "edifact/ORDRSP/indice-co__edifact.ORDRSP-formatted.edi": (0, 0, {}, {"message_control_mismatch UNT02": 1}),
    "edifact/ORDRSP/indice-co__edifact.ORDRSP.edi": (0, 0, {}, {"message_control_mismatch UNT02": 1}),
    "x12/210/indice-co__210-MGCTLYST-SAMPLE.EDI": (1, 4, {"carrier_charges": 4}, {}),
    "x12/210/jf-tech__2_ups_edi_210.input.txt": (4, 204, {"carrier_charges": 204}, {"segment_count_mismatch SE01": 1}),
    "x12/210/xlate__ts210_80char.edi": (1, 3, {"carrier_charges": 3}, {}),
    "x12/214/indice-co__214-MGCTLYST-SAMPLE.EDI": (1, 1, {"carrier_events": 1}, {}),
    "x12/214/indice-co__x12.214.edi": (1, 1, {"carrier_events": 1}, {}),
    "x12/214/jf-tech__1_canadapost_edi_214.input.txt": (19, 19, {"carrier_events": 19}, {}),
    "x12/214/xlate__ts214_ellipses_segterm.edi": (1, 2, {"carrier_events": 2}, {}),
    "x12/810/indice-co__x12.810a.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "x12/810/indice-co__x12.810b.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "x12/810/indice-co__x12.810c.edi": (1, 1, {"purchase_invoices": 1}, {}),
    "x12/810/indice-co__x12.810d.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "x12/810/kputnam__1.edi": (1, 2, {"purchase_invoices": 2}, {}),
    "x12/810/kputnam__basic-invoice.edi": (1, 1, {"purchase_invoices": 1}, {}),
    "x12/810/moov-io__sample.txt": (2, 2, {"purchase_invoices": 2}, {}),
    "x12/810/xlate__simple810.edi": (2, 9, {"purchase_invoices": 9}, {}),
    "x12/810_850/xlate__invoice810_po850_dual.edi": (3, 13, {"order_lines": 4, "orders": 1, "purchase_invoices": 9}, {}),
    "x12/820/indice-co__x12.820.issue140.edi": (1, 0, {}, {}),
    "x12/820/kputnam__1.edi": (1, 0, {}, {}),
    "x12/820/moov-io__sample.txt": (1, 0, {}, {}),
    "x12/830/kputnam__1.edi": (1, 0, {}, {}),
    "x12/830/kputnam__2_1.edi": (1, 0, {}, {}),
    "x12/832/indice-co__x12.832.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/832/kputnam__1.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/832/kputnam__2.edi": (1, 0, {}, {}),
    "x12/832/kputnam__price-sheet.edi": (1, 0, {}, {}),
    "x12/850/ahuggins-nhs__2_850.edi": (1, 6, {"order_lines": 6, "orders": 1}, {}),
    "x12/850/ahuggins-nhs__2_850_2.edi": (1, 6, {"order_lines": 6, "orders": 1}, {}),
    "x12/850/ahuggins-nhs__850.edi": (1, 6, {"order_lines": 6, "orders": 1}, {}),
    "x12/850/ahuggins-nhs__850_2.edi": (1, 6, {"order_lines": 6, "orders": 1}, {}),
    "x12/850/ahuggins-nhs__850_3.edi": (1, 1, {}, {}),
    "x12/850/ahuggins-nhs__850_fat.edi": (2, 12, {"order_lines": 6, "orders": 1}, {}),
    "x12/850/indice-co__x12.810.mandatory-conditions.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/850/indice-co__x12.850.edi": (0, 0, {}, {"interchange_control_mismatch IEA02": 1}),
    "x12/850/indice-co__x12.850.issue135.edi": (0, 0, {}, {"group_control_mismatch GE02": 2}),
    "x12/850/indice-co__x12.850a.edi": (0, 0, {}, {"interchange_control_mismatch IEA02": 1}),
    "x12/850/indice-co__x12.Issue101.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/850/indice-co__x12.Issue172.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/850/indice-co__x12.Issue91.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/850/kputnam__1.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/850/kputnam__2_1.edi": (1, 1, {"order_lines": 1, "orders": 1}, {}),
    "x12/850/kputnam__3_1.edi": (1, 1, {"order_lines": 1, "orders": 1}, {}),
    "x12/850/kputnam__basic-po.edi": (1, 1, {"order_lines": 1, "orders": 1}, {}),
    "x12/850/kputnam__taxexempt-po.edi": (1, 1, {"order_lines": 1, "orders": 1}, {}),
    "x12/850/olmelabs__850.Composite.SLN.OK.edi": (1, 2, {"order_lines": 2, "orders": 1}, {}),
    "x12/850/olmelabs__850.OK.edi": (1, 6, {"order_lines": 6, "orders": 1}, {}),
    "x12/850/olmelabs__850.SyntaxNotes.ERR.edi": (1, 6, {"order_lines": 6, "orders": 1}, {}),
    "x12/850/walmartlabs__po850.txt": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/855/Stedi-Demos__inbound.edi": (1, 2, {}, {}),
    "x12/855/kputnam__1.edi": (1, 1, {}, {}),
    "x12/855/kputnam__2.edi": (0, 0, {}, {"segment_outside_a_message": 1}),
    "x12/855/kputnam__basic-po-ack-accepted.edi": (1, 0, {}, {}),
    "x12/855/kputnam__basic-po-ack-rejected.edi": (1, 0, {}, {}),
    "x12/855/kputnam__po-ack-minor-changes.edi": (1, 3, {}, {}),
    "x12/855/kputnam__po-ack-ship-details.edi": (1, 3, {}, {}),
    "x12/855/xlate__multi-tx-transaction-type.edi": (2, 0, {}, {}),
    "x12/856/ahuggins-nhs__2_856.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/856/ahuggins-nhs__856.edi": (1, 2, {"inbound": 2}, {}),
    "x12/856/kputnam__1.edi": (2, 6, {"inbound": 6}, {}),
    "x12/856/kputnam__2.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/856/olmelabs__856.Crossdock.OK.edi": (1, 5, {"inbound": 5}, {}),
    "x12/856/walmartlabs__asn856.txt": (0, 0, {}, {"interchange_control_mismatch IEA02": 1}),
    "x12/860/kputnam__1.edi": (1, 1, {}, {}),
    "x12/862/kputnam__1.edi": (1, 0, {}, {}),
    "x12/940/olmelabs__940.2.OK.edi": (1, 1, {}, {}),
    "x12/940/olmelabs__940.OK.edi": (1, 3, {}, {}),
    "x12/940/olmelabs__940.W05.Only.edi": (1, 0, {}, {}),
    "x12/940/olmelabs__940_Failed_SE01.edi": (0, 0, {}, {"segment_count_mismatch SE01": 1}),
    "x12/940/olmelabs__AckTest.edi": (3, 3, {}, {}),
    "x12/940/olmelabs__ControlNumbersMismatch.edi": (0, 0, {}, {"message_control_mismatch SE02": 1}),
    "x12/940/olmelabs__MultipleInterchangesAndGroups.edi": (6, 6, {}, {}),
    "x12/940/olmelabs__WrongGroupsAndTranCount.edi": (0, 0, {}, {"message_count_mismatch GE01": 1}),
    "x12/943/kputnam__1.edi": (1, 1, {"inbound": 1}, {}),
    "x12/944/kputnam__1.edi": (1, 1, {}, {}),
    "x12/997/kputnam__1.edi": (1, 1, {}, {}),
    "x12/997/kputnam__response-to-functional-group-containing-837s.edi": (1, 2, {}, {}),
    "x12/997/xlate__empty997.edi": (1, 0, {}, {}),
    "x12/997/xlate__extraDelimiter997.edi": (1, 1, {}, {}),
    "x12/997/xlate__invalid997.edi": (1, 1, {}, {}),
    "x12/997/xlate__invalid997_min.edi": (0, 0, {}, {"group_control_mismatch GE02": 1}),
    "x12/997/xlate__optionalInterchangeServices.edi": (1, 0, {}, {}),
    "x12/997/xlate__simple997-multiple-interchanges.edi": (3, 3, {}, {}),
    "x12/997/xlate__simple997.edi": (1, 1, {}, {}),
}


def index() -> dict[str, dict[str, str]]:
    if not EDI.is_dir():
        return {}
    with (EDI / "INDEX.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


INDEX = index()


def content(name: str) -> bytes:
    data = (EDI / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def test_the_table_names_every_file():
    assert set(FILES) == set(INDEX)


@pytest.mark.parametrize("name", FILES)
def test_file(name):
    documents, lines, rows, refused = FILES[name]
    found = read(content(name))
    good = [d for d in found.documents if not d.refused]
    whys = [d.refused for d in found.documents if d.refused] + found.refused
    given = Assembly(Rules(currency="USD", test=True), [found]).week([(name, found)])[name]
    assert len(good) == len(given.rows.get("documents", [])) == documents
    assert sum(len(d.lines) for d in good) == lines
    assert {t: len(r) for t, r in given.rows.items() if t != "documents"} == rows
    assert dict(Counter(f"{w.reason} {w.element}".strip() for w in whys)) == refused
    said = {d.type for d in found.documents}
    assert said <= set(INDEX[name]["sets"].split())


@pytest.mark.parametrize("name", FILES)
def test_a_slow_second_reading_says_the_same(name):
    about = INDEX[name]
    if about["kind"] != "X12":
        pytest.skip("the second reading knows X12 only")
    text = content(name).decode("utf-8-sig")
    end = {"'\\n'": "\n"}.get(about["terminator"], about["terminator"].strip("'"))
    end = "…" if end.startswith("â") else "\\" if end == "\\\\" else end
    pieces = text.split(end)
    if end != "\n":
        pieces = [re.sub(r"[\r\n]", "", piece) for piece in pieces]
    segments = [[e.strip() for e in piece.strip().split(about["element_sep"])] for piece in pieces if piece.strip()]

    def same(a: str, b: str) -> bool:
        return a.isdigit() and b.isdigit() and int(a) == int(b)

    good, sets, groups, isa, gs, st, start, count = [], [], 0, "", "", "", 0, 0
    whole: list[str] = []
    for i, s in enumerate(segments):
        if s[0] == "ISA":
            isa, whole, groups = s[13] if len(s) == 17 else "", [], 0
        elif s[0] == "GS":
            gs, sets, count, groups = s[6], [], 0, groups + 1
        elif s[0] == "ST":
            st, start, count = s[2], i, count + 1
        elif s[0] == "SE" and s[2] == st and int(s[1]) == i - start + 1:
            sets.append(st)
        elif s[0] == "GE" and same(s[2], gs) and int(s[1]) == count:
            whole += sets
        elif s[0] == "IEA" and same(s[2], isa) and int(s[1]) == groups:
            good += whole
    assert len(good) == FILES[name][0]
