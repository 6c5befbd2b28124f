"""The decision checklist in JupyterLab: the same rows as the page's form, saved in place instead of downloaded."""

from __future__ import annotations

import datetime as dt
import html
from pathlib import Path
from typing import Any

import pandas as pd

from opsreview import catalog
from opsreview.checklist import entries
from opsreview.decisions import DECISIONS, DecisionError, save


def checklist_widget(
    findings: pd.DataFrame,
    decisions: pd.DataFrame,
    week: str,
    review: str,
    currency: str,
    folder: Path,
    floor: float = catalog.CHECK_FLOOR,
    recorded_by: str = "",
    choices: tuple[str, ...] = DECISIONS,
) -> Any:
    """A box of controls, a row a finding worth a decision and a proposal; `Save decisions` writes what is ticked as a new file."""
    import ipywidgets as w

    found = [e for e in entries(findings, decisions, review, currency, floor) if e["worth"] or e["proposal"]]
    rows = [_Row(entry, currency, choices) for entry in found]
    name = w.Text(value=recorded_by, description="Recorded by")
    button, said = w.Button(description="Save decisions", button_style="primary"), w.HTML()
    count = w.HTML()

    def tally(_: Any = None) -> None:
        count.value = f"<b>{sum(row.decided.value for row in rows)} of {len(rows)} decided</b>"

    def write(_: Any) -> None:
        items = [row.item() for row in rows if row.decided.value]
        if not items:
            said.value = "Nothing is decided yet: tick a row first."
            return
        if not name.value.strip():
            said.value = "Who records this? Fill in your name first."
            return
        if lacking := sum(row.lacks() for row in rows if row.decided.value):
            said.value = (
                f"Who does it, and by when? {'One decision lacks' if lacking == 1 else f'{lacking} decisions lack'} an owner or a day."
            )
            return
        try:
            path = save(folder, week, review, items, name.value, dt.datetime.now(dt.UTC))
        except (DecisionError, OSError) as error:
            said.value = html.escape(f"Not saved: {error}")
            return
        said.value = html.escape(f"{len(items)} decided, kept in {path.name}")

    for row in rows:
        row.decided.observe(tally, "value")
    button.on_click(write)
    tally()
    return w.VBox([*(row.box for row in rows), w.HBox([name, button, count, said])])


class _Row:
    """The controls of one finding; to touch one is to decide."""

    def __init__(self, entry: dict[str, Any], currency: str, choices: tuple[str, ...]):
        import ipywidgets as w

        self.finding_id = entry["finding_id"]
        self.decided = w.Checkbox(value=False, indent=False, layout={"width": "24px"})
        self.decision = w.Dropdown(options=[(d.replace("_", " "), d) for d in choices], value=entry["decision"], layout={"width": "170px"})
        self.owner = w.Text(value=entry["owner"], placeholder="owner", layout={"width": "170px"})
        self.due_on = w.DatePicker(value=_date(entry["due_on"]), layout={"width": "140px"})
        self.eta = w.DatePicker(value=_date(entry["eta_commitment"]), layout={"width": "140px"}) if entry["wants_eta"] else None
        self.impact = w.Text(value=entry["expected_impact"], placeholder=f"{currency} a week", layout={"width": "110px"})
        self.note = w.Text(placeholder="note", layout={"width": "260px"})
        self.done = w.Checkbox(value=False, description="done", indent=False, layout={"width": "70px"})
        shown = [self.decision, self.owner, w.Label("due"), self.due_on]
        shown += [w.Label("ETA"), self.eta] if self.eta is not None else []
        shown += [self.impact, self.note, self.done]
        for control in shown:
            control.observe(self._touched, "value")
        money = entry["impact"] + f" {entry['per']}" * entry["has_impact"]
        about = " · ".join(html.escape(part) for part in (money, entry["why"], entry["before"]) if part)
        head = w.HTML(f"<b>{html.escape(entry['title'])}</b><br><small>{about}</small>")
        self.box = w.VBox([w.HBox([self.decided, head]), w.HBox(shown, layout={"flex_flow": "row wrap", "margin": "0 0 12px 28px"})])

    def _touched(self, _: Any) -> None:
        self.decided.value = True

    def lacks(self) -> bool:
        """Whether nobody is named or no day is set for what is still to be done."""
        return not (self.done.value or self.decision.value == "accept" or (self.owner.value.strip() and self.due_on.value))

    def item(self) -> dict[str, Any]:
        """What is entered, as an item of a decisions file."""
        return {
            "finding_id": self.finding_id,
            "decision": self.decision.value,
            "owner": self.owner.value,
            "due_on": self.due_on.value,
            "eta_commitment": self.eta.value if self.eta is not None else None,
            "expected_impact": self.impact.value.replace(",", "") or None,
            "note": self.note.value,
            "done": self.done.value,
        }


def _date(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
