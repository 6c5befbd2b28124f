"""Names, streets, telephone numbers and e-mail of the parties to a message are nowhere in what intake keeps or says."""

from __future__ import annotations

import re

import pyarrow.parquet as pq
import pytest
from helpers_edi import edifact, x12
from helpers_intake import Folder
from opsreview.intake import documents
from opsreview.weeks import Week
from test_edi_messages import ASN, BILL, FREIGHT, INVOIC, PO

WEEK = "2026-W46"
PLANTED = ["ZQNAME", "ZQSTREET", "ZQCITY", "ZQMAIL", "5558675309", "ZQNOTE", "ZQCONTACT"]
PERSON = """
    N1*{}*ZQNAME DOE
    N2*ZQNAME AND SONS
    N3*1 ZQSTREET
    N4*ZQCITY*IL*62704*US
    PER*IC*ZQCONTACT*TE*5558675309*EM*ZQMAIL@EXAMPLE.COM
    MSG*CALL ZQNOTE ON 5558675309
    NTE*GEN*ZQNOTE
    PID*F****ZQNOTE
    REF*ZZ*ZQNOTE**
"""
NAD = """
    NAD+{}+++ZQNAME DOE+1 ZQSTREET+ZQCITY++62704+US
    CTA+IC+:ZQCONTACT
    COM+5558675309:TE
    COM+ZQMAIL@EXAMPLE.COM:EM
    FTX+AAI+++ZQNOTE 5558675309
"""


def persons(*roles: str) -> str:
    return "\n".join(PERSON.format(role) for role in roles)


EDI = "\n".join(NAD.format(role) for role in ("BY", "SU", "DP", "ST", "CN", "WH"))
X12 = persons("ST", "BY", "SF", "SH", "CN", "BT", "SU", "VN", "WH")
FILES = {
    "850.edi": x12("850", PO + X12),
    "850b.edi": x12("850", X12 + PO.replace("P1", "P2"), sender="US", receiver="THEM"),
    "856.edi": x12("856", ASN.replace("HL*2", X12 + "HL*2")),
    "810.edi": x12("810", BILL + X12),
    "210.edi": x12("210", FREIGHT + X12),
    "214.edi": x12("214", "B10*PRO1*TRACK9*FEDX" + X12 + "\nLX*1\nAT7*A7*AI***20261111*0910*LT"),
    "940.edi": x12("940", "W05*N*O5" + X12 + "\nW01*3*EA**VN*V1", sender="US", receiver="THEM"),
    "944.edi": x12("944", "W17*F*20261113*R1*P2" + X12 + "\nW07*95*EA**BP*A-1"),
    "945.edi": x12("945", "W06*F*O5*20261110*S5" + X12 + "\nW12*CC*3*3**EA**VN*V1"),
    "180.edi": x12("180", "BGN*00*RMA1*20261112*1130" + X12 + "\nBLI*VN*V1*2*EA"),
    "820.edi": x12("820", "BPR*C*100" + X12),
    "refused.edi": x12("850", PO + X12, se01="4") + b"ZQNAME ZQSTREET 5558675309\n" + x12("850", PO + X12, se02="ZQNAME 1"),
    "swallowed.edi": x12("850", PO + X12, end="~").replace(b"~N3*1 ZQSTREET", b"*N3*1 ZQSTREET"),
    "invoic.edi": edifact("INVOIC", INVOIC + EDI),
    "orders.edi": edifact("ORDERS", EDI + "BGM+220+P3+9\nDTM+137:20261102:102\nLIN+1++A-1:IN\nQTY+21:1\nPRI+AAA:2\nUNS+S"),
    "phone.edi": x12("850", PO.replace("P1", "P4"), sender="5558675309").replace(b"*ZZ*5558675309", b"*12*5558675309"),
}


@pytest.mark.parametrize("own", [[], ["US"], ["THEM"]])
def test_nothing_planted_is_kept(tmp_path, own):
    shop = Folder(tmp_path, currency="USD", timezone="UTC", edi={"own_ids": own, "warehouses": ["THEM"], "outlets": ["THEM"]})
    for name, data in FILES.items():
        shop.write(f"{WEEK}/{name}", data)
    exports = shop.open(WEEK)
    texts = [
        documents.listing(exports, Week.parse(WEEK)).to_csv(),
        exports.quarantine().to_csv(),
        str(exports.manifest),
        str(exports.notices),
    ]
    exports.quarantine_csv(tmp_path / "quarantine.csv")
    texts.append((tmp_path / "quarantine.csv").read_text())
    for table in {m["table"] for m in exports.manifest}:
        texts.append(exports.known(Week.parse(WEEK)).table(table).to_pandas().to_csv())
    kept = [path for path in shop.cache.rglob("*") if path.is_file()]
    assert any(path.suffix == ".parquet" for path in kept) and len(kept) > 20
    for path in kept:
        texts.append(str(pq.read_table(path).to_pylist()) if path.suffix not in (".json",) else path.read_text(encoding="utf-8"))
    everything = "\n".join(texts)
    assert "P1" in everything and "12:…5309" in everything
    assert [word for word in PLANTED if word in everything] == []
    assert not re.search(r"555.?867.?5309", everything)
