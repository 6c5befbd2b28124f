"""review.toml: every default as the contract states it, and errors that say which key is wrong and what was meant."""

from __future__ import annotations

import pytest
from opsreview import catalog
from opsreview import settings as s
from opsreview.settings import ACTIONS, TEAMS, SettingsError, find, load, parse

LEAST = {"timezone": "Europe/London", "reporting_currency": "GBP"}


def value(settings, path: str):
    for part in path.split("."):
        settings = settings[part] if isinstance(settings, dict) else getattr(settings, part)
    return settings


@pytest.mark.parametrize(
    ("path", "default"),
    [
        ("intake.max_bad_share", 0.05),
        ("targets.gross_margin.ok", 0.40),
        ("targets.contribution_margin.ok", 0.00),
        ("targets.dock_to_stock_hours.ok", 10),
        ("target_dos.A", 45),
        ("target_dos.B", 75),
        ("target_dos.C", 120),
        ("oos_risk_threshold", 0.5),
        ("carrying_rate", 0.10),
        ("costs.payment_rate", 0.029),
        ("costs.payment_fixed", 0.30),
        ("costs.channel_rate", {}),
        ("costs.shipping_per_order", 8.00),
        ("costs.pick_pack_per_line", 1.20),
        ("costs.support_per_minute", 0.60),
        ("costs.fixed_per_month", 0),
        ("returns.control_reasons", ["damaged", "wrong_item", "defective", "not_as_described", "late_delivery"]),
        ("returns.ticket_topics", ["return", "refund", "exchange"]),
        ("returns.teams.defective", "supplier"),
        ("carrier.avoidable_types", ["address_correction", "redelivery", "return_to_sender", "dimensional"]),
        ("checks.floor", 50),
        ("engine", "embedded"),
    ],
)
def test_defaults_are_those_of_the_definitions(path, default):
    assert value(parse(LEAST), path) == default


def test_every_kpi_and_check_has_an_owner_and_every_check_its_thresholds():
    settings = parse(LEAST)
    assert set(settings.owners) == {*catalog.kpis(), *catalog.checks()}
    assert all(o.owner and o.escalate_to and o.sla_hours > 0 for o in settings.owners.values())
    assert set(settings.checks) == {"floor", *catalog.checks()}


@pytest.mark.parametrize(
    ("given", "path", "expected"),
    [
        ({"targets": {"gross_margin": 0.5}}, "targets.gross_margin.ok", 0.5),  # a bare number is the line
        ({"targets": {"gross_margin": {"ok": 0.5, "breach": 0.3}}}, "targets.gross_margin.breach", 0.3),
        ({"targets": {"on_time_ship_rate": {"keys": {"BER": {"ok": 0.9}}}}}, "targets.on_time_ship_rate.keys.BER.ok", 0.9),
        ({"targets": {"gross_margin": 0.5}}, "targets.dock_to_stock_hours.ok", 10),  # the others keep theirs
        ({"checks": {"floor": 10}}, "checks.floor", 10),
        ({"checks": {"floor": 10}}, "checks.dead_stock", catalog.checks()["dead_stock"].thresholds),
        ({"owners": {"gross_margin": {"owner": "Ann"}}}, "owners.gross_margin.owner", "Ann"),
        ({"owners": {"gross_margin": {"owner": "Ann"}}}, "owners.gross_margin.escalate_to", "CFO"),
        ({"costs": {"channel_rate": {"amazon": 0.15}}}, "costs.channel_rate.amazon", 0.15),
        ({"costs": {"payment_rate": 0.01}}, "costs.payment_fixed", 0.30),
        ({"returns": {"teams": {"defective": "quality"}}}, "returns.teams.defective", "quality"),
        ({"returns": {"teams": {"defective": "quality"}}}, "returns.teams.damaged", "warehouse"),
        ({"returns": {"teams": {"too_heavy": "buying"}}}, "returns.teams", {**TEAMS, "too_heavy": "buying"}),  # a reason of one's own
        ({"returns": {"actions": {"too_small": "ask for a photo"}}}, "returns.actions", {**ACTIONS, "too_small": "ask for a photo"}),
        ({"returns": {"actions": {"too_small": "ask for a photo"}}}, "returns.teams", TEAMS),
        ({"allow": {"quarantined_rows": 12}}, "allow.quarantined_rows", 12),
    ],
)
def test_what_a_team_writes_replaces_that_and_nothing_else(given, path, expected):
    assert value(parse(LEAST | given), path) == expected


def test_a_threshold_of_one_check_leaves_its_other_thresholds():
    name, thresholds = next((n, c.thresholds) for n, c in catalog.checks().items() if len(c.thresholds) > 1)
    key = next(iter(thresholds))
    assert parse(LEAST | {"checks": {name: {key: 123}}}).checks[name] == {**thresholds, key: 123}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"timezone": "Europe/London"}, r"reporting_currency is missing and has no default"),
        ({"reporting_currency": "GBP"}, r"timezone is missing and has no default"),
        (LEAST | {"timezone": "Europe/Londn"}, r"timezone = 'Europe/Londn': no such time zone; did you mean Europe/London\?"),
        (LEAST | {"reporting_currency": "Pounds"}, r"reporting_currency = 'Pounds'"),
        (LEAST | {"carying_rate": 0.1}, r"carying_rate is not a setting; did you mean carrying_rate\?"),
        (LEAST | {"costs": {"payment_rat": 0.1}}, r"costs.payment_rat is not a setting; did you mean costs.payment_rate\?"),
        (LEAST | {"intake": {"max_bad_shar": 0.1}}, r"did you mean intake.max_bad_share\?"),
        (LEAST | {"target_dos": {"D": 1}}, r"target_dos.D is not a setting"),
        (LEAST | {"targets": {"gros_margin": 0.1}}, r"targets.gros_margin is not a setting; did you mean targets.gross_margin\?"),
        (LEAST | {"checks": {"ded_stock": {}}}, r"checks.ded_stock is not a setting; did you mean checks.dead_stock\?"),
        (LEAST | {"owners": {"gros_margin": {"owner": "A"}}}, r"did you mean owners.gross_margin\?"),
        (LEAST | {"intake": {"max_bad_share": 1.5}}, r"intake.max_bad_share = 1.5: .*less than or equal to 1"),
        (LEAST | {"costs": {"payment_rate": -0.1}}, r"costs.payment_rate = -0.1: .*greater than or equal to 0"),
        (LEAST | {"costs": {"payment_rate": "much"}}, r"costs.payment_rate = 'much'"),
        (LEAST | {"engine": "abacus"}, r"engine = 'abacus'"),
    ],
)
def test_an_error_names_the_key_and_what_was_meant(given, said):
    with pytest.raises(SettingsError, match=said) as caught:
        parse(given)
    assert str(caught.value).startswith("review.toml: ") and "\n" not in str(caught.value)


def test_a_check_names_the_nearest_of_its_thresholds():
    name, thresholds = next((n, c.thresholds) for n, c in catalog.checks().items() if c.thresholds)
    key = next(iter(thresholds))
    with pytest.raises(SettingsError, match=rf"checks.{name}.{key}x is not a setting; did you mean checks.{name}.{key}\?"):
        parse(LEAST | {"checks": {name: {f"{key}x": 1}}})


def test_a_file_that_is_none_or_no_toml(tmp_path):
    with pytest.raises(SettingsError, match="no such file; write one with timezone and reporting_currency"):
        load(tmp_path / "review.toml")
    (tmp_path / "review.toml").write_text("timezone = ")
    with pytest.raises(SettingsError, match="not TOML"):
        load(tmp_path / "review.toml")


def test_the_file_given_comes_before_the_exports_own_and_that_before_the_working_folders(tmp_path, monkeypatch):
    exports, here = tmp_path / "exports", tmp_path / "team" / "here"
    exports.mkdir()
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    assert find(exports) == here / "review.toml"  # what an error then asks for
    (tmp_path / "team" / "review.toml").touch()
    assert find(exports) == tmp_path / "team" / "review.toml"
    (exports / "review.toml").touch()
    assert find(exports) == exports / "review.toml"
    assert find(exports, tmp_path / "own.toml") == tmp_path / "own.toml"


def test_settings_do_not_change_once_read():
    with pytest.raises(ValueError, match="frozen"):
        parse(LEAST).carrying_rate = 0.2
    assert s.parse(LEAST) == s.parse(dict(LEAST))
