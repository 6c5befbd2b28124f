"""All leaks at once: every check of the catalog has at least one cause in the last week of this store."""

from __future__ import annotations

from opsreview import catalog
from opsreview.sample.leaks_floor import Floor
from opsreview.sample.leaks_money import Money
from opsreview.sample.leaks_supply import Supply


class Leaks(Supply, Floor, Money):
    """The store as it should not be."""

    def record(self) -> list[dict]:
        """One entry a plant, in the catalog's order, parts of the leak ledger last."""
        order = list(catalog.checks())
        return sorted(super().record(), key=lambda e: order.index(e["check"]) if e["check"] in order else len(order))
