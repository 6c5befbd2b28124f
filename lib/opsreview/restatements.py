"""What was published and has changed since: which figures of which weeks, by how much, and why. Definitions: docs/restatements.md.

A run keeps what it published beside its tables (`published.json`): figures, and what decides them (code, settings, files). A later run
holds its own figures of those weeks against it. The cause follows by elimination: definitions, then settings, then files; and, for a week
as it has become, the rows that came since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from opsreview import __version__
from opsreview.catalog import kpis
from opsreview.weeks import Week

FILE = "published.json"
KEPT = 10  # publications of a week that are kept, the newest of them
NEARER = 1e-9  # relative difference from which two figures differ; published ones have twelve digits
COLUMNS = ["week", "kpi", "grain", "key", "view", "published", "now", "difference", "cause", "because"]
NAMED = 3  # settings or files named in a cause
COSTS = ("shipments", "carrier_charges", "picks", "labor", "support_tickets", "returns")
Figures = dict[str, float | None]


def figures(frame: pd.DataFrame) -> Figures:
    """`kpi|grain|key` -> value, None where n/a, as a publication keeps it; without single SKUs, of which there may be any number."""
    rows = frame[frame["grain"] != "sku"]
    names = rows["kpi"] + "|" + rows["grain"] + "|" + rows["key"].astype(str)
    return {name: None if pd.isna(value) else float(f"{value:.12g}") for name, value in zip(names, rows["value"], strict=True)}


def publication(frame: pd.DataFrame, definitions: str, settings: dict[str, Any], inputs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What a run publishes: its figures and what decides them. `definitions`: a hash of the code that does."""
    files = {entry["path"]: entry["sha256"] for entry in inputs}
    return {
        "version": __version__, "definitions": definitions, "settings": _flat(settings), "inputs": dict(sorted(files.items())),
        "figures": figures(frame),
    }  # fmt: skip


def published(reports: Path | None, week: Week) -> list[dict[str, Any]]:
    """The publications of a week, oldest first; none where the week was not run, or what it left cannot be read."""
    try:
        found = json.loads((reports / str(week) / FILE).read_text(encoding="utf-8")) if reports else []
        return [p for p in found if isinstance(p, dict) and {"version", "definitions", "settings", "inputs", "figures"} <= set(p)]
    except (OSError, ValueError, TypeError):
        return []


def kept(before: list[dict[str, Any]], now: dict[str, Any]) -> list[dict[str, Any]]:
    """The publications with this one at their end; one that says what the last said is the same publication."""
    return (before if before and before[-1] == now else [*before, now])[-KEPT:]


def earlier(before: list[dict[str, Any]], now: dict[str, Any]) -> dict[str, Any] | None:
    """The publication that this one is to be held against: the last that was another. So a run that is repeated says the same again."""
    others = before[:-1] if before and before[-1] == now else before
    return others[-1] if others else None


def write(path: Path, publications: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(publications, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def restated(week: Week, before: dict[str, Any], now: dict[str, Any]) -> pd.DataFrame:
    """`COLUMNS`: the figures of a week that a run of it gives otherwise than was published, and why (view `re-run`)."""
    upto = {path: sha for path, sha in now["inputs"].items() if path.partition("/")[0] <= str(week)}
    changes = _changes(before, {**now, "inputs": upto})
    return _frame(week, "re-run", before["figures"], now["figures"], lambda kpi: _cause(kpi, changes))


def matured(week: Week, then: Figures, now: Figures, came: pd.DataFrame) -> pd.DataFrame:
    """`COLUMNS`: the figures of a week that are others with what is known now (view `since`). `came`: table, file, rows, replaced."""
    return _frame(week, "since", {k: v for k, v in then.items() if k in now}, now, lambda kpi: _since(kpi, came))


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """What was run anew first, the whole store before its parts, the newest week, the largest change against what was published."""
    size = (frame["difference"] / frame["published"].where(frame["published"] != 0)).abs().fillna(float("inf"))
    order = frame.assign(_v=frame["view"] != "re-run", _g=frame["grain"] != "all", _s=-size)
    order = order.sort_values(["_v", "_g", "week", "_s", "kpi", "key"], ascending=[True, True, False, True, True, True], kind="stable")
    return order[COLUMNS].reset_index(drop=True)


def _frame(week: Week, view: str, before: Figures, now: Figures, cause: Any) -> pd.DataFrame:
    rows = []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if _same(old, new):
            continue
        kpi, grain, key = name.split("|", 2)
        if kpi not in kpis():  # a figure that there is no more is no restatement
            continue
        difference = new - old if old is not None and new is not None else None
        rows.append((str(week), kpi, grain, key, view, old, new, difference, *cause(kpi)))
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(("published", "now", "difference"), float))


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= max(NEARER * max(abs(a), abs(b)), 1e-12)


def _changes(before: dict[str, Any], now: dict[str, Any]) -> dict[str, list[str]]:
    """What differs between two publications: definition, setting, file; each a list of what a reader is told."""
    out: dict[str, list[str]] = {"definition": [], "setting": [], "file": []}
    if before["version"] != now["version"]:
        out["definition"].append(f"version {before['version']} → {now['version']}")
    elif before["definitions"] != now["definitions"]:
        out["definition"].append(f"the code that decides figures, within version {now['version']}")
    old, new = before["settings"], now["settings"]
    out["setting"] = [f"{k} {_say(old.get(k))} → {_say(new.get(k))}" for k in sorted(old.keys() | new.keys()) if old.get(k) != new.get(k)]
    old, new = before["inputs"], now["inputs"]
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            out["file"].append(f"{'new' if path not in old else 'gone' if path not in new else 'changed'}: {path}")
    return out


def _cause(kpi: str, changes: dict[str, list[str]]) -> tuple[str, str]:
    """(cause, because): the first kind of change there is, in the order of elimination; what else changed is named behind it."""
    about = dict(changes)
    mine = [f for f in changes["file"] if _table(f.partition(": ")[2]) in _tables(kpi)]
    about["file"] = mine or changes["file"]
    kinds = [kind for kind in ("definition", "setting", "file") if about[kind]]
    if not kinds:
        return "unknown", "nothing that the run knows of changed"
    said = [f"{kind}{'s' if len(about[kind]) > 1 else ''}: {_listed(about[kind])}" for kind in kinds]
    return kinds[0], "; also possible, ".join(said)


def _since(kpi: str, came: pd.DataFrame) -> tuple[str, str]:
    """(cause, because) of a week as it has become: the rows of the tables it stands on that came since, the most first."""
    mine = came[came["table"].isin(_tables(kpi))].sort_values(["rows", "file"], ascending=[False, True], kind="stable")
    if mine.empty:
        return "late data", "rows of other weeks and tables that came since"
    parts = []
    for row in mine.itertuples():
        new, replaced = int(row.rows - row.replaced), int(row.replaced)
        kinds = [f"{new:,} new" if new else "", f"{replaced:,} replaced" if replaced else ""]
        parts.append(f"{row.file} ({', '.join(k for k in kinds if k)})")
    late = (mine["rows"] - mine["replaced"]).sum() >= mine["replaced"].sum()
    return "late data" if late else "corrected rows", _listed(parts)


def _tables(kpi: str) -> set[str]:
    """The tables a KPI stands on; money on the rates of its day, a contribution margin on every cost."""
    money = {"fx_rates"} if kpi == "net_revenue" or "margin" in kpi else set()
    return {need.partition(".")[0] for need in kpis()[kpi].needs} | money | (set(COSTS) if kpi.startswith("contribution_") else set())


def _table(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:NAMED]) + (f" and {len(parts) - NAMED} more" if len(parts) > NAMED else "")


def _say(value: Any) -> str:
    return "(none)" if value is None else json.dumps(value, ensure_ascii=False)


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """`{"costs": {"payment_rate": 0.03}}` as `{"costs.payment_rate": 0.03}`."""
    if not isinstance(value, dict):
        return {name: value}
    out: dict[str, Any] = {}
    for key, inner in value.items():
        out |= _flat(inner, f"{name}.{key}" if name else str(key))
    return out
