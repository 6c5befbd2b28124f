"""Exports that are not as they should be: the right figures all the same, or one clear sentence; and every row accounted for.

What is right is said by the oracle, which reads the same files its own slow way, and by the same store without the fault.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import oracle
import pandas as pd
import pytest
import random_store
from helpers_intake import balanced
from opsreview import catalog, demand, leaks
from opsreview.books import Books
from opsreview.intake.schema import TABLES
from opsreview.intake.store import Exports, ExportsError, open_exports
from opsreview.scorecard import scorecard
from opsreview.weeks import Week
from product import FIGURE, PARTS, differences

SEED, WEEKS, ORDERS = 0, 10, 40
W = random_store.LAST
LAST = str(W)
SETTINGS = random_store.settings(SEED)
ZONE = ZoneInfo(SETTINGS.timezone)
OPTIONAL = (
    "ad_spend", "carrier_charges", "carrier_events", "demand_plan", "fx_rates", "inbound", "inventory", "labor", "picks", "promotions",
    "returns", "shipments", "support_tickets",
)  # fmt: skip
STAND_IN = "trailing demand, negative binomial"  # the model of stock-out risk that the oracle knows
MARGIN = {"contribution_margin", "contribution_margin_after_marketing"}
# What a table has a part in without being needed for it: where it is missing, something else stands in.
STANDS_IN = {
    "inbound": {"in_stock_rate", "in_stock_rate_weighted", "oos_risk_14d"},
    "shipments": MARGIN | {"days_of_supply", "oos_risk_14d"},
    "fx_rates": set(catalog.kpis()),
} | dict.fromkeys(("carrier_charges", "picks", "labor", "returns", "support_tickets"), MARGIN)


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    assert random_store.write(folder, SEED, WEEKS, ORDERS) == W
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


class Measure:
    """Reads a folder and works its figures out; queries are compiled once between all folders, the reading of their files apart."""

    def __init__(self, cache: Path) -> None:
        self.cache, self.plans = cache, {}

    def exports(self, folder: Path) -> Exports:
        return open_exports(folder, W, SETTINGS, self.cache)

    def __call__(self, exports: Exports) -> tuple[pd.DataFrame, pd.DataFrame, dict, pd.DataFrame]:
        """(published, charted, missing, parts of the ledger)"""
        plans = {key: kept for key, made in self.plans.items() if (kept := [p for p in made if "exports_" not in p.sql])}
        books = Books(exports.known(W), SETTINGS, plans)
        try:
            return *scorecard(books), leaks.measured(books)
        finally:
            self.plans = plans
            books.close()


@pytest.fixture(scope="module")
def measure(cache) -> Measure:
    return Measure(cache)


@pytest.fixture(scope="module")
def figures(clean, measure):
    """The figures of the store without a fault."""
    return measure(measure.exports(clean))


@pytest.fixture
def store(clean, tmp_path) -> Path:
    """A copy to spoil. A file is replaced, never written into: the copies share their bytes."""
    return shutil.copytree(clean, tmp_path / "exports", copy_function=os.link)


def files(store: Path, table: str, week: str = LAST) -> list[Path]:
    """The parts of a table in a week's folder, or in all (`*`)."""
    return sorted(store.glob(f"{week}/{table}.*"))


def read(path: Path) -> str:
    return (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()


def replace(path: Path, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    path.unlink()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def remove(store: Path, table: str, week: str = LAST) -> None:
    for path in files(store, table, week):
        path.unlink()


def bare(store: Path, table: str) -> None:
    """Only the header is left in W."""
    for path in files(store, table):
        replace(path, read(path).splitlines()[0] + "\n")


def same(expected: pd.DataFrame, found: pd.DataFrame, columns: list[str]) -> None:
    """Equal to nine digits; the risk to four, where it is of the model that both know."""
    risk = [f["kpi"] == "oos_risk_14d" for f in (expected, found)]
    assert differences(expected[~risk[0]], found[~risk[1]], FIGURE, columns) == []
    if demand.METHOD == STAND_IN:
        assert differences(expected[risk[0]], found[risk[1]], FIGURE, columns, rel=1e-4) == []


def right(store: Path, found: tuple, without: str = "") -> None:
    """What the oracle says of the same files: every figure, every part of the ledger that the week itself says.

    A part that stands on the column that the exports are `without` is n/a (the oracle knows tables only).
    """
    known = oracle.read(store, W, SETTINGS)
    published, charted, _, parts = found
    same(oracle.kpis(known), published, PARTS)
    same(oracle.weekly_alone(known), charted, ["value"])
    for row in parts[parts["part"] != "creep"].itertuples():
        stands_on = {need for part in leaks.PARTS if part.name == row.part for need, _ in part.needs}
        said = None if without in stands_on else oracle.amount(known, row.leak, row.part)
        assert (row.amount != row.amount) if said is None else row.amount == pytest.approx(said, rel=1e-9, abs=1e-9), row


def settled(store: Path, measure: Measure) -> tuple | str:
    """The figures, every row accounted for; or the sentence why there are none."""
    try:
        exports = measure.exports(store)
    except ExportsError as error:
        sentence = str(error)
        assert "\n" not in sentence and LAST in sentence and len(sentence) < 300
        return sentence
    balanced(exports)
    return measure(exports)


# ---- a table that is not there -------------------------------------------------------------------------------------------------


def test_the_store_says_every_figure_and_its_figures_are_right(clean, figures):
    """Else a fault would have nothing to spoil."""
    published, _, missing, parts = figures
    whole = published[published["grain"] == "all"].set_index("kpi")["value"]
    amounts = parts[~parts["part"].isin(["creep", "dead_stock"])]["amount"]  # which need weeks before this store begins
    assert missing == {} and whole.notna().all() and amounts.notna().all()
    right(clean, figures)


@pytest.mark.parametrize("weeks", [LAST, "*"], ids=["this week", "every week"])
@pytest.mark.parametrize("table", OPTIONAL)
def test_a_table_removed(store, measure, figures, table, weeks):
    remove(store, table, weeks)
    found = settled(store, measure)
    if isinstance(found, str):
        assert table == "fx_rates" and "unknown_currency" in found, found  # without any rate too many orders have no worth
        return
    right(store, found)
    published, _, missing, _ = found
    needing = {name for name, kpi in catalog.kpis().items() if table in {n.partition(".")[0] for n in kpi.needs}}
    if table in ("demand_plan", "fx_rates", "promotions") and weeks == LAST:
        needing = set()  # an older one still holds
    for name in needing:
        rows = published[published["kpi"] == name]
        assert rows["value"].isna().all() and list(rows["grain"]) == ["all"], f"{name} is said without {table}"
        assert any(need.partition(".")[0] == table and LAST in " ".join(when) for need, when in missing[name]), missing[name]
    assert set(missing) == needing
    others = set(catalog.kpis()) - needing - STANDS_IN.get(table, set())
    was = figures[0]
    assert differences(was[was["kpi"].isin(others)], published[published["kpi"].isin(others)], FIGURE, PARTS) == []


@pytest.mark.parametrize("weeks", [LAST, "*"], ids=["this week", "every week"])
@pytest.mark.parametrize("table", ["orders", "order_lines", "products"])
def test_a_required_table_removed(store, measure, figures, table, weeks):
    remove(store, table, weeks)
    found = settled(store, measure)
    if table == "products" and weeks == LAST:  # the master data of an older week holds
        right(store, found)
    else:
        assert isinstance(found, str) and table in found


# ---- a file that is empty, broken, or no file ----------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [*OPTIONAL, "orders", "order_lines", "products"])
def test_a_file_with_a_header_alone_is_a_table_that_had_nothing(store, measure, table):
    bare(store, table)
    found = settled(store, measure)
    if isinstance(found, str):
        assert table == "orders" and "order_lines" in found and "unknown_order" in found, found
        return
    right(store, found)
    # Nothing happened is something said: what has no denominator is n/a, but not for want of an export.
    assert found[2] == {}


def truncated(path: Path) -> None:
    data = gzip.compress(read(path).encode(), mtime=0)
    path.unlink()
    (path if path.suffix == ".gz" else path.with_name(f"{path.name}.gz")).write_bytes(data[: len(data) // 2])


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def no_header(path: Path) -> None:
    replace(path, "\n".join(read(path).splitlines()[1:]) or "nothing,here\n")


def lacks_a_column(path: Path) -> None:
    table = TABLES[path.name.partition(".")[0]]
    needed = next(c.name for c in table.columns if not c.optional)
    head, *rows = read(path).splitlines()
    replace(path, "\n".join([head.replace(needed, f"old_{needed}"), *rows]) + "\n")


BROKEN: dict[str, Callable[[Path], None]] = {
    "zero bytes": lambda path: replace(path, b"" if path.suffix != ".gz" else ""),
    "truncated gzip": truncated,
    "a folder": folder,
    "no header": no_header,
    "a column missing": lacks_a_column,
}


@pytest.fixture(scope="module")
def without(clean, measure, tmp_path_factory) -> Callable[[str], dict[str, pd.DataFrame]]:
    """What is read, table by table, where one table has no file in W."""
    made: dict[str, dict[str, pd.DataFrame]] = {}

    def rows(table: str) -> dict[str, pd.DataFrame]:
        if table not in made:
            store = shutil.copytree(clean, tmp_path_factory.mktemp("without") / "exports", copy_function=os.link)
            remove(store, table)
            exports = measure.exports(store)
            made[table] = {n: exports.rows(n).order_by(*TABLES[n].keys, "week").drop("file", "line").to_pandas() for n in TABLES}
        return made[table]

    return rows


@pytest.mark.parametrize("table", OPTIONAL)
@pytest.mark.parametrize("fault", BROKEN)
def test_a_file_that_cannot_be_used_is_as_if_it_had_not_come_and_is_named(store, without, measure, table, fault):
    """What was read is exactly what is read without the file: so are the figures (held above)."""
    for path in files(store, table):
        BROKEN[fault](path)
    names = [p.relative_to(store).as_posix() for p in files(store, table)]
    exports = measure.exports(store)
    balanced(exports)
    assert any(name in notice for name in names for notice in exports.notices), exports.notices
    assert all("\n" not in notice for notice in exports.notices)
    assert not exports.known(W).exported(table, W)
    for name, expected in without(table).items():
        found = exports.rows(name).order_by(*TABLES[name].keys, "week").drop("file", "line").to_pandas()
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("table", ["orders", "order_lines"])
def test_a_file_that_a_run_needs_and_cannot_use_stops_it_by_name(store, measure, table, fault):
    for path in files(store, table):
        BROKEN[fault](path)
    found = settled(store, measure)
    assert isinstance(found, str) and f"{LAST}/{table}." in found.replace(f"has no {table}", f"{LAST}/{table}."), found


OPTIONAL_COLUMNS = sorted({need for kpi in catalog.kpis().values() for need in kpi.needs if "." in need})


@pytest.mark.parametrize("need", OPTIONAL_COLUMNS)
def test_an_optional_column_that_is_gone_takes_its_figures_with_it_and_no_other(store, measure, figures, need):
    table, _, column = need.partition(".")
    for path in files(store, table, "*" if table == "products" else LAST):
        head, *rows = read(path).splitlines()
        replace(path, "\n".join([head.replace(column, f"old_{column}"), *rows]) + "\n")
    found = settled(store, measure)
    right(store, found, without=need)
    assert set(found[2]) == {name for name, kpi in catalog.kpis().items() if need in kpi.needs}
    assert all((need, [f"up to {LAST}" if table == "products" else LAST]) in gaps for gaps in found[2].values())


# ---- dirty files ---------------------------------------------------------------------------------------------------------------


def everywhere(store: Path, change: Callable[[str, str], str | bytes]) -> None:
    """Every file of the last two weeks (between them the clocks change), changed: `change(table, text)`."""
    for path in sorted(p for week in (W, W - 1) for p in store.glob(f"{week}/*.*")):
        replace(path, change(path.name.partition(".")[0], read(path)))


def cells(text: str, change: Callable[[str, str], str], separator: str = ",") -> str:
    """Every cell changed: `change(column, value)`. The random store writes no quotes."""
    assert '"' not in text
    head, *rows = text.splitlines()
    columns = head.split(",")
    changed = [separator.join(change(c, v) for c, v in zip(columns, row.split(","), strict=True)) for row in rows]
    return "\n".join([head.replace(",", separator), *changed]) + "\n"


def semicolons(table: str, text: str) -> str:
    numbers = {c.name for c in TABLES[table].columns if c.type == "number"}
    return cells(text, lambda column, value: value.replace(".", ",") if column in numbers else value, ";")


def offsets(table: str, text: str) -> str:
    """Every instant told from another place: the same moment with other offsets, over a week in which the clocks change."""
    zones = [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-4)), timezone(timedelta(hours=-5))]
    moments = {c.name for c in TABLES[table].columns if c.type == "timestamp"}

    def change(column: str, value: str) -> str:
        if column not in moments or len(value) <= 10:
            return value
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
        moment = moment.astimezone(zones[sum(map(ord, value)) % len(zones)])
        return moment.isoformat().replace("+00:00", "Z")

    return cells(text, change)


DIRTY: dict[str, Callable[[str, str], str | bytes]] = {
    "a byte-order mark": lambda table, text: "\ufeff" + text,
    "semicolons and decimal commas": semicolons,
    "tabs": lambda table, text: text.replace(",", "\t"),
    "Unix line ends": lambda table, text: text.replace("\r\n", "\n"),
    "quotes around everything": lambda table, text: cells(text, lambda column, value: f'"{value}"'),
    "spaces and other case": lambda table, text: cells(text, lambda column, value: f" {value.upper() if column in LISTED else value}  "),
    "other offsets": offsets,
    "columns in another order": lambda table, text: "\n".join(",".join(row.split(",")[::-1]) for row in text.splitlines()) + "\n",
    "columns of their own": lambda table, text: "\n".join(row + f",{'x y' if n else 'Colour'}" for n, row in enumerate(text.splitlines())),
}
LISTED = {c.name for table in TABLES.values() for c in table.columns if c.type in ("choice", "boolean")}


@pytest.mark.parametrize("dress", DIRTY)
def test_the_same_rows_in_another_dress_are_the_same_rows(store, clean, measure, dress):
    everywhere(store, DIRTY[dress])
    same_rows(measure.exports(store), measure.exports(clean))


def test_the_same_rows_in_cp1252(store, tmp_path, clean, measure):
    accented = shutil.copytree(clean, tmp_path / "accented", copy_function=os.link)
    for where, coding in ((store, "cp1252"), (accented, "utf-8")):
        everywhere(where, lambda table, text, coding=coding: text.replace("Mugs", "Mügs – 5 €").replace("Acme", "Café").encode(coding))
    exports = measure.exports(store)
    same_rows(exports, measure.exports(accented))
    # Which of the two the last weeks hold is the random store's choice.
    tables = [exports.rows(name).to_pandas() for name in TABLES]
    texts = {value for table in tables for column in table for value in table[column].dropna() if isinstance(value, str)}
    assert texts & {"Mügs – 5 €", "Café"}


def same_rows(one: Exports, other: Exports) -> None:
    balanced(one)
    for name in TABLES:
        rows = [e.rows(name).order_by(*TABLES[name].keys, "week").to_pandas() for e in (one, other)]
        pd.testing.assert_frame_equal(*rows)
        assert len(rows[0]) or not list(one.folder.glob(f"*/{name}.*"))


def test_the_figures_of_another_dress_are_the_same_figures(store, measure, figures):
    everywhere(store, lambda table, text: "\ufeff" + semicolons(table, text))
    found = settled(store, measure)
    assert differences(figures[0], found[0], FIGURE, PARTS, rel=1e-12) == []


# A flaw a row, each in a table of W large enough for one bad row to be no reason to refuse it.
FLAWS = {
    "missing_key": ("inventory", {"sku": ""}),
    "missing_value": ("inventory", {"on_hand": ""}),
    "not_a_number": ("inventory", {"on_hand": "many"}),
    "not_a_date": ("picks", {"picked_at": "soon"}),
    "unknown_value": ("orders", {"status": "lost"}),
    "negative_quantity": ("order_lines", {"quantity": "-1"}),
    "unknown_order": ("order_lines", {"order_id": "nobody"}),
    "unknown_currency": ("orders", {"currency": "XXX"}),
}


def test_rows_that_cannot_be_taken_change_no_figure_and_are_all_named(store, measure, figures):
    """A bad row of every reason, under a key of its own; a row that comes twice; and one that contradicts what follows it."""
    expected: list[tuple[str, str]] = []
    for n, (reason, (table, flaw)) in enumerate(FLAWS.items()):
        path = files(store, table)[-1]
        head, *rows = read(path).splitlines()
        key = next(c for c in reversed(TABLES[table].keys) if c in head.split(",") and TABLES[table][c].type == "text" and c != "channel")
        row = dict(zip(head.split(","), rows[0].split(","), strict=True)) | {key: f"bad{n}"} | flaw
        replace(path, "\n".join([head, *rows, ",".join(row[c] for c in head.split(","))]) + "\n")
        expected.append((table, reason))
    path = files(store, "shipments")[-1]
    head, *rows = read(path).splitlines()
    other = dict(zip(head.split(","), rows[3].split(","), strict=True)) | {"label_cost": "77.7"}
    rows = [rows[0], *rows[:3], ",".join(other.values()), *rows[3:], rows[-1], rows[-1] + ",,"]
    replace(path, "\n".join([head, *rows]) + "\n")
    expected += [("shipments", "conflicting_duplicate"), ("shipments", "ragged_row")]
    exports = measure.exports(store)
    balanced(exports)
    aside = exports.quarantine()
    found = sorted(zip(aside["table"], aside["reason"], strict=True))
    assert found == sorted(expected)
    assert set(aside["week"].astype(str)) == {LAST} and aside["line"].gt(1).all()
    twice = [f["rows_duplicate"] for f in exports.manifest if f["path"] == path.relative_to(store).as_posix()]
    assert twice == [2]
    found = measure(exports)
    assert differences(figures[0], found[0], FIGURE, PARTS, rel=1e-12) == []


def test_a_table_with_too_many_bad_rows_is_as_if_it_had_not_come_this_week(store, clean, measure):
    """Half of W's picks are unreadable: their figures are n/a, the rest stands, and the review says why."""
    for path in files(store, "picks"):
        head, *rows = read(path).splitlines()
        at = head.split(",").index("picked_at")
        bad = [",".join("soon" if i == at and n % 2 else v for i, v in enumerate(row.split(","))) for n, row in enumerate(rows)]
        replace(path, "\n".join([head, *bad]) + "\n")
    exports = measure.exports(store)
    balanced(exports)
    (sentence,) = exports.known(W).treated_as_missing.values()
    assert "picks" in sentence and "not_a_date" in sentence and "soon" in sentence
    remove(clean_copy := shutil.copytree(clean, store.with_name("without"), copy_function=os.link), "picks")
    found, without = measure(exports), settled(clean_copy, measure)
    assert differences(without[0], found[0], FIGURE, PARTS, rel=1e-12) == [] and found[2] == without[2]


def test_a_week_without_a_folder_is_a_gap_not_a_zero(store, measure):
    gap = W - 2
    shutil.rmtree(store / str(gap))
    found = settled(store, measure)
    right(store, found)
    published, _, missing, _ = found
    long = [name for name, kpi in catalog.kpis().items() if kpi.window + kpi.ended_days_ago >= 28 and not set(kpi.needs) <= {"products"}]
    assert long and all(published.loc[published["kpi"] == name, "value"].isna().all() for name in long)
    assert all(str(gap) in when for name in long for _, when in missing[name])


def test_a_run_of_a_week_that_has_no_folder_says_so(clean, cache):
    with pytest.raises(ExportsError, match="has no folder 2026-W46"):
        open_exports(clean, Week.parse("2026-W46"), SETTINGS, cache)
