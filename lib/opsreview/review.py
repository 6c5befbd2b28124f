"""The object in a notebook's hand: `review = open_review("monday", week=week)`; everything shown is one attribute of it."""

from __future__ import annotations

import ast
import difflib
from pathlib import Path
from typing import Any

import pandas as pd

from opsreview import agenda, formats, widgets
from opsreview.catalog import AUDIT, HEALTH, MONTH, REVIEWS
from opsreview.exhibits import Part, bridges, change_why, exhibits, leak_why, rows
from opsreview.tables import Html
from opsreview.titles_margin import BRIDGE

WEEK = 7  # days of a figure, unless a margin is asked for more
PARAMETERS = ("week", "exports", "config", "decisions", "reports")
OF_MONTH = ("month", *PARAMETERS[1:])
FRAMES = ("kpis", "history", "findings", "leaks", "leak_history", "leak_causes", "sku_margin", "inventory", "forecast", "decisions")


class UnknownParameter(ValueError):
    """A parameter that no review has; the message names it and the nearest that there is."""


class Panel:
    """What a cell shows: charts, tables and notes, one under the other."""

    def __init__(self, parts: list[Part]):
        self.parts = parts

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for part in self.parts:
            display(part)

    def __repr__(self) -> str:
        return "\n".join(repr(part) if isinstance(part, Html) else type(part).__name__ for part in self.parts)


def open_review(
    name: str, *, week: str = "", exports: str = "data_samples", config: str = "", decisions: str = "decisions", reports: str = "reports"
) -> Review:  # fmt: skip
    """One review of one week. `week` empty: the newest. Folders are looked for from here upwards.

    Raises UnknownParameter where papermill passed a parameter that no review has; ExportsError and SettingsError where it cannot be held.
    """
    check_parameters()
    if name not in (*REVIEWS, HEALTH, AUDIT, "explore"):
        raise ValueError(f"{name!r} is not a review; there are {', '.join(REVIEWS)}, {HEALTH}, {AUDIT} and explore")
    from opsreview import renderer
    from opsreview.results import open_results

    renderer.enable()
    results = open_results(
        place(exports), week, place(config) if config else "", place(decisions, new=True), reports=place(reports, new=True)
    )
    return Review(name, results)


def open_month(
    *, month: str = "", exports: str = "data_samples", config: str = "", decisions: str = "decisions", reports: str = "reports"
) -> Review:  # fmt: skip
    """The page of a month (`2026-10`), as known at the end of its last week that was exported; empty: the newest week's month."""
    check_parameters(OF_MONTH)
    from opsreview import renderer
    from opsreview.month import last_week
    from opsreview.results import find_folder, open_results

    renderer.enable()
    folder = find_folder(place(exports))
    week = str(last_week(folder, month)) if month else ""
    return Review(
        MONTH,
        open_results(folder, week, place(config) if config else "", place(decisions, new=True), reports=place(reports, new=True)),
    )


class Review:
    """A review of a week: its agenda (headline, last_time, changed, findings, scorecard, checklist) and its evidence, topic by topic.

    `dir(review)` lists the evidence; `review.table("kpis")` gives the frames behind it for questions of your own.
    """

    def __init__(self, name: str, results: Any):
        self.name, self.results = name, results

    def __getattr__(self, name: str) -> Panel:
        if isinstance(part := vars(type(self)).get(name), property):
            return part.fget(self)  # an AttributeError inside it led here: say that one, not that it has no such part
        topics = {} if name.startswith("_") else exhibits(self.name)
        if name in topics:
            return Panel(topics[name](self.results))
        near = difflib.get_close_matches(name, [*topics, *dir(type(self))], 1)
        raise AttributeError(f"the {self.name} review has no {name}{f'; did you mean {near[0]}?' if near else ''}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *exhibits(self.name)]

    def __repr__(self) -> str:
        return f"{self.name} review of {self.results.week}: {', '.join(exhibits(self.name))}"

    @property
    def headline(self) -> Html:
        """The week in one or two sentences."""
        return agenda.headline(self.results, self.name)

    @property
    def trust(self) -> Html:
        """What the figures stand on."""
        return agenda.trust(self.results, self.name)

    @property
    def last_time(self) -> Html:
        """What was decided, whether it is done, and what the figures did since."""
        return agenda.last_time(self.results, self.name)

    @property
    def changed(self) -> Panel:
        """Signals and thresholds crossed, told apart."""
        return Panel(agenda.changed(self.results, self.name))

    @property
    def strip(self) -> Html:
        """The main figures as cards."""
        return agenda.strip(self.results, self.name)

    @property
    def scorecard(self) -> Html:
        """Every figure of the review with its target, signal, history, n and benchmark."""
        return agenda.scorecard(self.results, self.name)

    @property
    def findings(self) -> Html:
        """What is worth a decision, by money."""
        return agenda.findings(self.results, self.name)

    @property
    def checklist(self) -> Html:
        """The form that a meeting fills in: a row a finding, kept in the browser, downloaded as the decisions file."""
        from opsreview.checklist import checklist_html

        form = checklist_html(*self._form, self._floor, "SKU" if self.name == AUDIT else "finding", self._choices)
        return Html(form, f"Decision checklist of {self.results.week}")

    @property
    def checklist_widget(self) -> Any:
        """The same form with controls of JupyterLab; it saves straight into the decisions folder."""
        from opsreview.widgets_checklist import checklist_widget

        return checklist_widget(*self._form, self.results.decisions_dir, self._floor, choices=self._choices)

    @property
    def _form(self) -> tuple[pd.DataFrame, pd.DataFrame, str, str, str]:
        """What both forms take: findings, on Friday its proposals too; a finding about an export is every review's to decide."""
        r = self.results
        if self.name == AUDIT:
            return r.audit.to_sign, r.decisions, str(r.week), "friday", r.settings.reporting_currency
        found = r.findings.assign(review=r.findings.review.replace({"all": self.name}))
        if self.name == "friday":
            found = pd.concat([found, r.proposals], ignore_index=True)
        return found, r.decisions, str(r.week), self.name, r.settings.reporting_currency

    @property
    def _choices(self) -> tuple[str, ...]:
        """The decisions that the form offers: a margin is signed off or not, it is no finding."""
        from opsreview.checklist import DECISIONS, SIGN_OFF

        return SIGN_OFF if self.name == AUDIT else DECISIONS

    @property
    def _floor(self) -> float:
        return 0.0 if self.name == AUDIT else float(self.results.settings.checks["floor"])

    @property
    def figure_picker(self) -> Any:
        """Any figure at any grain, with its trend (JupyterLab)."""
        return widgets.figure_picker(self.results)

    @property
    def sku_lookup(self) -> Any:
        """Everything the week knows of one SKU (JupyterLab)."""
        return widgets.sku_lookup(self.results)

    @property
    def findings_filter(self) -> Any:
        """Findings of all reviews by check, owner, severity and decision (JupyterLab)."""
        return widgets.findings_filter(self.results)

    def why(self, figure: str = "contribution_margin", days: int = WEEK, **where: str) -> Panel:
        """From a figure of the week to its rows: `review.why("contribution_margin", family="Mugs")`, `review.why("on_time_ship_rate")`.

        A margin (net revenue, gross margin, contribution margin or a cost between them) by any of sku, family, category, tier, channel,
        order, and over so many `days` up to the week's end: what its lines add up to, the bridge, and each line with where its costs come
        from. Any other KPI by its grains and the columns of its rows: the figure, how it is reckoned, and the rows it counts. The leaks:
        `review.why("leaks")`, `review.why("leak_2")`, a part by the columns of its rows: `review.why("stockout", sku="…")`. The bill
        of returns by the columns of its lines: `review.why("returns_bill", reason="…")`. What changed the margin by sku, family, channel,
        and part by part: `review.why("change", family="…", part="volume")`.
        """
        if figure in BRIDGE:
            return Panel(bridges.why(self.results, figure, where, days))
        _of_its_own_window(figure, days)
        of = change_why if figure == change_why.CHANGE else leak_why if figure in leak_why.names(self.results) else rows
        return Panel(of.why(self.results, figure, where))

    def rows(self, kpi: str, days: int = WEEK, **where: str) -> pd.DataFrame:
        """Every row that a KPI of the week is worked out from: `review.rows("on_time_ship_rate", location="north")`.

        Of a margin or a cost between margins the lines as order_margin.parquet has them, with where each cost comes from (`why` says which
        are left out), also of so many `days`; of the leaks their ledger, of creep its causes, of another part (`stockout`, …) the rows that
        it is the sum of; of the bill of returns its lines, of what changed the margin its cells.
        """
        if kpi in BRIDGE:
            return bridges.lines(self.results, kpi, where, days)
        _of_its_own_window(kpi, days)
        if kpi == change_why.CHANGE:
            return change_why.frame(self.results, where)
        if kpi in (*leak_why.LEDGER, "creep"):
            return leak_why.frame(self.results, kpi)
        return self.results.behind(kpi, where).rows

    def table(self, name: str) -> pd.DataFrame:
        """A frame by name: kpis, history, findings, leaks, …, or one of the evidence frames (orders_daily, waves, sku_rank, …)."""
        if name in FRAMES:
            return getattr(self.results, name)
        try:
            return self.results.evidence(name)
        except FileNotFoundError:
            raise ValueError(f"there is no table {name!r}{formats.near(name, FRAMES)}") from None


def _of_its_own_window(figure: str, days: int) -> None:
    """Only a margin may be summed over any days: every other figure is defined for a window."""
    if days != WEEK:
        raise ValueError(f"{figure} is of its own window; days may be asked of {', '.join(BRIDGE)}{formats.near(figure, BRIDGE)}")


def place(given: str, new: bool = False) -> Path:
    """A path as given from here, else from the nearest folder above that holds it: a notebook runs in its own folder.

    `new`: it may not be there yet; then it belongs beside the nearest `review.toml` or `pyproject.toml`, else here.
    """
    path, here = Path(given).expanduser(), Path.cwd()
    if path.is_absolute():
        return path
    above = [here, *here.parents]
    for folder in above:
        if (folder / path).exists():
            return folder / path
    if new:
        homes = [f for f in above if (f / "review.toml").is_file() or (f / "pyproject.toml").is_file()]
        return (homes or [here])[0] / path
    return path


def check_parameters(known: tuple[str, ...] = PARAMETERS) -> None:
    """papermill only warns of a parameter that a notebook has not, and a typing error would change nothing: here it is an error.

    Looks at the cell that papermill injected, as the kernel ran it; outside a notebook there is none.
    """
    from IPython import get_ipython

    shell = get_ipython()
    for source in getattr(shell, "user_ns", {}).get("In", []) if shell else []:
        if not source.startswith("# Parameters\n"):
            continue
        for node in ast.parse(source).body:
            for target in node.targets if isinstance(node, ast.Assign) else []:
                name = getattr(target, "id", "")
                if name and name not in known:
                    near = difflib.get_close_matches(name, known, 1)
                    hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
                    raise UnknownParameter(f"{name} is not a parameter of a review{hint}")
