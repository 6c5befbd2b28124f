"""`make test`: every test, the notebooks included. Arguments go to pytest. The exit code is pytest's: 0 when all passed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Cells of a notebook belong to one kernel and so to one process: a file is the smallest thing that is handed out.
SIDE_BY_SIDE = ["-n", str(min(2, os.cpu_count() or 1)), "--dist", "loadfile"]
NOTEBOOKS = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600", "--nbval-kernel-startup-timeout=180"]


def main(arguments: list[str]) -> int:
    what = arguments or ["tests", "notebooks"]
    print("Running every test and every notebook; the stages that take long say so at the end.", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", *SIDE_BY_SIDE, *NOTEBOOKS, "--durations=15", *what]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
