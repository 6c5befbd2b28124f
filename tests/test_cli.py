"""The command as a person or a scheduler meets it: exit codes, one clear sentence, nothing half done, the same bytes twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import random_store
from helpers_store import copy, made
from opsreview import __version__, decisions, formats
from opsreview.catalog import REVIEWS
from opsreview.cli import app
from opsreview.month import of
from opsreview.publish import week_lock
from opsreview.run import complaints, notebooks_folder
from opsreview.settings import parse
from typer.testing import CliRunner

LAST = random_store.LAST
COMMAND = [sys.executable, "-c", "from opsreview.cli import app; app()"]
CSV = (
    "kpis.csv",
    "findings.csv",
    "leaks.csv",
    "sku_margin.csv",
    "change.csv",
    "inventory.csv",
    "forecast.csv",
    "decisions.csv",
    "restatements.csv",
    "quarantine.csv",
    "published.json",
)


@pytest.fixture(scope="module")
def exports(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("cli") / "exports", weeks=10)


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


def command(*arguments: object, at: Path, **variables: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, in a folder of its own."""
    given = {**os.environ, **{k: str(v) for k, v in variables.items()}}
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=at, env=given, capture_output=True, text=True, timeout=900, check=False)


def said(*arguments: object) -> SimpleNamespace:
    """The command in this process: exit code, and what it wrote to either stream."""
    found = CliRunner().invoke(app, [str(a) for a in arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return SimpleNamespace(code=found.exit_code, text=re.sub(r"\s+", " ", found.output))


# ---- help ------------------------------------------------------------------------------------------------------------------------


def test_the_help_names_every_command_and_the_exit_codes():
    text = said("--help").text
    assert all(word in text for word in ("run", "check", "decide", "sample", "0 done", "1 done", "2 could not run"))
    assert said("--version").text.strip() == __version__


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("run", ["--exports", "--week", "--out", "--review", "--config", "--decisions", "2026-W46"]),
        ("check", ["--exports", "--week", "--config"]),
        ("decide", ["--week", "--review", "--by", "--owner", "--due-on", "--eta", "--note", "--done", "--decisions"]),
        ("sample", ["--out", "--seed", "--weeks", "--skus", "--orders-per-week", "--plants"]),
    ],
)
def test_the_help_of_a_command_names_its_options(name, options):
    found = command(name, "--help", at=Path.cwd(), COLUMNS=200, NO_COLOR=1)
    assert found.returncode == 0 and all(option in found.stdout for option in options)


def test_without_a_command_the_help_is_shown():
    assert "Usage" in said().text


@pytest.mark.parametrize("arguments", [["runn"], ["run", "--weak", "2026-W46"], ["run", "--review", "tuesday"], ["decide"]])
def test_a_wrong_call_is_2(arguments):
    assert said(*arguments).code == 2


# ---- what cannot be done is one sentence -----------------------------------------------------------------------------------------


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A working folder without settings of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("verb", ["run", "check"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--exports", "nowhere"], "nowhere: no such folder; name the folder that holds the weeks' folders"),
        (["--week", "2026-46"], "'2026-46' is not an ISO week; write it like 2026-W46"),
        (["--week", "2031-W01"], "has no folder 2031-W01; a run needs orders and order_lines in it"),
        (["--config", "none.toml"], "none.toml: no such file; write one with timezone and reporting_currency in it"),
        (["--config", "typo.toml"], "typo.toml: carying_rate is not a setting; did you mean carrying_rate?"),
        (["--config", "broken.toml"], "broken.toml: not TOML"),
    ],
)
def test_what_cannot_be_done_is_2_and_one_sentence(verb, arguments, sentence, exports, alone):
    (alone / "typo.toml").write_text('timezone = "UTC"\nreporting_currency = "USD"\ncarying_rate = 0.1\n')
    (alone / "broken.toml").write_text("timezone = \n")
    found = said(verb, "--exports", exports, *arguments)
    assert found.code == 2 and sentence in found.text and "Traceback" not in found.text
    assert not (alone / "reports").exists()


@pytest.mark.parametrize("table", ["orders", "order_lines"])
def test_a_run_without_what_it_needs_is_2_and_writes_nothing(table, exports, alone):
    spoiled = copy(exports, alone / "exports")
    for path in (spoiled / str(LAST)).glob(f"{table}.*"):
        path.unlink()
    found = said("run", "--exports", spoiled)
    assert found.code == 2 and f"{LAST} has no {table}; a run needs them in that week's folder" in found.text
    assert not (alone / "reports").exists()


def test_a_defect_keeps_its_traceback(monkeypatch, exports):
    """What was not foreseen is not dressed up as a sentence."""
    monkeypatch.setattr("opsreview.results.find_folder", lambda folder: 1 / 0)
    found = CliRunner().invoke(app, ["check", "--exports", str(exports)])
    assert isinstance(found.exception, ZeroDivisionError)


# ---- check ------------------------------------------------------------------------------------------------------------------------


def test_check_counts_what_was_taken(exports):
    found = said("check", "--exports", exports)
    files = [p for p in exports.glob("*/*") if p.is_file()]
    assert found.code == 0
    assert f"{LAST}: {len(files)} files of 10 weeks" in found.text and re.search(r"([\d,]+) rows read, [\d,]+ kept", found.text)


@pytest.fixture
def spoiled(exports, tmp_path) -> Path:
    """A line nobody can read, a file that is no table, a column of its own."""
    folder = copy(exports, tmp_path / "spoiled")
    (folder / str(LAST) / "labor.extra.csv").write_text("work_date,location,role,hours,cost,hour,mood\nsoon,EAST,pick,1,1,,fine\n")
    (folder / str(LAST) / "notes.csv").write_text("a\n")
    for path in (folder / str(LAST)).glob("labor.*"):
        if "extra" not in path.name:
            path.unlink()
    return folder


def test_check_says_what_was_set_aside_and_why_and_is_1(spoiled):
    found = said("check", "--exports", spoiled)
    assert found.code == 1
    for words in ("1 set aside: not_a_date", f"not recognised: {LAST}/notes.csv", "columns not taken", "mood"):
        assert words in found.text, words


def test_check_is_0_where_the_team_allows_as_many(spoiled, tmp_path):
    config = tmp_path / "review.toml"
    config.write_text((spoiled / "review.toml").read_text() + "\n[allow]\nquarantined_rows = 1\n")
    assert said("check", "--exports", spoiled, "--config", config).code == 0


@pytest.mark.parametrize(
    ("rows", "missing", "allow", "complaint"),
    [
        (0, {}, {}, []),
        (3, {}, {}, ["3 rows set aside in quarantine.csv (allowed: 0)"]),
        (3, {}, {"quarantined_rows": 3}, []),
        (0, {"picks": ["a", "b"], "picks.error_type": ["b", "c"]}, {}, ["3 figures n/a for want of picks"]),
        (0, {"labor": ["a"]}, {}, ["1 figure n/a for want of labor"]),
        (0, {"labor": ["a"], "picks.error_type": ["b"]}, {"missing_tables": ["labor", "picks"]}, []),
    ],
)
def test_what_a_scheduler_hears_of(rows, missing, allow, complaint):
    settings = parse({"timezone": "UTC", "reporting_currency": "USD", "allow": allow})
    gone = [{"table": table, "weeks": [str(LAST)], "costs": costs} for table, costs in missing.items()]
    found = complaints(SimpleNamespace(settings=settings, trust={"rows_quarantined": rows}, missing=gone))
    assert found == complaint


# ---- run --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first(exports, cache, tmp_path_factory):
    """(folder, what it said) of a run of one review."""
    at = tmp_path_factory.mktemp("first")
    found = command("run", "-e", exports, "-o", "reports", "-r", "monday", at=at, OPSREVIEW_CACHE=cache, PYTHONHASHSEED=1)
    return at / "reports", found


def test_a_run_is_0_and_says_where_the_page_is_and_its_headline(first):
    reports, found = first
    assert found.returncode == 0, found.stderr
    run = json.loads((reports / str(LAST) / "run.json").read_text(encoding="utf-8"))
    assert (
        f"Monday  {Path('reports') / str(LAST) / 'monday.html'}" in found.stdout
        and f"All weeks: {Path('reports') / 'index.html'}" in found.stdout
    )
    assert run["headlines"]["monday"].replace("\xa0", " ") in found.stdout.replace("\xa0", " ")
    assert "Traceback" not in found.stderr


def test_progress_is_shown(first):
    lines = first[1].stderr.splitlines()
    assert f"measuring {LAST} (9/10)" in lines and any(line.startswith("Reading ") for line in lines)
    assert "monday_demand_inventory: running" in lines and "writing pages" in lines


def test_a_run_leaves_what_the_outputs_name_and_no_more(first):
    reports, _ = first
    there = {p.name for p in (reports / str(LAST)).iterdir()}
    pages = {f"{name}.{kind}" for name in ("monday", "exports_health") for kind in ("html", "ipynb")}
    assert there == {*CSV, "order_margin.parquet", "run.json", *pages}
    assert 'href="exports_health.html"' in (reports / str(LAST) / "monday.html").read_text(encoding="utf-8")
    assert {p.name for p in reports.iterdir() if not p.name.endswith(".lock")} == {str(LAST), "index.html"}


def test_the_manifest_says_what_was_read(first, exports):
    run = json.loads((first[0] / str(LAST) / "run.json").read_text(encoding="utf-8"))
    assert set(run) >= {"version", "parameters", "settings", "as_of", "inputs", "missing", "unrecognised", "dropped_columns", "seconds"}
    assert run["as_of"] == "2026-11-09T05:00:00Z" and run["parameters"]["week"] == str(LAST)
    assert {f["path"] for f in run["inputs"]} == {p.relative_to(exports).as_posix() for p in exports.glob("*/*") if p.is_file()}
    fates = ("rows_kept", "rows_replaced", "rows_duplicate", "rows_deleted", "rows_quarantined", "rows_elsewhere")
    assert all(f["rows_read"] == sum(f[k] for k in fates) and len(f["sha256"]) == 64 for f in run["inputs"])
    assert run["settings"]["carrying_rate"] == 0.2 and run["settings"]["costs"]["payment_rate"] == 0.029


def test_a_month_is_a_page_and_its_weeks_are_the_weeks_own_figures(first, exports, cache, tmp_path):
    reports = tmp_path / "reports"
    shutil.copytree(first[0], reports)
    found = command("month", "-e", exports, "-o", "reports", at=reports.parent, OPSREVIEW_CACHE=cache)
    assert found.returncode == 0, found.stderr
    name = of(LAST)
    assert f"Month  {Path('reports') / name / 'monthly.html'}" in found.stdout and f"{formats.month(name)} so far" in found.stdout
    assert {p.name for p in (reports / name).iterdir()} == {"monthly.html", "monthly.ipynb", "month.csv", "run.json"}
    assert f'href="../{LAST}/exports_health.html"' in (reports / name / "monthly.html").read_text(encoding="utf-8")
    weeks = pd.read_csv(reports / name / "month.csv").set_index("week")
    kpis = pd.read_csv(reports / str(LAST) / "kpis.csv").query("grain == 'all'").set_index("kpi")
    assert weeks.loc[str(LAST), "net_revenue"] == pytest.approx(kpis.loc["net_revenue", "value"], abs=0.005)
    assert weeks.loc[str(LAST), "contribution_margin"] == pytest.approx(kpis.loc["contribution_margin", "numerator"], abs=0.005)
    assert f"{name}/monthly.html" in (reports / "index.html").read_text(encoding="utf-8")
    again = command("month", "-e", exports, "-o", "reports", "--month", "2031-02", at=reports.parent, OPSREVIEW_CACHE=cache)
    assert again.returncode == 2 and "holds no week of 2031-02" in again.stderr


def test_two_runs_on_the_same_input_give_the_same_bytes(first, exports, tmp_path):
    """Another process, folder, cache and order of hashing. Only `run.json` holds times."""
    moved = copy(exports, tmp_path / "elsewhere" / exports.name)
    found = command(
        "run",
        "-e",
        moved,
        "-o",
        "reports",
        "-r",
        "monday",
        at=tmp_path,
        OPSREVIEW_CACHE=tmp_path / "cache",
        PYTHONHASHSEED=2,
    )
    assert found.returncode == 0, found.stderr
    one, other = first[0] / str(LAST), tmp_path / "reports" / str(LAST)
    for name in (*CSV, "order_margin.parquet"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    timeless = [{k: v for k, v in json.loads((f / "run.json").read_text(encoding="utf-8")).items() if k != "seconds"} for f in (one, other)]
    assert timeless[0] == timeless[1]
    ours, theirs = ((f / "monday.html").read_text(encoding="utf-8") for f in (one, other))
    assert ours == theirs


def test_the_other_reviews_are_carried_over(first, exports, cache, tmp_path):
    """One review is written, the others stay as they are, to the byte."""
    shutil.copytree(first[0], tmp_path / "reports")
    before = {name: (first[0] / str(LAST) / name).read_bytes() for name in ("monday.html", "monday.ipynb")}
    found = command("run", "-e", exports, "-o", "reports", "-r", "friday", at=tmp_path, OPSREVIEW_CACHE=cache)
    assert found.returncode == 0 and "Friday" in found.stdout and "Monday" not in found.stdout
    week = tmp_path / "reports" / str(LAST)
    assert {p.stem for p in week.glob("*.html")} == {"monday", "friday", "exports_health"}
    assert before == {name: (week / name).read_bytes() for name in before}
    index = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert all(f"{LAST}/{review}.html" in index for review in ("monday", "friday"))


# ---- stopped, and two at once ------------------------------------------------------------------------------------------------------


def started(at: Path, until: str, *arguments: object, **variables: object) -> subprocess.Popen[str]:
    """The command in a process of its own, as far as the line of progress that holds some words."""
    given = {**os.environ, **{k: str(v) for k, v in variables.items()}}
    run = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], cwd=at, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a job in the background may have it ignored
    )  # fmt: skip
    assert run.stderr
    lines = []
    for line in run.stderr:
        lines.append(line)
        if until in line:
            return run
    raise AssertionError(f"ended without {until!r}: {''.join(lines[-5:])}")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".")
    }


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
@pytest.mark.parametrize("moment", ["measuring", "monday_demand_inventory: running"])
def test_a_run_that_is_killed_leaves_the_last_report_and_no_kernel(first, exports, tmp_path, moment):
    shutil.copytree(first[0], tmp_path / "reports")
    before = bytes_of(tmp_path / "reports")
    run = started(tmp_path, moment, "run", "-e", exports, "-o", "reports", "-r", "monday", OPSREVIEW_CACHE=tmp_path / "cache")
    time.sleep(2)
    kernels = children(run.pid)
    run.kill()
    run.wait()
    assert bytes_of(tmp_path / "reports") == before
    for _ in range(60):
        if not any(map(alive, kernels)):
            break
        time.sleep(1)
    assert not any(map(alive, kernels)), "a kernel outlived its run"


def children(pid: int) -> list[int]:
    import psutil

    return [p.pid for p in psutil.Process(pid).children(recursive=True)]


def alive(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_interrupt_is_2_and_says_that_nothing_was_changed(first, exports, tmp_path):
    shutil.copytree(first[0], tmp_path / "reports")
    before = bytes_of(tmp_path / "reports")
    run = started(tmp_path, "measuring", "run", "-e", exports, "-o", "reports", "-r", "monday", OPSREVIEW_CACHE=tmp_path / "cache")
    run.send_signal(signal.SIGINT)
    assert run.stderr and "stopped; nothing was changed" in run.stderr.read()
    assert run.wait(timeout=60) == 2 and bytes_of(tmp_path / "reports") == before


def test_a_second_run_of_a_week_says_who_holds_it_and_waits(first, exports, cache, tmp_path):
    with week_lock(tmp_path / "reports", LAST):
        run = started(
            tmp_path,
            f"{LAST} is being written by process {os.getpid()}",
            "run",
            "-e",
            exports,
            "-o",
            "reports",
            "-r",
            "monday",
            OPSREVIEW_CACHE=cache,
        )
        time.sleep(1)
        assert run.poll() is None and not (tmp_path / "reports" / str(LAST)).exists()
    assert run.stderr
    rest = run.stderr.read()
    assert run.wait(timeout=300) == 0, rest
    assert (tmp_path / "reports" / str(LAST) / "monday.html").is_file()


# ---- decide -------------------------------------------------------------------------------------------------------------------------


def test_a_decision_is_a_file_that_the_next_run_reads(tmp_path):
    at = tmp_path / "decisions"
    found = said(
        "decide",
        "0123456789abcdef",
        "reprice",
        "-w",
        LAST,
        "-r",
        "friday",
        "--by",
        "Ann",
        "--owner",
        "Bo",
        "--due-on",
        "2026-11-20",
        "--note",
        "too dear",
        "--decisions",
        at,
    )
    (path,) = at.iterdir()
    assert found.code == 0 and path.name in found.text
    assert re.fullmatch(rf"{LAST}-friday-\d{{8}}T\d{{6}}Z-[0-9a-f]{{6}}\.json", path.name)
    (row,) = decisions.read(at).to_dict("records")
    assert (row["finding_id"], row["decision"], row["owner"], row["recorded_by"], row["note"]) == (
        "0123456789abcdef",
        "reprice",
        "Bo",
        "Ann",
        "too dear",
    )
    assert str(row["due_on"])[:10] == "2026-11-20" and not row["done"]


@pytest.mark.parametrize(
    ("decision", "more"),
    [("guess", []), ("reprice", ["--due-on", "tomorrow"]), ("reprice", ["--eta", "soon"]), ("reprice", ["--week", "2026-46"])],
)
def test_a_decision_that_cannot_be_is_2_and_leaves_no_file(tmp_path, decision, more):
    at = tmp_path / "decisions"
    found = said("decide", "0123456789abcdef", decision, "-w", LAST, "-r", "friday", "--by", "Ann", "--decisions", at, *more)
    assert found.code == 2 and "Traceback" not in found.text and (not at.exists() or not list(at.iterdir()))


# ---- plain papermill ------------------------------------------------------------------------------------------------------------------


def papermill(notebook: str, at: Path, *parameters: object, **variables: object) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **{k: str(v) for k, v in variables.items()}}
    line = [
        sys.executable,
        "-m",
        "papermill",
        str(notebooks_folder() / notebook),
        str(at / "out.ipynb"),
        "-k",
        "python3",
        *map(str, parameters),
    ]
    return subprocess.run(line, cwd=at, env=given, capture_output=True, text=True, timeout=900, check=False)


def test_plain_papermill_works_too(first, exports, cache, tmp_path):
    found = papermill("monday_demand_inventory.ipynb", tmp_path, "-p", "week", LAST, "-p", "exports", exports, OPSREVIEW_CACHE=cache)
    assert found.returncode == 0, found.stderr
    cells = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))["cells"]
    run = json.loads((first[0] / str(LAST) / "run.json").read_text(encoding="utf-8"))
    shown = "".join(json.dumps(c.get("outputs", []), ensure_ascii=False) for c in cells)
    assert run["headlines"]["monday"][:40] in shown and all(not c["metadata"].get("papermill", {}).get("exception") for c in cells)


def test_an_unknown_parameter_is_an_error_to_plain_papermill_too(exports, tmp_path):
    found = papermill("monday_demand_inventory.ipynb", tmp_path, "-p", "weak", LAST)
    assert found.returncode != 0 and "UnknownParameter" in found.stderr and "weak" in found.stderr and "week" in found.stderr


def test_every_review_has_a_notebook():
    assert {p.stem.split("_")[0] for p in notebooks_folder().glob("*day_*.ipynb")} == set(REVIEWS)
