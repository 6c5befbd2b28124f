"""Which product plays which part in the leaks: by rank of sales and by family, no product twice."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from opsreview.sample import world as w
from opsreview.sample.plants import Nothing

NORTH, SOUTH = 0, 1


class Cast(Nothing):
    """What the leaks share. Every part is an index into the world's products."""

    def prepare(self) -> None:
        super().prepare()
        n = self.world.skus
        if n < 40:
            raise ValueError(f"{n} products are too few to plant leaks in; take 40 or more, or plant none")
        self.scale = self.world.orders_per_week / 900
        self.taken: set[int] = set()
        self.tight, self.heavy = self._part(1, ("Apparel",)), self._part(5, ("Kitchen", "Garden", "Bath", "Stationery"))
        # What is sold out should hurt: these parts go to products that earn the most, what comes back taken into account.
        self.dry, self.held, self.thin, self.drifted, self.slipped, self.missed = (self._earner(n // 5) for _ in range(6))
        self.crate, self.flash = self._part(0), self._part(8)
        self.heap, self.dead = self._part(n // 6), self._part(n // 3)

    def _earner(self, among: int) -> int:
        """The free product with the largest margin a week among the best sellers."""
        products, family = self.world.products, self.world.family
        back = np.array([f[5] for f in w.FAMILIES.values()])[family]
        earned = ((products["price"] * (0.85 - back) - products["unit_cost"]) * self.world.base).to_numpy()
        best = max((sku for sku in self.world.by_rank[:among].tolist() if sku not in self.taken), key=lambda sku: earned[sku])
        self.taken.add(best)
        return best

    def _part(self, rank: int, families: tuple[str, ...] = ()) -> int:
        """The first free product from a rank on, of the families asked for."""
        for sku in self.world.by_rank[rank:].tolist():
            if sku not in self.taken and (not families or w.FAMILY_NAMES[self.world.family[sku]] in families):
                self.taken.add(sku)
                return sku
        raise ValueError(f"no product of {', '.join(families)} is left for a leak; take more products")

    @cached_property
    def weekly(self) -> np.ndarray:
        """Mean units of each product in the last week."""
        return np.sum([self.world.mean_units(day) for day in range(self.end - 7, self.end)], axis=0)

    def entry(self, check: str, entity: str, planted: str, expected: float | None = None, unit: str | None = None) -> dict:
        """A plant on record. `check`: a check of the catalog, or a part of the leak ledger; `expected`: about how much, in `unit`."""
        rounded = None if expected is None else float(f"{expected:.3g}")
        return {"check": check, "entity": entity, "week": str(self.world.last), "planted": planted, "expected": rounded, "unit": unit}

    def sku(self, part: int) -> str:
        """The SKU that plays a part."""
        return self.world.products["sku"].iloc[part]
