"""What leak 3 comes from: errors, surcharges, dimensional weight, carrier mix, rate, labor … in shares that add up to the leak.

Rework and avoidable charges are of one cause each. Creep is split as it is reckoned, at this week's mix of zone and weight band: every
share is what an order costs more through it than in the median of the weeks before. Medians do not add up; what that leaves is the
remainder, by name. Where creep is nil (no more than usual), so are its shares.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from opsreview.ledger import ENOUGH, at_this_mix

COLUMNS = ["cause", "part", "what", "amount", "basis_points"]
ERRORS = ("address_correction", "redelivery", "return_to_sender")  # avoidable charges for what somebody did wrong
DIMENSIONAL = "dimensional"
# The causes, in the order of the definitions, and which parts of the leak each may come from.
CAUSES = {
    "errors": ("rework", "avoidable_charges"), "surcharges": ("avoidable_charges", "creep"), "dimensional_weight": ("avoidable_charges",),
    "heavier_parcels": ("creep",), "carrier_mix": ("creep",), "rate": ("creep",), "labor": ("creep",), "not_sent_yet": ("creep",),
    "remainder": ("creep",),
}  # fmt: skip
OF_CREEP = [cause for cause, parts in CAUSES.items() if "creep" in parts and cause != "remainder"]


def causes(leaks: pd.DataFrame, charges: pd.DataFrame, now: pd.DataFrame, past: list[pd.DataFrame]) -> pd.DataFrame:
    """COLUMNS: a row a cause, part of leak 3 and charge type; they add up to each part in `leaks` (leaks.csv of W) that is said.

    `charges`: avoidable charges of W by charge_type, amount. `now`, `past`: creep's cells of W and of up to 13 weeks before, oldest first.
    A part that is n/a has its causes n/a.
    """
    said = leaks[leaks["leak"] == "3"].set_index("part")["amount"]
    rows = [("errors", "rework", "rework", said["rework"])]
    if pd.isna(said["avoidable_charges"]):
        rows += [(cause, "avoidable_charges", "", np.nan) for cause in ("errors", "dimensional_weight")]
    else:
        rows += [(_cause(c.charge_type), "avoidable_charges", c.charge_type, c.amount) for c in charges.itertuples() if c.amount]
    rows += [(cause, "creep", "", amount) for cause, amount in _creep(said["creep"], now, past).items()]
    frame = pd.DataFrame(rows, columns=COLUMNS[:-1]).astype({"amount": float})
    known = leaks[leaks["amount"].fillna(0.0) != 0]
    each = known["basis_points"].iloc[0] / known["amount"].iloc[0] if len(known) else np.nan
    place = frame["cause"].map(list(CAUSES).index)
    return frame.assign(basis_points=frame["amount"] * each, place=place).sort_values("place", kind="stable", ignore_index=True)[COLUMNS]


def _cause(charge_type: str) -> str:
    """Of an avoidable charge; a type that only the team calls avoidable is a surcharge."""
    return "errors" if charge_type in ERRORS else "dimensional_weight" if charge_type == DIMENSIONAL else "surcharges"


def _creep(creep: float, now: pd.DataFrame, past: list[pd.DataFrame]) -> dict[str, float]:
    """Creep by cause; the shares add up to it."""
    if pd.isna(creep):
        return dict.fromkeys([*OF_CREEP, "remainder"], np.nan)
    if creep == 0:
        return dict.fromkeys([*OF_CREEP, "remainder"], 0.0)
    shares = more(now, [week for week in past if len(week)]).median() * now["orders"].sum()
    return {**shares, "remainder": creep - shares.sum()}


def more(now: pd.DataFrame, then: list[pd.DataFrame]) -> pd.DataFrame:
    """What an order of W costs more than in each week before, at this week's mix: a row a week, a column a cause of creep.

    The columns of a row add up to the whole difference. From the cell's mean inwards, what is neither labor nor surcharge is taken apart
    by whether orders were sent at all, by declared weight (billed weight is not known before the invoice) and by service: each step says
    what this week's mix of it would have cost then. What is left is dearer at the same weight and service: the rate.
    """
    assert len(then) >= ENOUGH, "creep without a history is n/a"
    now, *then = (_plain(week) for week in (now, *then))

    def usually(value: str, *finer: str) -> np.ndarray:
        return at_this_mix(now, then, value, finer)

    each = now[["pick_pack", "surcharges", "plain_sent", "plain_unsent"]].sum() / now["orders"].sum()
    cell, sent = usually("plain"), usually("plain", "sent")
    weight = usually("plain", "sent", "kg")
    service, unsent = usually("plain_sent", "sent", "kg", "service"), usually("plain_unsent", "sent", "kg", "service")
    return pd.DataFrame(
        {
            "surcharges": each["surcharges"] - usually("surcharges"),
            "heavier_parcels": weight - sent,
            "carrier_mix": service + unsent - weight,
            "rate": each["plain_sent"] - service,
            "labor": each["pick_pack"] - usually("pick_pack"),
            "not_sent_yet": sent - cell + each["plain_unsent"] - unsent,
        }
    )


def _plain(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with `plain`, carriage without surcharges, and of it what was sent and what was not."""
    plain, sent = cells["cost"] - cells["pick_pack"] - cells["surcharges"], cells["service"] != ""
    return cells.assign(plain=plain, sent=sent, plain_sent=plain.where(sent, 0.0), plain_unsent=plain.where(~sent, 0.0))
