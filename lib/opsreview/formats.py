"""Numbers as a reader says them: money with its sign of currency, shares in per cent, points, days. n/a stays n/a."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

NBSP = "\u00a0"
NA = "n/a"
SYMBOLS = {
    "EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CNY": "¥", "INR": "₹", "KRW": "₩", "BRL": "R$", "CAD": "CA$", "AUD": "A$",
    "NZD": "NZ$", "MXN": "MX$", "PLN": "zł", "TRY": "₺", "ILS": "₪", "NGN": "₦", "UAH": "₴", "VND": "₫", "PHP": "₱",
}  # fmt: skip


def symbol(currency: str) -> str:
    """`€` for EUR; the code and a space where no sign is common (`CHF 12`)."""
    return SYMBOLS.get(currency.upper(), f"{currency.upper()}{NBSP}")


def missing(value: Any) -> bool:
    """None, NaN, NaT and infinities: what has no figure."""
    if value is None or value is False:
        return value is None
    try:
        return bool(value != value) or (isinstance(value, float) and math.isinf(value))
    except (TypeError, ValueError):
        return True


def number(value: Any, decimals: int = 0) -> str:
    """`12,345` with a true minus sign; `n/a` for what has no figure. Never `−0`."""
    if missing(value):
        return NA
    text = f"{abs(float(value)):,.{decimals}f}"
    return f"−{text}" if float(value) < 0 and any(c in "123456789" for c in text) else text


def money(value: Any, currency: str, decimals: int | None = None) -> str:
    """`€12,345`; cents only under 100. `−€5.20`."""
    if missing(value):
        return NA
    text = number(value, (2 if 0 < abs(float(value)) < 99.995 else 0) if decimals is None else decimals)
    return f"−{symbol(currency)}{text[1:]}" if text.startswith("−") else f"{symbol(currency)}{text}"


def share(value: Any, decimals: int | None = None) -> str:
    """A fraction as `61.2 %`; two decimals close to 0 and to 1, where a tenth of a point is the news."""
    if missing(value):
        return NA
    if decimals is None:
        near = min(abs(float(value)), abs(1 - float(value)))
        decimals = 0 if near == 0 else 2 if near < 0.02 else 1
        if 0 < 1 - float(value) < 0.00005:  # rounding must not make certain what is not
            return f">{NBSP}99.99{NBSP}%"
    return f"{number(float(value) * 100, decimals)}{NBSP}%"


def points(value: Any, decimals: int | None = None) -> str:
    """A difference of two shares as `+1.2 pp`."""
    if missing(value):
        return NA
    decimals = (2 if abs(float(value)) < 0.005 else 1) if decimals is None else decimals
    return f"{_plus(value, decimals, 100)}{number(float(value) * 100, decimals)}{NBSP}pp"


def quantity(value: Any, unit: str, currency: str = "", decimals: int | None = None) -> str:
    """A value in one of the units of kpis.csv: share, money, days, hours, units, count."""
    if missing(value):
        return NA
    if unit == "share":
        return share(value, decimals)
    if unit == "money":
        return money(value, currency, decimals)
    small = abs(float(value)) < 100 and float(value) != round(float(value))
    text = number(value, (1 if small else 0) if decimals is None else decimals)
    return f"{text}{NBSP}{'h' if unit == 'hours' else 'days'}" if unit in ("hours", "days") else text


def difference(now: Any, then: Any, unit: str, currency: str = "") -> str:
    """How a value moved: points for shares, else the same unit, always signed; `±0` when it did not."""
    if missing(now) or missing(then):
        return NA
    change = float(now) - float(then)
    if unit == "share":
        return points(change)
    text = quantity(change, unit, currency)
    return text if text.startswith("−") else ("±" if not any(c in "123456789" for c in text) else "+") + text


def day(value: Any, year: bool = False) -> str:
    """`15 Nov`, or `15 Nov 2026`."""
    if missing(value):
        return NA
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    text = f"{value.day}{NBSP}{value:%b}" if isinstance(value, date) else str(value)
    return f"{text}{NBSP}{value.year}" if year else text


def month(name: str, year: bool = True) -> str:
    """`2026-10` as `October 2026`, or `October`."""
    first = date.fromisoformat(f"{name}-01")
    return f"{first:%B}{NBSP}{first.year}" if year else f"{first:%B}"


def moment(value: Any) -> str:
    """`15 Nov 23:12`."""
    if missing(value):
        return NA
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return f"{day(value)}{NBSP}{value:%H:%M}" if isinstance(value, datetime) else day(value)


def moved(change: Any, currency: str) -> str:
    """`rose £3,381`, `fell £450`, `stayed as it was`: where an amount of money went; `n/a` where nobody knows."""
    if missing(change):
        return NA
    rounded = round(float(change), 2)
    return f"{'rose' if rounded > 0 else 'fell'} {money(abs(rounded), currency)}" if rounded else "stayed as it was"


def count(n: Any, one: str, many: str | None = None) -> str:
    """`1 finding`, `12 findings`, `no findings`."""
    n = int(n)
    return f"{'no' if n == 0 else number(n)} {one if n == 1 else many or one + 's'}"


def ordinal(n: int) -> str:
    """`first` to `twelfth`, then `13th`, `21st`."""
    named = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"]
    if n <= len(named):
        return named[n - 1]
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def listing(words: list[str], most: int = 3) -> str:
    """`a, b and c`; beyond `most`: `a, b, c and 4 more`."""
    shown, rest = [str(w) for w in words[:most]], len(words) - most
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def capital(text: str) -> str:
    """A sentence's beginning."""
    return text[:1].upper() + text[1:]


def midway(sentence: str) -> str:
    """A sentence as it stands inside another one: what begins with a name keeps its capital."""
    return sentence[:1].lower() + sentence[1:] if sentence.startswith(("The ", "No ")) else sentence


def inner(label: str) -> str:
    """A label inside a sentence: `Gross margin` as `gross margin`; abbreviations stay (`OTIF`)."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def spans(weeks: list[str]) -> str:
    """`2026-W40 and 2026-W42 to 2026-W46`: weeks that follow one another are said as one."""
    runs: list[list[date]] = []
    for monday in sorted(datetime.strptime(f"{week}-1", "%G-W%V-%u").date() for week in weeks):
        if runs and runs[-1][-1] + timedelta(weeks=1) == monday:
            runs[-1].append(monday)
        else:
            runs.append([monday])
    ends = [[f"{monday:%G-W%V}" for monday in (run[0], run[-1])] for run in runs]
    return listing([first if first == last else f"{first} to {last}" for first, last in ends], 3)


def words(identifier: Any) -> str:
    """`returns_value_lost` as `returns value lost`."""
    return NA if missing(identifier) else str(identifier).replace("_", " ").strip()


def _plus(value: Any, decimals: int, times: float = 1) -> str:
    rounded = round(float(value) * times, decimals)
    return "±" if rounded == 0 else "+" if rounded > 0 else ""


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean family?` where something is spelled much alike, but for capitals first of all; else nothing."""
    names = list(known)
    close = [name for name in names if name.lower() == word.lower()] or difflib.get_close_matches(word, names, 1)
    return f"; did you mean {close[0]}?" if close else ""
