"""XmR limits and signals, Wilson intervals, elasticity: worked by hand, one thing varied a row."""

import math

import pytest
from opsreview.statistics import elasticity, trend, wilson, xmr_limits, xmr_signal

# Twelve values about 10 that step by 2: mean 10, mean moving range 2, reach 5.32; nobody is seven in a row on one side.
CALM = [9, 11, 9, 11, 9, 11, 9, 11, 9, 11, 9, 11]
LOW, HIGH = 10 - 5.32, 10 + 5.32


def test_limits_are_the_mean_and_2_66_mean_moving_ranges():
    limits = xmr_limits(CALM)
    assert (limits.centre, limits.lower, limits.upper) == pytest.approx((10, LOW, HIGH))
    assert not limits.provisional


@pytest.mark.parametrize(
    ("n", "said", "provisional"), [(0, False, None), (5, False, None), (6, True, True), (11, True, True), (12, True, False)]
)
def test_limits_need_six_values_and_are_provisional_until_twelve(n, said, provisional):
    limits = xmr_limits([float(v) for v in CALM[:n]])
    assert (limits is not None) == said
    assert not said or limits.provisional is provisional


@pytest.mark.parametrize(
    ("floor", "ceiling", "lower", "upper"),
    [(-math.inf, math.inf, LOW, HIGH), (0, math.inf, LOW, HIGH), (6, math.inf, 6, HIGH), (-math.inf, 12, LOW, 12), (6, 12, 6, 12)],
)
def test_limits_are_clamped_to_what_is_possible(floor, ceiling, lower, upper):
    limits = xmr_limits(CALM, floor, ceiling)
    assert (limits.lower, limits.upper) == pytest.approx((lower, upper))


def test_what_is_no_number_is_left_out_of_limits():
    assert xmr_limits([*CALM[:6], math.nan, *CALM[6:]]) == xmr_limits(CALM)


@pytest.mark.parametrize(
    ("last", "signal"),
    [
        (HIGH + 0.01, "up:limits"),
        (HIGH - 0.01, "none"),  # near the limit, but alone
        (LOW - 0.01, "down:limits"),
        (LOW + 0.01, "none"),
        (10, "none"),
    ],
)
def test_a_value_beyond_its_limits(last, signal):
    assert xmr_signal([*CALM, last]) == signal


def test_a_value_beyond_what_is_possible_is_no_limit():
    """A share's upper limit is clamped to 1: the value 1 is not above it."""
    shares = [0.97, 0.99] * 6
    assert xmr_signal([*shares, 1.0], 0, 1) == "none"
    assert xmr_limits(shares, 0, 1).upper == 1


@pytest.mark.parametrize("weeks", range(1, 14))
def test_twelve_values_before_the_week_make_a_signal_possible(weeks):
    history = [*CALM, 99][-weeks:]
    assert xmr_signal(history) == ("up:limits" if weeks == 13 else "short")


def test_no_history_is_short():
    assert xmr_signal([]) == "short"


# CALM, then values half a unit to one side of its centre.
def run(length: int, side: int = 1) -> list[float]:
    return [*CALM, *([10 + side * 0.5] * length)]


@pytest.mark.parametrize(("length", "signal"), [(6, "none"), (7, "up:run"), (8, "up:run")])
def test_eight_in_a_row_on_one_side_are_a_run(length, signal):
    """CALM ends above the centre (11), which is the first of the row: six more make seven, seven make eight."""
    assert xmr_signal(run(length)) == signal


@pytest.mark.parametrize(("length", "signal"), [(7, "none"), (8, "down:run")])
def test_a_run_may_go_down(length, signal):
    assert xmr_signal(run(length, -1)) == signal


def test_a_value_on_the_centre_breaks_a_run():
    # The mean of all the values before W is 10; of the last eight seven lie above it, and one is it.
    before = [8.0, 12.0] * 6 + [9.0, 9.0, 9.0, 10.0, 11.0, 11.0, 11.0]
    assert sum(before) / len(before) == 10
    assert xmr_signal([*before, 11.0]) == "none"


def test_the_older_values_of_a_run_do_not_complete_it():
    """Eight above, and W's own value below: nothing that W completes."""
    assert xmr_signal([*run(8), 9.5]) == "none"


# Nearer to a limit than to the centre: beyond 10 ± 2.66, give or take what the near values themselves move the limits by.
@pytest.mark.parametrize(
    ("last_four", "signal"),
    [
        ([14, 6, 14, 14], "up:near"),  # three of four up, W's among them
        ([14, 14, 6, 14], "up:near"),
        ([10, 14, 10, 14], "none"),  # two of four
        ([6, 14, 6, 6], "down:near"),
        ([14, 14, 14, 10], "none"),  # three of four, but W's value is not one of them
        ([14, 6, 6, 14], "none"),  # two near one limit and two near the other
    ],
)
def test_three_of_four_nearer_to_a_limit_than_to_the_centre(last_four, signal):
    history = [9.0, 11.0] * 10 + last_four
    limits = xmr_limits(history[:-1])
    near = [v for v in last_four if abs(v - limits.centre) > abs(limits.upper - limits.centre) / 2]
    assert set(near) <= {6, 14} and set(last_four) - set(near) <= {10}  # the rows say what they mean to say
    assert all(limits.lower < v < limits.upper for v in last_four)
    assert xmr_signal(history) == signal


def test_a_flat_history_has_no_near_but_any_step_is_beyond_its_limits():
    assert xmr_signal([5.0] * 13) == "none"
    assert xmr_signal([5.0] * 12 + [5.1]) == "up:limits"


def test_only_26_weeks_are_history():
    """A wild past beyond 26 weeks widens no limit."""
    assert xmr_signal([100.0, -100.0] * 5 + CALM + CALM + [10.0, HIGH + 0.5]) == "up:limits"


@pytest.mark.parametrize(
    ("successes", "trials", "confidence", "low", "high"),
    [
        # z = 1.959964: by the formula, and as printed in every table of 95 % Wilson intervals
        (0, 10, 0.95, 0.0, 0.2775),
        (10, 10, 0.95, 0.7225, 1.0),
        (5, 10, 0.95, 0.2366, 0.7634),
        (81, 263, 0.95, 0.2553, 0.3662),  # Newcombe 1998, table I
        (1, 29, 0.95, 0.0061, 0.1718),  # Newcombe 1998, table I
        (5, 10, 0.90, 0.2693, 0.7307),
    ],
)
def test_wilson(successes, trials, confidence, low, high):
    assert wilson(successes, trials, confidence) == pytest.approx((low, high), abs=6e-5)


def test_wilson_of_nothing_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


def test_wilson_narrows_with_trials_and_widens_with_confidence():
    widths = [b - a for a, b in (wilson(0.1 * n, n) for n in (10, 100, 1000))]
    assert widths == sorted(widths, reverse=True)
    (low, high), (wider_low, wider_high) = wilson(3, 30, 0.9), wilson(3, 30, 0.99)
    assert wider_low < low < 0.1 < high < wider_high


VOLUME = [100.0, 120, 150, 200, 260, 330, 400, 520, 610, 700]


@pytest.mark.parametrize("value", [0.8, 0.1, 0.3, 0.9, 0.95, 0.98, 19.99, 0.0, -7.7])
@pytest.mark.parametrize("weeks", [12, 13, 20, 26])
def test_what_is_the_same_every_week_is_no_signal(value, weeks):
    """The mean of as many times the same is not that to the last digit, and the limits are on it."""
    assert xmr_signal([value] * weeks + [value]) == "none"
    assert xmr_signal([value] * weeks + [value + 1e-6]) == "up:limits"


@pytest.mark.parametrize("exponent", [0.0, 0.5, 0.8, 1.0, 1.3])
def test_elasticity_recovers_the_exponent_of_a_power(exponent):
    found = elasticity(VOLUME, [3 * v**exponent for v in VOLUME])
    assert (found.value, found.low, found.high) == pytest.approx((exponent,) * 3, abs=1e-6)
    assert found.n == 10


def test_elasticity_with_noise_holds_the_exponent_in_its_interval_nine_times_in_ten():
    import numpy as np

    rng = np.random.default_rng(5)
    volume = np.exp(rng.uniform(4, 6, (400, 12)))
    hours = 3 * volume**0.8 * np.exp(rng.normal(0, 0.1, volume.shape))
    held = [e.low <= 0.8 <= e.high for e in (elasticity(list(v), list(h)) for v, h in zip(volume, hours, strict=True))]
    assert 0.86 <= sum(held) / len(held) <= 0.94


@pytest.mark.parametrize(
    ("volume", "hours", "why"),
    [
        (VOLUME[:7], VOLUME[:7], "seven weeks"),
        ([5.0] * 10, VOLUME, "no spread"),
        ([*VOLUME[:7], 0, 0, 0], VOLUME, "weeks without volume do not count"),
        (VOLUME, [*VOLUME[:7], 0, 0, 0], "nor do weeks without hours"),
        ([], [], "nothing"),
    ],
)
def test_elasticity_is_not_said_of_too_little(volume, hours, why):
    assert elasticity(volume, hours) is None, why


@pytest.mark.parametrize(
    ("history", "slope"),
    [
        ([1.0, 2, 3, 4, 5, 6, 7], None),  # seven weeks
        ([1.0, 2, 3, 4, 5, 6, 7, 8], 1.0),
        ([8.0, 6, 4, 2, 0, -2, -4, -6], -2.0),
        ([1.0, 2, 3, 4, 5, 6, 7, 80], 1.0),  # one odd week bends no median
        ([5.0] * 13, 0.0),
        ([3.0, 9, 1, 7, 5, 8, 2, 6, 4], 0.0),  # up and down
    ],
)
def test_a_trend_is_the_median_slope_unless_chance_makes_such_a_one(history, slope):
    assert trend(history) == (None if slope is None else pytest.approx(slope))
