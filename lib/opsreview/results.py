"""What a run of one week knows: the small frames that a notebook, a CSV or a test reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from opsreview import agreed, catalog, causes, change, decisions, development, findings, gaps, ledger, restatements, standing
from opsreview import settings as settings_module
from opsreview.audit import PREFIX, Audit
from opsreview.behind import Behind, behind, lines
from opsreview.intake.arrivals import came_since
from opsreview.intake.folder import week_named
from opsreview.intake.store import ExportsError, open_exports
from opsreview.measure import ORDER_MARGIN, Measured, Progress, cache_folder, definitions
from opsreview.month import Month
from opsreview.settings import Settings
from opsreview.statistics import HISTORY
from opsreview.weeks import Week

SINCE = 4  # published weeks before W that are told as they have become


class Results:
    """One week's results. Everything is computed when first asked for, from what was measured.

    Earlier reports decide no figure; what they published is only held against what is known now (`restatements`).
    """

    def __init__(self, measured: Measured, decisions_dir: Path, reports_dir: Path | None = None) -> None:
        self.measured, self.exports, self.settings = measured, measured.exports, measured.settings
        self.week: Week = measured.week
        self.as_of = self.week.as_of(self.settings.timezone)
        self.exports_dir: Path = self.exports.folder
        self.decisions_dir, self.reports_dir = decisions_dir, reports_dir

    @cached_property
    def kpis(self) -> pd.DataFrame:
        """kpis.csv."""
        return self.measured.summary.frame("kpis")

    @cached_property
    def history(self) -> pd.DataFrame:
        """Charted values of up to 26 weeks with their limits: kpi, grain, key, week, value, centre, lower, upper, provisional, signal."""
        return self.measured.summary.frame("history")

    @cached_property
    def leak_history(self) -> pd.DataFrame:
        """leaks.csv of up to 26 weeks, oldest first."""
        leaks = self.measured.summary.frame("leaks")
        return leaks[leaks["week"] > str(self.week - HISTORY)].reset_index(drop=True)

    @cached_property
    def leaks(self) -> pd.DataFrame:
        """leaks.csv."""
        f = self.leak_history
        return f[f["week"] == str(self.week)].reset_index(drop=True)

    @cached_property
    def leak_causes(self) -> pd.DataFrame:
        """What leak 3 comes from, in shares that add up to it (`causes.COLUMNS`)."""
        m = self.measured
        past = [m.cards[w].frame("cells") for w in m.weeks if self.week - ledger.HISTORY <= w < self.week]
        return causes.causes(self.leaks, self.evidence("avoidable_by_type"), m.cards[self.week].frame("cells"), past)

    @cached_property
    def _recorded(self) -> pd.DataFrame:
        return decisions.read(self.decisions_dir, self.exports_dir / "decisions")

    @property
    def notices(self) -> list[str]:
        """What there is to say of decisions files that could not be used, or are not of this week."""
        return self._recorded.attrs["notices"] + decisions.too_late(self._recorded, self.week, self.settings.timezone)

    @cached_property
    def _known(self) -> pd.DataFrame:
        """What stands of what was decided, sign-offs of the audit included."""
        return decisions.as_known(self._recorded, self.week, self.settings.timezone)

    @cached_property
    def _decided(self) -> pd.DataFrame:
        """What stands of what was decided about findings."""
        return self._known[~self._known["finding_id"].astype(str).str.startswith(PREFIX)]

    @cached_property
    def audit(self) -> Audit:
        """The margin audit: the SKUs sold in T28, their coverage, and what is left to sign."""
        return Audit(self.evidence("audit"), self._known, str(self.week), self.settings.owners["contribution_margin"].owner)

    @cached_property
    def month(self) -> Month:
        """The month of the week, up to it."""
        return Month(self)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """findings.csv."""
        return findings.judge(self.week, self.measured.raw, self._decided, self.settings)

    @cached_property
    def proposals(self) -> pd.DataFrame:
        """Friday's proposals as the checklist takes them: columns of findings.csv."""
        return agreed.to_decide(self.evidence, self.findings, self.week, self.settings)

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """decisions.csv."""
        now = pd.concat([self.findings, self.proposals], ignore_index=True)
        raw, unknown = findings.identified(self.measured.raw), self.measured.came[str(self.week)]["unanswered"]
        return decisions.decisions_frame(self._decided, now, raw, self.week, partial(gaps.why_unanswered, unknown))

    def evidence(self, name: str) -> pd.DataFrame:
        """A frame of evidence by its name, as `opsreview.evidence` lists them."""
        return self.measured.final.frame(name)

    @cached_property
    def publication(self) -> dict[str, Any]:
        """What this run publishes, with what decides it."""
        return self._publication(self.kpis)

    def _publication(self, kpis: pd.DataFrame) -> dict[str, Any]:
        return restatements.publication(kpis, definitions(), self.settings.model_dump(mode="json"), self.exports.manifest)

    @cached_property
    def publications(self) -> list[dict[str, Any]]:
        """published.json: every publication of this week that is kept, this one last."""
        return restatements.kept(restatements.published(self.reports_dir, self.week), self.publication)

    @cached_property
    def restatements(self) -> pd.DataFrame:
        """restatements.csv: figures that were published, of this week and those before it, and are others now."""
        parts = []
        if before := restatements.earlier(restatements.published(self.reports_dir, self.week), self.publication):
            parts.append(restatements.restated(self.week, before, self.publication))
        for week in self.measured.weeks[:-1]:
            card = self.measured.cards[week].frame("published")
            if len(card) and (told := restatements.published(self.reports_dir, week)):
                parts.append(restatements.restated(week, told[-1], self._publication(card)))
                if week >= self.week - SINCE:
                    parts += self._matured(week, card)
        parts = [part for part in parts if len(part)] or [pd.DataFrame(columns=restatements.COLUMNS)]
        return restatements.ordered(pd.concat(parts, ignore_index=True))

    def _matured(self, week: Week, card: pd.DataFrame) -> list[pd.DataFrame]:
        """A published week as it has become, KPIs of a week and KPIs that look further back apart: each with the rows that it reads."""
        then, now, out = restatements.figures(card), restatements.figures(self.measured.as_become(week)), []
        for far, days in ((False, 7), (True, 56)):
            mine = {k: v for k, v in now.items() if (catalog.kpis()[k.partition("|")[0]].window > 7) == far}
            out.append(restatements.matured(week, then, mine, came_since(self.exports, week, days)))
        return out

    @property
    def files(self) -> pd.DataFrame:
        """`inputs` of run.json: a row a file, where its rows went."""
        return pd.DataFrame(self.exports.manifest)

    @cached_property
    def set_aside(self) -> pd.DataFrame:
        """table, reason, rows, first (file and line), column: what was not taken, the most first. No value: quarantine.csv has them."""
        rows = self.exports.quarantine()
        rows["first"] = rows["file"] + " line " + rows["line"].astype(str)
        by = rows.groupby(["table", "reason"], sort=False, as_index=False).agg(
            rows=("line", "size"), first=("first", "first"), column=("column", "first")
        )
        return by.sort_values(["rows", "table", "reason"], ascending=[False, True, True], kind="stable", ignore_index=True)

    @property
    def reconciliation(self) -> pd.DataFrame:
        """reconciliation.csv without its week: the bridges of the control totals that W's folder brought (`reconcile.COLUMNS`)."""
        return self.measured.bridges[str(self.week)]

    @cached_property
    def reconciliation_history(self) -> pd.DataFrame:
        """The bridges of up to 14 weeks, oldest first, each as it was known then: `week` and `reconcile.COLUMNS`."""
        parts = [frame.assign(week=week) for week, frame in self.measured.bridges.items() if len(frame)]
        return pd.concat(parts, ignore_index=True) if parts else self.reconciliation.assign(week="").head(0)

    @property
    def documents(self) -> pd.DataFrame:
        """documents.csv: every EDI document of all folders up to W, those that were refused too."""
        return self.exports.documents

    @property
    def sku_margin(self) -> pd.DataFrame:
        """sku_margin.csv."""
        return self.evidence("sku_margin")

    @property
    def inventory(self) -> pd.DataFrame:
        """inventory.csv."""
        return self.evidence("inventory")

    @property
    def forecast(self) -> pd.DataFrame:
        """forecast.csv."""
        return self.evidence("forecast")

    @property
    def order_margin(self) -> Path:
        """order_margin.parquet: a row an order line, as a file."""
        return self.measured.final.folder / "order_margin.parquet"

    @cached_property
    def change(self) -> pd.DataFrame:
        """change.csv without its week: what changed contribution margin against the weeks before (`change.COLUMNS`)."""
        return change.by_grain(self.change_cells)

    @cached_property
    def change_cells(self) -> pd.DataFrame:
        """The cells that each part of `change` is the sum of (`change.by_cell`)."""
        m = self.measured
        past = [m.cards[w].frame("sold") for w in m.weeks if self.week - change.HISTORY <= w < self.week]
        return change.by_cell(m.cards[self.week].frame("sold"), past, self.evidence("shipping_profile"))

    @cached_property
    def late_costs(self) -> pd.DataFrame:
        """What young weeks' carrier charges and returns will come to, and what was said of past ones (`development.COLUMNS`).

        Nothing is foretold of a kind whose table did not come in W: what came last week would be read as all that came.
        """
        sold = [self.measured.cards[week].frame("sold") for week in reversed(self.measured.weeks)]
        rows = development.late(*development.cohorts(self.evidence("late_triangle"), self.evidence("late_parcels"), sold))
        gone = {m["table"] for m in self.missing if "instead" in m}
        return rows[rows["final"].notna() | ~rows["kind"].map(standing.LATE).isin(gone)].reset_index(drop=True)

    @property
    def ranges_held(self) -> pd.DataFrame:
        """How many of the ranges given to past weeks held, by kind, and by carrier and family (`development.ranges`)."""
        return development.ranges(self.late_costs)

    @property
    def final_margin(self) -> tuple[float, float, float] | None:
        """W's contribution margin when its late costs have come: expected, low, high (`development.final_margin`)."""
        sold = self.measured.cards[self.week].frame("sold")
        return development.final_margin(sold, self.evidence("late_parcels"), self.late_costs)

    @property
    def flat_although(self) -> tuple[float, float] | None:
        """Growth of net revenue and of contribution margin, where revenue is up and margin is not (`change.flat_although`)."""
        return change.flat_although(self.change)

    def lines(self, days: int = 7, **where: str) -> pd.DataFrame:
        """Rows as order_margin.parquet has them with these values, by order and line; what it has not (other days, a tier) worked out."""
        if days != self.week.window.days or where.keys() - set(ORDER_MARGIN):
            return lines(self.measured.books(self.week), days, where, ORDER_MARGIN)
        return pd.read_parquet(self.order_margin, filters=[(c, "==", v) for c, v in where.items()] or None)

    def behind(self, kpi: str, where: dict[str, str]) -> Behind:
        """The rows of W that a KPI is worked out from, and the figure they make (`behind.behind`)."""
        return behind(self.measured.books(self.week), kpi, where)

    @cached_property
    def missing(self) -> list[dict[str, Any]]:
        """What was not exported, what it costs, and what stands in for it (`standing.missing`)."""
        return standing.missing(self)

    @cached_property
    def trust(self) -> dict[str, Any]:
        """What the figures stand on: weeks and tables read, rows kept and set aside, what is missing, how fresh."""
        return standing.trust(self)


def open_results(
    exports: str | Path,
    week: str = "",
    config: str | Path = "",
    decisions_dir: str | Path = "decisions",
    progress: Progress | None = None,
    reading: Callable[[str], None] | None = None,
    reports: str | Path | None = None,
) -> Results:
    """Read, measure and judge a week; an empty week is the newest folder. ExportsError or SettingsError say why it cannot be."""
    folder = find_folder(exports)
    settings: Settings = settings_module.load(settings_module.find(folder, Path(config) if config else None))
    chosen = Week.parse(week) if week else newest_week(folder)
    store = open_exports(folder, chosen, settings, cache_folder(), progress=reading)
    return Results(Measured(store, settings, cache_folder(), progress), Path(decisions_dir), Path(reports) if reports else None)


def find_folder(exports: str | Path) -> Path:
    """The exports folder: as given from here, else from the project's root (a notebook runs in its own folder)."""
    given = Path(exports).expanduser()
    for place in (given, Path(__file__).resolve().parents[2] / given):
        if place.is_dir():
            return place
    raise ExportsError(f"{given}: no such folder; name the folder that holds the weeks' folders")


def newest_week(folder: Path) -> Week:
    """The newest week that has a folder."""
    weeks = [week for child in folder.iterdir() if (week := week_named(child.name))]
    if not weeks:
        raise ExportsError(f"{folder}: holds no week's folder; expected names like 2026-W46")
    return max(weeks)
