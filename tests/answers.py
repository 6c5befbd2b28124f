"""How an answer is held against the one worked by hand."""

import math

import hand
import pytest


def same(found, expected) -> bool:
    """Equal to the ninth digit; an expected None is n/a."""
    missing = found is None or math.isnan(found)
    if expected is None or missing:
        return missing and expected is None
    return float(found) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def check(case: hand.Case, value, numerator, denominator) -> None:
    assert same(value, case.expected_value), f"{case}: value {value}, by hand {case.expected_value}"
    for name, found, expected in (
        ("numerator", numerator, case.expected_numerator),
        ("denominator", denominator, case.expected_denominator),
    ):
        assert expected == hand.UNCHECKED or same(found, expected), f"{case}: {name} {found}, by hand {expected}"
