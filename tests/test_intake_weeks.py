"""How weeks add up: what replaces what, what a reference refuses, and what a run of an earlier week would have known."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers_intake import GOOD, Folder, balanced
from opsreview.intake.store import ExportsError, open_exports
from opsreview.weeks import Week

W1, W2, W3 = "2026-W45", "2026-W46", "2026-W47"


def known(folder: Folder, table: str, week: str, upto: str = W3) -> pd.DataFrame:
    frame = folder.open(upto).known(Week.parse(week)).table(table).to_pandas()
    return frame.sort_values(frame.columns[0]).reset_index(drop=True)


def fates(folder: Folder, upto: str = W3) -> dict[str, tuple[int, ...]]:
    """file -> read, kept, replaced, duplicate, deleted, quarantined; the sums are checked on the way."""
    exports = folder.open(upto)
    balanced(exports)
    return {e["path"]: tuple(v for k, v in e.items() if k.startswith("rows_"))[:6] for e in exports.manifest}


def test_a_key_that_comes_again_replaces_the_earlier_row_whole(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    folder.rows("shipments", {"zone": "2", "label_cost": "4"}, week=W1)
    folder.rows("shipments", {"delivered_at": "2026-11-09T09:00:00"}, week=W2)
    assert known(folder, "shipments", W1, W2)[["zone", "label_cost"]].values.tolist() == [["2", 4.0]]
    after = known(folder, "shipments", W2, W2)
    assert after[["zone", "label_cost"]].isna().all(axis=None) and str(after["delivered_at"][0]) == "2026-11-09 09:00:00"
    rows = folder.open(W2).rows("shipments").to_pandas().sort_values("week")
    assert rows["replaced_in"].dt.strftime("%F").fillna("").tolist() == ["2026-11-09", ""]
    assert fates(folder, W2)["2026-W45/shipments.csv"] == (1, 0, 1, 0, 0, 0)


def test_a_replacement_is_one_even_when_it_is_equal(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    assert fates(folder, W2)[f"{W1}/orders.csv"] == (1, 0, 1, 0, 0, 0)
    assert fates(folder, W1)[f"{W1}/orders.csv"] == (1, 1, 0, 0, 0, 0)


def test_snapshots_accumulate_and_the_newest_folder_replaces(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    folder.rows("inventory", {}, {"snapshot_at": "2026-11-04T06:00:00"}, week=W1)
    folder.rows("inventory", {"on_hand": "7"}, {"snapshot_at": "2026-11-10T06:00:00"}, week=W2)
    assert known(folder, "inventory", W2, W2)["on_hand"].tolist() == [7, 5, 5]


def test_a_deleted_row_removes_its_key_from_then_on(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2, W3)
    folder.rows("shipments", {}, {"shipment_id": "S2"}, week=W1)
    nothing = dict.fromkeys(GOOD["shipments"], "")
    folder.rows("shipments", nothing | {"shipment_id": "S1", "deleted": "yes", "label_cost": "oops"}, week=W2)  # it needs only its key
    folder.rows("shipments", {"label_cost": "9"}, week=W3)
    assert [len(known(folder, "shipments", week)) for week in (W1, W2, W3)] == [2, 1, 2]
    assert fates(folder)[f"{W2}/shipments.csv"] == (1, 0, 1, 0, 0, 0)
    assert fates(folder, W2)[f"{W2}/shipments.csv"] == (1, 0, 0, 0, 1, 0)
    assert fates(folder, W2)[f"{W1}/shipments.csv"] == (2, 1, 1, 0, 0, 0)


def test_a_deleted_row_without_a_key_or_with_an_unreadable_mark(tmp_path):
    folder = Folder(tmp_path).basics()
    folder.rows("shipments", {"deleted": "maybe"}, {"shipment_id": "", "deleted": "true"}, {"shipment_id": "S3", "deleted": "no"})
    assert [r[2:] for r in folder.reasons()] == [("deleted", "maybe", "unknown_value"), ("shipment_id", None, "missing_key")]


def test_lines_of_a_deleted_order_go_with_it(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    folder.rows("orders", {"order_id": "2"}, {"order_id": "1", "deleted": "1"}, week=W2)
    folder.rows("order_lines", {"order_id": "2"}, week=W2)
    assert known(folder, "order_lines", W1, W2)["order_id"].tolist() == ["1"]
    assert known(folder, "order_lines", W2, W2)["order_id"].tolist() == ["2"]
    assert folder.reasons(W2) == []  # its order is in a folder


def test_within_a_folder_the_last_row_of_a_key_stands(tmp_path):
    folder = Folder(tmp_path).basics()
    folder.rows("order_lines", {}, {}, name="a.csv")  # equal to the last one, which stands: exact duplicates
    folder.rows("order_lines", {"unit_price": "8"}, {"unit_price": "9.50"}, name="b.csv")
    (folder.root / W1 / "order_lines.csv").unlink()
    assert folder.table("order_lines")[["file", "line", "unit_price"]].values.tolist() == [[f"{W1}/order_lines.b.csv", 3, 9.5]]
    assert folder.reasons() == [(f"{W1}/order_lines.b.csv", 2, "unit_price", "8", "conflicting_duplicate")]
    got = fates(folder, W1)
    assert got[f"{W1}/order_lines.a.csv"] == (2, 0, 0, 2, 0, 0) and got[f"{W1}/order_lines.b.csv"] == (2, 1, 0, 0, 0, 1)


def test_extra_columns_do_not_make_a_conflict(tmp_path):
    folder = Folder(tmp_path).basics()
    folder.rows("order_lines", {"note": "first"}, {"note": "second"})
    assert fates(folder, W1)[f"{W1}/order_lines.csv"] == (2, 1, 0, 1, 0, 0)


def test_a_quarantined_row_never_replaces_an_earlier_good_one(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    folder.rows("orders", {"channel": "shop"}, {"channel": ""}, week=W1)
    folder.rows("orders", {"status": "lost"}, {"order_id": "2"}, week=W2)
    assert known(folder, "orders", W2, W2)["channel"].tolist() == ["shop", "web"]
    assert [r[2:] for r in folder.reasons(W2)] == [("channel", None, "missing_value"), ("status", "lost", "unknown_value")]


def test_a_line_waits_for_its_order(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2, W3)
    folder.rows("order_lines", {}, {"order_id": "7", "quantity": "3"}, week=W1)
    folder.rows("orders", {"order_id": "7", "status": "nonsense"}, week=W2)  # quarantined: still no order
    folder.rows("order_lines", {}, week=W2)
    folder.rows("orders", {"order_id": "7"}, week=W3)
    folder.rows("order_lines", {}, week=W3)
    late = (f"{W1}/order_lines.csv", 3, "order_id", "7", "unknown_order")
    assert folder.reasons(W1) == [late]
    assert late in folder.reasons(W2) and late not in folder.reasons(W3)
    exports = folder.open(W3)
    lines = [
        exports.known(Week.parse(week)).table("order_lines").filter(lambda t: t.order_id == "7").count().execute() for week in (W1, W2, W3)
    ]
    assert lines == [0, 0, 1]
    balanced(exports)
    balanced(folder.open(W1))


def test_the_row_that_waited_does_not_come_before_a_newer_one(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2, W3)
    folder.rows("order_lines", {"order_id": "7", "quantity": "3"}, week=W1)
    folder.rows("order_lines", {"order_id": "7", "quantity": "4"}, week=W2)
    folder.rows("orders", {"order_id": "7"}, week=W3)
    folder.rows("order_lines", {"order_id": "1"}, week=W3)
    assert known(folder, "order_lines", W3)["quantity"].tolist() == [2, 4]
    assert fates(folder)[f"{W1}/order_lines.csv"] == (1, 0, 1, 0, 0, 0)


def test_an_order_without_a_rate_is_quarantined_with_its_lines_until_the_rate_comes(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    folder.rows("orders", {}, {"order_id": "2", "currency": "USD"}, {"order_id": "3", "currency": "GBP"}, week=W1)
    folder.rows("order_lines", {}, {"order_id": "2", "quantity": "3", "line_discount": "0.5"}, {"order_id": "3"}, week=W1)
    folder.rows("fx_rates", {"rate_date": "2026-11-04", "rate": "2"}, week=W1)  # after the day of the order
    folder.rows("fx_rates", {"rate_date": "2026-11-03", "rate": "0.5"}, {"rate_date": "2026-11-02", "rate": "0.7"}, week=W2)
    assert folder.reasons(W1) == [
        (f"{W1}/order_lines.csv", 3, "order_id", "2", "unknown_currency"),
        (f"{W1}/orders.csv", 3, "currency", "USD", "unknown_currency"),
    ]
    assert folder.open(W1).unknown_currencies.values.tolist() == [["USD", 1, 1, 28.0]]  # 3 × 9.50 − 0.50
    assert known(folder, "orders", W1, W2)[["order_id", "rate"]].values.tolist() == [["1", 1.0], ["3", 1.0]]
    assert known(folder, "orders", W2, W2)["rate"].tolist() == [1.0, 0.5, 1.0]
    assert known(folder, "order_lines", W2, W2)["order_id"].tolist() == ["1", "2", "3"]
    assert folder.open(W2).unknown_currencies.empty
    balanced(folder.open(W1))


def test_an_order_in_a_currency_without_a_rate_does_not_replace_the_one_before(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    folder.rows("orders", {"channel": "shop", "currency": "USD"}, week=W2)
    assert known(folder, "orders", W2, W2)["channel"].tolist() == ["web"]
    folder.rows("orders", {"channel": "early"}, {"channel": "shop", "currency": "USD"}, week=W2)
    assert known(folder, "orders", W2, W2)["channel"].tolist() == ["early"]


def test_a_run_knows_nothing_of_what_happened_after_it(tmp_path):
    folder = Folder(tmp_path, "Europe/London").basics(W1, W2)
    # as_of of W1 is 2026-11-09T00:00 in London
    folder.rows(
        "orders",
        {"status": "cancelled", "cancelled_at": "2026-11-09T00:00:00"},
        {"order_id": "2", "status": "cancelled", "cancelled_at": "2026-11-08T23:59:59"},
        {"order_id": "3", "status": "cancelled"},
        {"order_id": "4", "ordered_at": "2026-11-09"},
    )
    folder.rows("order_lines", {}, {"order_id": "4"})
    orders = known(folder, "orders", W1, W2)
    assert orders["order_id"].tolist() == ["1", "2", "3"]
    assert orders["cancelled"].tolist() == [False, True, True]
    assert orders[["cancelled_at", "cancelled_at_local"]].isna().all(axis=1).tolist() == [True, False, True]
    assert known(folder, "order_lines", W1, W2)["order_id"].tolist() == ["1"]
    folder.rows("shipments", {"delivered_at": "2026-11-09T08:00:00", "promised_delivery_at": "2026-11-12"})
    (shipment,) = known(folder, "shipments", W1, W2).to_dict("records")
    assert pd.isna(shipment["delivered_at"]) and str(shipment["promised_delivery_at"]) == "2026-11-12 23:59:59.999999"


def test_the_folders_after_the_week_are_not_even_looked_into(tmp_path):
    folder = Folder(tmp_path).basics(W1)
    before = folder.open(W1)
    folder.write(f"{W2}/orders.csv", b"\x81 not text")
    folder.write(f"{W2}/what.txt", "?")
    after = folder.open(W1)
    assert (after.notices, after.unrecognised, after.weeks) == ([], [], before.weeks)
    assert after.fingerprint(Week.parse(W1)) == before.fingerprint(Week.parse(W1))


def test_the_fingerprint_changes_with_what_is_read_and_with_nothing_else(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    first, second = (folder.open(W2).fingerprint(Week.parse(w)) for w in (W1, W2))
    assert first != second
    folder.rows("orders", {"channel": "shop"}, week=W2)
    assert folder.open(W2).fingerprint(Week.parse(W1)) == first == folder.open(W1).fingerprint(Week.parse(W1))
    assert folder.open(W2).fingerprint(Week.parse(W2)) != second
    elsewhere = Folder(tmp_path, "Europe/Paris")
    assert elsewhere.open(W2).fingerprint(Week.parse(W1)) != first


def test_too_many_bad_rows_stop_the_run_or_make_a_table_missing(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    bad = [{"shipment_id": f"S{i}", "label_cost": "x" if i < 2 else "1"} for i in range(20)]
    folder.rows("shipments", {"shipment_id": "old"}, week=W1)
    folder.rows("shipments", *bad, week=W2)  # 2 of 20 are more than 5 %
    exports = open_exports(folder.root, Week.parse(W2), folder.settings, folder.cache)
    now = exports.known(Week.parse(W2))
    assert now.treated_as_missing == {
        "shipments": "2 of the 20 rows of shipments in 2026-W46 cannot be taken, more than 5%: most often not_a_number (2), "
        "as in 2026-W46/shipments.csv line 2 (label_cost 'x'); write numbers without currency signs, with a point (or all of a file with "
        "a comma) before the decimals"
    }
    assert not now.exported("shipments", now.week) and now.exported("shipments", now.week - 1)
    assert now.table("shipments").shipment_id.execute().tolist() == ["old"]
    assert exports.rows("shipments").count().execute() == 19  # the run of a later week takes what is good
    folder.rows("shipments", *bad[:19], week=W2)  # under 20 rows there is no share
    assert folder.open(W2).known(Week.parse(W2)).treated_as_missing == {}
    folder.rows("shipments", *bad[1:], {"shipment_id": "S99"}, week=W2)  # 1 of 20 is 5 %, not more
    assert folder.open(W2).known(Week.parse(W2)).treated_as_missing == {}
    folder.rows("order_lines", *({"line_id": str(i), "order_id": "1" if i > 1 else "nobody"} for i in range(20)), week=W2)
    with pytest.raises(
        ExportsError, match=r"2 of the 20 rows of order_lines in 2026-W46 .* unknown_order \(2\), as in 2026-W46/order_lines.csv line 2"
    ):
        open_exports(folder.root, Week.parse(W2), folder.settings, folder.cache)
    assert open_exports(folder.root, Week.parse(W1), folder.settings, folder.cache).known(Week.parse(W1)).stopped is None


def test_what_an_earlier_run_would_have_made_of_it(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    (folder.root / W1 / "orders.csv").unlink()
    exports = open_exports(folder.root, Week.parse(W2), folder.settings, folder.cache)
    assert exports.known(Week.parse(W1)).stopped == "2026-W45 has no orders; a run needs them in that week's folder"
    assert exports.first == Week.parse(W1) and exports.known(Week.parse(W1)).exported("order_lines", Week.parse(W1))
    with pytest.raises(ValueError, match="2026-W47 is after 2026-W46"):
        exports.known(Week.parse(W3))


def test_columns_that_are_gone_and_values_that_are_new(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    folder.rows("orders", {"payment_fee": "1", "promo_id": "p"}, week=W1)
    folder.rows("orders", {"promo_id": "p"}, {"order_id": "2", "status": "parked"}, week=W2)
    drift = folder.open(W2).known(Week.parse(W2)).schema_drift
    assert drift == [{"table": "orders", "column": "payment_fee", "share": None}, {"table": "orders", "column": "status", "share": 0.5}]
    known = folder.open(W2).known(Week.parse(W2))
    assert [known.exported("orders", week, "payment_fee") for week in folder.open(W2).weeks] == [True, False]


def test_unknown_skus_and_references_are_kept_and_listed(tmp_path):
    folder = Folder(tmp_path).basics()
    folder.rows("order_lines", {}, {"line_id": "2", "sku": "Z", "quantity": "3", "cancelled_quantity": "1", "line_discount": "1"})
    folder.rows("inventory", {"sku": "Z"})
    folder.rows("shipments", {"order_id": "999"}, {"shipment_id": "S2"})
    folder.rows("carrier_events", {"shipment_id": "nobody's"})
    exports = folder.open()
    assert exports.unknown_skus.values.tolist() == [["Z", 2, 18.0]]  # (3 − 1) × 9.50 − 1
    assert {tuple(r) for r in exports.unknown_references.values} == {("shipments", "order_id", 1), ("carrier_events", "shipment_id", 1)}
    assert folder.reasons() == []


def test_freshness_says_what_came_when(tmp_path):
    folder = Folder(tmp_path).basics(W1, W2)
    folder.rows("inventory", {}, week=W1)
    frame = folder.open(W2).freshness.set_index("table")
    assert frame.loc["orders", ["last_week", "rows"]].tolist() == [W2, 1]
    assert (frame.loc["inventory", "last_week"], str(frame.loc["inventory", "newest_event"])) == (W1, "2026-11-03 06:00:00")
