"""Weeks and windows, worked by hand: one thing varied a row."""

from datetime import date, datetime

import pytest
from opsreview.weeks import Week, Window, midnight

W46 = Week(date(2026, 11, 9))


@pytest.mark.parametrize(
    ("text", "monday"),
    [
        ("2026-W46", date(2026, 11, 9)),
        (" 2026-W46 ", date(2026, 11, 9)),
        ("2026-W01", date(2025, 12, 29)),  # a year's first week may begin in the year before
        ("2026-W53", date(2026, 12, 28)),  # 2026 has 53 weeks
        ("2027-W01", date(2027, 1, 4)),
        ("2011-W40", date(2011, 10, 3)),
    ],
)
def test_a_week_is_its_monday(text, monday):
    assert Week.parse(text) == Week(monday)
    assert str(Week(monday)) == text.strip()


@pytest.mark.parametrize("text", ["", "2026", "2026-46", "2026W46", "2026-W5", "2026-W00", "2026-W54", "2025-W53", "2026-W46-1", None])
def test_what_is_no_week_says_what_one_looks_like(text):
    with pytest.raises(ValueError, match="write it like 2026-W46"):
        Week.parse(text)


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 11, 8), "2026-W45"),  # Sunday
        (date(2026, 11, 9), "2026-W46"),  # Monday
        (date(2026, 11, 15), "2026-W46"),  # Sunday
        (date(2026, 12, 31), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),  # a Sunday in January of the year after
    ],
)
def test_the_week_of_a_day(day, week):
    assert str(Week.of(day)) == week


def test_weeks_count_over_the_end_of_a_year():
    assert str(Week.parse("2026-W53") + 1) == "2027-W01"
    assert str(Week.parse("2026-W01") - 1) == "2025-W52"
    assert Week.parse("2026-W53") < Week.parse("2027-W01")
    assert W46 - 46 + 46 == W46


@pytest.mark.parametrize(
    ("week", "zone", "as_of"),
    [
        ("2026-W46", "UTC", datetime(2026, 11, 16)),
        ("2026-W46", "Europe/London", datetime(2026, 11, 16)),
        ("2026-W46", "Europe/Berlin", datetime(2026, 11, 15, 23)),
        ("2026-W42", "Europe/Berlin", datetime(2026, 10, 18, 22)),  # summer time
        ("2026-W43", "Europe/Berlin", datetime(2026, 10, 25, 23)),  # the clock went back on the Sunday
        ("2026-W46", "America/New_York", datetime(2026, 11, 16, 5)),
        ("2026-W46", "Asia/Tokyo", datetime(2026, 11, 15, 15)),
        ("2026-W46", "Asia/Kathmandu", datetime(2026, 11, 15, 18, 15)),
    ],
)
def test_a_week_ends_with_the_first_instant_of_the_monday_after(week, zone, as_of):
    assert Week.parse(week).as_of(zone) == as_of


def test_a_day_whose_midnight_the_clock_skips_begins_an_hour_later():
    # São Paulo, 2018-11-04: 00:00 became 01:00, from UTC-3 to UTC-2.
    assert midnight(date(2018, 11, 4), "America/Sao_Paulo") == datetime(2018, 11, 4, 3)
    assert midnight(date(2018, 11, 5), "America/Sao_Paulo") == datetime(2018, 11, 5, 2)


def test_a_midnight_that_comes_twice_is_the_first():
    # Havana, 2026-11-01: at 01:00 the clock went back to 00:00.
    assert midnight(date(2026, 11, 1), "America/Havana") == datetime(2026, 11, 1, 4)


@pytest.mark.parametrize(
    ("days", "ago", "first", "last", "weeks"),
    [
        (7, 0, date(2026, 11, 9), date(2026, 11, 15), ["2026-W46"]),
        (8, 0, date(2026, 11, 8), date(2026, 11, 15), ["2026-W45", "2026-W46"]),
        (14, 0, date(2026, 11, 2), date(2026, 11, 15), ["2026-W45", "2026-W46"]),
        (28, 0, date(2026, 10, 19), date(2026, 11, 15), ["2026-W43", "2026-W44", "2026-W45", "2026-W46"]),
        (30, 0, date(2026, 10, 17), date(2026, 11, 15), ["2026-W42", "2026-W43", "2026-W44", "2026-W45", "2026-W46"]),
        (28, 28, date(2026, 9, 21), date(2026, 10, 18), ["2026-W39", "2026-W40", "2026-W41", "2026-W42"]),
    ],
)
def test_a_trailing_window_names_its_days(days, ago, first, last, weeks):
    window = W46.trailing(days, ago)
    assert (window.dates[0], window.dates[-1], window.days) == (first, last, days)
    assert [str(w) for w in window.weeks] == weeks


def test_the_week_is_its_own_window():
    assert W46.window == W46.trailing(7) == Window(date(2026, 11, 9), date(2026, 11, 16))
    assert len(W46.window.dates) == W46.window.days == 7
