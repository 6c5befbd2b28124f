"""Behind the margin, the product says what the slow oracle says: bills, the range, proposals, carriage, late costs, the bridge."""

import csv
import gzip
from collections import defaultdict
from datetime import timedelta

import oracle
import pandas as pd
import pytest
import random_store
from opsreview import change, development
from opsreview.checks.friday import reason_costs
from opsreview.evidence import frames
from opsreview.provenance import of_lines
from opsreview.provenance import provenance as of_product
from opsreview.weeks import Week
from oracle import audit, bridge, carriage, documents, late, money, proposals
from product import Product, differences, frame

FLAWS = {
    "size": "a size of", "weight": "a weight of", "density": "do not go", "cost against price": "a cost of", "last bought": "last bought",
    "packaging": "packaging of", "carriers bill": "carriers bill",
}  # fmt: skip


def more(folder, week: Week) -> None:
    """What the random store lacks: promotions of all kinds, a rate card with two versions, moves of stock, full shelves."""
    end, products = week.end, [f"SKU-{i:02d}" for i in range(12)]

    def put(table: str, *rows: dict) -> None:
        """The rows of the week's files and these, in one file: parts of a table have the same columns."""
        for path in sorted((folder / str(week)).glob(f"{table}.*")):
            with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as file:
                rows = (*csv.DictReader(file), *rows)
            path.unlink()
        with (folder / str(week) / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            columns = list(dict.fromkeys(column for row in rows for column in row))
            out = csv.DictWriter(file, columns, restval="")
            out.writeheader()
            out.writerows(rows)

    days = lambda n: end + timedelta(days=n)  # noqa: E731
    put(
        "promotions",
        {"promo_id": "RUN", "family": "Mugs", "starts_on": days(-9), "ends_on": days(5), "discount": 0.4, "expected_uplift": 0.6},
        {"promo_id": "SOON", "sku": "SKU-01", "channel": "web", "starts_on": days(4), "ends_on": days(50), "discount": 0.1},
        {"promo_id": "LATER", "sku": "SKU-02", "starts_on": days(14), "ends_on": days(20), "discount": 0.9},
        {"promo_id": "OVER", "sku": "SKU-02", "starts_on": days(-40), "ends_on": days(-1), "discount": 0.9},
        {"promo_id": "ALL", "channel": "amazon", "starts_on": days(-60), "ends_on": days(0), "discount": 0.05, "expected_uplift": 1},
    )
    rates = [
        {"carrier": carrier, "service": service, "zone": zone, "max_weight_kg": kg, "cost": cost * (0.5 + kg / 20), "valid_from": since}
        for carrier, service, cost in (("UPS", "ground", 3), ("UPS", "air", 5), ("DHL", "ground", 4))
        for zone in ("2", "5")
        for kg in (1, 4, 30)
        for since in ("", days(-30))
    ]
    put("carrier_rates", *rates)
    moved = [
        {"document_id": f"TR{i}", "line_id": "1", "kind": "transfer", "sku": "SKU-00", "source_location": a, "location": b,
         "quantity_ordered": 10 + i, "ordered_on": days(-40), "eta": days(-37), "arrived_at": f"{days(-37 + i)} 09:00",
         "stocked_at": f"{days(-36 + i)} 09:00", "freight_cost": freight}
        for i, (a, b, freight) in enumerate((("EAST", "WEST", 4), ("EAST", "WEST", 30), ("WEST", "EAST", "")))
    ]  # fmt: skip
    coming = [
        {"document_id": f"PO{i}", "line_id": "1", "kind": "purchase", "sku": sku, "location": place, "quantity_ordered": units,
         "ordered_on": days(-20), "eta": days(due), "arrived_at": came and f"{days(-1)} 09:00"}
        for i, (sku, place, units, due, came) in enumerate(
            (("SKU-00", "WEST", 5, 1, ""), ("SKU-00", "WEST", 6, 9, ""), ("SKU-00", "EAST", 2, 3, ""), ("SKU-00", "WEST", 40, -2, ""),
             ("SKU-00", "WEST", 40, 2, "at the dock"), ("SKU-00", "ANNEX", 4, 14, ""), ("SKU-01", "EAST", 3, 6, ""),
             ("SKU-02", "ANNEX", 8, 5, ""), ("SKU-02", "EAST", 4, 2, ""), ("SKU-05", "EAST", 7, 0, ""))
        )
    ]  # fmt: skip
    put("inbound", *moved, *coming)
    put(
        "inventory",
        *(
            {"snapshot_at": f"{days(-1)} 23:00", "system": "wms", "sku": sku, "location": place, "on_hand": on_hand}
            for i, sku in enumerate(products[:6])
            for place, on_hand in (("EAST", 90 if i % 2 else 2), ("WEST", 1 if i % 2 else 80), ("ANNEX", 15 * (i % 3)))
        ),
    )


def priced_up_and_down(folder, sku: str) -> None:
    """A SKU sells a fifth in the weeks in which it is twice as dear: a history that carries an elasticity."""
    for number, week in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        price, quantity = (18, 1) if number % 2 else (9, 5)
        for path in week.glob("order_lines*"):
            with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                columns, lines = rows.fieldnames, list(rows)
            own = {"unit_price": price, "quantity": quantity, "cancelled_quantity": "", "line_discount": ""}
            lines = [row | {c: v for c, v in own.items() if c in row} if row["sku"] == sku else row for row in lines]
            with (gzip.open if path.suffix == ".gz" else open)(path, "wt", encoding="utf-8", newline="") as file:
                out = csv.DictWriter(file, columns)
                out.writeheader()
                out.writerows(lines)


@pytest.fixture(scope="module", params=(1, 4), ids="seed {}".format)
def store(request, tmp_path_factory):
    folder, settings = tmp_path_factory.mktemp("store"), random_store.settings(request.param)
    week = random_store.write(folder, request.param, weeks=15, orders_per_week=30)
    more(folder, week)
    priced_up_and_down(folder, "SKU-04")
    loses = int(request.param == 1)  # of one store it is known that a listing loses and that a parcel could go cheaper
    return oracle.read(folder, week, settings), Product(folder, week, settings, tmp_path_factory.mktemp("cache")), loses


def apart(expected: list[dict], found: pd.DataFrame, keys: list[str], columns: list[str], rel: float = 1e-9, least: int = 1) -> list[tuple]:
    """Rows and numbers in which they differ, an empty key being ''."""
    said = frame(expected).reindex(columns=[*keys, *columns])
    plain = [table.assign(**{k: table[k].astype(object).where(table[k].notna(), "") for k in keys}) for table in (said, found)]
    assert len(plain[0]) == len(plain[1]) >= least
    return differences(*plain, keys, columns, rel)


def shown(store, name: str) -> pd.DataFrame:
    return frames()[name](store[1].books())


def test_the_store_is_read_as_it_is(store):
    assert sum(part["rows_quarantined"] for part in store[1].exports.manifest) == 0 and not store[1].exports.trouble


def test_the_bill_of_returns(store):
    columns = ["returns", "units", *money.BILL, "total", "each", "refund", "unmatched"]
    assert apart(money.returns_bill(store[0]), shown(store, "returns_bill"), ["grain", "key"], columns) == []


def test_the_range(store):
    columns = [
        "units", "net_revenue", "gross_margin", "contribution_margin", "price", "floor", "headroom", "discount", "planned", "place",
        "cumulative",
    ]  # fmt: skip
    found = shown(store, "portfolio")
    assert apart(money.portfolio(store[0]), found, ["sku", "quadrant"], columns) == [] and found["discount"].notna().any()
    columns = ["rank_gross", "rank_contribution", "fall", "culprit_money", "relief_money"]
    assert apart(money.sku_rank(store[0]), shown(store, "sku_rank"), ["sku", "culprit", "relief"], columns) == []
    hangs = documents.sign_depends(store[0], store[0].trailing(28))
    for name in ("portfolio", "sku_rank"):
        marks = shown(store, name).set_index("sku")["sign_depends"]
        assert marks.to_dict() == {sku: hangs[sku] for sku in marks.index}


def test_channels(store):
    columns = ["orders", "net_revenue", "shipping", "contribution_margin", "ads", "after", "share", "fee_even", "raise_even"]
    assert apart(money.channels(store[0]), shown(store, "channels"), ["channel"], columns) == []
    expected, found = money.channel_skus(store[0]), shown(store, "channel_skus")
    assert apart(expected, found, ["sku", "channel"], ["units_week", "contribution", "elsewhere"], least=store[2]) == []


def test_promotions_to_pause(store):
    columns = [
        "margin",
        "full",
        "days",
        "promoted_units",
        "usual_units",
        "gain",
        "uplift",
        "needs",
        "available",
        "inbound",
        "lasts",
        "next_days",
    ]
    found = shown(store, "pauses")
    assert apart(proposals.pauses(store[0]), found, ["promo_id", "sku", "channel", "advice"], columns) == []
    assert {"RUN", "SOON", "ALL"} == set(found["promo_id"])


def test_prices_to_raise(store):
    columns = [
        "units_week", "price", "margin", "loss", "floor", "goal", "raise_", "listed", "at_list", "margin_then", "break_even",
        "elasticity", "gain", "gain_low", "gain_high",
    ]  # fmt: skip
    found = shown(store, "reprices")
    assert apart(proposals.reprices(store[0]), found, ["sku", "advice"], columns) == []
    told = found.set_index("sku")["elasticity"].dropna()
    assert list(told.index) == ["SKU-04"] and told.item() < 0, "none else has a history of prices, and that one has"


def test_no_plan_to_move_stock_or_inbound_is_better(store):
    """Every plan in whole units is tried, SKU by SKU."""
    best, rows = proposals.transfers(store[0]), shown(store, "transfers")
    found = rows.groupby("sku")[["net", "avoided"]].sum()
    assert found["net"].to_dict() == pytest.approx({sku: net for sku, (net, _) in best.items()}, rel=1e-6) and best
    assert found["avoided"].to_dict() == pytest.approx({sku: met for sku, (_, met) in best.items()}, rel=1e-6)
    assert set(rows["kind"]) == {"stock", "inbound"} and (rows["avoided"] <= rows["units"]).all()


def test_carriage(store):
    keys, columns = ["carrier", "service"], ["parcels", "billed", "expected", "above", "over"]
    assert apart(carriage.overcharges(store[0]), shown(store, "overcharges"), keys, columns) == []
    keys, columns = ["zone", "band", "promise"], ["parcels", "cost", "kept", "moved", "other_kept", "saving", "late", "risk", "net"]
    found = shown(store, "carrier_mix")
    assert apart(carriage.carrier_mix(store[0]), found, keys, columns) == []
    assert found["other"].notna().sum() >= store[2]


@pytest.mark.parametrize("grain", ["all", "family", "channel"])
def test_where_costs_come_from(store, grain):
    found = shown(store, "margin_provenance").query("grain == @grain")
    expected = [{"key": key, **kinds} for key, kinds in documents.provenance(store[0], grain).items()]
    assert apart(expected, found, ["key"], list(documents.KINDS)) == []
    if grain == "all":
        lines = oracle.order_margin(store[0])
        assert found["sold"].sum() == pytest.approx(sum(r.net_revenue for r in lines))
        uncosted = sum(r.net_revenue for r in lines if r.cost_of_goods is None)
        assert found["missing"].sum() >= uncosted - 1e-9 > 0, "what has no unit cost is missing first of all"


def test_what_returns_cost_is_the_same_by_family_and_by_sku(store):
    by_sku = reason_costs(store[1].books()).to_pandas().groupby("reason")["cost"].sum()
    found = shown(store, "returns_reasons").groupby("reason")["cost"].sum()
    assert found.to_dict() == pytest.approx(by_sku.to_dict())


def test_whose_sign_hangs_on_an_allocation(store):
    found = shown(store, "sku_margin").set_index("sku").query("gross_margin.notna()")
    shares = documents.provenance(store[0], "sku")
    expected = [{"sku": sku, **{f"{k}_share": v / sum(kinds.values()) for k, v in kinds.items()}} for sku, kinds in shares.items()]
    columns = [f"{kind}_share" for kind in documents.KINDS]
    assert apart(expected, found.reset_index(), ["sku"], columns) == []
    assert found["sign_depends"].to_dict() == documents.sign_depends(store[0])


def test_a_line_says_where_its_costs_come_from(store):
    books = store[1].books()
    found = of_lines(of_product(books, store[1].week.window)).to_pandas().query("costed")
    expected = [{"order_id": o, "line_id": n, **kinds} for (o, n), kinds in documents.provenance(store[0], "line").items()]
    assert apart(expected, found, ["order_id", "line_id"], list(documents.KINDS)) == []


def test_the_audit(store):
    rows, found = audit.audit(store[0]), shown(store, "audit")
    columns = ["units", "net_revenue", "invoiced", "scale_kg", "bought_at"]
    assert apart([{k: r[k] for k in ("sku", *columns)} for r in rows], found, ["sku"], columns) == []
    known = [r for r in rows if "shares" in r]
    of_known = found[found["sku"].isin([r.sku for r in known])]
    assert apart([{"sku": r.sku, **r.shares} for r in known], of_known, ["sku"], list(documents.KINDS)) == [] and len(known) > 5
    assert of_known.set_index("sku")["sign_depends"].to_dict() == {r.sku: r.sign_depends for r in known}
    said = found.set_index("sku")["flaws"]
    every = {*FLAWS, "no cost", "no packaging cost", "no weight", "no size"}
    assert {r.sku: {flaw for flaw in every if FLAWS.get(flaw, flaw) in said[r.sku]} for r in rows} == {r.sku: r.flaws for r in rows}


def test_what_changed_contribution(store):
    known, product = store[:2]
    past = [change.cells(product.books(week)) for week in product.exports.weeks if known.week - 13 <= week < known.week]
    books = product.books()
    found = change.explain(change.cells(books), past, change.profile(books)).query("kind != 'memo'")
    expected = bridge.bridge(known)
    off = [
        (row.grain, row.key, row.part, expected.get((row.grain, row.key, row.part), 0.0), row.amount)
        for row in found.itertuples()
        if row.amount != pytest.approx(expected.get((row.grain, row.key, row.part), 0.0), rel=1e-9, abs=1e-7)
    ]
    assert off == [] and len(found) > 50


def test_what_is_still_to_come(store):
    known, product = store[:2]
    books = product.books()
    sold = [change.cells(product.books(week)) for week in reversed(product.exports.weeks)]
    found = development.late(*development.cohorts(development.triangle(books), development.parcels(books), sold))
    exposure: dict = defaultdict(dict)
    for ago, cells in enumerate(sold):
        for kind, of, what in (("returns", "family", "net_revenue"), ("support", "channel", "orders")):
            for name, much in cells.groupby(of)[what].sum().items():
                exposure[kind, name][known.week - ago] = much
    expected = []
    for kind, key in found[["kind", "key"]].drop_duplicates().to_numpy():
        expected += late.late(known, kind, key, exposure.get((kind, key)))
    assert set(found["kind"]) == {"carrier", "returns", "support"}
    keys = ["kind", "key", "ago", "age"]
    assert apart(expected, found, keys, ["known", "expected", "low", "high", "final"], rel=1e-7) == []
    assert found["low"].notna().any() and found["final"].notna().any()


def test_exposure_is_what_was_sold_in_each_week_as_its_run_knew_it(store):
    known, product = store[:2]
    for ago in (0, 3):
        then = known.at(known.week - ago)
        cells = change.cells(product.books(known.week - ago))
        net = sum(r.net_revenue for r in oracle.order_margin(then) if r.cost_of_goods is not None)
        assert cells["net_revenue"].sum() == pytest.approx(net)
