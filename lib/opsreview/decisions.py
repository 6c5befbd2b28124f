"""What meetings decided, and what came of it: plain JSON files, one a save, never overwritten. The only state there is."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import pandas as pd
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from opsreview.catalog import ONCE, REVIEWS
from opsreview.weeks import Week

Decision = Literal[
    "pause_promotion", "reprice", "rebalance_inbound", "adjust_channel", "expedite", "transfer", "markdown", "fix_content",
    "change_carrier", "dispute_charge", "staff", "investigate", "accept", "defer",
]  # fmt: skip
DECISIONS: tuple[str, ...] = get_args(Decision)
COLUMNS = [
    "week", "review", "finding_id", "decision", "owner", "due_on", "eta_commitment", "expected_impact", "note", "done",
    "recorded_at", "recorded_by", "file",
]  # fmt: skip
PROPOSAL = "proposal/"  # what the id of a proposal begins with (`agreed`); findings' ids are hexadecimal
MOVED = 0.10  # an impact within ±10 % of what it was has not moved


class DecisionError(ValueError):
    """A decision that cannot be kept; the message says in one sentence which value is wrong."""


def _iso_week(text: str) -> str:
    return str(Week.parse(text))


def _utc(moment: datetime) -> datetime:
    """A moment without a zone is UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_Blank = BeforeValidator(lambda value: None if isinstance(value, str) and not value.strip() else value)
_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value), Field(max_length=2000)]


class Item(BaseModel):
    """What was decided about one finding. Days are local days; `expected_impact` is money a week."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    finding_id: str = Field(min_length=1, max_length=300)
    decision: Decision
    owner: _Text = ""
    due_on: Annotated[date | None, _Blank] = None
    eta_commitment: Annotated[date | None, _Blank] = None
    expected_impact: Annotated[Annotated[float, Field(allow_inf_nan=False)] | None, _Blank] = None
    note: _Text = ""
    done: bool = False


class Save(BaseModel):
    """One file: what one meeting's checklist held when it was saved."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    week: Annotated[str, AfterValidator(_iso_week)]
    review: Literal[REVIEWS]  # type: ignore[valid-type]
    recorded_at: Annotated[datetime, AfterValidator(_utc)]
    recorded_by: str = Field(min_length=1, max_length=200)
    items: list[Item]


def save(folder: Path, week: Week | str, review: str, items: Iterable[Mapping[str, Any]], recorded_by: str, now: datetime) -> Path:
    """Write one decisions file and return its path. Nothing that is there is ever overwritten. DecisionError where a value is wrong."""
    stem, text = written(week, review, items, recorded_by, now)
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        path = folder / f"{stem}-{secrets.token_hex(3)}.json"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            return path
        except FileExistsError:
            continue


def written(week: Week | str, review: str, items: Iterable[Mapping[str, Any]], recorded_by: str, now: datetime) -> tuple[str, str]:
    """What a decisions file is called but for its last six digits, and what it says. DecisionError where a value is wrong."""
    fields = {"week": str(week), "review": review, "recorded_at": now, "recorded_by": recorded_by, "items": list(items)}
    try:
        checked = Save.model_validate(fields)
    except ValidationError as error:
        raise DecisionError(_say(error)) from None
    content = checked.model_dump(mode="json") | {"recorded_at": f"{checked.recorded_at:%Y-%m-%dT%H:%M:%SZ}"}
    stem = f"{checked.week}-{checked.review}-{checked.recorded_at:%Y%m%dT%H%M%SZ}"
    return stem, json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def read(*folders: Path) -> pd.DataFrame:
    """Every item of every file, one row each, oldest first: `COLUMNS`, `recorded_at` naive UTC, days as `date`.

    A file that cannot be used is left out; `frame.attrs["notices"]` holds a sentence for each. A folder that is not there holds none; of
    two files of one name, as when a folder is named twice or copied, the first counts.
    """
    rows: list[dict[str, Any]] = []
    notices: list[str] = []
    files: dict[str, Path] = {}
    for folder in folders:
        files = {path.name: path for path in sorted(folder.glob("*.json"))} | files
    for path in files.values():
        try:
            kept = Save.model_validate_json(path.read_bytes())
        except ValidationError as error:
            notices.append(f"decisions/{path.name} was left out: {_say(error)}")
        except OSError as error:
            notices.append(f"decisions/{path.name} was left out: it cannot be read ({error.strerror})")
        else:
            common = {"week": kept.week, "review": kept.review, "recorded_by": kept.recorded_by, "file": path.name}
            moment = kept.recorded_at.replace(tzinfo=None)
            rows += [item.model_dump() | common | {"recorded_at": moment} for item in kept.items]
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"expected_impact": float, "done": bool, "recorded_at": "datetime64[us]"})
    frame = frame.sort_values(["recorded_at", "file"], kind="stable", ignore_index=True)
    frame.attrs["notices"] = notices
    return frame


def as_known(decisions: pd.DataFrame, week: Week, timezone: str = "UTC") -> pd.DataFrame:
    """What stands for each finding in a run of `week`: of what was recorded before the end of the next week, the latest a finding."""
    known = decisions[decisions["recorded_at"] < pd.Timestamp((week + 1).as_of(timezone))]
    return known.drop_duplicates("finding_id", keep="last").reset_index(drop=True)


def too_late(decisions: pd.DataFrame, week: Week, timezone: str = "UTC") -> list[str]:
    """A sentence where decisions were recorded after what `as_known` takes: a meeting that is saved late is in no page before its own."""
    late = decisions[decisions["recorded_at"] >= pd.Timestamp((week + 1).as_of(timezone))]
    if late.empty:
        return []
    files = ", ".join(f"decisions/{name}" for name in late["file"].drop_duplicates().head(3))
    return [f"{len(late)} decided after {week + 1} ended count from the run of the week they were recorded in, not in {week} ({files})"]


def decisions_frame(
    decisions: pd.DataFrame,
    now: pd.DataFrame,
    earlier: Mapping[str, pd.DataFrame],
    week: Week,
    unknown: Callable[[str, str], str] = lambda check, entity_type: "",
) -> pd.DataFrame:
    """decisions.csv: a row a decision that stands, newest first, with what its finding cost then and costs now; and `per`, of what is once.

    `decisions` is what `as_known` gives; `now` is findings.csv of `week` (what is resolved counts as gone), `earlier` what was found in
    each week by its name, as a run of it found it (finding_id, check, entity, entity_type, title, impact). `impact_now` is 0 where the
    finding is gone, empty where nobody could look for it: `unknown` says why, of a check and an entity type.
    `overdue`: not done and due on a day before `as_of`. `outcome`: too early (decided about this very week), gone, smaller, unchanged or
    larger (beyond ±10 %), `not known: …`, empty where what it cost then is not known. A proposal's money of earlier weeks is not reckoned
    again: what was expected of it stands for it.
    """
    about = ["finding_id", "check", "entity", "title", "entity_type", "period", "impact"]
    now = now[now["state"] != "resolved"]
    if "unknown" in (found := earlier.get(str(week), now)):
        now = now[~now["finding_id"].isin(found.loc[found["unknown"] != "", "finding_id"])]
    frames = [f.reindex(columns=about).assign(week=name) for name, f in sorted({**earlier, str(week): now}.items()) if len(f)]
    every = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*about, "week"])
    names = every.drop_duplicates("finding_id", keep="last")[about[:6]]
    before = every.rename(columns={"impact": "impact_then"})[["finding_id", "week", "impact_then"]]
    after = now.rename(columns={"impact": "impact_now"})[["finding_id", "impact_now"]]
    frame = decisions.merge(names, "left", on="finding_id").merge(before, "left", on=["finding_id", "week"])
    frame = frame.merge(after, "left", on="finding_id").astype({"impact_then": float, "impact_now": float})
    here = frame["finding_id"].isin(now["finding_id"])
    why = [unknown(str(check), str(kind)) for check, kind in zip(frame["check"], frame["entity_type"], strict=True)]
    frame["why"] = pd.Series(why, frame.index, dtype=object).mask(here, "")
    frame["impact_now"] = frame["impact_now"].mask(~here & (frame["why"] == ""), 0.0)
    proposed = frame["finding_id"].astype(str).str.startswith(PROPOSAL)
    frame["impact_then"] = frame["impact_then"].mask(proposed, frame["expected_impact"])
    frame["title"] = frame["title"].mask(proposed & frame["title"].isna(), frame["finding_id"].astype(str).str.removeprefix(PROPOSAL))
    frame["overdue"] = ~frame["done"] & (pd.to_datetime(frame["due_on"]) < pd.Timestamp(week.end))
    frame["outcome"] = _outcome(frame, now, week)
    order = ["week", "review", *about[:4], *COLUMNS[3:12], "overdue", "impact_then", "impact_now", "outcome", "per"]
    frame["per"] = (frame["period"] == ONCE).map({True: ONCE, False: ""})
    newest = frame.sort_values(["recorded_at", "finding_id"], ascending=[False, True], kind="stable", ignore_index=True)
    return newest[order].fillna({"check": "", "entity": "", "title": ""})


def _outcome(frame: pd.DataFrame, now: pd.DataFrame, week: Week) -> pd.Series:
    then, later = frame["impact_then"], frame["impact_now"]
    outcome = pd.Series("unchanged", index=frame.index, dtype=object)
    outcome[later < then * (1 - MOVED)] = "smaller"
    outcome[later > then * (1 + MOVED)] = "larger"
    outcome[then.isna() | later.isna()] = ""
    outcome[~frame["finding_id"].isin(now["finding_id"])] = "gone"
    outcome = outcome.mask(frame["why"] != "", "not known: " + frame["why"])
    outcome[frame["week"] >= str(week)] = "too early"
    return outcome


def _say(error: ValidationError) -> str:
    """The first thing wrong, as a sentence's second half."""
    first = error.errors()[0]
    if first["type"].startswith("json"):
        return "it is not JSON"
    where = re.sub(r"\.(\d+)", lambda m: f"[{int(m[1]) + 1}]", ".".join(str(part) for part in first["loc"])) or "the file"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "missing":
        return f"{where} is missing{more}"
    if first["type"] == "extra_forbidden":
        return f"{where} is not a known field{more}"
    return f"{where} is {first['input']!r:.80}: {first['msg'].removeprefix('Value error, ')}{more}"
