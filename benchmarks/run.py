"""What a run costs, beside the floor under it: `make bench` writes benchmarks/RESULTS.md from one run on one machine.

The floor: papermill running three empty notebooks that import what a review imports, each then through nbconvert, one after the other.
Every figure is of a whole process and its children: wall seconds, processor seconds, and the largest single process's memory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from results import measured_on, section

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
IMPORTS = "import pandas, altair, ibis, duckdb, opsreview.results"


@dataclass
class Cost:
    """One command as a whole: wall and processor seconds, peak memory of its largest process in MB."""

    wall: float
    processor: float
    memory: float


def cost(*commands: list[str], env: dict[str, str] | None = None) -> Cost:
    """Run commands one after the other in a process of their own, so that the memory of one is not taken for another's."""
    script = (
        "import json, resource, subprocess, sys\n"
        "for c in json.loads(sys.argv[1]):\n"
        "    done = subprocess.run(c, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)\n"
        "    if done.returncode not in (0, 1): sys.exit(done.stderr[-2000:])\n"
        "u = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([u.ru_utime + u.ru_stime, u.ru_maxrss / (1048576 if sys.platform == 'darwin' else 1024)]))"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(commands)], capture_output=True, text=True, cwd=ROOT, env={**os.environ, **(env or {})}
    )
    if done.returncode:
        raise SystemExit(f"benchmark: {' '.join(commands[0])} failed: {done.stderr.strip()}")
    processor, memory = json.loads(done.stdout)
    return Cost(time.perf_counter() - start, processor, memory)


def empty_notebook(path: Path) -> None:
    """A notebook that imports what a review imports and does nothing with it."""
    import nbformat

    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(IMPORTS)]), path)


def floor(scratch: Path) -> Cost:
    """Three empty notebooks through papermill and nbconvert, as anyone would by hand."""
    commands = []
    for i in range(3):
        source, done = scratch / f"empty{i}.ipynb", scratch / f"done{i}.ipynb"
        empty_notebook(source)
        commands.append([str(BIN / "papermill"), "--no-progress-bar", "-k", "python3", str(source), str(done)])
        commands.append([str(BIN / "jupyter"), "nbconvert", "--to", "html", str(done)])
    return cost(*commands)


def report(scratch: Path, cache: Path) -> tuple[Cost, dict[str, float]]:
    """`make report` on the sample with this cache, and its own account of its stages."""
    out = scratch / "reports"
    command = [str(BIN / "opsreview"), "run", "--exports", str(ROOT / "data_samples"), "--out", str(out), "--decisions", str(scratch / "d")]
    spent = cost(command, env={"OPSREVIEW_CACHE": str(cache)})
    newest = max(p for p in out.iterdir() if p.is_dir())
    return spent, json.loads((newest / "run.json").read_text(encoding="utf-8"))["seconds"]


def previous_cached(scratch: Path) -> Path:
    """A cache as it is on the Monday after: everything but the newest week read and measured."""
    cache = scratch / "last-week"
    weeks = sorted(p.name for p in (ROOT / "data_samples").glob("20??-W??"))
    command = [
        str(BIN / "opsreview"),
        "run",
        "--exports",
        str(ROOT / "data_samples"),
        "--week",
        weeks[-2],
        "--out",
        str(scratch / "before"),
    ]
    cost([*command, "--decisions", str(scratch / "d")], env={"OPSREVIEW_CACHE": str(cache)})
    return cache


def main() -> None:
    """Measure, and write what was measured."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="opsreview-bench-") as name:
        scratch = Path(name)
        print("floor: three empty notebooks ...", flush=True)
        under = floor(scratch)
        load = os.getloadavg()[0]
        rows = [("floor: three empty notebooks, papermill and nbconvert", under, {})]
        cases = (
            ("first run, nothing kept", lambda: scratch / "cold"),
            ("a new week, the weeks before kept", lambda: previous_cached(scratch)),
            ("the same week again", lambda: scratch / "cold"),
        )
        for label, cache in cases:
            print(f"{label} ...", flush=True)
            where = cache()
            spent, stages = report(scratch, where)
            rows.append((label, spent, stages))
            shutil.rmtree(scratch / "reports")
            load = max(load, os.getloadavg()[0])
    lines = [
        measured_on(load),
        "",
        "| run | wall s | × floor | processor s | peak MB (largest process) | read and measure s | notebooks s |",
        "|---|---|---|---|---|---|---|",
    ]
    for label, c, stages in rows:
        parts = f"{stages.get('read_and_measure', '')} | {stages.get('reviews', '')}" if stages else "– | –"
        lines.append(f"| {label} | {c.wall:.1f} | {c.wall / under.wall:.2f} | {c.processor:.1f} | {c.memory:.0f} | {parts} |")
    text = "\n".join(lines)
    section("`make report` on the sample", text)
    print(text)


if __name__ == "__main__":
    main()
