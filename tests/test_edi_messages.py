"""What each message becomes: hand-written messages, the rows worked out beside them, one thing varied a row. We are US."""

import pytest
from helpers_edi import edifact, given, rows, x12

PO = """
    BEG*00*SA*P1**20261102
    CUR*BY*USD
    DTM*002*20261116
    N1*ST*JANE DOE*92*DC1
    N3*12 ELM STREET
    N4*SPRINGFIELD*IL*62704*US
    N1*VN*ACME CORP*92*ACME
    PO1*1*120*EA*9.25**BP*A-1*VN*V1
    PO1*2*10*EA*3**BP*A-2*VN*V2
    CTT*2
    AMT*TT*1140
"""
OURS = {"sender": "US", "receiver": "THEM"}
LINE = {
    "document_id": "P1", "line_id": "1", "kind": "purchase", "sku": "A-1", "location": "DC1", "supplier": "ACME", "quantity_ordered": "120",
    "ordered_on": "2026-11-02", "original_eta": "2026-11-16", "eta": "2026-11-16", "unit_price": "9.25",
}  # fmt: skip
ASN = """
    BSN*00*S77*20261109*1015
    HL*1**S
    DTM*011*20261110*0800
    DTM*017*20261114
    TD5*B*2*FEDX**GROUND*******3D
    REF*CN*TRACK9
    N1*ST*JANE DOE*92*DC1
    N1*SF*ACME*92*AC-7
    HL*2*1*O
    PRF*P1***20261102
    HL*3*2*P
    HL*4*3*I
    LIN*1*BP*A-1
    SN1**100*EA**120
    HL*5*2*I
    LIN*2*BP*A-2
    SN1**10*EA
"""
NOTICE = {"asn_at": "2026-11-09T10:15:00", "eta": "2026-11-14"}


def purchase(*after: bytes, **over):
    return given({"0.edi": x12("850", PO, **OURS)}, {f"{i}.edi": data for i, data in enumerate(after, 1)}, **over)["inbound"]


def test_850_that_we_send_is_a_purchase():
    assert rows("inbound", x12("850", PO, **OURS)) == [
        LINE,
        {**LINE, "line_id": "2", "sku": "A-2", "quantity_ordered": "10", "unit_price": "3"},
    ]


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("DTM*002*20261116", "DTM*010*20261112", {"eta": "2026-11-12", "original_eta": None}),  # to be shipped: the earliest it can come
        ("DTM*002*20261116", "DTM*002*261116", {}),
        ("DTM*002*20261116", "", {"eta": None, "original_eta": None}),
        ("DTM*002*20261116", "DTM*002*20261316", {"eta": "20261316", "original_eta": "20261316"}),  # not a date: as written
        ("CUR*BY*USD", "CUR*BY*EUR", {"unit_price": None}),  # the table is in the reporting currency
        ("N1*VN*ACME CORP*92*ACME", "", {"supplier": "ZZ:THEM"}),
        ("N1*ST*JANE DOE*92*DC1", "N1*ST*JANE DOE*12*5551234567", {"location": "MAIN"}),  # a telephone number is no place
        ("PO1*1*120*EA*9.25**BP*A-1*VN*V1", "PO1*1*120*EA*9.25**VN*V1*UP*012345", {"sku": "012345"}),
        ("PO1*1*120*EA*9.25**BP*A-1*VN*V1", "PO1*1*120*EA*9.25**XX*Q1", {"sku": "Q1"}),
        ("PO1*1*120*EA*9.25**BP*A-1*VN*V1", "PO1**120*EA***BP*A-1", {"unit_price": None}),
        ("BEG*00", "BEG*01", {"deleted": "true"}),
    ],
)
def test_readings_of_a_purchase(old, new, changed):
    found = rows("inbound", x12("850", PO.replace(old, new), **OURS), location="MAIN")[0]
    assert found == {c: v for c, v in (LINE | changed).items() if v}


def test_the_team_may_rank_product_numbers():
    assert rows("inbound", x12("850", PO, **OURS), sku=("VN",))[0]["sku"] == "V1"


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("POC*1*QD*80*0*EA*9.25**BP*A-1", {"quantity_ordered": "80"}),
        ("POC*1*PC*120*0*EA*9.00**BP*A-1", {"unit_price": "9.00"}),
        ("POC*1*DI*120*0*EA*9.25**BP*A-1", {"deleted": "true"}),
        ("POC*1*CA*120*0*EA*9.25**BP*A-1\nDTM*002*20261123", {"eta": "2026-11-23"}),
        ("POC*9*QD*80*0*EA*9.25**BP*A-1", {"quantity_ordered": "80"}),  # another number, but the only line of that product
    ],
)
def test_860_changes_a_line(line, changed):
    change = x12("860", f"BCH*04*SA*P1***20261102*****20261105\n{line}", **OURS)
    assert purchase(change) == [{**LINE, **changed}]


def test_860_adds_a_line_and_calls_off_a_purchase():
    (added,) = purchase(x12("860", "BCH*04*SA*P1***20261102\nDTM*002*20261116\nPOC*3*AI*5*0*EA*2**BP*A-3", **OURS))
    assert (added["line_id"], added["sku"], added["quantity_ordered"]) == ("3", "A-3", "5")
    gone = purchase(x12("860", "BCH*01*SA*P1***20261102", **OURS))
    assert [(r["line_id"], r["deleted"]) for r in gone] == [("1", "true"), ("2", "true")]


@pytest.mark.parametrize(
    ("head", "line", "changed"),
    [
        ("AC", "PO1*1*120*EA*9.25**BP*A-1\nACK*IA*120*EA*067*20261120", {"eta": "2026-11-20"}),
        ("AC", "PO1*1*120*EA*9.25**BP*A-1\nDTM*067*20261120\nACK*IA*120*EA", {"eta": "2026-11-20"}),
        ("AC", "PO1*1*120*EA*9.25**BP*A-1\nSCH*120*EA***067*20261120", {"eta": "2026-11-20"}),
        ("AD", "PO1*1*120*EA*9.25**BP*A-1\nACK*IA*120*EA", {}),
        ("AC", "PO1*1*120*EA*9.25**BP*A-1\nACK*IR*120*EA", {"deleted": "true"}),
        ("RD", "PO1*1*120*EA*9.25**BP*A-1", {"deleted": "true"}),
    ],
)
def test_855_promises(head, line, changed):
    assert purchase(x12("855", f"BAK*00*{head}*P1*20261102*****20261103\n{line}")) == [{**LINE, **changed}]


def test_855_of_a_purchase_nobody_ordered_here_makes_no_row():
    found = given({"1.edi": x12("855", "BAK*00*AD*P9*20261102\nPO1*1*120*EA*9.25**BP*A-1\nACK*IA*120*EA")})
    assert set(found) == {"documents"}
    assert found["documents"][0]["note"] == "1 of its lines speak of an order that no document here has made"


def test_856_that_we_receive_is_a_notice_of_what_comes():
    assert purchase(x12("856", ASN)) == [
        {**LINE, **NOTICE, "asn_quantity": "100"},
        {**LINE, **NOTICE, "line_id": "2", "sku": "A-2", "quantity_ordered": "10", "unit_price": "3", "asn_quantity": "10"},
    ]


def test_notices_add_up_and_one_that_comes_again_replaces_itself():
    more = ASN.replace("S77", "S78").replace("SN1**100*EA**120", "SN1**15*EA")
    assert purchase(x12("856", ASN), x12("856", more))[0]["asn_quantity"] == "115"
    assert purchase(x12("856", ASN), x12("856", ASN))[0]["asn_quantity"] == "100"
    assert purchase(x12("856", ASN), x12("856", ASN.replace("BSN*00", "BSN*05").replace("SN1**100", "SN1**90")))[0]["asn_quantity"] == "90"
    assert "asn_quantity" not in purchase(x12("856", ASN), x12("856", ASN.replace("BSN*00", "BSN*01")))[0]
    without = ASN.replace("BSN*00", "BSN*05")[: ASN.index("HL*5")]
    lines = {r["line_id"]: r.get("asn_quantity") for r in purchase(x12("856", ASN), x12("856", without))}
    assert lines == {"1": "100", "2": None}  # the second says nothing of line 2 any more
    assert all("asn_quantity" not in r for r in purchase(x12("856", ASN), x12("856", "BSN*01*S77*20261111")))
    twice = ASN + "HL*6*2*I\nLIN*1*BP*A-1\nSN1**20*EA"  # the rest of the line is in another carton
    assert {r["line_id"]: r["asn_quantity"] for r in purchase(x12("856", twice))} == {"1": "120", "2": "10"}


def test_856_alone_stands_in_for_its_order():
    alone = rows("inbound", x12("856", ASN))
    assert alone[0] == {k: v for k, v in LINE.items() if k != "unit_price"} | NOTICE | {
        "asn_quantity": "100", "supplier": "ZZ:THEM", "original_eta": "2026-11-14",
    }  # fmt: skip
    assert alone[1]["quantity_ordered"] == "10"  # not said: what is shipped stands for what was ordered
    late = ASN.replace("DTM*017*20261114", "")
    assert rows("inbound", x12("856", late))[0]["eta"] == "2026-11-10"


def test_an_order_may_be_named_among_the_product_numbers():
    flat = "BSN*00*S77*20261109\nHL*1**S\nDTM*017*20261114\nHL*2*1*I\nLIN**BP*A-1*PO*P1\nSN1**100*EA"
    assert [r["asn_quantity"] for r in purchase(x12("856", flat))] == ["100"]
    bill = rows("purchase_invoices", x12("810", BILL.replace("*P1*", "**").replace("BP*A-1", "BP*A-1*PO*P5")))
    assert [(r.get("document_id"), r["sku"]) for r in bill] == [("P5", "A-1"), (None, "A-2")]


def test_856_numbers_that_are_none_are_given_as_written():
    assert purchase(x12("856", ASN.replace("SN1**100", "SN1**1OO")))[0]["asn_quantity"] == "1OO"


@pytest.mark.parametrize(
    "receipt",
    [
        x12("861", "BRA*R1*20261117*00*1\nDTM*050*20261116*1400\nPRF*P1\nRCD*1*95*EA\nLIN**BP*A-1", **OURS),
        x12("861", "BRA*R1*20261116*00*1\nPRF*P1\nDTM*050*20261116*1400\nRCD**95*EA\nLIN**BP*A-1", **OURS),
        x12("944", "W17*F*20261116*R1*P1\nG62*09*20261116**1400\nW07*95*EA**BP*A-1"),
        x12("944", "W17*F*20261116*R1*X5\nG62*09*20261116**1400\nW07*95*EA**BP*A-1\nN9*PO*P1"),
        edifact(
            "RECADV",
            "BGM+632+R1+9\nDTM+137:20261117:102\nDTM+50:202611161400:203\nRFF+ON:P1\nLIN+1++A-1:BP\nQTY+48:95\nUNS+S",
            sender="US:14",
            receiver="THEM:14",
        ),
    ],
)
def test_receipts(receipt):
    found = purchase(receipt)
    assert found == [{**LINE, "stocked_at": found[0]["stocked_at"], "quantity_received": "95"}]
    assert found[0]["stocked_at"].startswith("2026-11-16")


def test_receipts_add_up():
    first = x12("861", "BRA*R1*20261116*00*1\nPRF*P1\nRCD*1*95*EA\nLIN**BP*A-1", **OURS)
    second = x12("861", "BRA*R2*20261118*00*1\nPRF*P1\nRCD*1*25*EA\nLIN**BP*A-1", **OURS)
    (row,) = purchase(first, second)
    assert (row["quantity_received"], row["stocked_at"]) == ("120", "2026-11-18")
    assert purchase(first, first)[0]["quantity_received"] == "95"
    unnamed = [x12("944", "W17*F*20261116**P1\nW07*40*EA**BP*A-1", control=f"00000000{i}") for i in (1, 2)]
    assert purchase(*unnamed)[0]["quantity_received"] == "80"  # without numbers of their own they are two


def test_the_order_of_files_in_a_week_does_not_matter():
    asn, po = x12("856", ASN), x12("850", PO, date="261102", **OURS)
    assert sorted(map(str, rows("inbound", asn, po))) == sorted(map(str, rows("inbound", po, asn)))


def test_943_is_a_transfer_unless_it_names_a_purchase():
    text = "W06*N*D5*20261109*SH1\nN1*WH*WARE*91*W1\nN1*SF*HOME*92*HQ\nG62*11*20261110\nG62*17*20261112\nW27*M*SCAC\nW04*40*EA**SK*A-1"
    (row,) = rows("inbound", x12("943", text, **OURS))
    assert row == {
        "document_id": "D5", "line_id": "1", "kind": "transfer", "sku": "A-1", "location": "W1", "source_location": "HQ",
        "quantity_ordered": "40", "ordered_on": "2026-11-09", "original_eta": "2026-11-12", "eta": "2026-11-12", "asn_at": "2026-11-09",
        "asn_quantity": "40",
    }  # fmt: skip
    named = rows("inbound", x12("943", text.replace("SH1", "SH1**P7"), **OURS))[0]
    assert (named["document_id"], named["kind"], named["supplier"]) == ("P7", "purchase", "ZZ:THEM")
    back = given({"a.edi": x12("943", text, **OURS)}, {"b.edi": x12("944", "W17*F*20261113*R1*D5\nW07*38*EA**SK*A-1")})["inbound"]
    assert (back[0]["quantity_received"], back[0]["stocked_at"]) == ("38", "2026-11-13")


BILL = "BIG*20261118*I9*20261102*P1***DI\nCUR*SE*USD\nIT1*1*100*EA*9.25**BP*A-1\nIT1**10*EA*3**BP*A-2\nTDS*95500"
BILLED = {
    "invoice_id": "I9", "line_id": "1", "document_id": "P1", "document_line": "1", "sku": "A-1", "quantity": "100", "unit_price": "9.25",
    "invoiced_on": "2026-11-18", "supplier": "ZZ:THEM", "currency": "USD",
}  # fmt: skip


def test_810_that_we_receive_is_a_purchase_invoice():
    first, second = rows("purchase_invoices", x12("810", BILL))
    assert first == BILLED
    assert (second["line_id"], second.get("document_line"), second["quantity"]) == ("2", None, "10")
    credit = rows("purchase_invoices", x12("810", BILL.replace("***DI", "***CR")))
    assert [r["quantity"] for r in credit] == ["-100", "-10"]
    assert rows("documents", x12("810", BILL))[0]["total"] == "955.00"
    assert rows("purchase_invoices", x12("810", BILL, **OURS)) == []


def test_invoices_of_one_number_stay_two():
    other = BILL.replace("*P1*", "*P2*")
    assert [r["document_id"] for r in rows("purchase_invoices", x12("810", BILL, other))] == ["P1", "P1", "P2", "P2"]


INVOIC = """
    BGM+380+I9+9
    DTM+137:20261118:102
    RFF+ON:P1
    NAD+SU+4012345000009::9++ACME GMBH+HAUPTSTR. 1+BERLIN++10115+DE
    CTA+IC+:Max Mustermann
    COM+?+49 30 123:TE
    CUX+2:USD:4
    LIN+1++A-1:IN
    QTY+47:100:PCE
    MOA+203:925
    PRI+AAA:925::NTP:100
    LIN+2++5400111864181:EN
    PIA+1+A-2:IN
    QTY+47:10
    MOA+203:30
    PRI+AAB:4
    PRI+AAA:3
    RFF+ON:P2:7
    UNS+S
    MOA+77:1136.45
    MOA+79:955
"""


def test_invoic():
    first, second = rows("purchase_invoices", edifact("INVOIC", INVOIC))
    assert first == {**BILLED, "amount": "925", "supplier": "14:THEM"}  # 925 for a hundred is 9.25 for one
    assert second == {**first, "line_id": "2", "document_id": "P2", "document_line": "7", "sku": "A-2", "quantity": "10", "unit_price": "3",
                      "amount": "30"}  # fmt: skip
    assert rows("documents", edifact("INVOIC", INVOIC))[0]["total"] == "1136.45"
    assert [r["quantity"] for r in rows("purchase_invoices", edifact("INVOIC", INVOIC.replace("+380+", "+381+")))] == ["-100", "-10"]


ORDERS = """
    BGM+220+P1+9
    DTM+137:20261102:102
    DTM+2:20261116:102
    NAD+DP+DC1::92++JANE DOE
    NAD+SU+ACME::92
    CUX+2:USD:9
    LIN+1++5400111864181:EN
    PIA+1+A-1:BP+V1:SA
    QTY+21:120:PCE
    PRI+AAA:9.25
    UNS+S
    CNT+2:1
"""
EDI_OURS = {"sender": "US:14", "receiver": "THEM:14"}


def test_orders_and_its_answers():
    order = edifact("ORDERS", ORDERS, **EDI_OURS)
    assert rows("inbound", order) == [LINE]
    answer = "BGM+231+C1+29\nDTM+137:20261103:102\nRFF+ON:P1\nLIN+1+5+5400111864181:EN\nQTY+113:120\nDTM+67:20261120:102\nUNS+S"
    later = given({"a": order}, {"b": edifact("ORDRSP", answer)})["inbound"]
    assert later == [{**LINE, "eta": "2026-11-20"}]
    refused = given({"a": order}, {"b": edifact("ORDRSP", answer.replace("LIN+1+5", "LIN+1+7"))})["inbound"]
    assert refused[0]["deleted"] == "true"
    for whole in (answer.replace("+29", "+27"), answer.replace("C1+29", "C1+29+RE")):
        assert given({"a": order}, {"b": edifact("ORDRSP", whole)})["inbound"][0]["deleted"] == "true"
    notice = "BGM+351+S77+9\nDTM+137:202611091015:203\nDTM+17:20261114:102\nNAD+ST+DC1::92\nRFF+ON:P1\nCPS+1\nLIN+1++A-1:BP\nQTY+12:100:PCE"
    assert given({"a": order}, {"b": edifact("DESADV", notice)})["inbound"] == [{**LINE, **NOTICE, "asn_quantity": "100"}]
    apart = notice.replace("RFF+ON:P1\n", "") + "\nRFF+ON:P1:1"
    assert given({"a": order}, {"b": edifact("DESADV", apart)})["inbound"] == [{**LINE, **NOTICE, "asn_quantity": "100"}]


SOLD = {
    "order_id": "P1",
    "ordered_at": "2026-11-02",
    "channel": "edi",
    "status": "open",
    "ship_country": "US",
    "ship_postal": "627",
    "currency": "USD",
}


def test_850_that_we_receive_is_an_order():
    found = given({"a": x12("850", PO)})
    assert found["orders"] == [SOLD]
    assert found["order_lines"] == [
        {"order_id": "P1", "line_id": "1", "sku": "V1", "quantity": "120", "unit_price": "9.25"},
        {"order_id": "P1", "line_id": "2", "sku": "V2", "quantity": "10", "unit_price": "3"},
    ]
    assert "inbound" not in found and found["documents"][0]["total"] == "1140"


@pytest.mark.parametrize(
    ("data", "order", "line"),
    [
        (x12("860", "BCH*04*SA*P1***20261102\nPOC*1*QD*80*0*EA*9.25**VN*V1"), {}, {"quantity": "80"}),
        (x12("860", "BCH*04*SA*P1***20261102\nPOC*1*DI*120*0*EA*9.25**VN*V1"), {}, {"deleted": "true"}),
        (x12("860", "BCH*01*SA*P1***20261102*****20261104"), {"status": "cancelled", "cancelled_at": "2026-11-04"}, None),
        (x12("855", "BAK*00*AC*P1*20261102\nPO1*1*120*EA*9.25**VN*V1\nACK*IR*120*EA", **OURS), None, {"cancelled_quantity": "120"}),
        (x12("855", "BAK*00*RD*P1*20261102*****20261104", **OURS), {"status": "cancelled", "cancelled_at": "2026-11-04"}, None),
        (x12("856", ASN, **OURS), {"status": "fulfilled"}, None),
    ],
)
def test_what_becomes_of_an_order(data, order, line):
    found = given({"a": x12("850", PO)}, {"b": data})
    assert found.get("orders") == (None if order is None else [{**SOLD, **order}])
    first = {"order_id": "P1", "line_id": "1", "sku": "V1", "quantity": "120", "unit_price": "9.25"}
    assert found.get("order_lines") == (None if line is None else [{**first, **line}])


def test_two_customers_may_number_their_orders_alike():
    found = given({"a": x12("850", PO), "b": x12("850", PO, sender="OTHER")})
    assert [r["order_id"] for r in found["orders"]] == ["P1", "P1@ZZ:OTHER"]
    assert [r["order_id"] for r in found["order_lines"]] == ["P1", "P1", "P1@ZZ:OTHER", "P1@ZZ:OTHER"]


SHIPPED = {
    "shipment_id": "S77", "order_id": "P1", "location": "AC-7", "carrier": "FEDX", "service": "3D",
    "label_created_at": "2026-11-10T08:00:00",    "shipped_at": "2026-11-10T08:00:00", "promised_delivery_at": "2026-11-14",
}  # fmt: skip


def test_856_that_we_send_is_a_shipment():
    assert rows("shipments", x12("856", ASN, **OURS)) == [SHIPPED]


def test_945_is_a_shipment_and_its_940_the_promise():
    advice = "W06*F*O5*20261110*S5\nN1*WH*WARE*91*W1\nG62*11*20261110**1500\nW27*M*UPSN*GROUND\nLX*1\nW12*CC*3*3**EA**VN*V1\nW03*3*12.5*LB"
    shipped = {
        "shipment_id": "S5", "order_id": "O5", "location": "W1", "carrier": "UPSN", "service": "GROUND", "weight_kg": "5.669905",
        "label_created_at": "2026-11-10T15:00:00", "shipped_at": "2026-11-10T15:00:00",
    }  # fmt: skip
    assert rows("shipments", x12("945", advice)) == [shipped]
    order = x12("940", "W05*N*O5*PO5\nG62*10*20261109\nG62*02*20261112\nW66*PP*M\nLX*1\nW01*3*EA**VN*V1", **OURS)
    assert given({"a": order}).keys() == {"documents"}
    promised = {"promised_ship_at": "2026-11-09", "promised_delivery_at": "2026-11-12"}
    assert given({"a": order}, {"b": x12("945", advice)})["shipments"] == [{**shipped, **promised}]
    assert rows("shipments", order, x12("945", advice)) == [{**shipped, **promised}]


def test_214_is_events_and_a_delivery():
    status = "B10*PRO1*TRACK9*FEDX\nLX*1\nAT7*AF*NS***20261110*0900*LT\nAT7*A7*AI***20261111*0910*LT\nAT7*D1*NS***20261112*1230*UT"
    found = given({"a": x12("856", ASN, **OURS)}, {"b": x12("214", status)})
    assert found["carrier_events"] == [
        {"shipment_id": "S77", "occurred_at": "2026-11-10T09:00:00", "code": "AF", "is_exception": "false"},
        {"shipment_id": "S77", "occurred_at": "2026-11-11T09:10:00", "code": "A7", "is_exception": "true", "reason": "AI"},
        {"shipment_id": "S77", "occurred_at": "2026-11-12T12:30:00Z", "code": "D1", "is_exception": "false"},
    ]
    assert found["shipments"] == [{**SHIPPED, "delivered_at": "2026-11-12T12:30:00Z"}]
    alone = given({"b": x12("214", status)})
    assert "shipments" not in alone and alone["carrier_events"][0]["shipment_id"] == "TRACK9"


def test_iftsta():
    text = "BGM+23+ST1+9\nDTM+137:202611121300:203\nCNI+1+TRACK9\nSTS+1+13\nDTM+334:202611110910:203\nSTS+1+21\nDTM+334:202611121230:203"
    assert rows("carrier_events", edifact("IFTSTA", text)) == [
        {"shipment_id": "TRACK9", "occurred_at": "2026-11-11T09:10:00", "code": "13", "is_exception": "false"},
        {"shipment_id": "TRACK9", "occurred_at": "2026-11-12T12:30:00", "code": "21", "is_exception": "false"},
    ]
    assert rows("carrier_events", edifact("IFTSTA", text.replace("STS+1+13", "STS+1+25+7")))[0]["reason"] == "7"


FREIGHT = """
    B3**F1*S77*PP*L*20261115*2650****FEDX
    LX*1
    L0*1***10*B***1*PCS
    L1*1***2000****400
    LX*2
    L1*2***500****FUE
    L1*3***300****RES
    L1*4***-150****DSC
"""


def test_210_is_charges():
    found = rows("carrier_charges", x12("210", FREIGHT))
    assert [(r["charge_type"], r["amount"]) for r in found] == [
        ("base", "20.00"),
        ("fuel", "5.00"),
        ("residential", "3.00"),
        ("base", "-1.50"),
    ]
    assert found[0] == {"invoice_id": "F1", "charge_id": "1", "shipment_id": "S77", "charge_type": "base", "amount": "20.00",
                        "billed_weight_kg": "4.535924", "invoiced_on": "2026-11-15"}  # fmt: skip
    (whole,) = rows("carrier_charges", x12("210", "B3**F1*S77*PP**20261115*2650****FEDX"))
    assert (whole["amount"], whole["charge_type"], whole["charge_id"]) == ("26.50", "base", "1")
    foreign = rows("carrier_charges", x12("210", FREIGHT.replace("LX*1", "C3*EUR\nLX*1")))
    assert all("amount" not in r for r in foreign)
    parcel = FREIGHT.replace("*S77*", "**").replace("LX*2", "LX*2\nN9*CN*1Z5")
    assert [r["shipment_id"] for r in rows("carrier_charges", x12("210", parcel))] == ["1Z5"] * 4


@pytest.mark.parametrize(
    ("others", "direction", "by"),
    [
        ({}, "in", "as received, for nothing says who we are"),
        ({"b": x12("856", ASN, sender="OTHER")}, "in", "the one party to every document"),
        ({"b": x12("856", ASN, sender="OTHER", receiver="THEM")}, "out", "the one party to every document"),
        ({"b": x12("940", "W05*N*O5", sender="THEM", receiver="US")}, "out", "who keeps goods in a warehouse and pays carriers"),
        ({"b": x12("214", "B10*1*2*X", sender="CAR", receiver="US"), "c": x12("850", PO, sender="A", receiver="B")}, "in",
         "who keeps goods in a warehouse and pays carriers"),
        ({"b": x12("856", ASN, sender="US", receiver="THEM")}, "out", "who receives answers, shipping notices and invoices"),
        ({"b": x12("997", "AK1*PO*7", sender="US", receiver="THEM")}, "in", "as received, for nothing says who we are"),
        ({"b": x12("856", ASN, sender="US", receiver="THEM", se01="3")}, "in", "as received, for nothing says who we are"),
        ({"b": x12("940", "W05*N*O5", sender="X", receiver="Y")}, None,
         "another than us is who keeps goods in a warehouse and pays carriers"),
    ],
)  # fmt: skip
def test_who_we_are(others, direction, by):
    """Of an 850 that THEM sent to US, with nothing in the settings."""
    log = given({"a": x12("850", PO), **others}, own_ids=())["documents"]
    (order,) = (r for r in log if r["source_file"] == "a")
    assert (order.get("direction"), order["direction_by"]) == (direction, by)


@pytest.mark.parametrize(
    ("own", "direction"),
    [(["US"], "in"), (["ZZ:US"], "in"), (["us "], "in"), (["14:US"], None), (["THEM"], "out"), (["THEM", "US"], None), (["OTHER"], None)],
)
def test_own_ids(own, direction):
    (log,) = given({"a": x12("850", PO)}, own_ids=tuple(own))["documents"]
    assert log.get("direction") == direction and log["direction_by"] == "edi.own_ids"
    assert ("note" in log) == (direction is None)


def test_what_is_known_later_holds_for_earlier_weeks():
    weeks = {"a": x12("850", PO, **OURS)}, {"b": x12("856", ASN)}
    assert given(*weeks, own_ids=())["inbound"][0]["unit_price"] == "9.25"


STOCK = "BIA*00*SI*B1*20261115*2300\nN1*WH*WARE*91*W1\n"
STOCK += "LIN*1*SK*A-1\nQTY*33*80*EA\nQTY*17*95*EA\nLIN*2*SK*A-2\nQTY*17*0*EA\nLIN*3*SK*A-1\nQTY*33*5*EA"
ON_HAND = [("A-1", "W1", "85"), ("A-2", "W1", "0")]


def on_hand(*files, **over):
    found = rows("inventory", *files, **over)
    assert {r["system"] for r in found} <= {"wms"}
    return [(r["sku"], r["location"], r["on_hand"]) for r in found]


def test_846_of_our_warehouse_is_stock():
    assert on_hand(x12("846", STOCK), warehouses=("THEM",)) == ON_HAND
    assert rows("inventory", x12("846", STOCK), warehouses=("ZZ:THEM",))[0]["snapshot_at"] == "2026-11-15T23:00:00"
    assert on_hand(x12("846", STOCK), x12("944", "W17*F*20261113*R1*D5")) == ON_HAND  # who receives for us is our warehouse
    assert on_hand(x12("846", STOCK)) == []  # a supplier's stock is not ours
    assert rows("documents", x12("846", STOCK))[0]["note"].startswith("whose stock it is")


def test_invrpt_is_stock():
    text = "BGM+35+B1+9\nDTM+137:202611152300:203\nNAD+WH+W1::92\nLIN+1++A-1:SA\nQTY+145:85\nLIN+2++A-2:SA\nQTY+145:0"
    assert on_hand(edifact("INVRPT", text), warehouses=("THEM",)) == ON_HAND


def test_852_is_stock_and_sales_of_an_outlet():
    text = (
        "XQ*H*20261109*20261115\nN9*IA*77\nLIN*1*SK*A-1\nCTP**RTL*12.5\nZA*QA*85*EA\nZA*QS\nSDQ*EA*92*S1*3*S2*4\nLIN*2*SK*A-2\nZA*QA*0*EA"
    )
    assert on_hand(x12("852", text), outlets=("THEM",)) == [("A-1", "ZZ:THEM", "85"), ("A-2", "ZZ:THEM", "0")]
    found = given({"a": x12("852", text)}, outlets=("THEM",))
    assert [r["order_id"] for r in found["orders"]] == ["ZZ:THEM/77/S1/2026-11-15", "ZZ:THEM/77/S2/2026-11-15"]
    assert [(r["sku"], r["quantity"], r["unit_price"]) for r in found["order_lines"]] == [("A-1", "3", "12.5"), ("A-1", "4", "12.5")]
    assert {r["status"] for r in found["orders"]} == {"fulfilled"}
    assert given({"a": x12("852", text)}).keys() == {"documents"}
    ours = given({"a": x12("852", text)}, warehouses=("THEM",))
    assert "orders" not in ours and len(ours["inventory"]) == 2


def test_slsrpt_is_sales_of_an_outlet():
    text = """
        BGM+73E::9+77+9
        DTM+137:20261115:102
        DTM+90:20261109:102
        LOC+162+S1::92
        DTM+356:20261110:102
        LIN+1++A-1:SA
        QTY+153:3
        PRI+AAA:12.5
        LOC+162+S2::92
        DTM+356:20261111:102
        LIN+2++A-1:SA
        QTY+153:4
        PRI+AAA:12.5
        UNS+S
    """
    found = given({"a": edifact("SLSRPT", text)}, outlets=("THEM",))
    assert [(r["order_id"], r["ordered_at"]) for r in found["orders"]] == [
        ("14:THEM/77/S1/2026-11-10", "2026-11-10"), ("14:THEM/77/S2/2026-11-11", "2026-11-11"),
    ]  # fmt: skip
    assert [(r["line_id"], r["quantity"]) for r in found["order_lines"]] == [("1", "3"), ("2", "4")]


def test_180_is_a_return():
    text = "BGN*00*RMA1*20261112*1130\nPRF*P1\nRDR*CR*D9\nBLI*VN*V1*2*EA\nBLI*VN*V2*1*EA\nRDR*CR*W1\nPRF*P2"
    first, second = rows("returns", x12("180", text))
    assert first == {"return_id": "RMA1", "line_no": "1", "order_id": "P1", "sku": "V1", "quantity": "2", "reason_code": "D9",
                     "requested_at": "2026-11-12T11:30:00"}  # fmt: skip
    assert (second["order_id"], second["sku"], second["reason_code"]) == ("P2", "V2", "W1")


@pytest.mark.parametrize("kind", ["820", "830", "832", "862"])
def test_messages_outside_our_tables_are_listed(kind):
    found = given({"a": x12(kind, "BPR*C*100\nN1*PR*JANE DOE")})
    assert found.keys() == {"documents"} and found["documents"][0]["note"] == "read and listed: it has no place in our tables"


@pytest.mark.parametrize("kind", ["APERAK", "DELFOR", "IFTMIN"])
def test_edifact_outside_our_tables_is_listed(kind):
    assert given({"a": edifact(kind, "BGM+241+1\nNAD+BY+++JANE DOE")}).keys() == {"documents"}


def test_tests_are_listed_and_not_counted():
    found = given({"a": x12("850", PO, test="T")})
    assert found.keys() == {"documents"} and found["documents"][0]["note"] == "a test: listed, not counted"
    assert given({"a": x12("850", PO, test="T")}, test=True)["orders"] == [SOLD]


def test_empty_and_repeated_segments_do_no_harm():
    odd = PO.replace("CTT*2", "CTT\nDTM\nN1\nPO4\nSCH\nCUR\nACK*\nTD5\nAMT\nN4").replace(
        "DTM*002*20261116", "DTM*002*20261116\nDTM*002*20261230"
    )
    assert rows("inbound", x12("850", odd, **OURS))[0] == LINE
    for kind in ("855", "856", "810", "861", "846", "852", "940", "943", "944", "945", "180", "210", "214", "997"):
        tags = (
            "BAK BSN HL BIG BRA BIA XQ W05 W06 W17 BGN B3 B10 AK1 LIN SN1 IT1 RCD QTY ZA SDQ W01 W04 W07 W12 W27 BLI RDR L0 L1 AT7 AK2 AK5"
        )
        empty = "\n".join(f"{tags} PRF N9 G62".split())
        given({"a": x12(kind, empty), "b": x12(kind, empty, **OURS)}, warehouses=("THEM",), outlets=("THEM",))
