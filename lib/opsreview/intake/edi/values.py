"""Dates and numbers as EDI writes them, to the text our tables read.

What cannot be read is given on as written: the contract's rules refuse it.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation

_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
UTC_CODES = ("UT", "GM", "Z")  # X12 time codes that say the offset for sure; others change with the season and are taken as local
POUND = Decimal("0.45359237")


def day(text: str) -> str:
    """CCYYMMDD or YYMMDD as an ISO date; a year of two digits is of this century."""
    if not _DIGITS.fullmatch(text) or len(text) not in (6, 8):
        return text
    year, rest = (text[:4], text[4:]) if len(text) == 8 else ("20" + text[:2], text[2:])
    try:
        return date(int(year), int(rest[:2]), int(rest[2:])).isoformat()
    except ValueError:
        return text


def moment(date_text: str, time_text: str = "", zone: str = "") -> str:
    """A day and HHMM or HHMMSS as an ISO timestamp; the day alone where no time is said. Hundredths of seconds are left out."""
    on = day(date_text)
    clock = re.match(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)?", time_text) if _DIGITS.fullmatch(time_text or "") else None
    if len(on) != 10 or not clock:
        return on
    return f"{on}T{clock[1]}:{clock[2]}:{clock[3] or '00'}{'Z' if zone in UTC_CODES else ''}"


def edifact_moment(value: str, form: str) -> str:
    """An EDIFACT date by its format (C507): of a period its first day. Without a format 8 or 12 digits speak for themselves."""
    if form in ("718", "719", "713"):
        value, form = value[: len(value) // 2].rstrip("-"), {"718": "102", "719": "203", "713": "201"}[form]
    if form in ("203", "204") or (not form and len(value) in (12, 14)):
        return moment(value[:8], value[8:])
    if form == "201":
        return moment(value[:6], value[6:])
    if form == "303":  # CCYYMMDDHHMM and a zone of three letters
        return moment(value[:8], value[8:12], "Z" if value[12:] in ("UTC", "GMT") else "")
    return day(value)


def number(text: str, decimal: str = ".") -> str:
    """A number with a decimal point; EDIFACT may say another mark in UNA."""
    return text.replace(decimal, ".") if decimal == "," and text.count(",") == 1 and "." not in text else text


def cents(text: str) -> str:
    """X12's N2: two decimals that are not written. 255438 is 2554.38."""
    found = re.fullmatch(r"([+-]?)(\d+)", text)
    return f"{found[1]}{found[2].zfill(3)[:-2]}.{found[2].zfill(3)[-2:]}" if found else text


def decimal(text: str | None) -> Decimal | None:
    """The number that a text is, or None."""
    if not text or not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def plain(value: Decimal) -> str:
    """A number without an exponent and without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def divided(text: str, by: str) -> str:
    """A price for `by` units, for one; as written where either is no number."""
    a, b = decimal(text), decimal(by)
    return plain(round(a / b, 10)) if a is not None and b else text


def kilograms(text: str, unit: str) -> str:
    """A weight in kg: of pounds (L, LB, LBR) converted, of kilograms (K, KG, KGM) as written; empty in any other unit."""
    if unit in ("K", "KG", "KGM"):
        return text
    weight = decimal(text)
    return plain(round(weight * POUND, 6)) if unit in ("L", "LB", "LBR") and weight is not None else ""
