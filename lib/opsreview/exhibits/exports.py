"""The exports' page: what came when and how much of it was taken, what ties, what has been restated, which documents were read."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opsreview import charts, formats, tables, titles, trust
from opsreview.catalog import kpis
from opsreview.exhibits import Exhibit, Part, drawn, listed

CAPPED: dict[str, Any] = {"most": 60, "whole": "all are in run.json"}


def freshness(results: Any) -> list[Part]:
    """Weeks by table, then each table: when it last came, how old its newest event was, how many rows that is against its history."""
    weeks = results.evidence("export_weeks")
    subtitle = "The darker a cell, the more rows against the table's own history. Marks: missing, ended early, odd, columns gone."
    chart = charts.export_heat(weeks, titles.export_weeks(weeks, results.week), subtitle)
    came = weeks[weeks["rows"].notna()]
    last = came.groupby("table", sort=False).tail(1).merge(weeks.groupby("table", sort=False).tail(1)[["table", "state"]], on="table")
    last = last.assign(
        state=last.state_y, days=last.age_hours / 24, usual_days=last.usual_age / 24, usual=last.centre,
        small=[f"columns gone: {gone}" if gone else "" for gone in last.gone],
    )  # fmt: skip
    columns = """
    table | Table | words | small=small
    week | Last came | plain
    newest | Newest event, UTC | moment
    days | Days old then | one? | help=from the newest event to the week's end
    usual_days | Usually days old | one?
    rows | Rows | number
    usual | Usual rows | number?
    refused | Not taken | number
    state | State | pill
    """
    return [drawn(chart, "Weeks by table", results, []), listed(results, last, columns, "Each table's last export", [])]


def volume(results: Any) -> list[Part]:
    """Rows of each export against the limits of its own history, a table at a time."""
    weeks = results.evidence("export_weeks")
    rows = weeks[weeks["rows"].notna()]
    rows = rows.assign(
        series=rows.table.str.replace("_", " "), value=rows["rows"], better="band", target="none", low=float("nan"), high=float("nan"),
        signal=[_signal(row) for row in rows.itertuples()],
    )  # fmt: skip
    odd = rows[(rows.state == "odd") & (rows.week == str(results.week))].series.tolist()
    rows = rows.assign(place=~rows.series.isin(odd)).sort_values(["place"], kind="stable")
    subtitle = "Rows of each folder's files. Band: what weeks differ by anyway; a table's first export is no history."
    title = {table: titles.export_rows(own, results.week) for table, own in rows.groupby("series")}
    return [drawn(charts.trend(rows, title, "units", "Rows", subtitle, "Table"), "Rows of each export", results, [])]


def _signal(row: Any) -> str:
    return "none" if row.state != "odd" else "up:limits" if row.rows > row.upper else "down:limits"


def set_aside(results: Any) -> list[Part]:
    """Rows that were not taken, by table and reason, with where the first of them stands."""
    columns = """
    table | Table | words
    reason | Reason | words
    rows | Rows | number | bar
    first | The first of them | text
    column | Column | plain
    """
    rows = results.set_aside
    note = "Each is in quarantine.csv, with its value." if len(rows) else ""
    return [listed(results, rows, columns, "Rows not taken", [], "every row of every file was taken", note=note)]


def files(results: Any) -> list[Part]:
    """Where every row of every file went: read + split = kept + replaced + duplicate + deleted + not taken + elsewhere."""
    every = results.files.assign(rows_split=lambda f: f.get("rows_split", 0), rows_elsewhere=lambda f: f.get("rows_elsewhere", 0))
    rows = [name for name in every.columns if name.startswith("rows_")]
    by = every.groupby("table", sort=False).agg(files=("path", "size"), **{name: (name, "sum") for name in rows}).reset_index()
    total = pd.DataFrame([{"table": "all tables", "files": by.files.sum(), **{name: by[name].sum() for name in rows}}])
    both = pd.concat([by.assign(strong=False), total.assign(strong=True)], ignore_index=True)
    fates = """
    rows_read | Read | number
    rows_kept | Kept | number
    rows_replaced | Replaced later | number
    rows_duplicate | Came twice | number
    rows_deleted | Deleted at the source | number
    rows_quarantined | Not taken | number
    """
    sides, note = ("rows_read", "rows_split"), ""
    if every[["rows_split", "rows_elsewhere"]].to_numpy().any():
        fates = fates.replace("Read | number", "Read | number\n    rows_split | Split in several | number")
        fates += "rows_elsewhere | For other tables | number\n    "
        note = " One file of a vendor may feed several tables; a row that says nothing of this one is for another."
    now = every[every.path.str.startswith(f"{results.week}/")]
    off = int((every[list(sides)].sum(axis=1) != every[[name for name in rows if name not in sides]].sum(axis=1)).sum())
    said = "Every file adds up: rows read (and split) are all the others together."
    balance = f"{formats.count(off, 'file')} {'does' if off == 1 else 'do'} not add up." if off else f"{said}{note}"
    every_table, every_file = f"table | Table | words\nfiles | Files | number{fates}", f"path | File | text\ntable | Table | words{fates}"
    return [
        listed(results, both, every_table, "All folders read", [], note=balance, strong="strong"),
        listed(results, now, every_file, f"The files of {results.week}", [], **CAPPED),
    ]


def columns(results: Any) -> list[Part]:
    """Columns that files have and the contract has not, those that say personal data among them, and files that are no table."""
    dropped = pd.DataFrame(results.trust.get("dropped_columns", []), columns=["path", "table", "columns", "personal"])
    kinds = {name: dropped[name].map(lambda c: ", ".join(sorted(c))) for name in ("columns", "personal")}
    by = dropped.assign(**kinds).groupby(["table", "columns", "personal"], sort=False, as_index=False)
    by = by.agg(files=("path", "size"), last=("path", "last"))
    said = """
    table | Table | words
    columns | Columns not read | text
    personal | Of them personal, by their name | text
    files | Files | number
    last | Last in | text
    """
    others = pd.DataFrame({"path": [str(f) for f in results.trust.get("unrecognised", [])]})
    return [
        listed(results, by, said, "Columns not read", [], "every column of every file is one of the contract", **CAPPED),
        listed(results, others, "path | File | text", "Files that are no table", [], "every file was recognised", **CAPPED),
    ]


def reconciliation(results: Any) -> list[Part]:
    """Our figures beside what systems' own reports say, week by week; and the bridge of each source's worst total."""
    totals = pd.DataFrame(results.trust.get("ties", []))
    if totals.empty:
        return [tables.nothing("Reconciliation", f"no control totals came in {results.week}"), *_past(results)]
    totals = totals.assign(
        clock=totals.clock.map(trust.CLOCKS).fillna(""), note=totals.note.map(_explained),
        **{name: [_said(n, m) for n, m in zip(totals[name], totals.measure, strict=True)] for name in ("figure", "reported", "residual")},
        state=totals.ties.map({True: "ties", False: "does not tie"}).where(totals.residual.notna(), "n/a"),
    )  # fmt: skip
    columns = """
    source | Source
    measure | Measure | words | small=clock
    period_start | From | day
    period_end | To | day
    figure | Ours | said
    reported | Its report | said
    residual | Residual | said | help=ours less its report
    state | Ties | pill
    note | What would explain it | plain
    """
    chosen = trust.worst(results) or [t for t in results.trust["ties"] if not formats.missing(t["residual"])][:1]
    bridges = [trust.bridge(results, total) for total in chosen]
    return [listed(results, totals, columns, "Our figures and systems' own reports", []), *bridges, *_past(results)]


def _said(amount: float, measure: str) -> str:
    return formats.number(amount, 0 if measure in trust.COUNTED else 2)


def _explained(note: str) -> str:
    """What would explain a residual, or why there is none; empty where the total ties."""
    return formats.words(note.partition("; ")[2] if note.startswith("beyond") else "" if note == "ties" else note)


def _past(results: Any) -> list[Part]:
    """How the reports of the weeks before tied, as it was known then."""
    steps = results.reconciliation_history
    last = steps[(steps.kind == "residual") & (steps.week < str(results.week))]
    by = last.assign(tied=last.note == "ties").groupby(["week", "source"], sort=False, as_index=False)
    by = by.agg(totals=("tied", "size"), tied=("tied", "sum"))
    off = last[last.note != "ties"].groupby(["week", "source"]).measure.agg(lambda m: ", ".join(formats.words(x) for x in m))
    by = by.assign(off=[off.get((w, s), "") for w, s in zip(by.week, by.source, strict=True)]).sort_values(
        "week", ascending=False, kind="stable"
    )
    columns = "week | Week | plain\nsource | Source\ntotals | Totals | number\ntied | Tied | number\noff | Did not tie | plain"
    return [listed(results, by, columns, "The weeks before, as known then", [], "no control totals came in the weeks before")]


def restatements(results: Any) -> list[Part]:
    """Published figures that are others now: by how much and why."""
    rows = results.restatements
    whole = rows.assign(said=[trust.figure_of(row) for row in rows.itertuples()])
    currency = results.settings.reporting_currency
    for name in ("published", "now"):
        whole[name] = [formats.quantity(v, kpis()[k].unit, currency) for v, k in zip(rows[name], rows.kpi, strict=True)]
    whole["moved"] = [
        formats.difference(n, p, kpis()[k].unit, currency) for n, p, k in zip(rows.now, rows.published, rows.kpi, strict=True)
    ]
    columns = """
    week | Week | code
    said | Figure
    view | Seen | words
    published | Published | said
    now | Now | said
    moved | Moved | said
    because | Because | text | small=cause
    """
    note = "Re-run: a run of that week gives another figure than it did. Since: the week as it has become." if len(rows) else ""
    quiet, where = "no published figure is another one now", "all are in restatements.csv"
    return [listed(results, whole, columns, "Published figures that have changed", [], quiet, note=note, whole=where)]


DOCUMENTS = """
    sent_at | Sent (UTC) | moment
    type | Document | plain | small=kind
    direction | Way | plain
    partner | Partner | plain
    number | Number | plain | small=refers_to
    lines | Lines | number
    total | Total | number | small=currency
    acknowledged | Acknowledged | pill
    answered | Answered | pill | small=answer
    source_file | File | plain | small=note
"""


def documents(results: Any) -> list[Part]:
    """What electronic documents were read: a row each, the newest first."""
    log = results.documents
    if log is None or log.empty:
        return [tables.nothing("Documents", "no electronic document (EDI) is among the files")]
    lines = [line.strip() for line in DOCUMENTS.strip().splitlines()]
    said = "\n".join(line for line in lines if line.split(" | ")[0] in log.columns)
    wants = {line.split("small=")[1]: "" for line in said.splitlines() if "small=" in line}
    newest = log.assign(**{name: "" for name in wants if name not in log.columns}).iloc[::-1]
    for name in wants:
        newest[name] = newest[name].fillna("")
    if "number" in newest:  # an order's own number is said once
        newest["refers_to"] = newest["refers_to"].mask(newest["refers_to"] == newest["number"], "")
    return [listed(results, newest, said, "Document log", [], filterable=True, download="documents")]


EXHIBITS: tuple[Exhibit, ...] = (freshness, volume, set_aside, files, columns, reconciliation, restatements, documents)
