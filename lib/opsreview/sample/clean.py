"""The store that nothing ails: where no leak was planted there is none.

Left to chance (`Nothing`) a store has leaks that nobody planted: a family's promotion takes along products that lose by it, a supplier
moves a purchase by two weeks, a buyer orders when two days' stock is to spare, and goes on buying what will be discontinued. That is
wrong in truth, and rightly found. Here buyers, suppliers and promotions do what they should, and no product is worse than its family;
what customers buy and send back, and what carriers do, remains chance.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.sample import world as w
from opsreview.sample.plants import Nothing
from opsreview.sample.world import day_weekday

PROMOTED = 3  # products in a promotion
FEES, BACK = 0.09, 1.3  # shares of what is paid: to payment and channel; and of each unit sent back, with what its return costs
CARRIAGE = 4.2  # a unit's part of parcel, picking and support, less what is charged for shipping
AHEAD = 14  # days that stock and what is on order last at any time, and days ahead that a promotion is looked at
SPARE = 10  # days to spare: suppliers take orders every third day, deliver on working days, and customers come as they like
LAST_ORDER = 90  # days before a product is discontinued
WORD = 2  # days by which a supplier may miss its word
_BACK = np.array([f[5] for f in w.FAMILIES.values()])  # share returned, by family


class Clean(Nothing):
    """The store as it should be."""

    def prepare(self) -> None:
        super().prepare()
        self.world.busy = None
        self.world.promos = self._paying(self.world.promos)

    def _paying(self, promos: pd.DataFrame) -> pd.DataFrame:
        """A row a promotion and product: those that earn most with it, of its family if enough of them do, else of the whole range."""
        skus, rows = self.world.products["sku"].to_numpy(), []
        for promo in promos.to_dict("records"):
            left = self._left(promo["discount"])
            mine = np.where(promo["applies"], left, -1.0)
            left = mine if (mine > 0).sum() >= PROMOTED else left
            for sku in np.sort(np.argsort(-left, kind="stable")[:PROMOTED]):
                rows.append(promo | {"sku": skus[sku], "family": "", "applies": np.arange(self.world.skus) == sku})
        return pd.DataFrame(rows, columns=promos.columns)

    def _left(self, discount: float) -> np.ndarray:
        """What is left of a unit of each product sold at a discount, reckoned with caution; -1 for wear, of which too much comes back."""
        products, family = self.world.products, self.world.family
        back = _BACK[family]
        paid = products["price"].to_numpy() * (1 - discount)
        left = paid * (1 - FEES - BACK * back) - (products["unit_cost"] + products["packaging_cost"]).to_numpy() - CARRIAGE
        return np.where(w.FAMILY_NAMES[family] == "Apparel", -1.0, np.nan_to_num(left, nan=-1.0))

    def returns(self, share, reason, sku, channel, day, key) -> tuple[np.ndarray, np.ndarray]:
        """No product is such that more of it comes back than of its family; what does come back is chance."""
        return _BACK[self.world.family[sku]], reason

    def slip(self, days: np.ndarray) -> np.ndarray:
        """Suppliers keep their word."""
        return np.minimum(days, WORD)

    def reach(self, days: np.ndarray, day: int) -> np.ndarray:
        """A fortnight in any case, a promotion to its end, in days of a usual week; what will be discontinued is bought no more."""
        lead, until = self.world.products["lead_time_days"].to_numpy(), np.zeros(self.world.skus)
        for promo in self.world.promos[self.world.promos["ends"] >= day].itertuples():
            seen = promo.applies & (promo.starts <= day + lead + AHEAD)
            long = promo.ends + 1 - day + promo.expected_uplift * (promo.ends + 1 - promo.starts)
            until = np.where(seen, np.maximum(until, long), until)
        ahead = np.maximum(days, np.maximum(np.maximum(lead, AHEAD), until)[:, None] + SPARE)
        ahead = ahead / self.world.week_factor(day - day_weekday(day) + 21)  # what the buyer reckons with is of that week
        return np.where((self.world.discontinued < day + LAST_ORDER)[:, None], 0.0, ahead)
