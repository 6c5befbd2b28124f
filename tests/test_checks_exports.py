"""Freshness, volume and drift of the exports, one thing varied a row; and what `arrivals` says of a folder's files."""

from __future__ import annotations

import pandas as pd
import pytest
from hand_shop import entities, run, shop
from helpers_intake import Folder
from opsreview.weeks import Week

WEEKS = [str(Week.parse("2026-W45") - n) for n in (3, 2, 1, 0)]


def ages(*hours: float) -> dict[str, list[dict]]:
    return {
        "picks": [{"age_hours": h, "newest": pd.Timestamp("2026-11-12 10:00")} for h in (900.0, *hours)]
    }  # the first export is left out


def sizes(*rows: int) -> dict[str, list[dict]]:
    return {"picks": [{"rows": n} for n in (90_000, *rows)]}


STALE = [
    ("usual", ages(*[10] * 6, 10), []),
    ("older than 48 h and than its history", ages(*[10] * 6, 49), ["picks"]),
    ("48 h is not older than 48 h", ages(*[10] * 6, 48), []),
    ("older than its history, but not than 48 h", ages(*[10] * 6, 47), []),
    ("older than 48 h, as it always is", ages(*[120] * 6, 120), []),
    ("always old, now older still", ages(*[120] * 6, 288), ["picks"]),
    ("five weeks are too little history", ages(*[10] * 5, 49), []),
    ("within what its ages differ by: 60 ± 2.66 × 24", ages(48, 72, 48, 72, 48, 72, 120), []),
    ("beyond it", ages(48, 72, 48, 72, 48, 72, 144), ["picks"]),
    ("no events", ages(*[float("nan")] * 7), []),
]
VOLUME = [
    ("usual", sizes(*[100] * 12, 100), []),
    ("three times the rows", sizes(*[100] * 12, 300), ["picks"]),
    ("a third of the rows", sizes(*[100] * 12, 33), ["picks"]),
    ("a quarter more is not more than a quarter", sizes(*[100] * 12, 125), []),
    ("and a row more is", sizes(*[100] * 12, 126), ["picks"]),
    ("within its limits, 100 ± 2.66 × 40", sizes(*[80, 120] * 6, 206), []),
    ("beyond them", sizes(*[80, 120] * 6, 207), ["picks"]),
    ("few rows either way", sizes(*[3] * 12, 12), []),
    ("few before, many now", sizes(*[3] * 12, 20), ["picks"]),
    ("eleven weeks call no signal", sizes(*[100] * 11, 300), []),
    ("an empty file", sizes(*[100] * 12, 0), ["picks"]),
]


@pytest.mark.parametrize(("arrivals", "expected"), [case[1:] for case in STALE], ids=[case[0] for case in STALE])
def test_stale(arrivals, expected):
    assert entities("export_stale", shop(), arrivals=arrivals) == expected


@pytest.mark.parametrize(("arrivals", "expected"), [case[1:] for case in VOLUME], ids=[case[0] for case in VOLUME])
def test_volume(arrivals, expected):
    assert entities("export_volume", shop(), arrivals=arrivals) == expected


def test_a_table_that_did_not_come_is_missing_and_not_stale():
    came = ages(*[10] * 6, 49)
    assert entities("export_stale", shop(), arrivals={"picks": came["picks"], "labor": [{}]}) == ["picks"]
    frame = {"picks": [{**row, "week": "2026-W40"} for row in came["picks"]]}
    assert entities("export_stale", shop(), arrivals=frame) == []


def test_days_missing_at_the_end_are_one_finding():
    short = {"picks": [{"rows": n, "age_hours": h} for n, h in [(100, 10.0)] * 14 + [(40, 96.0)]]}
    assert entities("export_stale", shop(), arrivals=short) == ["picks"]
    assert entities("export_volume", shop(), arrivals=short) == []
    more = {"picks": [*short["picks"][:-1], {"rows": 400, "age_hours": 96.0}]}
    assert entities("export_volume", shop(), arrivals=more) == ["picks"]


def test_limits_are_the_teams_to_set():
    assert entities("export_stale", shop(), arrivals=ages(*[10] * 6, 49), settings={"checks": {"export_stale": {"hours": 72}}}) == []
    assert entities("export_volume", shop(), arrivals=sizes(*[100] * 12, 110), settings={"checks": {"export_volume": {"share": 0.05}}}) == [
        "picks"
    ]


def test_what_is_said_of_an_odd_export():
    stale = run("export_stale", shop(), arrivals=ages(*[10] * 6, 96)).iloc[0]
    assert (stale.observed, stale.expected, stale.threshold) == (96, 10, 48)
    assert stale.title == "The export of picks ends on 12\u00a0Nov, not with the week"
    odd = run("export_volume", shop(), arrivals=sizes(*[100] * 12, 300)).iloc[0]
    assert (odd.observed, odd.expected, odd.threshold, odd.severity) == (300, 100, 100, "breach")
    assert run("export_volume", shop(), arrivals=sizes(*[100] * 12, 150)).iloc[0].severity == "watch"


def test_drift():
    gone = [{"table": "picks", "column": "error_type", "share": None}, {"table": "picks", "column": "rework_minutes", "share": None}]
    answer = run("schema_drift", shop(), drift=gone)
    assert answer["entity"].tolist() == ["picks"] and answer["members"].tolist() == ["error_type; rework_minutes"]
    assert answer["severity"].tolist() == ["breach"] and answer["detail"].iloc[0].startswith("without it: ")
    unneeded = run("schema_drift", shop(), drift=[{"table": "orders", "column": "ship_postal", "share": None}])
    assert unneeded["severity"].tolist() == ["watch"] and unneeded["title"].tolist() == [
        "The export of orders changed: column ship_postal is gone"
    ]
    for unknown, expected in ((0.01, []), (0.011, ["orders"])):
        assert entities("schema_drift", shop(), drift=[{"table": "orders", "column": "status", "share": unknown}]) == expected
    assert entities("schema_drift", shop()) == []


class TestArrivals:
    """As they follow from the files."""

    def of(self, folder: Folder, table: str, upto: str = WEEKS[-1]) -> list[tuple]:
        frame = folder.open(WEEKS[-1]).known(Week.parse(upto)).arrivals
        rows = frame[frame["table"] == table]
        return list(rows[["week", "rows", "refused", "age_hours"]].itertuples(index=False, name=None))

    def test_age_is_of_the_newest_event_known_by_then(self, tmp_path):
        folder = Folder(tmp_path).basics(*WEEKS)
        for week, at in zip(WEEKS[:3], ("2026-10-18T22:00", "2026-10-14T10:00", "2026-11-10T00:00"), strict=True):
            folder.rows("carrier_events", {"occurred_at": at, "code": week}, week=week)
        # 2026-W42 ends on the 19th at 00:00 (BST), 2026-W43 on the 26th at 00:00 (GMT: its last day had 25 hours); the third is of W46.
        assert self.of(folder, "carrier_events") == [(WEEKS[0], 1, 0, 2.0), (WEEKS[1], 1, 0, 171.0), (WEEKS[2], 1, 0, 339.0)]

    def test_days_count_from_their_start_and_have_24_hours(self, tmp_path):
        folder = Folder(tmp_path).basics(*WEEKS)
        folder.rows("labor", {"work_date": "2026-10-24"}, week="2026-W43")
        assert self.of(folder, "labor") == [("2026-W43", 1, 0, 48.0)]

    def test_rows_are_the_files_own_and_refused_ones_are_counted(self, tmp_path):
        folder = Folder(tmp_path).basics(*WEEKS)
        folder.rows("labor", {}, {"role": "receive"}, {"hours": "x", "role": "pack"}, name="a.csv")
        folder.rows("labor", {"location": "M"}, name="b.csv")
        assert self.of(folder, "labor") == [(WEEKS[-1], 4, 1, 6 * 24.0)]

    def test_what_is_deleted_is_no_news_and_what_is_treated_as_missing_has_not_come(self, tmp_path):
        folder = Folder(tmp_path, intake={"max_bad_share": 0.05}).basics(*WEEKS)
        folder.rows("labor", {"work_date": "2026-11-02", "deleted": ""}, {"work_date": "2026-11-08", "deleted": "true"})
        assert self.of(folder, "labor") == [(WEEKS[-1], 2, 0, 7 * 24.0)]
        folder.rows("labor", *({"work_date": "2026-11-02", "hour": h, "hours": "x" if h < 2 else "8"} for h in range(20)))
        assert self.of(folder, "labor") == []

    def test_a_run_of_an_earlier_week_knows_nothing_later(self, tmp_path):
        folder = Folder(tmp_path).basics(*WEEKS)
        for n, week in enumerate(WEEKS):
            folder.rows("labor", {"work_date": Week.parse(week).monday, "hours": n}, week=week)
        assert [w for w, *_ in self.of(folder, "labor", WEEKS[1])] == WEEKS[:2]

    def test_a_column_that_went_is_named_once(self, tmp_path):
        folder = Folder(tmp_path).basics(*WEEKS)
        for week, more in zip(WEEKS, ({"hour": "1"}, {"hour": "1"}, {}, {}), strict=True):
            folder.rows("labor", more, week=week)
        frame = folder.open().arrivals
        assert frame[frame["table"] == "labor"]["gone"].tolist() == [[], [], ["hour"], []]
