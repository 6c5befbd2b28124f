"""ISO weeks and windows. A week is its Monday; a window is the days it names, first and last included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKS = 4  # of T28: most money is told of 28 days, and a quarter of it is money a week
_WEEK = re.compile(r"^(\d{4})-W(\d{2})$")


@dataclass(frozen=True, order=True)
class Week:
    """An ISO week, held as its Monday. `str(week)` is `2026-W46`."""

    monday: date

    @classmethod
    def parse(cls, text: str) -> Week:
        """The week that `2026-W46` names. ValueError says what a week looks like."""
        match = _WEEK.match(str(text).strip())
        try:
            return cls(date.fromisocalendar(int(match[1]), int(match[2]), 1))
        except (TypeError, ValueError):
            raise ValueError(f"{text!r} is not an ISO week; write it like 2026-W46") from None

    @classmethod
    def of(cls, day: date) -> Week:
        """The week that a day is in."""
        return cls(day - timedelta(days=day.weekday()))

    def __str__(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    def __add__(self, weeks: int) -> Week:
        return Week(self.monday + timedelta(weeks=weeks))

    def __sub__(self, weeks: int) -> Week:
        return self + -weeks

    @property
    def end(self) -> date:
        """The Monday after: the local day on which `as_of` falls."""
        return self.monday + timedelta(days=7)

    def as_of(self, timezone: str) -> datetime:
        """The first instant of the following Monday in the business time zone, as naive UTC. Nothing at or after it is known."""
        return midnight(self.end, timezone)

    @property
    def window(self) -> Window:
        """The seven days of the week."""
        return Window(self.monday, self.end)

    def trailing(self, days: int, ended_days_ago: int = 0) -> Window:
        """The `days` calendar days that end at `as_of`, or that ended so many days before it."""
        end = self.end - timedelta(days=ended_days_ago)
        return Window(end - timedelta(days=days), end)


@dataclass(frozen=True)
class Window:
    """Local days from `start` to before `end`. The only place where a window's length is subtracted."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def dates(self) -> list[date]:
        return [self.start + timedelta(days=i) for i in range(self.days)]

    @property
    def weeks(self) -> list[Week]:
        """The ISO weeks that hold a day of the window, oldest first."""
        first, last = Week.of(self.start), Week.of(self.end - timedelta(days=1))
        return [first + i for i in range((last.monday - first.monday).days // 7 + 1)]


def midnight(day: date, timezone: str) -> datetime:
    """The first instant of a local day, as naive UTC (a day whose midnight a clock change skips begins an hour later)."""
    zone = ZoneInfo(timezone)
    local = datetime.combine(day, time(), zone)
    utc = local.astimezone(UTC)
    if utc.astimezone(zone).date() < day:  # midnight does not exist on this day
        utc += timedelta(hours=1)
    return utc.replace(tzinfo=None)
