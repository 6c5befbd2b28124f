"""review.toml: a team's own settings, checked, every default stated. Unknown keys name the nearest known one."""

from __future__ import annotations

import difflib
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from opsreview import catalog

PERSONAL = [
    "name", "first_name", "last_name", "customer*", "email", "e-mail", "phone", "mobile", "street", "address*", "company", "birth*",
    "iban", "ip",
]  # fmt: skip


class SettingsError(ValueError):
    """review.toml cannot be used; the message names the key, its value and what to do."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Intake(Section):
    max_bad_share: float = Field(0.05, ge=0, le=1)
    profiles: str = ""  # folder of a team's own vendor profiles; relative to the exports folder, else to the working folder

    sources: dict[str, str] = {}  # a shop's name -> pattern of its vendor files' names; its order and return numbers get the name in front

    def source(self, file: str) -> str:
        """Which of the named shops a vendor's file is of, or none."""
        return next((name for name, pattern in self.sources.items() if fnmatch(file.rpartition("/")[2], pattern)), "")

    def folder(self, exports: Path) -> Path | None:
        """Where the team's own profiles are, or None."""
        if not self.profiles:
            return None
        inside = exports / self.profiles
        return inside if inside.is_dir() else Path(self.profiles).expanduser()


class Edi(Section):
    """Who we are in EDI, and what its documents do not say (`docs/edi.md`). Identifiers: as in ISA and UNB, qualifier or not."""

    own_ids: list[str] = []  # ours; empty: inferred from who writes to whom
    warehouses: list[str] = []  # partners whose stock reports are our stock
    outlets: list[str] = []  # partners who sell in our name: their sales reports are our orders
    channel: str = "edi"  # of orders that come as EDI
    location: str = ""  # where a message names no place
    sku: list[str] = []  # qualifiers of product numbers, ours first; empty: as docs/edi.md ranks them
    test: bool = False  # whether interchanges marked as tests count


class Privacy(Section):
    columns: list[str] = PERSONAL


class Target(Section):
    """`ok` or better is ok, `breach` or better is watch, anything else is a breach; `keys` holds targets of single keys."""

    ok: float | tuple[float, float] | None = None  # None: only single keys have a target
    breach: float | tuple[float, float] | None = None
    keys: dict[str, Target] = {}

    @model_validator(mode="before")
    @classmethod
    def _watch_is_ok(cls, value: Any) -> Any:
        """`watch` names the same line as `ok`: beyond it a figure is to be watched. A bare number is that line."""
        value = value if isinstance(value, dict) else {"ok": value}
        return {**{k: v for k, v in value.items() if k != "watch"}, **({"ok": value["watch"]} if "watch" in value else {})}


class Costs(Section):
    payment_rate: float = Field(0.029, ge=0)
    payment_fixed: float = Field(0.30, ge=0)
    channel_rate: dict[str, float] = {}
    shipping_per_order: float = Field(8.00, ge=0)
    pick_pack_per_line: float = Field(1.20, ge=0)
    support_per_minute: float = Field(0.60, ge=0)
    fixed_per_month: float = Field(0.0, ge=0)


TEAMS = {
    "damaged": "warehouse", "wrong_item": "warehouse", "not_as_described": "product page", "too_small": "fit and sizing",
    "too_large": "fit and sizing", "defective": "supplier", "late_delivery": "carrier", "changed_mind": "post-purchase",
}  # fmt: skip
ACTIONS = {
    "damaged": "review its packaging and how it is handled", "wrong_item": "check its pick face and labels",
    "not_as_described": "mend text and pictures of the product page", "too_small": "mend the size table, say how it fits",
    "too_large": "mend the size table, say how it fits", "defective": "claim from the supplier, inspect on arrival",
    "late_delivery": "review carrier and promise", "changed_mind": "offer an exchange before a refund",
}  # fmt: skip


class Returns(Section):
    control_reasons: list[str] = ["damaged", "wrong_item", "defective", "not_as_described", "late_delivery"]
    ticket_topics: list[str] = ["return", "refund", "exchange"]
    teams: dict[str, str] = TEAMS
    actions: dict[str, str] = ACTIONS

    @field_validator("teams", "actions", mode="after")
    @classmethod
    def _the_other_reasons_keep_theirs(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """Defaults reason by reason; a reason of a team's own is added to them."""
        return {**{"teams": TEAMS, "actions": ACTIONS}[info.field_name], **value}


class Carrier(Section):
    avoidable_types: list[str] = ["address_correction", "redelivery", "return_to_sender", "dimensional"]


class Cash(Section):
    """How long money is on its way, for the cash conversion cycle; empty: not given, and said so."""

    receivable_days: float | None = Field(None, ge=0)
    payable_days: float | None = Field(None, ge=0)


class TargetDos(Section):
    """Days of supply that are enough, by tier; what is above is excess."""

    A: float = Field(45, ge=0)
    B: float = Field(75, ge=0)
    C: float = Field(120, ge=0)


class Owner(Section):
    owner: str
    sla_hours: float = Field(72, gt=0)
    escalate_to: str = ""


class Allowed(Section):
    """What a scheduler lets pass with exit code 0."""

    quarantined_rows: int = Field(0, ge=0)
    missing_tables: list[str] = []


class Reconcile(Section):
    """How our figures are held against what a system's own report says (`control_totals`)."""

    tolerance_money: float = Field(1.00, ge=0)
    tolerance_share: float = Field(0.001, ge=0, le=1)
    channels: dict[str, list[str]] = {}  # source -> the channels its report is of; else its own name where that is one, else all
    timezones: dict[str, str] = {}  # source -> the zone of its days; else the business time zone

    @field_validator("timezones")
    @classmethod
    def _known_zones(cls, value: dict[str, str]) -> dict[str, str]:
        for source, zone in value.items():
            if zone not in available_timezones():
                near = difflib.get_close_matches(zone, available_timezones(), 1)
                raise ValueError(f"{source}: {zone} is no time zone{f'; did you mean {near[0]}?' if near else ''}")
        return value


class Settings(Section):
    """Every setting a definition names, with its default; `timezone` and `reporting_currency` have none."""

    timezone: str
    reporting_currency: str = Field(min_length=3, max_length=3)
    intake: Intake = Intake()
    privacy: Privacy = Privacy()
    edi: Edi = Edi()
    targets: dict[str, Target] = {}
    target_dos: TargetDos = TargetDos()
    oos_risk_threshold: float = Field(0.5, ge=0, le=1)
    carrying_rate: float = Field(0.10, ge=0)
    costs: Costs = Costs()
    returns: Returns = Returns()
    carrier: Carrier = Carrier()
    cash: Cash = Cash()
    checks: dict[str, Any] = {}
    owners: dict[str, Owner] = {}
    allow: Allowed = Allowed()
    reconcile: Reconcile = Reconcile()
    engine: Literal["embedded"] = "embedded"

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            near = difflib.get_close_matches(value, available_timezones(), 1)
            raise ValueError(f"no such time zone{f'; did you mean {near[0]}?' if near else ''}")
        ZoneInfo(value)
        return value

    @field_validator("targets", mode="before")
    @classmethod
    def _targets(cls, value: dict[str, Any]) -> dict[str, Any]:
        """A bare number is the line between ok and the rest. Defaults come from the catalog, key by key."""
        given = {k: v if isinstance(v, dict) else {"ok": v} for k, v in value.items()}
        _known(given, catalog.kpis(), "targets")
        return {k: {**catalog.default_target(k), **given.get(k, {})} for k in catalog.kpis() if catalog.default_target(k) or k in given}

    @field_validator("checks", mode="before")
    @classmethod
    def _checks(cls, value: dict[str, Any]) -> dict[str, Any]:
        """`checks.floor`, and each check's thresholds over its defaults of the catalog."""
        defaults = {"floor": catalog.CHECK_FLOOR} | {name: dict(c.thresholds) for name, c in catalog.checks().items()}
        _known(value, defaults, "checks")
        for name, given in value.items():
            if name == "floor":
                defaults["floor"] = float(given)
                continue
            _known(given, defaults[name], f"checks.{name}")
            defaults[name] |= {k: float(v) for k, v in given.items()}
        return defaults

    @field_validator("owners", mode="before")
    @classmethod
    def _owners(cls, value: dict[str, Any]) -> dict[str, Any]:
        defaults = catalog.default_owners()
        _known(value, defaults, "owners")
        return {k: {**defaults[k], **value.get(k, {})} for k in defaults}

    @model_validator(mode="before")
    @classmethod
    def _defaults_too(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {"targets": {}, "checks": {}, "owners": {}, **value}


def _known(given: dict[str, Any], known: dict[str, Any], where: str) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise ValueError(f"{where}.{key} is not a setting{f'; did you mean {where}.{near[0]}?' if near else ''}")


def parse(values: dict[str, Any], source: str = "review.toml") -> Settings:
    """Settings from parsed TOML. SettingsError says in one sentence which key is wrong and how."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("; ".join(_say(e, source) for e in error.errors())) from None


def load(path: Path) -> Settings:
    """Settings from a file."""
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; write one with timezone and reporting_currency in it") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML ({error})") from None


def find(exports: Path, config: Path | None = None) -> Path:
    """The settings file of a run: the one given, else `review.toml` in the exports folder, else in the working folder or above it."""
    if config:
        return config
    here = Path.cwd()
    for folder in (exports, here, *here.parents):
        if (folder / "review.toml").is_file():
            return folder / "review.toml"
    return here / "review.toml"


def _say(error: Any, source: str) -> str:
    path = ".".join(str(p) for p in error["loc"])
    if error["type"] == "missing":
        return f"{source}: {path} is missing and has no default; write it at the top of the file"
    if error["type"] == "extra_forbidden":
        names = list(Settings.model_fields)
        model: Any = Settings
        for part in error["loc"][:-1]:
            model = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
            names = list(getattr(model, "model_fields", {}))
        near = difflib.get_close_matches(str(error["loc"][-1]), names, 1)
        prefix = ".".join(str(p) for p in error["loc"][:-1])
        hint = f"; did you mean {prefix + '.' if prefix else ''}{near[0]}?" if near else ""
        return f"{source}: {path} is not a setting{hint}"
    return f"{source}: {path} = {error['input']!r}: {error['msg'].removeprefix('Value error, ')}"
