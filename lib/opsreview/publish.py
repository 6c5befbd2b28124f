"""From notebooks to a week's folder: run them (papermill), make their pages, put all of it in place at once."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from opsreview.page import to_html
from opsreview.weekfolder import Busy, week_lock, write_week

__all__ = ["Busy", "ReviewError", "run_review", "run_reviews", "to_html", "week_lock", "write_week"]

KERNEL_START = 180  # seconds; a loaded machine is slow, not broken
Progress = Callable[[str], None]


class ReviewError(RuntimeError):
    """A review that could not be run; the message is one sentence with its name and what went wrong."""


def run_review(notebook: Path, parameters: Mapping[str, Any], out_ipynb: Path, progress: Progress | None = None) -> Path:
    """Execute a notebook with these parameters in a kernel of its own; write it to `out_ipynb` and return that path.

    ReviewError where a parameter is not one of the notebook's, or a cell fails. The written notebook holds no times and no random ids:
    the same exports give the same bytes.
    """
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    name = notebook.stem
    try:
        source = nbformat.read(notebook, as_version=4)
    except FileNotFoundError:
        raise ReviewError(f"{name}: there is no notebook {notebook}") from None
    except nbformat.reader.NotJSONError:
        raise ReviewError(f"{name}: {notebook} is not a notebook") from None
    _check_parameters(notebook, source, parameters)
    if progress:
        progress(f"{name}: running")
    try:
        done = papermill.execute_notebook(
            source,
            None,
            parameters={k: str(v) if isinstance(v, Path) else v for k, v in parameters.items()},
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=KERNEL_START,
            extra_arguments=["--log-level=CRITICAL"],
        )
    except PapermillExecutionError as error:
        raise ReviewError(f"{name} stopped in cell {error.cell_index + 1}: {_last_line(error)}") from None
    except DeadKernelError:
        raise ReviewError(f"{name}: its kernel died, most likely for want of memory (OPSREVIEW_MEMORY bounds what a query takes)") from None
    except RuntimeError as error:
        raise ReviewError(f"{name}: {error}") from None
    nbformat.write(_lasting(done), out_ipynb)
    if progress:
        progress(f"{name}: done")
    return out_ipynb


def run_reviews(
    notebooks: Mapping[str, Path], parameters: Mapping[str, Any], folder: Path, progress: Progress | None = None
) -> dict[str, Path]:
    """Execute several notebooks side by side, a kernel each; the executed ones by review (`folder/<review>.ipynb`).

    The first that fails raises its ReviewError; nothing waits for the others (their kernels end with this process).
    """
    import papermill  # noqa: F401  once, before the threads ask for it

    done: queue.Queue[tuple[str, Path | BaseException]] = queue.Queue()

    def work(review: str, notebook: Path) -> None:
        try:
            done.put((review, run_review(notebook, parameters, folder / f"{review}.ipynb", progress)))
        except BaseException as error:
            done.put((review, error))

    for review, notebook in notebooks.items():  # daemons, not a pool: an interrupt ends the run at once
        threading.Thread(target=work, args=(review, notebook), name=review, daemon=True).start()
    written: dict[str, Path] = {}
    while len(written) < len(notebooks):
        review, result = done.get()
        if isinstance(result, BaseException):
            raise result
        written[review] = result
    return {review: written[review] for review in notebooks}


def _check_parameters(notebook: Path, source: Any, parameters: Mapping[str, Any]) -> None:
    """papermill only warns of a parameter that the notebook has not; a typing error would silently change nothing."""
    cells = [c.source for c in source.cells if "parameters" in c.metadata.get("tags", [])]
    known = {name for cell in cells for name in re.findall(r"^(\w+)\s*(?::[^=\n]+)?=", cell, re.MULTILINE)}
    if unknown := [p for p in parameters if p not in known]:
        raise ReviewError(f"{notebook.stem} has no parameter {', '.join(unknown)}; it has {', '.join(sorted(known)) or 'none'}")


def _last_line(error: Any) -> str:
    """`ValueError: what was wrong`: the last line of a traceback, without its colors."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", error.evalue or "").strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"{error.ename}: {lines[-1]}" if lines else error.ename


def _lasting(notebook: Any) -> Any:
    """The notebook without what differs from run to run: times, durations, ids made by chance, this run's temporary paths."""
    notebook.metadata.pop("papermill", None)
    for i, cell in enumerate(notebook.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"parameters-{i}"
    return notebook
