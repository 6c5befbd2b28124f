"""The folder of a week's run: new or as it was, whatever happens on the way; and the index of all of them."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import json
import os
import re
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opsreview import formats
from opsreview.catalog import REVIEWS
from opsreview.page import asset, environment, to_html, unbroken
from opsreview.renderer import style

WEEK = re.compile(r"^\d{4}-(W\d{2}|\d{2})$")  # a week, or a month
WAIT = 600.0  # seconds a second run of the same week waits for the first
Progress = Callable[[str], None]


class Busy(RuntimeError):
    """Another run holds the week; the message says which, where and since when."""


@contextlib.contextmanager
def week_lock(out: Path, week: Any, progress: Progress | None = None, wait: float = WAIT) -> Iterator[None]:
    """Hold a week of `out` against every other run, on this machine or (where the file system locks) on another.

    Who comes second says so once, waits up to `wait` seconds, then raises Busy. A run that is killed lets go; its holder may hold it again.
    """
    from filelock import FileLock, Timeout

    out.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(out / f".{week}.lock", is_singleton=True), out / f".{week}.holder.json"
    if lock.is_locked:
        yield
        return
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if progress and wait > 0:
            progress(f"{week} is being written {_holder(holder)}; waiting up to {wait:.0f} seconds")
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise Busy(f"{week} is being written {_holder(holder)}; waited {wait:.0f} seconds, nothing was changed") from None
    try:
        _replace(
            holder, json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"})
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def write_week(
    out: Path,
    week: Any,
    files: Mapping[str, Callable[[Path], Any]],
    reviews: Mapping[str, Path] | None = None,
    carry_over: Iterable[str] = (),
    progress: Progress | None = None,
    wait: float = WAIT,
) -> Path:
    """Put a run's files in place as `out/<week>`, all or none, then rewrite the index. Returns the folder.

    `files`: what to write by name, each a function of the path. `reviews`: executed notebooks by review; each becomes
    `<review>.ipynb` and `<review>.html`. `carry_over`: names of files of the folder as it is that stay unchanged (those that are
    there, and not written anew). Anything else that was in the folder is gone. Should this fail or be killed at any moment the
    folder is as it was; the leftovers are cleared by the next run.
    """
    folder, half, old = out / str(week), out / f".{week}.new", out / f".{week}.old"
    with week_lock(out, week, progress, wait):
        recover(out, week)
        half.mkdir()
        try:
            for name, write in files.items():
                write(half / name)
            for review, notebook in (reviews or {}).items():
                shutil.copyfile(notebook, half / f"{review}.ipynb")
                (half / f"{review}.html").write_text(to_html(notebook), encoding="utf-8")
            for name in carry_over:
                if (folder / name).is_file() and not (half / name).exists():
                    shutil.copy2(folder / name, half / name)
            _swap(half, folder, old)
        finally:
            shutil.rmtree(half, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    write_index(out)
    return folder


def recover(out: Path, week: Any) -> None:
    """Clear what a killed run of this week left behind; a folder that was moved aside and not replaced comes back."""
    folder, half, old = out / str(week), out / f".{week}.new", out / f".{week}.old"
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(half, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def write_index(out: Path) -> None:
    """`index.html` from the folders that are there, newest week first, in one rename. Runs of other weeks wait their turn."""
    from filelock import FileLock

    with FileLock(out / ".index.lock"):
        weeks = [_week_entry(folder) for folder in sorted(out.iterdir(), reverse=True) if folder.is_dir() and WEEK.match(folder.name)]
        page = environment().get_template("index.html.j2").render(weeks=weeks, css=style() + asset("page.css"))
        _replace(out / "index.html", unbroken(page))


def _swap(new: Path, folder: Path, old: Path) -> None:
    """`new` takes the place of `folder` in one step where the system can exchange two names; else in two, which `recover` mends."""
    if not folder.exists():
        new.rename(folder)
    elif not _exchange(new, folder):
        folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:
            old.rename(folder)
            raise


def _exchange(a: Path, b: Path) -> bool:
    """Exchange two names atomically (Linux, macOS); False where this system or file system cannot."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        if hasattr(libc, "renameat2"):
            return libc.renameat2(-100, os.fsencode(a.absolute()), -100, os.fsencode(b.absolute()), 2) == 0  # AT_FDCWD, RENAME_EXCHANGE
        return libc.renamex_np(os.fsencode(a), os.fsencode(b), 2) == 0  # RENAME_SWAP
    return False


def _replace(path: Path, text: str) -> None:
    """Write a file in one rename: a reader sees the old one or the new one."""
    half = path.with_name(f".{path.name.lstrip('.')}.{os.getpid()}")
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def _holder(path: Path) -> str:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return f"by process {held['pid']} on {held['host']} since {held['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "by another run"


def _week_entry(folder: Path) -> dict[str, Any]:
    """What the index says of a week: its reviews newest first, each with headline and how many of its KPIs have which status."""
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        headlines = run.get("headlines") or {}
    except (OSError, ValueError, AttributeError):
        headlines = {}
    statuses = _statuses(folder / "kpis.csv")
    there = {path.stem: path for path in folder.glob("*.html")}
    order = [r for r in reversed(REVIEWS) if r in there] + sorted(set(there) - set(REVIEWS))
    reviews = [
        {
            "name": formats.words(r).capitalize(),
            "href": f"{folder.name}/{r}.html",
            "headline": str(headlines.get(r, "")),
            "counts": statuses.get(r, {}),
        }
        for r in order
    ]
    data = sorted(path.name for path in folder.iterdir() if path.suffix in (".csv", ".parquet", ".json", ".ipynb"))
    return {"week": folder.name, "reviews": reviews, "files": [{"name": n, "href": f"{folder.name}/{n}"} for n in data]}


def _statuses(kpis: Path) -> dict[str, dict[str, int]]:
    """How many KPIs (grain all) of each review have which status, worst first: {review: {status: n}}."""
    try:
        with kpis.open(encoding="utf-8", newline="") as file:
            counts = Counter((row["review"], row["status"]) for row in csv.DictReader(file) if row["grain"] == "all")
    except (OSError, KeyError):
        return {}
    order = ("breach", "watch", "ok", "n/a")
    return {r: {s: n for s in order if (n := counts.get((r, s)))} for r in {review for review, _ in counts}}
