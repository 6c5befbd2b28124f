"""What a page shows beneath a figure: small frames, one function each, by the review that shows them.

`FRAMES` names them all; a frame whose exports are missing is empty, never absent.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from opsreview.books import Books

Frame = Callable[[Books], pd.DataFrame]


def frames() -> dict[str, Frame]:
    """Every evidence frame by its name."""
    from opsreview.evidence import audit, exports, friday, leaks, monday, money, month, wednesday
    from opsreview.proposals import PROPOSALS

    modules = (monday, wednesday, friday, leaks, money, audit, month, exports)
    return {f.__name__: f for f in (*(f for m in modules for f in m.EVIDENCE), *PROPOSALS)}
