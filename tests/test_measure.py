"""A week is measured once, kept by what it stands on, and never taken for another: what is measured twice, and what never."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
import random_store
from helpers_store import copy, made
from opsreview import catalog, engine, ledger, measure, plans
from opsreview.books import Books
from opsreview.engine import steady
from opsreview.intake.store import ExportsError, open_exports
from opsreview.judgement import KEY, KPI_COLUMNS
from opsreview.margin import order_margin
from opsreview.measure import DEPTH, SOURCES, Kept
from opsreview.results import Results, find_folder, newest_week, open_results
from opsreview.scorecard import scorecard
from opsreview.settings import find, load, parse
from opsreview.weeks import Week
from test_structure import PACKAGE, modules, name_of, ours

LAST = random_store.LAST
FRAMES = ("kpis", "history", "findings", "leaks", "leak_history", "sku_margin", "inventory", "forecast", "decisions")


@pytest.fixture(scope="module")
def exports(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("measure") / "exports")


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("measured")


@pytest.fixture(autouse=True)
def here(cache, monkeypatch):
    monkeypatch.setenv("OPSREVIEW_CACHE", str(cache))


@pytest.fixture(scope="module")
def results(exports, cache):
    """The newest week, measured for the first time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPSREVIEW_CACHE", str(cache))
        yield open_results(exports)


@pytest.fixture
def measured(monkeypatch) -> list[str]:
    """The weeks whose figures are worked out from now on."""
    weeks: list[str] = []
    scorecard = measure.scorecard

    def counted(books):
        weeks.append(str(books.week))
        return scorecard(books)

    monkeypatch.setattr(measure, "scorecard", counted)
    return weeks


def frames(results: Results) -> dict[str, pd.DataFrame]:
    return {name: getattr(results, name) for name in FRAMES}


def equal(one: Results, other: Results) -> None:
    for name, frame in frames(one).items():
        pd.testing.assert_frame_equal(frame, getattr(other, name), obj=name)


def test_the_second_time_nothing_is_measured(exports, results, measured):
    again = open_results(exports)
    assert measured == []
    equal(results, again)


def test_a_cache_that_was_deleted_gives_the_same_to_the_last_digit(exports, results, tmp_path, monkeypatch):
    monkeypatch.setenv("OPSREVIEW_CACHE", str(tmp_path / "empty"))
    equal(results, open_results(exports))


def test_an_older_week_is_what_was_measured_on_the_way(exports, results, measured):
    """A run of W measured the weeks before it as their own runs would: nothing is left to measure for W−1."""
    open_results(exports, str(LAST - 1))
    assert measured == []


def test_a_week_that_changes_is_measured_again_with_the_weeks_after_it_and_no_other(exports, results, measured, tmp_path):
    changed = copy(exports, tmp_path / "exports")
    path = next((changed / str(LAST - 2)).glob("support_tickets.*"))
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    path.unlink()
    path.with_name("support_tickets.csv").write_text(text + "T-new,,2026-10-20T10:00:00Z,refund,5,\n")
    open_results(changed)
    assert measured == [str(LAST - 2), str(LAST - 1), str(LAST)]


def test_a_file_put_back_is_found_again(exports, results, measured, tmp_path):
    """By content, not by time: a copy of the same files is the same store."""
    open_results(copy(exports, tmp_path / "exports"))
    assert measured == []


def test_other_settings_are_other_figures(exports, results, measured, tmp_path):
    other = copy(exports, tmp_path / "exports")
    text = (other / "review.toml").read_text()
    (other / "review.toml").unlink()
    (other / "review.toml").write_text(text.replace("carrying_rate = 0.2", "carrying_rate = 0.4"))
    twice = open_results(other)
    assert len(measured) == 8
    dead = [r.leaks.set_index(["leak", "part"])["amount"] for r in (results, twice)]
    assert dead[1]["2", "excess"] == pytest.approx(2 * dead[0]["2", "excess"]) and dead[0]["2", "excess"] > 0


@pytest.mark.parametrize("harm", ["a week gone", "a file of it gone", "half of it gone"])
def test_a_cache_of_which_a_part_was_deleted(exports, results, cache, measured, tmp_path, harm, monkeypatch):
    mine = shutil.copytree(cache, tmp_path / "cache")
    monkeypatch.setenv("OPSREVIEW_CACHE", str(mine))
    kept = mine / "weeks" / results.measured.cards[LAST].folder.name
    for path in sorted(kept.iterdir())[: {"a week gone": None, "a file of it gone": 1, "half of it gone": 3}[harm]]:
        path.unlink()
    again = open_results(exports)
    assert measured == [str(LAST)]
    equal(results, again)


def test_who_comes_second_with_the_same_week_finds_the_firsts(tmp_path):
    frame = pd.DataFrame({"a": [1.5]})
    for n in (1, 2):
        Kept(tmp_path / "week").save({"card": frame * n}, {"missing": {}})
    assert Kept(tmp_path / "week").frame("card")["a"].tolist() == [1.5]
    assert [p.name for p in tmp_path.iterdir()] == ["week"]


# ---- weeks that were not -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", ["no folder", "no orders"])
def test_a_week_that_could_not_be_run_is_empty_in_every_history(exports, results, tmp_path, gap):
    spoiled, week = copy(exports, tmp_path / "exports"), LAST - 4
    if gap == "no folder":
        shutil.rmtree(spoiled / str(week))
    else:
        for path in (spoiled / str(week)).glob("orders.*"):
            path.unlink()
    found = open_results(spoiled)
    assert str(week) not in set(found.history["week"]) and str(week) not in set(found.leak_history["week"])
    assert {str(LAST - 5), str(LAST)} <= set(found.history["week"]) & set(found.leak_history["week"])
    long = found.kpis[found.kpis["kpi"] == "return_rate_cohort"]  # whose window holds the gap
    assert long["value"].isna().all() and (long["status"] == "n/a").all()


# ---- the frames are what the outputs say ---------------------------------------------------------------------------------------


def test_kpis_csv(results):
    k = results.kpis
    assert list(k.columns) == KPI_COLUMNS and not k.duplicated(["week", "review", *KEY]).any()
    assert set(k.loc[k["grain"] == "all", "kpi"]) == set(catalog.kpis())
    assert set(k["week"]) == {str(LAST)} and (k["value"].isna() == (k["status"] == "n/a")).all()
    assert k["signal"].str.fullmatch(r"none|short|(up|down):(limits|run|near)").all()
    facts = catalog.kpis()
    assert all(g == "all" or g in facts[kpi].grains for kpi, g in zip(k["kpi"], k["grain"], strict=True))
    both = k.dropna(subset=["value", "numerator", "denominator"])
    share = both["numerator"] / both["denominator"]
    share = share.where(~both["kpi"].str.startswith("forecast_accuracy"), (1 - share).clip(lower=0))
    np.testing.assert_allclose(both["value"], share, rtol=1e-9, atol=1e-12)
    for fact in facts.values():
        values = k.loc[k["kpi"] == fact.id, "value"].dropna()
        assert fact.floor is None or (values >= fact.floor).all(), fact.id
        assert fact.ceiling is None or (values <= fact.ceiling).all(), fact.id


def test_previous_and_baseline_are_those_of_the_weeks_before(exports, results):
    """previous = the value of W−1; baseline = the median of the up to 13 weeks before, of at least four."""
    past = {w: results.measured.cards[w].frame("published").set_index(KEY)["value"] for w in results.measured.weeks[:-1]}
    for row in results.kpis.itertuples():
        key = (row.kpi, row.grain, row.key)
        values = [v[key] for v in past.values() if key in v.index and not np.isnan(v[key])]
        before = past[LAST - 1].get(key, np.nan)
        assert (np.isnan(row.previous) and np.isnan(before)) or row.previous == before, key
        assert np.isnan(row.baseline) if len(values) < 4 else row.baseline == pytest.approx(np.median(values)), key


def test_leaks_csv(results):
    table = results.leaks
    published = ["week", "leak", "part", "amount", "basis_points", "baseline", "units", "estimate", "evidence"]
    assert list(table.columns) == [*published, "without", "usual"] and published == ledger.COLUMNS
    assert not table.duplicated(["week", "leak", "part"]).any()
    amount = table.set_index(["leak", "part"])["amount"]
    for leak in "12345":
        parts = amount[leak].drop(["total", "actionable"], errors="ignore")
        assert amount[leak, "total"] == pytest.approx(parts.sum())
    assert amount["1-4", "total"] == pytest.approx(sum(amount[leak, "total"] for leak in "1234"))
    net = results.kpis.query("kpi == 'net_revenue' and grain == 'all'")["value"].item()
    np.testing.assert_allclose(table["basis_points"], table["amount"] / net * 10_000)


def test_the_history_is_that_of_26_weeks_and_ends_with_this_one(results):
    h = results.history
    assert h["week"].max() == str(LAST) and h["week"].min() >= str(LAST - 25)
    assert not h.duplicated([*KEY, "week"]).any() and h["value"].notna().all()
    now = h[h["week"] == str(LAST)].merge(results.kpis, on=KEY, suffixes=("", "_now"))
    assert (now["signal"] == now["signal_now"]).all() and len(now)
    assert (h.loc[h["week"] != str(LAST), "signal"] == "").all()


def test_trust_adds_up(results):
    t = results.trust
    assert t["rows_read"] == sum(t[k] for k in t if k.startswith("rows_") and k != "rows_read")
    assert t["weeks_read"] == 8 and t["first_week"] == str(LAST - 7)
    assert json.dumps(t, default=str)


# ---- what decides what is kept -------------------------------------------------------------------------------------------------

# What a kept figure does not depend on: the cache of the intake knows its own code, and decisions are read anew by every run.
APART = {"intake", "engine", "decisions"}


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        ("card", ["scorecard", "leaks", "kpis"]),
        ("found", ["scorecard", "findings", "checks"]),
        ("evidence", ["evidence", "demand", "margin"]),
    ],
)
def test_every_module_that_a_figure_comes_from_decides_whether_it_is_kept(kind, entries):
    """Else a corrected formula would go on showing the old figure from the cache."""
    graph = {name_of(p): {n for n, _ in ours(p)} for p in modules()}
    reached: set[str] = set()
    todo = [n for n in graph if n.split(".")[0] in entries]
    while todo:
        name = todo.pop()
        if name not in reached and name.split(".")[0] not in APART:
            reached.add(name)
            todo += graph.get(name, ())
    units = {name.split(".")[0] for name in reached} | {"measure"}
    assert units - {s.removesuffix(".py").removesuffix(".toml") for s in SOURCES[kind]} == set()


def test_every_source_is_there():
    assert all((PACKAGE / name).exists() for names in SOURCES.values() for name in names)


def test_enough_weeks_are_measured_for_a_finding_to_look_back():
    assert DEPTH == 26 + 13


# ---- folders -------------------------------------------------------------------------------------------------------------------


def test_the_newest_week_is_taken_where_none_is_named(tmp_path):
    for name in ("2025-W52", "2026-W01", "2026-W9", "notes", "2026-W02.old"):
        (tmp_path / name).mkdir()
    assert newest_week(tmp_path) == Week.parse("2026-W01")


def test_a_folder_without_weeks_says_what_they_look_like(tmp_path):
    with pytest.raises(ExportsError, match=r"holds no week's folder; expected names like 2026-W46"):
        newest_week(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportsError, match="nowhere: no such folder"):
        find_folder("nowhere")


def test_a_folder_is_looked_for_here_then_in_the_project(tmp_path, monkeypatch):
    """A notebook runs in its own folder and names `data_samples` all the same."""
    monkeypatch.chdir(tmp_path)
    assert find_folder("data_samples").resolve() == Path(__file__).resolve().parent.parent / "data_samples"
    (tmp_path / "data_samples").mkdir()
    assert find_folder("data_samples").resolve() == tmp_path / "data_samples"


def test_two_runs_sum_in_one_order(tmp_path):
    """The sample's tables are large enough for two threads to share; the last digit of a sum would then be chance."""
    sample = Path(__file__).parents[1] / "data_samples"
    week, settings = newest_week(sample), load(find(sample, None))
    found = []
    for name in ("one", "other"):
        exports = open_exports(sample, week, settings, tmp_path / name)
        exports.con.con.execute("SET threads = 4")
        steady(exports.con, 0)
        books = Books(exports.known(week), settings)
        lines = order_margin(books, week.trailing(28)).order_by("order_id", "line_id").to_pandas()
        found.append([*scorecard(books)[:2], lines])
        books.close()
        exports.con.disconnect()
    for one, other in zip(*found, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize(("rows", "asked", "threads"), [(1000, "", 1), (1000, "3", 3), (5_000_000, "", 2)])
def test_a_large_store_keeps_its_threads(rows, asked, threads, tmp_path, monkeypatch):
    monkeypatch.setenv("OPSREVIEW_THREADS", asked)
    backend = engine.connect(parse({"timezone": "UTC", "reporting_currency": "USD"}), tmp_path)
    if not asked:
        backend.con.execute("SET threads = 2")
    steady(backend, rows)
    assert backend.con.execute("SELECT current_setting('threads')").fetchone() == (threads,)


def test_what_was_read_lies_in_one_order(exports, tmp_path):
    """Each table in the order in which its files were read, to the byte, whatever the engine's threads did."""
    week, settings = newest_week(exports), load(find(exports, None))
    found = []
    for i in range(3):
        opened = open_exports(exports, week, settings, tmp_path / str(i))
        found.append({t: opened.resolved(t).rows.read_bytes() for t in dict.fromkeys(s.table for s in opened.usable)})
        opened.con.disconnect()
    assert len(found[0]) > 10 and found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (LAST.end, "{day+0}"),
        (LAST.monday, "{day-7}"),
        (date(1, 1, 1), "MAKE_DATE(1, 1, 1)"),
        (date(9999, 12, 31), "MAKE_DATE(9999, 12, 31)"),
    ],
)
def test_a_day_that_is_ages_away_is_the_same_in_every_week(day, text):
    query = ibis.table({"a": "date"}, name="t").filter(lambda t: t.a < ibis.literal(day))
    sql = plans.undated(query, LAST, LAST.as_of("UTC"), "books_")
    assert text in sql
    earlier = plans.Plan(sql=sql).dated(LAST - 52, (LAST - 52).as_of("UTC"), "books_")
    assert "{day" not in earlier
