"""Two real stores as they are: what has no data says n/a and names the table, and net sales are those of a plain sum over the files."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from helpers_intake import balanced
from opsreview import catalog, leaks
from opsreview.books import Books
from opsreview.evidence import frames
from opsreview.intake.schema import TABLES
from opsreview.intake.store import open_exports
from opsreview.margin import order_margin
from opsreview.month import of
from opsreview.results import open_results
from opsreview.run import run_month, run_week
from opsreview.scorecard import scorecard
from opsreview.settings import load
from opsreview.weeks import Week

# By name: last week, time zone, currency, the tables that there are, weeks to hold against a plain sum (the clocks change in
# 2011-W12, 2017-W41 and 2018-W07).
STORES = {
    "online_retail": (
        "2011-W40", "Europe/London", "GBP", {"orders", "order_lines", "products", "returns"},
        ["2010-W48", "2011-W12", "2011-W13", "2011-W39", "2011-W40"],
    ),
    "olist": (
        "2018-W30", "America/Sao_Paulo", "BRL", {"orders", "order_lines", "products", "shipments"},
        ["2017-W41", "2017-W42", "2018-W07", "2018-W29", "2018-W30"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=STORES)
def store(request, shared, tmp_path_factory):
    """(folder, exports, tables, weeks to add up, settings file)"""
    last, zone, currency, tables, weeks = STORES[request.param]
    folder = shared / "real" / request.param
    if not folder.is_dir():
        pytest.skip(f"no real stores: OPSREVIEW_SHARED has no real/{request.param}")
    config = tmp_path_factory.mktemp(request.param) / "review.toml"
    config.write_text(f'timezone = "{zone}"\nreporting_currency = "{currency}"\n')
    exports = open_exports(folder, Week.parse(last), load(config), tmp_path_factory.mktemp("cache"))
    return folder, exports, tables, [Week.parse(w) for w in weeks], config


@pytest.fixture(scope="module")
def books(store):
    plans: dict = {}
    return lambda week: Books(store[1].known(week), store[1].settings, plans)


@pytest.fixture(scope="module")
def last(store, books):
    """(published, charted, missing, parts of the ledger) of the last week."""
    b = books(store[1].upto)
    return *scorecard(b), leaks.measured(b)


def plain(folder: Path, table: str, upto: Week) -> pd.DataFrame:
    """Every row of the folders up to a week, the newest of each key."""
    files = sorted(p for p in folder.glob(f"*/{table}.csv.gz") if p.parent.name <= str(upto))
    rows = pd.concat([pd.read_csv(p, dtype=str, keep_default_na=False) for p in files], ignore_index=True)
    return rows.drop_duplicates(list(TABLES[table].keys), keep="last")


def amount(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column as numbers; empty or not there is 0."""
    return pd.to_numeric(rows[column], errors="coerce").fillna(0.0) if column in rows else pd.Series(0.0, index=rows.index)


def test_net_sales_and_units_are_a_plain_sum_over_the_files(store, books):
    """Timestamps are the store's own local time, without offset: the day is their first ten characters."""
    folder, _, _, weeks, _ = store
    for week in weeks:
        orders, lines = plain(folder, "orders", week), plain(folder, "order_lines", week)
        days = {str(d) for d in week.window.dates}
        placed = orders[orders["ordered_at"].str[:10].isin(days) & (orders["status"] != "cancelled")]
        sold = lines[lines["order_id"].isin(placed["order_id"])]
        units = amount(sold, "quantity") - amount(sold, "cancelled_quantity")
        net = (units * amount(sold, "unit_price") - amount(sold, "line_discount")).sum()
        net += (amount(placed, "shipping_charged") - amount(placed, "order_discount"))[placed["order_id"].isin(lines["order_id"])].sum()
        b = books(week)
        found = order_margin(b, week.window).aggregate(lambda t: t.units.sum().name("units"), net=lambda t: t.net_revenue.sum()).to_pandas()
        published = scorecard(b)[0].set_index(["kpi", "grain", "key"])["value"]
        assert found["units"].item() == units.sum() > 0
        assert abs(found["net"].item() - net) < 0.005 and abs(published["net_revenue", "all", ""] - net) < 0.005, str(week)
        b.close()


def test_every_row_is_accounted_for_and_none_set_aside(store):
    exports, tables = store[1], store[2]
    balanced(exports)
    assert {f["table"] for f in exports.manifest} == tables
    assert sum(f["rows_quarantined"] for f in exports.manifest) == 0 and not exports.notices


def test_what_has_no_data_is_na_and_names_the_table(store, last):
    exports, tables = store[1], store[2]
    published, charted, missing, _ = last
    for name, kpi in catalog.kpis().items():
        lacking = {n for n in kpi.needs if n.partition(".")[0] not in tables} | {n for n in kpi.needs if n == "products.unit_cost"}
        rows = published[published["kpi"] == name]
        assert lacking <= {need for need, _ in missing.get(name, [])}, name
        if lacking:
            assert rows["value"].isna().all() and rows["numerator"].isna().all() and rows["denominator"].isna().all()
            assert charted.loc[charted["kpi"] == name, "value"].isna().all()
        else:
            assert name not in missing and rows.loc[rows["grain"] == "all", "value"].notna().all()
        assert all(str(exports.upto) in " ".join(weeks) for need, weeks in missing.get(name, []))


def test_no_leak_is_zero_for_want_of_data(store, last):
    parts, tables = last[3], store[2]
    for part in leaks.PARTS:
        lacking = [need for need, _ in part.needs if need.partition(".")[0] not in tables or "." in need]
        said = parts.loc[parts["part"] == part.name, "amount"].item()
        assert bool(pd.isna(said)) or not lacking, part.name
    assert parts["amount"].isna().all()  # these stores have neither stock nor cost: no leak of theirs can be told


def test_returns_are_a_plain_sum_over_the_files(shared, store, last):
    folder, exports, tables, *_ = store
    if "returns" not in tables:
        assert last[0].loc[last[0]["kpi"] == "return_rate", "value"].isna().all()
        return
    days = {str(d) for d in exports.upto.trailing(28).dates}
    returns, lines, orders = (plain(folder, t, exports.upto) for t in ("returns", "order_lines", "orders"))
    placed = orders[orders["ordered_at"].str[:10].isin(days) & (orders["status"] != "cancelled")]
    row = last[0].query("kpi == 'return_rate' and grain == 'all'").iloc[0]
    assert row["numerator"] == amount(returns[returns["requested_at"].str[:10].isin(days)], "quantity").sum()
    assert row["denominator"] == amount(lines[lines["order_id"].isin(placed["order_id"])], "quantity").sum()


def test_promises_are_a_plain_count_over_the_files(store, last):
    folder, exports, tables, *_ = store
    if "shipments" not in tables:
        assert last[0].loc[last[0]["kpi"] == "on_time_delivery_rate", "value"].isna().all()
        return
    days = {str(d) for d in exports.upto.window.dates}
    ships, orders = plain(folder, "shipments", exports.upto), plain(folder, "orders", exports.upto)
    ships = ships[~ships["order_id"].isin(orders.loc[orders["status"] == "cancelled", "order_id"])]
    due = ships[ships["promised_delivery_at"].str[:10].isin(days)]
    # A promise by a day is kept until its end; a parcel that came after the week was not there yet, and so late.
    kept = (due["delivered_at"] != "") & (due["delivered_at"].str[:10] <= due["promised_delivery_at"].str[:10])
    row = last[0].query("kpi == 'on_time_delivery_rate' and grain == 'all'").iloc[0]
    assert (row["numerator"], row["denominator"]) == (kept.sum(), len(due))


def test_every_frame_of_evidence_stands(store, books):
    """None fails for want of a table, and none says 0 where a cost or a stock is not known."""
    found = {name: build(books(store[1].upto)) for name, build in frames().items()}
    assert found["inventory"].empty and len(found["sku_margin"]) > 50
    unknown = ["cost_of_goods", "gross_margin", "contribution_margin", "gross_margin_share", "contribution_margin_share"]
    assert found["sku_margin"][unknown].isna().all().all()
    assert (found["sku_margin"]["net_revenue"].sum() > 0) and found["family_margin"].empty


@pytest.mark.parametrize("name", STORES)
def test_a_whole_run_writes_its_pages_and_says_what_is_missing(shared, name, tmp_path):
    """Every week that a history needs is measured, the three reviews held, every page written."""
    folder, (week, zone, currency, tables, _) = shared / "real" / name, STORES[name]
    if not folder.is_dir():
        pytest.skip(f"no real stores: OPSREVIEW_SHARED has no real/{name}")
    config = tmp_path / "review.toml"
    config.write_text(f'timezone = "{zone}"\nreporting_currency = "{currency}"\n')
    outcome = run_week(folder, week, tmp_path / "reports", str(config), str(tmp_path / "decisions"))
    assert outcome.exit_code == 1 and any("inventory" in line for line in outcome.complaints)
    assert all(outcome.headlines[r] for r in catalog.REVIEWS)
    run = json.loads((outcome.folder / "run.json").read_text(encoding="utf-8"))
    lacking = {m["table"].partition(".")[0] for m in run["missing"]}
    assert lacking >= {"inventory", "demand_plan", "picks", "inbound"} and not lacking & (tables - {"products"})
    for review in catalog.REVIEWS:
        page = (outcome.folder / f"{review}.html").read_text(encoding="utf-8")
        seen = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
        assert "n/a" in seen and not re.search(r"\b(nan|NaN|None|inf|NaT|<NA>)\b", seen)
    with (outcome.folder / "kpis.csv").open(encoding="utf-8", newline="") as file:
        rows = {(r["kpi"], r["grain"], r["key"]): r for r in csv.DictReader(file)}
    assert rows["in_stock_rate", "all", ""]["value"] == "" and rows["in_stock_rate", "all", ""]["status"] == "n/a"
    results = open_results(folder, week, config, tmp_path / "decisions")
    assert float(rows["net_revenue", "all", ""]["value"]) == pytest.approx(
        results.kpis.query("kpi == 'net_revenue' and grain == 'all'")["value"].item(), rel=1e-11
    )
    month = run_month(folder, of(results.week), tmp_path / "reports", str(config), str(tmp_path / "decisions"))
    assert "no EBITDA, as contribution margin is n/a" in month.headlines[catalog.MONTH]
    weeks = pd.read_csv(month.folder / "month.csv").set_index("week")
    assert weeks["ebitda"].isna().all() and str(weeks.loc[week, "net_revenue"]) == rows["net_revenue", "all", ""]["value"]
