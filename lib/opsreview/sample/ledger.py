"""What is known when: a table's rows with everything that will ever be true of them, handed out week by week as it becomes known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd


class Ledger:
    """Rows of one table that are still to change.

    `times`: the columns (datetime64[s], NaT: never) at which a row appears or changes; the first is its appearance.
    `reveals`: columns that are empty until the time they hang on. `show(rows, end)`: any other change of state.
    """

    def __init__(self, times: list[str], reveals: dict[str, list[str]] | None = None, show: Callable | None = None):
        self.times, self.reveals, self.show = times, reveals or {}, show
        self.waiting: list[pd.DataFrame] = []

    def add(self, rows: pd.DataFrame) -> None:
        """Takes rows with all their future."""
        if len(rows):
            self.waiting.append(rows)

    def deliver(self, start: np.datetime64, end: np.datetime64) -> pd.DataFrame:
        """The rows that appear or change in [start, end), as they look just before `end`; done rows are let go."""
        rows = pd.concat(self.waiting, ignore_index=True) if self.waiting else pd.DataFrame(columns=self.times, dtype="datetime64[s]")
        times = np.stack([rows[t].to_numpy("datetime64[s]") for t in self.times]) if len(rows) else np.empty((1, 0), "datetime64[s]")
        now = ((times >= start) & (times < end)).any(axis=0) & (times[0] < end)
        later = (times >= end).any(axis=0)
        self.waiting = [rows[later]] if later.any() else []
        shown = rows[now].copy()
        for time, columns in self.reveals.items():
            hidden = ~(shown[time] < end)
            for column in columns:
                shown[column] = shown[column].mask(hidden)
        return self.show(shown, end) if self.show and len(shown) else shown
