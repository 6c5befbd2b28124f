"""Documents that should agree, from files to findings: what suppliers bill and customers were promised, as CSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from opsreview.books import Books
from opsreview.checks import CHECKS, Context, load
from opsreview.checks.apart import documents_apart
from opsreview.intake.store import open_exports
from opsreview.settings import parse
from opsreview.weeks import Week

WEEK = Week.parse("2026-W46")
SETTINGS = parse({"timezone": "Europe/Berlin", "reporting_currency": "EUR"})
FILES = {
    "orders.csv": "order_id,ordered_at,channel,status\nO1,2026-11-10T12:00,wholesale,fulfilled\n",
    "order_lines.csv": "order_id,line_id,sku,quantity,unit_price\nO1,1,A,100,10\n",
    "products.csv": "sku,name,unit_cost\nA,Lamp,7\nB,Rug,20\n",
    "inbound.csv": "document_id,line_id,kind,sku,location,supplier,quantity_ordered,ordered_on,eta,arrived_at,stocked_at,quantity_received,"
    "closed,unit_price\nPO1,1,purchase,A,BER,Nord,100,2026-10-20,2026-11-09,2026-11-09T08:00,2026-11-09T12:00,100,true,7\n"
    "PO1,2,purchase,B,BER,Nord,50,2026-10-20,2026-11-09,2026-11-09T08:00,2026-11-09T12:00,50,true,20\n",
    "purchase_invoices.csv": "invoice_id,line_id,document_id,document_line,sku,quantity,unit_price,invoiced_on,supplier,currency\n"
    "F1,1,PO1,1,A,120,7,2026-11-10,Nord,\nF1,2,PO1,2,B,50,24,2026-11-10,Nord,USD\nF2,1,PO7,1,A,10,7,2026-11-11,Nord,\n",
    "fx_rates.csv": "rate_date,currency,rate\n2026-10-19,USD,0.9\n2026-11-10,USD,0.5\n",
    "contract_prices.csv": "channel,sku,valid_from,price\nwholesale,A,2026-01-01,9\n",
}


def found(folder: Path, without: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    for week in (WEEK - n for n in range(4)):
        (folder / "exports" / str(week)).mkdir(parents=True)
        for name, text in FILES.items():
            if name != without:
                (folder / "exports" / str(week) / name).write_text(text if week == WEEK else text.splitlines()[0] + "\n", encoding="utf-8")
    load()
    books = Books(open_exports(folder / "exports", WEEK, SETTINGS, folder / "cache").known(WEEK), SETTINGS)
    return documents_apart(books), CHECKS["invoice_mismatch"](Context(books, pd.DataFrame(), pd.DataFrame()))


def test_a_bill_is_held_against_order_and_receipt_in_the_reporting_currency(tmp_path):
    """20 lamps too many at 7; 50 rugs at 24 dollars, 21.60 on the day of the order, where 20 was agreed; an order nobody knows."""
    rows, findings = found(tmp_path)
    bought = rows[rows["partner"] == "Nord"].set_index(["document", "kind"])["money"].round(2).to_dict()
    assert bought == {("PO1/1", "billed_quantity"): 140.0, ("PO1/2", "billed_price"): 80.0, ("F2", "unknown_purchase"): 70.0}
    money = findings.set_index("entity")["impact"].round(2).to_dict()
    assert money == {"PO1": 220.0, "F2": 70.0}


def test_what_is_billed_in_a_currency_without_a_rate_is_not_matched_and_said(tmp_path):
    rows, findings = found(tmp_path, without="fx_rates.csv")
    bought = rows[rows["partner"] == "Nord"]
    assert bought["document"].tolist() == ["PO1/1", "F2", "PO1/2"]
    assert bought["kind"].tolist()[-1] == "unrated" and bought["money"].isna().tolist() == [False, False, True]
    assert findings.set_index("entity")["impact"].to_dict() == {"PO1/1": 140.0, "F2": 70.0}


def test_an_agreed_price_is_of_a_channel(tmp_path):
    """100 at 10 where 9 was agreed: 100 too much in four weeks, 25 a week."""
    rows, _ = found(tmp_path)
    agreed = rows[rows["kind"] == "contract_price"]
    assert agreed[["document", "expected", "stated", "money"]].to_numpy().tolist() == [["wholesale/A", 9, 10, 25]]
