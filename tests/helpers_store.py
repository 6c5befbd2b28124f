"""A random store that any command can run: its settings lie beside its weeks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import random_store
from opsreview.weeks import Week

SETTINGS = """timezone = "{zone}"
reporting_currency = "USD"
carrying_rate = 0.2

[costs]
shipping_per_order = 7.5
pick_pack_per_line = 1.1

[target_dos]
A = 10
B = 20
C = 30

[checks]
floor = 1
{more}
"""


def made(folder: Path, seed: int = 0, weeks: int = 8, orders: int = 15, more: str = "") -> Path:
    """Writes the store and returns its folder."""
    random_store.write(folder, seed, weeks, orders)
    (folder / "review.toml").write_text(SETTINGS.format(zone=random_store.ZONES[seed % 2], more=more))
    return folder


def copy(store: Path, to: Path, upto: Week | None = None) -> Path:
    """The store again, without the weeks after `upto`. The copies share their bytes: replace a file, never write into it."""
    shutil.copytree(store, to, copy_function=os.link)
    for folder in to.iterdir():
        if upto and folder.is_dir() and Week.parse(folder.name) > upto:
            shutil.rmtree(folder)
    return to
