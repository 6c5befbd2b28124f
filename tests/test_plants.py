"""The made-up shop, whole: every leak planted in it is found under its check and entity, and the shop without leaks raises few alarms.

Both from the files to the findings; the committed exports by a whole run, the shop without leaks by as much history as the checks look at.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from opsreview import catalog
from opsreview.books import Books
from opsreview.checks import CHECKS, Context, load
from opsreview.findings import found_this_week
from opsreview.intake.store import open_exports
from opsreview.sample import make_store
from opsreview.scorecard import COLUMNS, scorecard
from opsreview.settings import load as settings_of
from opsreview.weeks import Week

ROOT = Path(__file__).parents[1]
WEEK = Week.parse("2026-W46")
HISTORY = 13  # weeks before W: from twelve on a history calls a signal
QUARTER = 13  # weeks of exports that checks look back over, W among them
# Shops without leaks, by seed: the weeks before W whose figures are known. One is held to its whole history; the others, for the time it
# takes, to one week, which leaves out signals and nothing else.
CLEAN = {7: HISTORY, 3: 1, 1: 1}
# What a week of a shop without leaks may raise. Counted: 0 (seed 7), 4 (seed 1), 1 (seed 3), 1 (seed 2, which is not run); what is left
# is chance: SKUs beyond 1.96 standard deviations of their plan, and a shelf that such a SKU empties.
ALARMS = 8


def found(folder: Path, cache: Path, history: int = HISTORY) -> pd.DataFrame:
    """What the checks find in W, each week of its history known as it was then."""
    settings = settings_of(ROOT / "data_samples" / "review.toml")
    exports = open_exports(folder, WEEK, settings, cache)
    plans: dict = {}
    past = []
    for week in (WEEK - n for n in range(history, 0, -1)):
        books = Books(exports.known(week), settings, plans)
        past.append(scorecard(books)[1].assign(week=str(week)))
        books.close()
    books = Books(exports.known(WEEK), settings, plans)
    answer = found_this_week(Context(books, scorecard(books)[0], pd.concat(past, ignore_index=True).reindex(columns=[*COLUMNS, "week"])))
    books.close()
    return answer


@pytest.fixture(scope="module")
def planted(sample_results) -> pd.DataFrame:
    """findings.csv of the committed week, without what is told only to be gone."""
    findings = sample_results.findings
    return findings[findings["state"] != "resolved"]


@pytest.fixture(scope="module", params=CLEAN, ids=lambda seed: f"seed {seed}")
def clean(request, tmp_path_factory) -> pd.DataFrame:
    """What is found in a shop without leaks. It has a promotion that soon starts, else it would not be told from one at risk."""
    folder, history = tmp_path_factory.mktemp("clean"), CLEAN[request.param]
    weeks = max(QUARTER + 1, history + 4)
    make_store(folder / "exports", seed=request.param, weeks=weeks, last_week=WEEK, skus=150, orders_per_week=900, plants=False)
    promotions = pd.read_excel(folder / "exports" / str(WEEK) / "promotions.xlsx", engine="calamine")
    assert pd.to_datetime(promotions["ends_on"]).ge(pd.Timestamp(WEEK.end)).any()
    return found(folder / "exports", folder / "cache", history)


def recorded() -> list[dict]:
    return json.loads((ROOT / "data_samples" / "plants.json").read_text(encoding="utf-8"))["plants"]


LEAKS = [(p["check"], p["entity"]) for p in recorded() if p["check"] in load()]


def test_every_check_has_a_leak_to_find():
    assert {check for check, _ in LEAKS} == set(CHECKS) - {"edi_unanswered"}  # the made-up shop has no EDI


@pytest.mark.parametrize(("check", "entity"), LEAKS)
def test_a_planted_leak_is_found(planted, check, entity):
    named = planted[planted["check"] == check]
    assert entity in set(named["entity"]), f"{check} found {sorted(named['entity'])}"


# What Friday must never miss, and never see where it is not: the cause, and the check that finds it.
TRUTHS = {
    "a heavy SKU with a healthy gross margin that loses money": "negative_margin", "a duplicated carrier invoice": "duplicate_charge",
    "a zone shift": "zone_shift", "a returns hotspot by size": "returns_hotspot", "an underwater promotion": "promotion_at_risk",
    "a channel that loses money": "channel_margin",
}  # fmt: skip


@pytest.mark.parametrize("check", TRUTHS.values(), ids=TRUTHS)
def test_a_planted_truth_of_money_is_found(planted, check):
    (entity,) = [e for name, e in LEAKS if name == check]
    assert entity in set(planted.loc[planted["check"] == check, "entity"])


def test_a_shop_without_leaks_has_no_truth_of_money(clean):
    seen = clean[clean["check"].isin(TRUTHS.values())]
    assert seen.empty, seen[["check", "entity", "impact"]].to_string()


def test_each_truth_is_what_it_is_called(sample_results, planted):
    """The heavy SKU earns by gross and loses by contribution; the hotspot is one of size; the promotion and the channel lose money."""
    entity = dict(LEAKS)
    row = sample_results.sku_margin.set_index("sku").loc[entity["negative_margin"]]
    assert row.gross_margin_share >= float(sample_results.settings.targets["gross_margin"].ok) and row.contribution_margin < 0
    assert entity["negative_margin"] in set(planted.loc[planted["check"] == "false_confidence", "entity"])
    assert entity["returns_hotspot"].endswith("/too_small")
    offers = sample_results.evidence("pauses").set_index("promo_id")
    assert (offers.loc[[entity["promotion_at_risk"].split("/")[0]], "margin"] < 0).all()
    channels = sample_results.evidence("channels").set_index("channel")
    assert channels.loc[entity["channel_margin"], "contribution_margin"] < 0
    shifts = sample_results.evidence("zone_shifts").set_index(["location", "zone"])
    assert shifts.loc[entity["zone_shift"], "amount"].idxmax() == "3"


def test_what_is_found_can_be_acted_on(planted):
    of_exports = planted["review"] == "all"
    assert planted["impact"].notna().tolist() == (~of_exports).tolist()
    for column in ("title", "impact_basis", "suggested_decision", "evidence", "owner", "due_at"):
        said = planted.loc[~of_exports, column]
        assert (said.str.len() > 5).all(), column
        assert not said.str.contains(r"\b(?:nan|None|NaT)\b").any(), column


def test_a_shop_without_leaks_raises_few_alarms(clean):
    assert len(clean) <= ALARMS, clean[["check", "entity", "impact"]].to_string()
    assert not (clean["severity"] == "critical").any()
    by_check = clean["check"].value_counts()
    quiet = set(catalog.checks()) - {"oos_risk", "sku_demand_variance"}  # of many shelves and plans chance takes a few
    assert not quiet & set(by_check.index), by_check.to_string()
