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


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Books:
    folder = tmp_path_factory.mktemp("million")
    large_store.write(folder / "exports", 1_000_000)
    found = bench.exports(folder)
    engine.steady(found.con, 1_000_000)
    return Books(found.known(large_store.LAST), found.settings)


def test_every_week_of_a_million_lines_adds_up(store):
    """Each week as its own run knew it: SKUs, families, channels, and each order beside its documents."""
    all_weeks, wrong, plans = 0, [], {}
    for ago in range(large_store.WEEKS):
        week = large_store.LAST - ago
        books = Books(store.known.exports.known(week), store.settings, plans)
        whole = total(books, week.window)
        all_weeks += whole
        for name in ("sku_margin", "family_margin", "channel_margin"):
            groups = frames()[name](books)
            wrong += [(str(week), name, d)] if (d := off(groups[groups["cost_of_goods"].notna()], whole)) else []
        own, _ = orders_off(books, week.window)
        wrong += [(str(week), "orders", own)] if own else []
        books.close()
    assert wrong == [] and all_weeks["lines"] > 950_000
    assert all(all_weeks[c] > 1000 for c in MONEY), "every component costs something"


def test_every_order_is_what_its_documents_say(store):
    """As the last week knows them, when most parcels are invoiced."""
    wrong, said = orders_off(store, bench.WINDOW)
    assert wrong == {} and (said > 10_000).all(), "every kind of document is there"
