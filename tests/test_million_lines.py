"""Every week of a million lines adds up to the cent: lines, orders, SKUs, families, channels."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

import large_store
import order_margin as bench
from adding_up import MONEY, off, orders_off, total
from opsreview import engine
from opsreview.books import Books
from opsreview.evidence import frames
from opsreview.margin import by_sku


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Books:
    folder = tmp_path_factory.mktemp("million")
    large_store.write(folder / "exports", 1_000_000)
    found = bench.exports(folder)
    engine.steady(found.con, 1_000_000)
    return Books(found.known(large_store.LAST), found.settings)


def test_every_week_of_a_million_lines_adds_up(store):
    """Each week as the last one knows it."""
    lines, said, wrong = 0, 0, []
    for ago in range(large_store.WEEKS):
        week = large_store.LAST - ago
        whole = total(store, week.window)
        lines += whole["lines"]
        assert all(whole[c] > 1000 for c in MONEY), week
        d = off(by_sku(store, week.window).to_pandas(), whole)
        own, documents = orders_off(store, week.window)
        wrong += [(str(week), d, own)] if d or own else []
        said += documents
    assert wrong == [] and lines > 950_000
    assert (said > 10_000).all(), "every kind of document is there"


@pytest.mark.parametrize("frame", ["sku_margin", "family_margin", "channel_margin"])
def test_the_last_weeks_tables_are_its_lines(store, frame):
    groups = frames()[frame](store)
    assert off(groups[groups["cost_of_goods"].notna()], total(store, store.week.window)) == {}
