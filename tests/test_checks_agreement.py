"""Documents that should agree, by hand: each row varies one thing, and fires just beyond its tolerance, not on it.

The match of purchases is held to an oracle as well: plain loops over random orders, receipts and invoices.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from fake_known import context
from hand_shop import ago, entities, inbound, product, run, shop, stock, together
from opsreview.checks import apart, matching
from opsreview.checks.agreement import KINDS
from opsreview.checks.apart import documents_apart
from opsreview.checks.matching import purchases
from opsreview.exhibits.agreement import WHAT

CHECK = "invoice_mismatch"


def bought(quantity: float = 100, **more) -> dict:
    """A purchase line of 100 B at 10, received in full 4 days ago."""
    return inbound(**{
        "sku": "B", "asn_quantity": quantity, "quantity_received": quantity, "arrived_at": f"{ago(4)} 09:00", "closed": True,
        "stocked_at": f"{ago(3)} 09:00", "unit_price": 10, **more,
    })  # fmt: skip


def bill(quantity: float = 100, price: float = 10, **more) -> dict:
    return {
        "invoice_id": "F1", "line_id": "1", "document_id": "PO1", "document_line": "1", "sku": "B", "quantity": quantity,
        "unit_price": price, "invoiced_on": ago(2), "supplier": "Nord", **more,
    }  # fmt: skip


def purchase(lines: list[dict], bills: list[dict] | None = None, cost: float = 10, **tables) -> dict[str, list[dict]]:
    more = {} if bills is None else {"purchase_invoices": bills}
    return {"products": [product("B", cost), product("C", cost)], "inbound": lines, **more, **tables}


def money(rows) -> dict[str, float]:
    return {row.entity: round(row.impact, 2) for row in rows.itertuples()}


# ---- purchases ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bills", "found"),
    [
        ([bill()], {}),
        ([bill(102)], {}),  # 2 % of 100 units
        ([bill(103)], {"PO1/1": 30}),
        ([bill(price=10.1)], {}),  # 1 % of 10
        ([bill(price=10.11)], {"PO1/1": 11}),
        ([bill(price=9)], {}),  # in our favour
        ([bill(103, 10.2)], {"PO1/1": 3 * 10.2 + 100 * 0.2}),
        ([bill(60), bill(40, line_id="2")], {}),
        ([bill(), bill(invoice_id="F2")], {"PO1/1": 1000}),
        ([bill(), bill(invoice_id="F2"), bill(-100, invoice_id="F3")], {}),  # credited
        ([bill(amount=1200)], {"PO1/1": 200}),  # the amount goes before quantity × price
        ([bill(document_line=None)], {}),
        ([bill(103, sku="THEIRS-1")], {"PO1/1": 30}),  # the line it names says what it is
        ([bill(103, sku="THEIRS-1", document_line=None)], {"PO1/1": 30}),  # else the purchase is matched as a whole
        ([bill(document_id="PO9")], {"F1": 1000}),
        ([bill(-5, document_id="PO9")], {}),
        ([bill(document_id="PO9", invoiced_on=ago(29))], {}),
        ([bill(103, invoiced_on=ago(2), currency="EUR")], {"PO1/1": 30}),
    ],
)  # fmt: skip
def test_a_purchase_is_billed_as_it_was_ordered_and_came(bills, found):
    assert money(run(CHECK, purchase([bought()], bills), floor=10)) == pytest.approx(found)


@pytest.mark.parametrize(("quantity", "fires"), [(31, False), (32, True)])
def test_of_few_units_one_is_allowed(quantity, fires):
    assert entities(CHECK, purchase([bought(30)], [bill(quantity)]), floor=10) == (["PO1/1"] if fires else [])


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        # Billed 20 days ago, nothing there yet: a fortnight after its eta that is no prepayment.
        (inbound(sku="B", unit_price=10, eta=ago(14)), True),
        (inbound(sku="B", unit_price=10, eta=ago(13)), False),
        (inbound(sku="B", unit_price=10, eta=ago(14), quantity_received=99), False),
        (inbound(sku="B", unit_price=10, eta=ago(13), quantity_ordered=90), True),  # more than was ordered is too much at once
        (bought(100, closed=False, eta=ago(4), quantity_received=60), False),  # the rest is still to come
        (bought(100, closed=True, eta=ago(4), quantity_received=60, asn_quantity=60), True),
        (bought(100, closed=True, eta=ago(4), stocked_at=f"{ago(30)} 09:00", arrived_at=f"{ago(31)} 09:00"), False),
    ],
)  # fmt: skip
def test_billed_and_not_received(line, fires):
    assert entities(CHECK, purchase([line], [bill(invoiced_on=ago(20))]), floor=10) == (["PO1/1"] if fires else [])


def test_units_that_receipt_mismatch_claims_are_not_claimed_again():
    tables = purchase([bought(quantity_received=80)], [bill()])
    assert money(run("receipt_mismatch", tables)) == {"PO1/1": 200}
    assert entities(CHECK, tables) == []
    assert money(run("receipt_mismatch", tables, floor=201)) == {}  # not worth a finding there, nor here
    assert entities(CHECK, tables, floor=201) == []
    tables["purchase_invoices"] = [bill(110)]  # ten more than were announced are a bill's own fault
    assert money(run(CHECK, tables)) == {"PO1/1": 100}


@pytest.mark.parametrize(
    ("price", "cost", "found"), [(10.5, 10, {}), (10.6, 10, {"PO1/1": 60}), (10, 10.6, {}), (None, 10, {}), (10.6, None, {})]
)
def test_a_purchase_priced_above_the_products_cost(price, cost, found):
    assert money(run(CHECK, purchase([bought(unit_price=price)], cost=cost), floor=10)) == pytest.approx(found)


def test_prices_above_cost_on_three_purchases_of_a_supplier_are_one_finding():
    lines = [bought(document_id=f"PO{i}", unit_price=12) for i in range(3)]
    row = run(CHECK, purchase(lines)).iloc[0]
    assert (row["entity"], row["impact"], row["members"]) == ("Nord/prices", pytest.approx(600), "PO0/1; PO1/1; PO2/1")
    assert entities(CHECK, purchase(lines[:2])) == ["PO0/1", "PO1/1"]


def test_lines_of_one_purchase_are_one_finding():
    lines = [bought(), bought(line_id="2", sku="C")]
    bills = [bill(110), bill(110, line_id="2", document_line="2", sku="C")]
    row = run(CHECK, purchase(lines, bills)).iloc[0]
    assert (row["entity"], row["impact"], row["members"]) == ("PO1", pytest.approx(200), "PO1/1; PO1/2")


def test_what_rates_did_after_the_order_is_no_difference_of_price():
    rates = [{"rate_date": ago(n), "currency": "USD", "rate": r} for n, r in ((60, 0.5), (39, 0.4), (1, 0.3))]
    bills = [bill(price=20, currency="USD")]  # ordered 40 days ago, at 0.5
    assert entities(CHECK, purchase([bought()], bills, fx_rates=rates), floor=1) == []
    bills = [bill(price=22, currency="USD")]
    assert money(run(CHECK, purchase([bought()], bills, fx_rates=rates), floor=1)) == {"PO1/1": 100}
    assert entities(CHECK, purchase([bought()], bills, fx_rates=rates[1:]), floor=1) == []  # no rate on that day: not matched


@pytest.mark.parametrize(("days", "told"), [(30, []), (31, ["Nord/not billed"]), (91, ["Nord/not billed"]), (92, [])])
def test_received_and_not_billed_is_an_accrual_of_suppliers_that_do_bill(days, told):
    when = {"arrived_at": f"{ago(days)} 09:00", "stocked_at": f"{ago(days)} 10:00", "ordered_on": ago(95)}
    lines = [bought(document_id="PO2", **when), bought()]
    rows = run(CHECK, purchase(lines, [bill()]))
    assert rows["entity"].tolist() == told
    if told:
        assert rows["impact"].isna().all() and "€1,000" in rows["title"].iloc[0]
        assert rows["severity"].tolist() == ["watch"] and rows["basis"].tolist() == [""]
    assert entities(CHECK, purchase(lines[:1], [])) == []


def matched_by_loops(lines: list[dict], bills: list[dict]) -> dict[str, float]:
    """The oracle: money of a purchase, over what was received (all are closed) and the price agreed; beyond 1 unit or 2 %, 0.01 or 1 %."""
    out: dict[str, float] = {}
    for line in lines:
        mine = [b for b in bills if (b["document_id"], b["sku"]) == (line["document_id"], line["sku"])]
        units = sum(b["quantity"] for b in mine)
        if units <= 0:
            continue
        price = sum(b["quantity"] * b["unit_price"] for b in mine) / units
        came, agreed, lost = line["quantity_received"], line["unit_price"], 0.0
        if units - came > max(1, 0.02 * came) + 1e-9:
            lost += (units - came) * price
        if price - agreed > max(0.01, 0.01 * agreed) + 1e-9:
            lost += min(units, came) * (price - agreed)
        if lost:
            out[line["document_id"]] = out.get(line["document_id"], 0.0) + lost
    return {k: round(v, 6) for k, v in out.items()}


def test_the_match_is_that_of_plain_loops():
    dice = random.Random(5)
    lines, bills = [], []
    for n in range(60):
        for i, sku in enumerate(["B", "C"][: dice.randint(1, 2)], 1):
            quantity = dice.randint(1, 200)
            price = dice.choice([0.4, 5, 10, 33.3])
            lines.append(bought(quantity, document_id=f"PO{n}", line_id=str(i), sku=sku, unit_price=price))
            for k in range(dice.randint(0, 3)):
                part = dice.choice([quantity, quantity // 2, quantity + dice.randint(0, 4), -quantity])
                off = dice.choice([0, 0, 0.005, 0.01, 0.02])
                bills.append(bill(
                    part, price * (1 + off), invoice_id=f"F{n}-{k}", line_id=str(i), document_id=f"PO{n}", sku=sku,
                    document_line=dice.choice([str(i), None]),
                ))  # fmt: skip
    expected = matched_by_loops(lines, bills)
    rows = purchases(context(purchase(lines, bills, cost=1000)).books)
    found = rows.assign(document=rows["document"].str.partition("/")[0]).groupby("document")["money"].sum()
    found = {k: round(v, 6) for k, v in found.items() if v}
    assert len(expected) > 20 and found == pytest.approx(expected)


# ---- parcels --------------------------------------------------------------------------------------------------------------------


def parcel(n: int = 1, shipped: int | None = 5, order: str = "A-web-5", **more) -> dict:
    return {
        "shipment_id": f"S{n}", "order_id": order, "location": "BER", "carrier": "dhl", "service": "parcel", "weight_kg": 2,
        "label_cost": 6,        "label_created_at": f"{ago((shipped or 5) + 1)} 13:00",
        "shipped_at": shipped and f"{ago(shipped)} 15:00", **more,
    }  # fmt: skip


def charged(n: int = 1, amount: float = 6, on: int = 2, kind: str = "base", **more) -> dict:
    return {
        "invoice_id": "I1", "charge_id": f"{n}-{kind}", "shipment_id": f"S{n}", "charge_type": kind, "amount": amount,
        "billed_weight_kg": 2, "invoiced_on": ago(on), **more,
    }  # fmt: skip


def scan(n: int = 1, exception: bool = False) -> dict:
    return {"shipment_id": f"S{n}", "occurred_at": f"{ago(4)} 10:00", "code": "X", "is_exception": exception, "reason": None}


def sent(**tables) -> dict[str, list[dict]]:
    """Four parcels in order, and what is given besides."""
    good = {"shipments": [parcel(n) for n in (2, 3, 4, 5)], "carrier_charges": [charged(n) for n in (2, 3, 4, 5)], "carrier_events": []}
    return shop(**{name: good.get(name, []) + tables.get(name, []) for name in {*good, *tables}})


@pytest.mark.parametrize(
    ("tables", "found"),
    [
        ({"shipments": [parcel()], "carrier_charges": [charged(amount=90)]}, {}),
        ({"carrier_charges": [charged(amount=90)]}, {"I1": 90}),
        ({"carrier_charges": [charged(amount=90), charged(kind="fuel", amount=9)]}, {"I1": 99}),
        ({"carrier_charges": [charged(amount=90, on=29)]}, {}),
        ({"carrier_charges": [charged(amount=90), charged(kind="other", amount=-90)]}, {}),
        ({"shipments": [parcel(shipped=None)], "carrier_charges": [charged(amount=90)]}, {"I1": 90}),
        ({"shipments": [parcel(shipped=None)], "carrier_charges": [charged(amount=90)], "carrier_events": [scan()]}, {}),
        ({"shipments": [parcel(shipped=None, delivered_at=f"{ago(3)} 09:00")], "carrier_charges": [charged(amount=90)]}, {}),
    ],
)  # fmt: skip
def test_a_charge_is_for_a_parcel_that_was_sent(tables, found):
    assert money(run(CHECK, sent(**tables))) == found


def test_a_carrier_that_numbers_shipments_otherwise_is_said_once_and_without_money():
    rows = run(CHECK, sent(carrier_charges=[charged(n, 90) for n in range(10, 16)]))
    assert rows["entity"].tolist() == ["carrier_charges"] and rows["impact"].isna().all()


@pytest.mark.parametrize(
    ("cancelled_at", "more", "found"),
    [
        (f"{ago(6)} 12:00", {}, {"BER/cancelled": 10 * 4 + 6}),
        (f"{ago(5)} 14:59", {}, {"BER/cancelled": 46}),
        (f"{ago(5)} 15:00", {}, {}),
        (None, {}, {}),
        (f"{ago(6)} 12:00", {"carrier_charges": [charged(amount=8)]}, {"BER/cancelled": 48}),
        (
            f"{ago(6)} 12:00",
            {"returns": [{"return_id": "R", "line_no": "1", "order_id": "X", "sku": "A", "quantity": 10, "reason_code": "x",
                          "requested_at": f"{ago(3)} 10:00", "received_at": f"{ago(1)} 10:00"}]},
            {},
        ),
    ],
)  # fmt: skip
def test_a_parcel_for_a_cancelled_order_costs_its_goods_and_carriage(cancelled_at, more, found):
    order = {"order_id": "X", "ordered_at": f"{ago(7)} 12:00", "channel": "web", "status": "cancelled", "cancelled_at": cancelled_at}
    line = {"order_id": "X", "line_id": "1", "sku": "A", "quantity": 10, "unit_price": 10}
    base = sent(**{"shipments": [parcel(order="X")], **more})
    # A column of the contract counts as exported where one row has it.
    other = order | {"order_id": "Y", "cancelled_at": f"{ago(7)} 13:00"}
    tables = together(base, {"orders": [order, other], "order_lines": [line]})
    assert money(run(CHECK, tables, floor=10)) == found


@pytest.mark.parametrize(
    ("scans", "charges", "found"),
    [
        ([scan()], [charged(kind="redelivery", amount=80)], {"dhl/redelivery": 80}),
        ([scan()], [charged(kind="redelivery", amount=79)], {}),  # in four weeks less than the floor a week
        ([scan(exception=True)], [charged(kind="redelivery", amount=80)], {}),
        ([], [charged(kind="redelivery", amount=80)], {}),  # no scan at all says nothing
        ([scan()], [charged(kind="fuel", amount=80)], {}),
        ([scan()], [charged(kind="redelivery", amount=80), charged(2, kind="redelivery", amount=80) | {"shipment_id": "S1"}],
         {"dhl/redelivery": 80}),  # the second is a duplicate charge
        ([scan()], [charged(kind="redelivery", amount=80), charged(2, kind="redelivery", amount=-80) | {"shipment_id": "S1"}], {}),
    ],
)  # fmt: skip
def test_a_service_for_trouble_that_the_carrier_did_not_scan(scans, charges, found):
    assert money(run(CHECK, sent(shipments=[parcel()], carrier_events=scans, carrier_charges=charges), floor=20)) == found


def test_what_goes_on_is_a_week_and_the_rest_is_once_each_in_its_leak():
    unasked = sent(shipments=[parcel()], carrier_events=[scan()], carrier_charges=[charged(kind="redelivery", amount=240)])
    row = run(CHECK, unasked).iloc[0]
    assert (row["period"], row["leak"], row["impact"]) == ("once", "3", 240), "a claim: what was billed is asked back whole"
    assert row["detail"].startswith("€240 in 1 difference: redelivery billed")
    dear = run(CHECK, purchase([bought(unit_price=12)])).iloc[0]
    assert (dear["period"], dear["leak"], dear["impact"]) == ("once", "", 200)
    assert dear["title"].startswith("Product B on PO1/1 costs €12.00 a unit, "), "which product it is"
    assert dear["detail"].startswith("€200 in 1 difference: ") and "; newest document " in dear["detail"]
    repaid = run(CHECK, shop(returns=[back(152)])).iloc[0]
    assert (repaid["period"], repaid["leak"], repaid["impact"]) == ("once", "4", 52)
    small = run(CHECK, shop(returns=[back(140, return_id=f"R{n}", order_id=f"A-web-{n}") for n in range(20, 34)])).iloc[0]
    assert small["period"] == "week" and small["detail"].startswith("€560 in 14 differences of 58 days, €67.59 a week: ")


@pytest.mark.parametrize(("days", "parcels", "told"), [(12, 20, []), (13, 20, ["dhl/not billed"]), (13, 8, [])])
def test_parcels_that_the_carrier_usually_would_have_billed_by_now(days, parcels, told):
    """Thirty billed after five days: a week later the others are due. Eight labels are worth less than a finding."""
    done = [parcel(n, 30) for n in range(10, 40)]
    bills = [charged(n, on=25) for n in range(10, 40)]
    late = [parcel(n, days) for n in range(100, 100 + parcels)]
    rows = run(CHECK, shop(shipments=done + late, carrier_charges=bills))
    assert rows["entity"].tolist() == told
    assert rows["impact"].isna().all()


def test_weights_are_shown_and_left_for_the_rate_card_to_price():
    charges = [charged(billed_weight_kg=2.2), charged(6, billed_weight_kg=3), charged(7, billed_weight_kg=5, on=9)]
    tables = sent(shipments=[parcel(n) for n in (1, 6, 7)], carrier_charges=charges)
    rows = documents_apart(context(tables).books)
    assert rows[["kind", "document", "expected", "stated"]].to_numpy().tolist() == [["billed_weight", "dhl/parcel", 2, 3]]
    assert rows["money"].isna().all() and rows["entity"].isna().all()


# ---- customers ------------------------------------------------------------------------------------------------------------------


def back(refund: float, quantity: float = 10, asked: int = 5, **more) -> dict:
    return {
        "return_id": "R1", "line_no": "1", "order_id": "A-web-20", "line_id": "1", "sku": "A", "quantity": quantity,
        "reason_code": "damaged",        "requested_at": f"{ago(asked)} 10:00",
        "received_at": f"{ago(2)} 10:00", "refund_amount": refund, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("returned", "found"),
    [
        ([back(100)], {}),
        ([back(101)], {}),  # one, or 1 %
        ([back(152)], {"R1": 52}),
        ([back(75, 2)], {"R1": 55}),  # of ten, two came back
        ([back(100), back(60, return_id="R2")], {"R1": 60}),  # no more units than were sold
        ([back(152, line_id=None)], {"R1": 52}),
        ([back(152, sku="B", line_id=None)], {"R1": 52}),  # not of that order: all that it paid
        ([back(500, order_id="OLD")], {}),  # nobody knows what was paid
        ([back(152, asked=59)], {}),
    ],
)
def test_a_refund_is_at_most_what_was_paid_for_what_came_back(returned, found):
    assert money(run(CHECK, shop(returns=returned))) == found


def test_many_small_refunds_above_what_was_paid_are_one_finding_of_their_channel():
    rows = run(CHECK, shop(returns=[back(140, return_id=f"R{n}", order_id=f"A-web-{n}") for n in range(20, 34)]))
    assert rows["entity"].tolist() == ["web/above paid"]
    assert rows["impact"].tolist() == pytest.approx([14 * 40 * 7 / 58])


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"asked": 31}, {"web/not received": 100}),
        ({"asked": 30}, {}),
        ({"asked": 58}, {"web/not received": 100}),
        ({"asked": 59}, {}),
        ({"asked": 31, "received_at": f"{ago(3)} 10:00"}, {}),
        ({"asked": 31, "disposition": "write_off"}, {}),
        ({"asked": 31, "refund": 160}, {"R1": 60, "web/not received": 100}),  # each part of it once
    ],
)
def test_refunded_without_a_receipt_after_thirty_days(more, found):
    line = back(**{"refund": 100, "received_at": None, "order_id": "A-web-65", **more})
    arrived = back(10, return_id="R9", order_id="A-web-22", quantity=1)  # the column is exported
    assert money(run(CHECK, shop(returns=[line, arrived]))) == found


def agreed(price: float, since: int = 200, **more) -> dict:
    return {"customer": "web", "sku": "A", "valid_from": ago(since), "price": price, **more}


@pytest.mark.parametrize(
    ("prices", "found"),
    [
        ([agreed(10)], {}),
        ([agreed(9.91)], {}),
        ([agreed(9)], {"web/agreed prices": 280 / 4}),
        ([agreed(12)], {"web/agreed prices": 280 * 2 / 4}),
        ([agreed(9, customer="shop")], {}),
        ([agreed(9), agreed(10, since=100)], {}),  # the newest that holds
        ([agreed(9), agreed(10, since=14)], {"web/agreed prices": 140 / 4}),
        ([agreed(9, since=-1)], {}),
    ],
)  # fmt: skip
def test_a_customer_is_charged_the_price_agreed(prices, found):
    assert money(run(CHECK, shop(contract_prices=prices), floor=10)) == pytest.approx(found)


@pytest.mark.parametrize(("price", "fires"), [(8, False), (10, False), (9, False), (7, True), (11, True)])
def test_a_discount_may_lead_to_the_agreed_price_or_come_on_top_of_it(price, fires):
    """Charged 10 less a discount of 2."""
    tables = shop(contract_prices=[agreed(price)])
    for line in tables["order_lines"]:
        line["line_discount"] = 20
    assert entities(CHECK, tables, floor=10) == (["web/agreed prices"] if fires else [])


def test_documents_that_did_not_come_say_nothing():
    assert entities(CHECK, {**shop(), "products": [product(), product("B", 10)], "inventory": stock()}) == []


def test_every_kind_of_difference_has_its_words():
    """On the page each; in a finding each that has a finding."""
    sources = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (apart, matching))
    kinds = set(re.findall(r'\bkind(?:=|": )"(?!stable)(\w+)"', sources)) | set(re.findall(r'= part\([^"]*"(\w+)"', sources))
    kinds |= {"refund_above_paid", "refunds_above_paid"}
    assert kinds == set(WHAT) and kinds - {"billed_weight", "unrated"} == set(KINDS)
