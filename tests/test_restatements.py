"""What was published and is another now: each cause from a store doctored in one way, on the way a run keeps and reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from helpers_intake import text
from opsreview import restatements
from opsreview.results import Results, open_results
from opsreview.weeks import Week

WEEKS = [Week.parse("2026-W41") + n for n in range(5)]
BEFORE, LAST = WEEKS[-2], WEEKS[-1]
SETTINGS = 'timezone = "Europe/London"\nreporting_currency = "GBP"\n{}'


def shop(folder: Path, more: str = "") -> Path:
    """Five weeks of ten orders each, shipped and charged the week after; some of the week before come back."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "review.toml").write_text(SETTINGS.format(more))
    for n, week in enumerate(WEEKS):
        of = lambda day, hour: f"{week.window.dates[day]}T{hour:02d}:00:00"  # noqa: B023, E731
        ids = [f"{week}-{i}" for i in range(10)]
        orders = [
            {"order_id": o, "ordered_at": of(i % 5, 9), "channel": "web", "status": "open", "cancelled_at": ""} for i, o in enumerate(ids)
        ]
        tables = {
            "orders": orders,
            "order_lines": [{"order_id": o, "line_id": "1", "sku": "A", "quantity": "1", "unit_price": "20"} for o in ids],
            "products": [{"sku": "A", "unit_cost": "8"}],
            "shipments": [
                {"shipment_id": f"S{o}", "order_id": o, "location": "L", "carrier": "c", "service": "s", "label_created_at": of(5, 9),
                 "label_cost": "3", "promised_ship_at": of(6, 12), "shipped_at": of(5, 10)} for o in ids
            ],
            "carrier_charges": [
                {"invoice_id": f"I{n}", "charge_id": o, "shipment_id": f"S{WEEKS[n - 1]}-{o[-1]}", "charge_type": "base", "amount": "4",
                 "invoiced_on": week.monday}
                for o in ids if n
            ],
            "returns": [
                {"return_id": f"R{o}", "line_no": "1", "order_id": o, "line_id": "1", "sku": "A", "quantity": "1", "reason_code": "x",
                 "requested_at": of(6, 20), "refund_amount": "20"} for o in ids[:2]
            ],
        }  # fmt: skip
        for table, rows in tables.items():
            write(folder, week, table, rows)
    return folder


def write(folder: Path, week: Week, table: str, rows: list[dict]) -> None:
    path = folder / str(week) / f"{table}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text(rows) if rows else "invoice_id,charge_id,shipment_id,charge_type,amount,invoiced_on\n")


def rows(folder: Path, week: Week, table: str) -> list[dict]:
    return pd.read_csv(folder / str(week) / f"{table}.csv", dtype=str, keep_default_na=False).to_dict("records")


def change(folder: Path, week: Week, table: str, row: int, **columns) -> None:
    every = rows(folder, week, table)
    every[row] |= {k: str(v) for k, v in columns.items()}
    write(folder, week, table, every)


def measure(folder: Path, week: Week = LAST) -> Results:
    return open_results(folder, str(week), decisions_dir=folder / "decisions", reports=folder.parent / "reports")


def publish(folder: Path, week: Week = LAST) -> Results:
    """What a run leaves of itself."""
    results = measure(folder, week)
    restated = results.restatements  # before it is written, as a run does
    home = folder.parent / "reports" / str(week)
    home.mkdir(parents=True, exist_ok=True)
    restatements.write(home / restatements.FILE, results.publications)
    assert results.restatements is restated
    return results


def whole(results: Results, view: str = "re-run", week: Week = LAST) -> dict[str, tuple]:
    """KPI -> (published, now, cause, because), of the whole store."""
    f = results.restatements
    f = f[(f["view"] == view) & (f["grain"] == "all") & (f["week"] == str(week))]
    return {r.kpi: (r.published, r.now, r.cause, r.because) for r in f.itertuples()}


@pytest.fixture
def store(tmp_path) -> Path:
    return shop(tmp_path / "exports")


def test_nothing_is_said_of_a_week_run_for_the_first_time_or_again(store):
    assert publish(store).restatements.empty
    kept = (store.parent / "reports" / str(LAST) / restatements.FILE).read_bytes()
    assert publish(store).restatements.empty
    assert (store.parent / "reports" / str(LAST) / restatements.FILE).read_bytes() == kept


def test_a_file_corrected_in_the_weeks_own_folder(store):
    publish(store)
    change(store, LAST, "order_lines", 0, unit_price=25)
    found = whole(publish(store))
    assert found["net_revenue"] == (200, 205, "file", f"file: changed: {LAST}/order_lines.csv")
    assert set(found) >= {"net_revenue", "gross_margin", "contribution_margin"} and "on_time_ship_rate" not in found
    again = whole(publish(store))
    assert again == found, "a run that is repeated says the same again"
    assert len(json.loads((store.parent / "reports" / str(LAST) / restatements.FILE).read_text())) == 2


def test_a_file_corrected_in_an_old_folder_changes_the_weeks_published_since(store):
    publish(store, BEFORE)
    change(store, BEFORE, "order_lines", 0, unit_price=25)
    found = publish(store)
    assert whole(found, week=BEFORE)["net_revenue"] == (200, 205, "file", f"file: changed: {BEFORE}/order_lines.csv")
    publish(store, BEFORE)
    assert whole(publish(store), week=BEFORE) == {}, "once the week is run anew it is published anew"


def test_a_file_that_came_late_into_an_old_folder_and_one_that_went(store):
    publish(store, BEFORE)
    write(
        store,
        BEFORE,
        "support_tickets",
        [{"ticket_id": "T", "order_id": f"{BEFORE}-1", "opened_at": BEFORE.monday, "topic": "x", "cost": "7"}],
    )
    (store / str(BEFORE) / "returns.csv").unlink()
    found = whole(publish(store), week=BEFORE)
    assert found["contribution_margin"][2:] == ("file", f"files: gone: {BEFORE}/returns.csv, new: {BEFORE}/support_tickets.csv")
    published, now, _, because = found["return_rate"]
    assert published > 0 and pd.isna(now) and because == f"file: gone: {BEFORE}/returns.csv"
    assert "net_revenue" not in found


def test_a_later_folder_is_no_cause_of_what_a_run_of_an_earlier_week_gives(store):
    publish(store, BEFORE)
    change(store, LAST, "order_lines", 0, unit_price=25)
    assert whole(publish(store), week=BEFORE) == {}


def test_a_changed_setting(store):
    publish(store)
    (store / "review.toml").write_text(SETTINGS.format("[costs]\npayment_rate = 0.05\npayment_fixed = 0\n"))
    found = whole(publish(store))
    assert found["contribution_margin"][2:] == ("setting", "settings: costs.payment_fixed 0.3 → 0.0, costs.payment_rate 0.029 → 0.05")
    assert "net_revenue" not in found


def doctored(store: Path, **fields) -> None:
    """The publication of the last week as another version would have left it: net revenue was a tenth more."""
    path = store.parent / "reports" / str(LAST) / restatements.FILE
    (told,) = json.loads(path.read_text())
    told["figures"]["net_revenue|all|"] = 220.0
    path.write_text(json.dumps([told | fields]))


@pytest.mark.parametrize(
    ("fields", "cause", "because"),
    [
        ({"version": "0.0.9"}, "definition", "definition: version 0.0.9 → {version}"),
        ({"definitions": "older"}, "definition", "definition: the code that decides figures, within version {version}"),
        ({"settings": {}}, "setting", "settings: "),
        ({"version": "0.0.9", "settings": {}}, "definition", "definition: version 0.0.9 → {version}; also possible, settings: "),
        ({}, "unknown", "nothing that the run knows of changed"),
    ],
)
def test_causes_in_the_order_of_elimination(store, fields, cause, because):
    publish(store)
    doctored(store, **fields)
    found = whole(measure(store))
    assert list(found) == ["net_revenue"]
    assert found["net_revenue"][:3] == (220, 200, cause)
    assert found["net_revenue"][3].startswith(because.format(version=restatements.__version__))


def test_what_came_after_a_week_is_told_as_it_has_become(store):
    """A return asked for later changes no earlier run, but what the cohort has become; so do charges above the label."""
    change(store, LAST, "carrier_charges", 0, amount=9)
    publish(store, BEFORE)
    results = publish(store)
    assert whole(results, week=BEFORE) == {}
    since = whole(results, "since", BEFORE)
    published, now, cause, because = since["contribution_margin"]
    # Ten parcels at a label of 3 times the ratio charged to label so far, 4 : 3; now charged 9 × 4 + 9.
    assert now - published == pytest.approx(-5 / 200, abs=1e-9)
    assert cause == "late data" and because.startswith(f"{LAST}/carrier_charges.csv (10 new)")
    assert "net_revenue" not in since and "on_time_ship_rate" not in since


def test_rows_replaced_since_are_named_as_corrected(store):
    publish(store, BEFORE)
    gone = rows(store, BEFORE, "orders")[0] | {"status": "cancelled", "cancelled_at": f"{LAST.monday}T09:00:00"}
    write(store, LAST, "orders", [*rows(store, LAST, "orders"), gone])
    since = whole(publish(store), "since", BEFORE)
    assert since["net_revenue"] == (200, 180, "corrected rows", f"{LAST}/orders.csv (1 replaced)")


def test_a_row_whose_day_moved_is_about_the_week_it_left(store):
    """A line received again is stocked the week after: the week before has one line less."""
    line = {"document_id": "P", "line_id": "1", "kind": "purchase", "sku": "A", "location": "L", "quantity_ordered": "9",
            "ordered_on": BEFORE.monday, "eta": BEFORE.monday}  # fmt: skip
    receipts = {week: f"{week.monday}T06:00:00" for week in (BEFORE, LAST)}
    for week, at in receipts.items():
        write(store, week, "inbound", [line | {"arrived_at": at, "stocked_at": at.replace("06", "08"), "quantity_received": "9"}])
    publish(store, BEFORE)
    published, now, cause, because = whole(publish(store), "since", BEFORE)["dock_to_stock_hours"]
    assert published == 2 and pd.isna(now) and (cause, because) == ("corrected rows", f"{LAST}/inbound.csv (1 replaced)")


def test_an_order_that_came_a_week_late_is_late_data(store):
    publish(store, BEFORE)
    order = {"order_id": "late", "ordered_at": f"{BEFORE.monday}T09:00:00", "channel": "web", "status": "open", "cancelled_at": ""}
    write(store, LAST, "orders", [*rows(store, LAST, "orders"), order])
    lines = rows(store, LAST, "order_lines")
    write(store, LAST, "order_lines", [*lines, lines[0] | {"order_id": "late"}])
    since = whole(publish(store), "since", BEFORE)
    assert since["net_revenue"] == (200, 220, "late data", f"{LAST}/order_lines.csv (1 new), {LAST}/orders.csv (1 new)")


def test_stock_and_plans_are_told_as_they_stood():
    from opsreview.catalog import kpis
    from opsreview.measure import FIRST_OUTCOME

    assert {k for k, kpi in kpis().items() if kpi.set < FIRST_OUTCOME} == {k for k, kpi in kpis().items() if kpi.review == "monday"}


@pytest.mark.parametrize("content", ["", "[", "{}", '"x"', '[{"version": 1}]', "[1]"])
def test_what_cannot_be_read_is_as_if_the_week_had_not_been_run(store, content):
    home = store.parent / "reports" / str(LAST)
    home.mkdir(parents=True)
    (home / restatements.FILE).write_text(content)
    results = publish(store)
    assert results.restatements.empty and len(results.publications) == 1


def test_only_so_many_publications_are_kept():
    told = [{"n": n} for n in range(restatements.KEPT)]
    assert restatements.kept(told, {"n": 99}) == [*told[1:], {"n": 99}]
    assert restatements.kept(told, told[-1]) == told
    assert restatements.earlier(told, told[-1]) == told[-2] and restatements.earlier(told, {"n": 99}) == told[-1]
    assert restatements.earlier([], told[0]) is None and restatements.earlier(told[:1], told[0]) is None


def test_the_largest_change_comes_first_and_the_whole_before_its_parts():
    frame = pd.DataFrame(
        [
            ("2026-W45", "net_revenue", "all", "", "since", 100, 101, 1, "", ""),
            ("2026-W45", "return_rate", "all", "", "since", 0.1, 0.2, 0.1, "", ""),
            ("2026-W44", "return_rate", "all", "", "re-run", 0.1, 0.11, 0.01, "", ""),
            ("2026-W45", "net_revenue", "channel", "web", "since", 1, 9, 8, "", ""),
        ],
        columns=restatements.COLUMNS,
    )  # fmt: skip
    assert restatements.ordered(frame)[["view", "kpi", "grain"]].to_numpy().tolist() == [
        ["re-run", "return_rate", "all"],
        ["since", "return_rate", "all"],
        ["since", "net_revenue", "all"],
        ["since", "net_revenue", "channel"],
    ]
