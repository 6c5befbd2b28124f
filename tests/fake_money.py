"""Frames of the money exhibits, as a run would hand them over: small, made up, and with something to say in each."""
# ruff: noqa: E501, SIM905  rows of made-up figures read best on one line

from __future__ import annotations

import numpy as np
import pandas as pd


def carriage() -> dict[str, pd.DataFrame]:
    """One service that billed above its rate, one that did not; one profile with a cheaper way, one without."""
    overcharges = pd.DataFrame(
        [("dhl", "parcel", "dhl/parcel", 2600, 12_480.0, 12_290.0, 97, 190.0, 20.0, 2600), ("ups", "ground", "ups/ground", 1300, 8060.0, 8060.0, 0, 0.0, 0.0, 0)],
        columns="carrier service service_key parcels billed expected above over of_weight by_card".split(),
    )  # fmt: skip
    mix = pd.DataFrame(
        [("2", 2.0, 2, "zone 2, up to 2 kg, two days", "dhl/express 180, dhl/parcel 51", 231, 1533.0, 0.995, "dhl/parcel", 180.0, 0.94, 7.23, 4.57, 119.6, 2.6, 7.3, 112.3),
         ("1", 1.0, 3, "zone 1, up to 1 kg, three days", "ups/ground 300", 300, 1100.0, 0.95, None, *[np.nan] * 8)],
        columns="zone band promise profile services parcels cost kept other moved other_kept cost_each other_each saving late risk net".split(),
    )  # fmt: skip
    return {"overcharges": overcharges, "carrier_mix": mix}


def frames() -> dict[str, pd.DataFrame]:
    return carriage()
