"""What each KPI and check is: label, question, unit, direction, formula, default target, owner, benchmark. Data: catalog.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict

ONCE = "once"  # the period of money that comes once, as what an invoice charges too much; else a week
CHECK_FLOOR = 50.0  # money a week under which a finding is not worth a meeting's time
REVIEWS = ("monday", "wednesday", "friday")
TOP = 50  # SKUs by revenue that are audited first
TILT = 0.25  # by how much of what is allocated to it a SKU's margin is tried
AUDIT = "margin_audit"  # the page on which the margin of each SKU is audited and signed off
MONTH = "monthly"  # the page of a month, made of its weeks
HEALTH = "exports_health"  # the page about the exports themselves: no meeting, no decisions
ESCALATE_TO = {"Finance Partner": "CFO", "Data Owner": "CTO"}  # everyone else escalates to the COO


class Benchmark(BaseModel):
    """What others reach: shown beside a figure, never a reason to color it."""

    text: str
    source: str
    year: int
    grade: str


class Kpi(BaseModel):
    """One KPI. `window` days (ended `ended_days_ago` days before as_of) are summed; its XmR chart sums `charted_over`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    set: int
    label: str
    question: str
    review: str
    unit: str
    better: str  # up, down, zero (nearer is better), band
    window: int
    ended_days_ago: int = 0
    charted_over: int = 0
    needs: tuple[str, ...]  # tables, and optional columns as table.column
    grains: tuple[str, ...]
    formula: str
    owner: str
    floor: float | None = None
    ceiling: float | None = None
    target: dict[str, Any] | None = None
    benchmark: Benchmark | None = None


class Fallback(BaseModel):
    """What stands in for a table of the contribution margin that did not come: which component it moves, and what that then is.

    `before`: what figures of four weeks are made of where it is a week before W that lacks it; empty where nothing stands in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    component: str
    never: str
    late: str
    before: str = ""


class Check(BaseModel):
    """One check: what it measures, whom it concerns, what it usually leads to.

    `needs`: tables, and columns as table.column, with the trailing days of them without which a finding that is not found is not known to
    be gone; `kinds`: the same for entities of a type that needs others.
    `explains`: the parts of its leak whose rows of the week its findings are about (a cause of creep as creep.labor), by the entity's name;
    a check that looks ahead or elsewhere explains none. `ahead`: its money is still to be lost.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    title: str
    review: str
    entity_type: str
    leak: str = ""
    explains: tuple[str, ...] = ()
    ahead: bool = False
    decision: str
    measure: str
    owner: str
    sla_hours: float
    needs: dict[str, int] = {}
    kinds: dict[str, dict[str, int]] = {}
    thresholds: dict[str, float] = {}


@cache
def _catalog() -> dict[str, Any]:
    return tomllib.loads(resources.files("opsreview").joinpath("catalog.toml").read_text(encoding="utf-8"))


@cache
def kpis() -> dict[str, Kpi]:
    """Every KPI by its identifier, in the order of the eight sets."""
    return {name: Kpi(id=name, **fields) for name, fields in _catalog()["kpi"].items()}


@cache
def checks() -> dict[str, Check]:
    """Every check by its name."""
    return {name: Check(id=name, **fields) for name, fields in _catalog()["check"].items()}


@cache
def fallbacks() -> dict[str, Fallback]:
    """What stands in for a table of the contribution margin, by the table."""
    return {table: Fallback(**fields) for table, fields in _catalog()["fallback"].items()}


def default_target(kpi: str) -> dict[str, Any]:
    """The target a team starts with: `{}` where there is none."""
    return {"ok": None, **kpis()[kpi].target} if kpis()[kpi].target else {}


def default_owners() -> dict[str, dict[str, Any]]:
    """Owner, SLA and escalation of every KPI and check until a team names its own."""
    return {
        name: {"owner": e.owner, "sla_hours": getattr(e, "sla_hours", 72), "escalate_to": ESCALATE_TO.get(e.owner, "COO")}
        for name, e in {**kpis(), **checks()}.items()
    }
