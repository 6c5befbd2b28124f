"""The bill of a return, the range and Friday's proposals by hand: one thing varied a row."""
# ruff: noqa: E501, SIM905  rows made by hand read best on one line

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fake_known import context
from hand_shop import FREE, ago, product, shop, sold, stock, together
from opsreview.bills import PARTS, bills
from opsreview.checks import rows_of
from opsreview.checks.pricing import priced
from opsreview.checks.stakes import order_mishaps
from opsreview.evidence import money
from opsreview.margin import false_confidence
from opsreview.proposals import _flow, channel_skus, channels, pauses, price_elasticity, reprices, transfers
from scipy.stats import nbinom


def books(tables: dict, **settings):
    return context(tables, settings={"costs": FREE, **settings}).books


# ---- the bill of a return ------------------------------------------------------------------------------------------------------


def back(i: int = 1, units: float = 2, disposition: str | None = "restock", **more) -> dict:
    """A return of what A's order of ten days ago sold, asked for five days ago and received three days ago."""
    return {"return_id": f"R{i}", "line_no": "1", "order_id": f"A-web-{9 + i}", "line_id": "1", "sku": "A", "quantity": units, "reason_code": "damaged",
            "requested_at": f"{ago(5)} 09:00", "received_at": f"{ago(3)} 09:00", "disposition": disposition, "disposed_at": f"{ago(2)} 09:00",
            "refund_amount": 20, **more}  # fmt: skip


def bill(*returns: dict, **tables) -> pd.DataFrame:
    return rows_of(bills(books(shop(returns=list(returns), **tables))), "return_id").set_index("return_id")


@pytest.mark.parametrize(
    ("row", "part", "amount"),
    [
        ({"reverse_shipping_cost": 4.5}, "reverse_shipping", 4.5),
        ({"handling_cost": 1.5}, "handling", 1.5),
        ({}, "write_off", 0.0),  # back on the shelf: nothing lost
        ({"disposition": "write_off"}, "write_off", 8.0),  # two units at 4
        ({"disposition": "liquidate", "recovered_value": 3}, "markdown", 5.0),
        ({"disposition": "refurbish", "recovered_value": 7}, "refurbish", 1.0),
        ({"disposition": "liquidate", "recovered_value": 9}, "markdown", 0.0),  # brought more than it cost
    ],
)
def test_each_part_of_the_bill(row, part, amount):
    found = bill(back(**row)).loc["R1"]
    assert found[part] == pytest.approx(amount)
    assert found[list(PARTS)].sum() == pytest.approx(amount)
    assert found["refund"] == pytest.approx(20), "the refund takes back revenue, it is no cost"


def test_an_undecided_return_is_valued_as_the_others_were():
    rows = bill(back(1, 2, "write_off"), back(2, 2, "restock"), back(3, 3, "pending", disposed_at=None))
    assert rows.loc["R3", "pending"] == pytest.approx(3 * (8.0 / 4)) and rows["pending"].drop("R3").eq(0).all()


def test_what_is_refunded_and_left_with_the_customer_never_comes():
    """It is written off, and costs nothing to bring back; one that is awaited does."""
    rows = bill(
        back(1, 2, "restock", reverse_shipping_cost=6),
        back(2, 1, "write_off", received_at=None),
        back(3, 1, None, received_at=None, disposed_at=None),
    )
    assert rows["under_way"].tolist() == pytest.approx([0, 0, 3]) and rows.loc["R2", "write_off"] == pytest.approx(4)


def test_what_is_pending_loses_what_units_with_a_cost_lost():
    """One of two units written off had no cost: nothing is known of what it lost."""
    none = {"sku": "N", "order_id": "N-web-11"}
    tables = shop(returns=[back(1, 1, "write_off"), back(2, 1, "write_off") | none, back(3, 1, "pending", disposed_at=None)])
    tables = together(tables, {"products": [product("N", None)], **sold("N")})
    rows = rows_of(bills(books(tables)), "return_id").set_index("return_id")
    assert rows["write_off"].tolist() == [4, 0, 0] and rows["pending"].tolist() == [0, 0, 4]


def test_topics_are_told_whatever_their_case():
    ticket = {"ticket_id": "1", "order_id": "A-web-10", "opened_at": f"{ago(4)} 10:00", "topic": "Return", "cost": 12}
    assert bill(back(1, 2), support_tickets=[ticket])["support"].tolist() == [12]


def test_restock_labor_is_the_returns_roles_shared_by_units_received():
    labor = [
        {"work_date": ago(4), "location": "BER", "role": role, "hours": 1, "cost": cost} for role, cost in (("returns", 30), ("pick", 99))
    ]
    rows = bill(back(1, 2), back(2, 1), back(3, 1, received_at=None, disposition=None, disposed_at=None), labor=labor)
    assert rows["restock_labor"].tolist() == pytest.approx([20, 10, 0])


def test_what_has_not_come_back_yet_will_cost_what_the_others_did():
    """Three units came back for 9 and 30 of labor, 13 a unit; of two under way 4 are booked, one is booked dearer than that already."""
    labor = [{"work_date": ago(4), "location": "BER", "role": "returns", "hours": 1, "cost": 30}]
    away = {"received_at": None, "disposition": None, "disposed_at": None}
    rows = bill(
        back(1, 2, reverse_shipping_cost=4, handling_cost=2), back(2, 1, reverse_shipping_cost=3), back(3, 2, reverse_shipping_cost=4, **away),
        back(4, 1, reverse_shipping_cost=20, **away), labor=labor,
    )  # fmt: skip
    assert rows["under_way"].tolist() == pytest.approx([0, 0, 2 * 13 - 4, 0])
    assert bill(back(1, 1, **away))["under_way"].tolist() == [0], "none came back: nothing to reckon it from"


def test_tickets_about_returns_are_shared_over_the_units_of_their_order():
    tickets = [
        {"ticket_id": str(i), "order_id": "A-web-10", "opened_at": f"{ago(4)} 10:00", "topic": t, "cost": 12}
        for i, t in enumerate(("return", "where"))
    ]
    rows = bill(back(1, 3), back(2, 1, order_id="A-web-10", return_id="R2"), support_tickets=tickets)
    assert rows["support"].tolist() == pytest.approx([9, 3])


def test_a_ticket_is_borne_once_also_by_what_came_back_long_ago():
    """Three units came back two months ago, one now: a ticket on the order is not billed to the one alone."""
    tickets = [{"ticket_id": "1", "order_id": "A-web-10", "opened_at": f"{ago(60)} 10:00", "topic": "return", "cost": 12}]
    long_ago = back(1, 3, requested_at=f"{ago(61)} 09:00", received_at=f"{ago(60)} 09:00", disposed_at=f"{ago(59)} 09:00")
    rows = bill(long_ago, back(2, 1, order_id="A-web-10"), support_tickets=tickets)
    assert rows["support"].to_dict() == pytest.approx({"R2": 3})


@pytest.mark.parametrize(
    ("parcel", "order", "late"),
    [
        ({"promised_ship_at": f"{ago(9)} 18:00"}, {}, True),  # left a day after its promise
        ({"promised_ship_at": f"{ago(7)} 18:00"}, {}, False),
        ({}, {"promised_ship_at": f"{ago(9)} 18:00"}, False),  # the promise is the order's alone: a parcel without one keeps none
        (None, {"promised_ship_at": f"{ago(9)} 18:00"}, True),  # never sent
    ],
)
def test_an_order_is_late_by_its_parcels_promises(parcel, order, late):
    tables = shop()
    mine = next(o for o in tables["orders"] if o["order_id"] == "A-web-10")
    mine |= order
    sent = {"shipment_id": "S", "order_id": "A-web-10", "location": "BER", "carrier": "dhl", "service": "p", "label_created_at": f"{ago(9)} 08:00",
            "shipped_at": f"{ago(8)} 15:00"}  # fmt: skip
    if parcel is not None:
        tables["shipments"] = [sent | parcel]
    rows = rows_of(order_mishaps(books(tables)), "order_id").set_index("order_id")
    assert bool(rows.loc["A-web-10", "late"]) is late


def test_what_was_sent_for_nothing():
    """Ten units left for 30 and two lines' worth of packaging; two come back. An order that nobody exported has no outbound."""
    tables = shop(returns=[back(), back(2, order_id="X", line_id="1")])
    tables["products"] = [product(packaging_cost=0.5)]
    costs = FREE | {"shipping_per_order": 30, "pick_pack_per_line": 5}
    rows = rows_of(bills(books(tables, costs=costs)), "return_id").set_index("return_id")
    assert rows.loc["R1", "outbound"] == pytest.approx(2 * (30 + 5 + 10 * 0.5) / 10) and rows.loc["R1", "unmatched"] == 0
    assert rows.loc["R2", "outbound"] == 0 and rows.loc["R2", "unmatched"] == 2


def test_the_bill_adds_up_whichever_way_it_is_cut():
    returns = [back(i, i, reason_code=r, handling_cost=i) for i, r in enumerate(("damaged", "too_small", "damaged"), start=1)]
    f = money.returns_bill(books(shop(returns=returns)))
    whole = f.loc[f["grain"] == "all", "total"].iloc[0]
    assert whole == pytest.approx(6) and f.groupby("grain")["total"].sum().tolist() == pytest.approx([whole] * 5)
    reasons = f[f["grain"] == "reason"].set_index("key")
    assert reasons["ours"].to_dict() == {"damaged": True, "too_small": False}
    assert reasons["team"].to_dict() == {"damaged": "warehouse", "too_small": "fit and sizing"} and (reasons["action"].str.len() > 5).all()
    mine = money.returns_bill(
        books(shop(returns=returns), returns={"control_reasons": ["too_small"], "teams": {"too_small": "X"}, "actions": {"too_small": ""}})
    )
    mine = mine[mine["grain"] == "reason"].set_index("key")
    assert mine.loc["too_small", ["ours", "team", "action"]].tolist() == [True, "X", ""]
    assert mine.loc["damaged", ["team", "action"]].tolist() == reasons.loc["damaged", ["team", "action"]].tolist(), "those of others stay"


# ---- the range -----------------------------------------------------------------------------------------------------------------


def test_a_price_floor_is_where_contribution_is_nil():
    """Goods 4 and 2 a unit to send; a tenth of revenue goes to payment: 10 earns 3, and 6 / 0.9 earns nothing."""
    tables = shop()
    costs = FREE | {"payment_rate": 0.1, "pick_pack_per_line": 20}
    row = money.portfolio(books(tables, costs=costs)).iloc[0]
    assert row["floor"] == pytest.approx(6 / 0.9) and row["headroom"] == pytest.approx(1 - 6 / 0.9 / 10)
    assert row["contribution_margin"] == pytest.approx(280 * 3) and not row["below_floor"]
    at_floor = together({"products": [product()]}, sold(price=6 / 0.9))
    assert money.portfolio(books(at_floor, costs=costs))["contribution_margin"].iloc[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("discount", "below"), [(0.3, False), (0.4, True)])
def test_a_planned_discount_is_held_against_the_floor(discount, below):
    offer = [{"promo_id": "P", "sku": "A", "starts_on": ago(-3), "ends_on": ago(-9), "discount": discount}]
    row = money.portfolio(books(shop(promotions=offer), costs=FREE | {"payment_rate": 0.1, "pick_pack_per_line": 20})).iloc[0]
    assert row["planned"] == pytest.approx(10 * (1 - discount)) and bool(row["below_floor"]) is below


@pytest.mark.parametrize(("days", "quadrant"), [(20, "false confidence"), (19, "too few to say")])
def test_false_confidence_is_told_from_twenty_units_on(days, quadrant):
    """Gross 60 %, contribution −10 %, one a day: a quadrant is what the check and sku_margin.csv call it."""
    tables = together({"products": [product()]}, sold(a_day=1, days=range(1, days + 1)))
    of = books(tables, costs=FREE | {"channel_rate": {"web": 0.7}})
    assert money.portfolio(of)["quadrant"].tolist() == [quadrant]
    assert len(false_confidence(of).to_pandas()) == (days == 20)


def test_the_whale_curve_ends_at_the_contribution_of_all():
    tables = together({"products": [product(), product("B", 12), product("C", 9.5)]}, sold("A"), sold("B"), sold("C"))
    f = money.portfolio(books(tables))
    assert f["sku"].tolist() == ["A", "C", "B"] and f["cumulative"].tolist() == pytest.approx([1680, 1820, 1260])
    assert f["place"].tolist() == pytest.approx([1 / 3, 2 / 3, 1]) and f["quadrant"].tolist() == [
        "earns",
        "thin, and earns",
        "loses at both",
    ]


# ---- proposals -----------------------------------------------------------------------------------------------------------------


def promo(discount: float, **more) -> list[dict]:
    return [{"promo_id": "P", "sku": "A", "starts_on": ago(0), "ends_on": ago(-6), "discount": discount, **more}]


@pytest.mark.parametrize(
    ("discount", "on_hand", "coming", "advice"),
    [
        (0.1, 1000, [], "keep"),
        (0.7, 1000, [], "pause"),
        (0.1, 30, [], "pause"),
        (0.1, 30, [5], "pause until inbound"),
        (0.1, 30, [2], "keep"),
    ],
)
def test_a_promotion_is_paused_that_loses_money_or_runs_dry(discount, on_hand, coming, advice):
    lines = [{"document_id": "PO", "line_id": "1", "kind": "purchase", "sku": "A", "location": "BER", "quantity_ordered": 100, "ordered_on": ago(20), "eta": ago(-n)}
             for n in coming]  # fmt: skip
    f = pauses(books(shop(on_hand=on_hand, promotions=promo(discount), **({"inbound": lines} if lines else {}))))
    assert f["advice"].tolist() == [advice]


def test_what_pausing_brings_is_the_margin_given_up_less_the_margin_won():
    """Ten a day at 10 and a cost of 4; half off doubles nothing: 1 a unit instead of 6, with an uplift of half."""
    row = pauses(books(shop(promotions=promo(0.5, expected_uplift=0.5)))).iloc[0]
    assert (row["margin"], row["full"], row["days"]) == pytest.approx((1, 6, 7))
    assert (row["usual_units"], row["promoted_units"]) == pytest.approx((70, 105))
    assert row["gain"] == pytest.approx(6 * 70 - 1 * 105)


@pytest.mark.parametrize(
    ("on_hand", "uplift", "sells", "usually", "advice"),
    [
        (1000, 0.5, 105, 70, "does not pay"),  # 3 of 6 left a unit: it needs twice the units
        (1000, 0.1, 77, 70, "does not pay"),
        (1000, 0.0, 70, 70, "keep"),  # nobody said what it was to bring
        (35, 0.5, 35, 35, "pause"),  # what is not there is sold at neither price
        (84, 0.5, 84, 70, "pause"),
    ],
)
def test_a_promotion_sells_what_there_is_and_pays_from_the_uplift_it_needs(on_hand, uplift, sells, usually, advice):
    row = pauses(books(shop(on_hand=on_hand, promotions=promo(0.3, expected_uplift=uplift)))).iloc[0]
    assert (row["promoted_units"], row["usual_units"]) == pytest.approx((sells, usually))
    assert row["gain"] == pytest.approx(6 * usually - 3 * sells) and row["needs"] == pytest.approx(1.0) and row["advice"] == advice


def test_a_promotion_that_earns_more_than_list_price_is_kept():
    row = pauses(books(shop(promotions=promo(0.3, expected_uplift=1.2)))).iloc[0]
    assert row["gain"] == pytest.approx(6 * 70 - 3 * 154) and row["advice"] == "keep"


def test_a_loser_gets_a_price_that_earns_and_no_elasticity_without_history():
    tables = together({"products": [product(), product("B", 12)]}, sold("A"), sold("B"))
    row = reprices(books(tables)).set_index("sku").loc["B"]  # A makes 1,680, B loses 560, of 5,600
    share = (1680 - 560) / 5600
    assert row["floor"] == pytest.approx(12) and row["goal"] == pytest.approx(12 / (1 - share)) and row["loss"] == pytest.approx(140)
    assert row["break_even"] == 0 and np.isnan(row["elasticity"]) and np.isnan(row["gain"])


def test_a_price_is_not_raised_for_what_a_rule_allocated_nor_for_pennies():
    """67.50 of picking a day, a third for each SKU: 2.25 a unit. B loses 0.25 a unit, less than a quarter of that; C loses 1.25."""
    tables = together({"products": [product(), product("B", 8), product("C", 9)]}, *(sold(sku, 10, range(1, 29)) for sku in "ABC"))
    tables["labor"] = [{"work_date": ago(n), "location": "BER", "hour": 9, "role": "pick", "hours": 3, "cost": 67.5} for n in range(1, 29)]
    tables["picks"] = [
        {"pick_id": f"{sku}{n}", "order_id": f"{sku}-web-{n}", "line_id": "1", "sku": sku, "location": "BER", "picked_at": f"{ago(n)} 13:00",
         "quantity": 10} for n in range(1, 29) for sku in "ABC"
    ]  # fmt: skip
    rows = priced(books(tables)).set_index("sku")
    assert rows["margin"].tolist() == pytest.approx([3.75, -0.25, -1.25]) and rows["sign_depends"].tolist() == [False, True, False]
    assert reprices(books(tables)).set_index("sku")["advice"].to_dict() == {"B": "check the allocation", "C": "raise"}
    cheap = together({"products": [product(), product("B", 10.05)]}, sold("A"), sold("B"))
    assert reprices(books(cheap)).empty, "3.50 a week"
    dear = together({"products": [product(), product("B", 10.08)]}, sold("A"), sold("B"))
    assert reprices(books(dear))["sku"].tolist() == ["B"], "5.60 a week"


@pytest.mark.parametrize(
    ("discount", "cost", "advice", "at_list"),
    [
        (7, 4, "discount less", 6),  # ten a day at 10, 70 off a line: 3 a unit for what cost 4
        (0, 12, "raise", -2),
        (7, 12, "raise", -2),  # loses at list price too
    ],
)
def test_what_earns_at_list_price_is_not_repriced(discount, cost, advice, at_list):
    tables = together({"products": [product(unit_cost=cost)]}, sold())
    for line in tables["order_lines"]:
        line["line_discount"] = discount * line["quantity"]
    row = reprices(books(tables)).iloc[0]
    assert (row["advice"], row["listed"], row["at_list"]) == (advice, pytest.approx(10), pytest.approx(at_list))
    assert row["price"] == pytest.approx(10 - discount)


def test_break_even_volume_of_a_sku_that_earns_below_its_target():
    row = reprices(books(shop(), targets={"contribution_margin": 0.8})).iloc[0]
    assert row["goal"] == pytest.approx(4 / 0.2) and row["break_even"] == pytest.approx(70 * 6 / 16)


@pytest.mark.parametrize(
    ("weeks", "spread", "slope", "noise", "known"),
    [
        (26, 1.3, -2.0, 0.05, True),
        (11, 1.3, -2.0, 0.05, False),
        (26, 1.02, -2.0, 0.05, False),
        (26, 1.3, 0.0, 0.3, False),
        (26, 1.3, 1.0, 0.05, False),
    ],
)
def test_an_elasticity_is_said_only_where_history_carries_one(weeks, spread, slope, noise, known):
    rng = np.random.default_rng(3)
    prices = pd.Series(10 * spread ** (np.arange(weeks) % 3 / 2))
    units = pd.Series(100 * (prices / 10) ** slope * np.exp(noise * rng.standard_normal(weeks)))
    fit = price_elasticity(prices, units)
    assert (fit is not None) is known
    if fit:
        assert fit[1] <= slope <= fit[2] and fit[3] == weeks


def test_a_fitted_price_is_priced_with_its_interval():
    """Thirteen dear weeks sell half of what thirteen cheap ones do: an elasticity of about −2.7."""
    cheap = [n for n in range(1, 183) if (n - 1) // 7 % 2 == 0]
    dear = [n for n in range(1, 183) if (n - 1) // 7 % 2 == 1]
    tables = together({"products": [product("B", 12)]}, sold("B", 20, cheap, price=10), sold("B", 10, dear, price=13))
    row = reprices(books(tables)).iloc[0]
    slope = np.log(0.5) / np.log(1.3)
    assert row["elasticity"] == pytest.approx(slope) and row["low"] <= slope <= row["high"] < 0
    units = row["units_week"] * (row["goal"] / row["price"]) ** slope
    assert row["gain"] == pytest.approx(row["margin_then"] * units - row["margin"] * row["units_week"])


def two_places(ber: float, rtm: float, freight: float = 10.0) -> dict:
    """A sells five a day from each of two places; a transfer of ten units cost so much and took two days."""
    ships = [{"shipment_id": f"S{n}", "order_id": f"A-web-{n}", "location": ("BER", "RTM")[n % 2], "carrier": "dhl", "service": "p",
              "label_created_at": f"{ago(n)} 13:00", "shipped_at": f"{ago(n)} 15:00"} for n in range(1, 29)]  # fmt: skip
    moved = [{"document_id": "TR", "line_id": "1", "kind": "transfer", "sku": "A", "location": "RTM", "source_location": "BER", "quantity_ordered": 10,
              "ordered_on": ago(40), "eta": ago(38), "arrived_at": f"{ago(38)} 09:00", "stocked_at": f"{ago(38)} 12:00", "quantity_received": 10,
              "freight_cost": freight}]  # fmt: skip
    return together({"products": [product()], "inventory": stock(on_hand=ber) + stock(on_hand=rtm, location="RTM"), "shipments": ships, "inbound": moved}, sold())  # fmt: skip


@pytest.mark.parametrize(
    ("ber", "rtm", "freight", "moves"), [(500, 20, 10, True), (500, 500, 10, False), (140, 20, 10, False), (500, 20, 70, False)]
)
def test_stock_moves_from_where_it_is_spare_to_where_it_lacks_if_it_pays(ber, rtm, freight, moves):
    f = transfers(books(two_places(ber, rtm, freight)))
    assert len(f) == moves
    if moves:
        row = f.iloc[0]
        assert (row["location_from"], row["location_to"]) == ("BER", "RTM") and row["freight"] == pytest.approx(1.0)
        assert row["units"] == row["lacks"] <= row["spares"] == 500 - 28 * 5 and 45 <= row["units"] <= 60
        assert row["net"] == pytest.approx(row["avoided"] * 6 - row["units"] * 1) and (row["kind"], row["document_id"]) == ("stock", "")


def test_a_unit_saves_what_is_surely_asked_for_and_less():
    """Seventy asked for within 14 days, twenty there: of fifty more nearly all are sold, of the last every second."""
    row = transfers(books(two_places(500, 20))).iloc[0]
    law = nbinom(70 / 1e-6, 1 / (1 + 1e-6))
    assert row["avoided"] == pytest.approx(sum(law.sf(n) for n in range(20, 20 + int(row["units"]))), rel=1e-3)
    assert 0.9 * row["units"] < row["avoided"] < row["units"]


def ordered(units: float = 30, eta: int = 2, location: str = "RTM", **more) -> dict:
    """A purchase of A that is to come in so many days."""
    return {"document_id": "PO", "line_id": "1", "kind": "purchase", "sku": "A", "location": location, "quantity_ordered": units,
            "ordered_on": ago(20), "eta": ago(-eta), **more}  # fmt: skip


def redirected(*lines: dict, rtm: float = 140, ber: float = 20, **more) -> pd.DataFrame:
    tables = two_places(ber, rtm)
    columns = dict.fromkeys(c for row in (*tables["inbound"], *lines) for c in row)
    tables["inbound"] = [{c: row.get(c) for c in columns} for row in (*tables["inbound"], *lines)]
    return transfers(books(tables, **more))


@pytest.mark.parametrize(
    ("lines", "rtm", "moves"),
    [
        ([ordered()], 140, {("PO", "1"): 30}),  # RTM has its 28 days: all of it may go where 20 are left of 70
        ([ordered()], 120, {("PO", "1"): 10}),  # it needs 20 of it itself
        ([ordered()], 100, {}),
        ([ordered(20, 1), ordered(30, 4, line_id="2")], 120, {("PO", "2"): 30}),  # what comes first is kept first
        ([ordered(eta=14)], 140, {}),
        ([ordered(eta=1)], 140, {}),  # nobody turns a truck round
        ([ordered(eta=-1)], 140, {}),  # overdue: nobody knows when it comes
        ([ordered(arrived_at=f"{ago(1)} 09:00")], 140, {}),  # at the dock
        ([ordered(kind="transfer", source_location="BER")], 140, {}),
        ([ordered(closed=True)], 140, {}),
        ([ordered(location="NEW")], 140, {}),  # what a place sells that never held it nobody knows
        ([ordered(200, eta=13)], 140, {("PO", "1"): 5}),  # of what is asked for on the last day alone
    ],
)
def test_what_is_on_order_goes_where_it_is_lacking_at_no_freight(lines, rtm, moves):
    f = redirected(*lines, rtm=rtm)
    assert {(r.document_id, r.line_id): r.units for r in f.itertuples()} == moves
    assert (f["kind"] == "inbound").all() and (f["cost"] == 0).all() and (f["net"] == f["avoided"] * 6).all()
    assert [(r.location_from, r.location_to) for r in f.itertuples()] == [("RTM", "BER")] * len(moves)


@pytest.mark.parametrize(("floor", "moves"), [(500, 1), (5000, 0)])  # 30 units save some 175
def test_moves_of_a_sku_that_bring_less_than_a_tenth_of_the_floor_are_not_worth_a_meeting(floor, moves):
    assert len(redirected(ordered(), checks={"floor": floor})) == moves


def test_a_need_is_met_once_by_stock_and_inbound_together():
    """RTM has 360 to spare and 30 on order: what comes for nothing comes first, and together no more than is lacking."""
    f = redirected(ordered(), rtm=500).set_index("kind")
    alone = redirected(rtm=500).iloc[0]
    assert f.loc["inbound", "units"] == 30 and f["units"].sum() == f["lacks"].max() >= alone["units"]
    assert f["avoided"].sum() == pytest.approx(alone["avoided"], abs=1) and f["net"].sum() > alone["net"]


def flow(ways: pd.DataFrame) -> np.ndarray:
    """The plan where each unit up to what is lacking is surely asked for."""
    f = pd.DataFrame({"sku": "S", "kind": "stock", "document_id": "", "line_id": "", "arrives": 3.0, "least": 0.0}, index=ways.index)
    f = f.assign(**ways)
    takers = f.groupby(["sku", "location_to"], as_index=False)["lacks"].max()
    steps = takers.loc[takers.index.repeat(takers["lacks"])].assign(gain=1.0)
    return _flow(f, steps)


def test_the_flow_is_the_best_there_is():
    """Two places spare 5 and 4, two lack 6 and 3; every whole-numbered plan is tried."""
    ways = [("A", "X", 5, 6, 10, 1), ("A", "Y", 5, 3, 10, 7), ("B", "X", 4, 6, 10, 9), ("B", "Y", 4, 3, 10, 5)]
    f = pd.DataFrame(ways, columns="location_from location_to spares lacks per_unit freight".split())
    units = flow(f)
    best = max(
        9 * a + 3 * b + 1 * c + 5 * d
        for a in range(6) for b in range(6 - a) for c in range(5) for d in range(5 - c) if a + c <= 6 and b + d <= 3
    )  # fmt: skip
    assert ((f["per_unit"] - f["freight"]) * units).sum() == pytest.approx(best)
    assert np.array_equal(units, np.round(units)) and (units >= 0).all()


@pytest.mark.parametrize(
    ("least", "moves"),
    [
        (0, {("A", "X"): 2, ("B", "Y"): 1}),
        (5, {("A", "X"): 2}),  # one unit saves 4, and nothing goes for less than 5
        (9, {}),
    ],
)
def test_what_does_not_save_what_the_smallest_move_costs_stays(least, moves):
    f = pd.DataFrame([("A", "X", 5, 2), ("B", "Y", 1, 3)], columns="location_from location_to spares lacks".split())
    f = f.assign(sku=["S", "T"], per_unit=4.0, freight=0.5, least=float(least))
    assert {(r.location_from, r.location_to): n for r, n in zip(f.itertuples(), flow(f), strict=True) if n} == moves


def test_two_givers_are_not_both_charged_where_one_will_do():
    """Three are lacking: A could spare 2 dearly and B 3, each way costs 5 at least: one van, not two."""
    f = pd.DataFrame([("A", "X", 2, 3, 0.1), ("B", "X", 3, 3, 1.0)], columns="location_from location_to spares lacks freight".split())
    assert flow(f.assign(per_unit=4.0, least=5.0)).tolist() == [0, 3]


@pytest.mark.parametrize(("late", "moves"), [(2, [8, 2]), (9, [4, 6])])
def test_what_comes_late_meets_only_what_is_lacking_then(late, moves):
    """Ten are lacking from day 1 on, `late` of them from day 9 on: the dear way that comes at once fills the rest."""
    f = pd.DataFrame(
        [("A", "X", 9, 10, 1.0, 1.0), ("B", "X", 6, late, 0.0, 9.0)],
        columns="location_from location_to spares lacks freight arrives".split(),
    )
    assert flow(f.assign(per_unit=4.0)).tolist() == moves


def test_a_channel_that_loses_says_what_would_even_it():
    orders = together({"products": [product()]}, sold("A"), sold("A", channel="mall", price=5))
    for order in orders["orders"]:
        order["channel_fee"] = 20 if order["channel"] == "mall" else 0
    ads = [{"spend_date": ago(3), "channel": name, "amount": spent} for name, spent in (("web", 28), ("radio", 8))]
    f = channels(books(together(orders, {"ad_spend": ads}))).set_index("channel")
    mall, web = f.loc["mall"], f.loc["web"]
    assert mall["contribution_margin"] == pytest.approx(7 * (50 - 40 - 20)) and mall["share"] == pytest.approx(-0.2)
    assert mall["fee"] == pytest.approx(0.4) and mall["fee_even"] == pytest.approx(0.2)
    assert mall["raise_even"] == pytest.approx(0.2 / (1 - 0.4))
    assert web["after"] == web["left"] == pytest.approx(7 * 60 - 7) and web["raise_even"] == 0
    radio = f.loc["radio"]  # where nothing was sold all of it is lost, and no share can be said
    assert (radio["ads"], radio["left"], radio["orders"], radio["net_revenue"]) == (2, -2, 0, 0)
    assert radio[["share", "fee_even", "raise_even"]].isna().all()
    listings = channel_skus(books(orders))
    assert listings[["sku", "channel"]].to_numpy().tolist() == [["A", "mall"]]
    assert (listings["contribution"].iloc[0], listings["elsewhere"].iloc[0]) == pytest.approx((-70, 420))


def test_only_what_earns_elsewhere_is_taken_out_of_a_channel():
    """A loses on the one channel it sells on, B in the mall and earns more on the web."""
    orders = together({"products": [product(), product("B")]}, sold("A", price=1), sold("B"), sold("B", channel="mall", price=1))
    assert channel_skus(books(orders))[["sku", "channel"]].to_numpy().tolist() == [["B", "mall"]]


def test_without_ad_spend_nothing_is_said_after_it():
    f = channels(books({"products": [product()]} | sold())).iloc[0]
    assert np.isnan(f["after"]) and f["left"] == f["contribution_margin"] and np.isnan(f["ads"])


def test_without_promotions_inventory_or_returns_there_is_nothing_and_no_error():
    bare = books(together({"products": [product()]}, sold()))
    assert pauses(bare).empty and transfers(bare).empty and money.returns_bill(bare).empty
    assert len(money.portfolio(bare)) == 1 and len(channels(bare)) == 1
    assert channel_skus(bare).empty, "where every listing earns there is no row"
