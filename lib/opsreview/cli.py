"""`opsreview`: run a week's reviews, check its exports, make a sample store, record a decision."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from opsreview import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done; 1 done, with rows quarantined or figures n/a beyond what `[allow]` in review.toml lets pass; "
    "2 could not run.",
)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False, soft_wrap=True)

ExportsDir = Annotated[Path, typer.Option("--exports", "-e", help="The folder that holds a folder a week (2026-W46, …).")]
WeekName = Annotated[str, typer.Option("--week", "-w", help="ISO week like 2026-W46; empty: the newest there is.")]
Config = Annotated[str, typer.Option("--config", "-c", help="Settings; else review.toml in the exports folder, here, or above.")]
Decisions = Annotated[str, typer.Option("--decisions", help="Where the meetings' decisions are kept, a file a save.")]


class ReviewName(enum.StrEnum):
    monday = "monday"
    wednesday = "wednesday"
    friday = "friday"


def _say_version(asked: bool) -> None:
    if asked:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Say the version and stop.")] = False,
) -> None:
    """An operator's week: three reviews from a folder of a week's exports.

    `opsreview run` writes the pages and tables of a week; `opsreview check` says whether its exports can be used. Data stays here.
    """


@app.command()
def run(
    exports: ExportsDir = Path("data_samples"),
    week: WeekName = "",
    to: Annotated[Path, typer.Option("--out", "-o", help="Where the reports go: a folder a week, and index.html.")] = Path("reports"),
    review: Annotated[list[ReviewName] | None, typer.Option("--review", "-r", help="Only this one (again: several).")] = None,
    config: Config = "",
    decisions: Decisions = "decisions",
) -> None:
    """Run a week's reviews: pages to read in the meeting, tables to go on from.

    Example: `opsreview run --exports exports --week 2026-W46 --out reports`
    """
    with _spoken(), _progress() as say:
        from opsreview.run import run_week

        names = [r.value for r in review or ReviewName]
        outcome = run_week(exports, week, to, config, decisions, names, say)
    for name in outcome.headlines:
        out.print(f"\n[bold]{name.replace('_', ' ').capitalize()}[/bold]  {outcome.folder / f'{name}.html'}", soft_wrap=True)
        out.print(outcome.headlines[name], markup=False)
    out.print(f"\nAll weeks: {to / 'index.html'}")
    for line in outcome.complaints:
        errors.print(f"note: {line}", markup=False)
    raise typer.Exit(outcome.exit_code)


@app.command()
def month(
    exports: ExportsDir = Path("data_samples"),
    month: Annotated[str, typer.Option("--month", "-m", help="A month like 2026-10; empty: the newest week's.")] = "",
    to: Annotated[Path, typer.Option("--out", "-o", help="Where the reports go: a folder a month, and index.html.")] = Path("reports"),
    config: Config = "",
    decisions: Decisions = "decisions",
) -> None:
    """Make the page of a month from its weeks: EBITDA, cash in stock, leaks, what decisions recovered.

    A week belongs to the month of its Thursday. Example: `opsreview month --exports exports --month 2026-10 --out reports`
    """
    with _spoken(), _progress() as say:
        from opsreview.run import run_month

        outcome = run_month(exports, month, to, config, decisions, say)
    for name, said in outcome.headlines.items():
        out.print(f"\n[bold]Month[/bold]  {outcome.folder / f'{name}.html'}", soft_wrap=True)
        out.print(said, markup=False)


@app.command()
def check(exports: ExportsDir = Path("data_samples"), week: WeekName = "", config: Config = "") -> None:
    """Read and validate a week's exports without running a review: what was taken, what was set aside and why."""
    with _spoken(), _progress() as say:
        from opsreview import settings as settings_module
        from opsreview.intake.store import open_exports
        from opsreview.measure import cache_folder
        from opsreview.results import find_folder, newest_week
        from opsreview.weeks import Week

        folder = find_folder(exports)
        settings = settings_module.load(settings_module.find(folder, Path(config) if config else None))
        chosen = Week.parse(week) if week else newest_week(folder)
        found = open_exports(folder, chosen, settings, cache_folder(), progress=lambda text: say(text, 0, 0))
        rows = {
            k: sum(int(f[k]) for f in found.manifest)
            for k in ("rows_read", "rows_kept", "rows_quarantined", "rows_elsewhere", "rows_split")
        }
        rows["rows_read"] += rows["rows_split"] - rows["rows_elsewhere"]  # of our tables: a vendor's row may be several of ours, or none
        why, notices = found.quarantine_reasons(), found.notices
        unrecognised, dropped = found.unrecognised, found.dropped_columns
    files = len({f["path"] for f in found.manifest})
    out.print(f"{chosen}: {files} files of {len(found.weeks)} weeks; {rows['rows_read']:,} rows read, {rows['rows_kept']:,} kept")
    for reason, n in why.items():
        out.print(f"  {n:,} set aside: {reason}", markup=False)
    for line in (
        *notices,
        *(f"not recognised: {u}" for u in unrecognised),
        *(f"columns not taken: {d['path']}: {', '.join(d['columns'])}" for d in dropped),
    ):
        out.print(f"  {line}", markup=False)
    raise typer.Exit(1 if rows["rows_quarantined"] > settings.allow.quarantined_rows else 0)


@app.command()
def sample(
    to: Annotated[Path, typer.Option("--out", "-o", help="Where the weeks' folders go; must be new or a sample store.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    weeks: Annotated[int, typer.Option(min=4, help="How many weeks.")] = 36,
    skus: Annotated[int, typer.Option(min=40, help="How many SKUs; the leaks need 40.")] = 150,
    orders_per_week: Annotated[int, typer.Option(min=20, help="How many orders a week, about.")] = 900,
    last_week: Annotated[str, typer.Option(help="The last week made.")] = "2026-W46",
    plants: Annotated[bool, typer.Option("--plants/--no-plants", help="Plant a leak of every kind, or none.")] = True,
) -> None:
    """Make a store up: weekly exports of every table, of any size, with leaks planted and written down."""
    with _spoken(), _progress() as say:
        from opsreview.sample import make_store
        from opsreview.weeks import Week

        planted = make_store(
            to, seed=seed, weeks=weeks, last_week=Week.parse(last_week), skus=skus, orders_per_week=orders_per_week, plants=plants,
            progress=lambda text: say(text, 0, 0),
        )  # fmt: skip
    out.print(f"{to}: {weeks} weeks to {last_week}{', planted leaks in plants.json' if plants and planted else ''}")


@app.command()
def decide(
    finding: Annotated[str, typer.Argument(help="The finding_id, as findings.csv has it.")],
    decision: Annotated[str, typer.Argument(help="pause_promotion, reprice, expedite, investigate, accept, defer, …")],
    week: Annotated[str, typer.Option("--week", "-w", help="The week the review was of.")],
    review: Annotated[ReviewName, typer.Option("--review", "-r", help="The review that decided.")],
    by: Annotated[str, typer.Option("--by", help="Who records it.")],
    owner: Annotated[str, typer.Option(help="Who sees to it.")] = "",
    due_on: Annotated[str, typer.Option(help="By when, like 2026-11-20.")] = "",
    eta: Annotated[str, typer.Option(help="The ETA the owner commits to.")] = "",
    expected_impact: Annotated[float | None, typer.Option(help="Money a week it should bring.")] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    done: Annotated[bool, typer.Option("--done", help="It has been done.")] = False,
    decisions: Decisions = "decisions",
) -> None:
    """Record what a meeting decided of a finding; the next run checks what came of it."""
    with _spoken():
        from opsreview.decisions import save

        for day in filter(None, (due_on, eta)):
            date.fromisoformat(day)
        item = {"finding_id": finding, "decision": decision, "owner": owner, "due_on": due_on or None, "eta_commitment": eta or None,
                "expected_impact": expected_impact, "note": note, "done": done}  # fmt: skip
        path = save(Path(decisions), week, review.value, [item], by, datetime.now(UTC))
    out.print(str(path), markup=False)


profiles_app = typer.Typer(no_args_is_help=True, help="Vendor profiles: draft one for an unknown file, try one on a file.")
app.add_typer(profiles_app, name="profile")
OwnProfiles = Annotated[Path | None, typer.Option("--profiles", "-p", help="The folder of your own profiles.")]


@profiles_app.command("draft")
def profile_draft(file: Annotated[Path, typer.Argument(help="A file that no profile knows (csv, tsv, txt, xlsx).", exists=True)]) -> None:
    """Propose a profile for a file, from its header and values. Finish it, and keep it in the folder that `[intake] profiles` names.

    Example: `opsreview profile draft export.csv > exports/profiles/my_wms.toml`
    """
    with _spoken():
        from opsreview.intake.draft import draft

        said = draft(file)
    typer.echo(said, nl=False)


@profiles_app.command("test")
def profile_test(
    file: Annotated[Path, typer.Argument(help="A vendor's file.", exists=True)],
    own: OwnProfiles = None,
    using: Annotated[Path | None, typer.Option("--using", "-u", help="Try this profile, whatever the file looks like.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 10,
) -> None:
    """Show what each column of a file became, and its first rows before and after. Personal values are masked; nothing is kept."""
    with _spoken():
        from opsreview.intake.draft import show
        from opsreview.intake.profile import load, parse
        from opsreview.weeks import Week

        only = parse(using.read_text(encoding="utf-8"), using.stem) if using else None
        profile, shown = show(file, load(own), Week.of(date.today()), only, rows)
    out.print(f"{file.name}: {profile.vendor}, {profile.report} (profile {profile.name})", markup=False)
    for line in profile.unsaid:
        out.print(f"  it does not say: {line}", markup=False)
    out.print("\nWhat each column became")
    for row in shown.columns.itertuples(index=False):
        out.print(f"  {row.table}.{row.column} <- {row[2]}", markup=False)
    _rows("Before", shown.before)
    for name, frame in shown.after.items():
        _rows(f"After: {name}", frame)


def _rows(title: str, frame: Any) -> None:
    """Rows one below the other, their empty cells left out; what comes from a file is never read as markup."""
    out.print(f"\n{title}" + ("" if len(frame) else ": no rows"), markup=False)
    for row in frame.astype(object).where(frame.notna(), "").to_dict("records"):
        out.print(f"  line {row.pop('line')}", markup=False)
        for column, value in row.items():
            if str(value):
                out.print(f"    {column}: {value}", markup=False)


@contextmanager
def _spoken() -> Iterator[None]:
    """What cannot be done ends in one sentence and exit code 2; a defect of ours keeps its traceback."""
    try:
        yield
    except KeyboardInterrupt:
        errors.print("stopped; nothing was changed")
        raise typer.Exit(2) from None
    except (OSError, ValueError, RuntimeError) as error:
        if not _ours(error):
            raise
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from None


def _ours(error: BaseException) -> bool:
    """Whether an error was raised to be read: one of this package's own, a bad argument, or the file system's word."""
    return type(error).__module__.startswith("opsreview") or isinstance(error, OSError) or type(error) is ValueError


@contextmanager
def _progress() -> Iterator[Any]:
    """A line that moves on a terminal; elsewhere a line whenever the stage changes."""
    if not sys.stderr.isatty():
        last = [""]

        def plain(text: str, done: int, of: int) -> None:
            if text != last[0]:
                errors.print(f"{text} ({done}/{of})" if of else text, markup=False)
                last[0] = text

        yield plain
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=errors, transient=True
    ) as bar:
        task = bar.add_task("starting", total=None)

        def moving(text: str, done: int, of: int) -> None:
            bar.update(task, description=text, completed=done, total=of or None)

        yield moving
