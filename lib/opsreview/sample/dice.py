"""Chance by key: every draw is a pure function of seed, purpose and the thing it is for.

So a draw never depends on how many were made before it: a planted leak changes what it is about and nothing else, and the same
week comes out the same however many weeks stand before it.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from scipy.special import ndtri

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(x: np.ndarray) -> np.ndarray:
    """splitmix64's finaliser: 64 bits in, 64 well-mixed bits out."""
    with np.errstate(over="ignore"):
        x = x + _GOLDEN
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


class Dice:
    """Draws of one seed. Keys are integers or integer arrays that broadcast; the result has their shape."""

    def __init__(self, seed: int):
        self.seed = seed

    def uniform(self, purpose: str, *keys) -> np.ndarray:
        """In (0, 1)."""
        bits = _mix(np.asarray([self.seed * 0x10001 + crc32(purpose.encode())], dtype=np.uint64))
        for key in keys:
            bits = _mix(bits ^ _mix(np.asarray(key).astype(np.int64).astype(np.uint64)))
        bits = bits.reshape(np.broadcast_shapes(*(np.shape(k) for k in keys))) if keys else bits[0]
        return ((bits >> np.uint64(11)).astype(float) + 0.5) / 2.0**53

    def normal(self, purpose: str, *keys) -> np.ndarray:
        """Standard normal."""
        return ndtri(self.uniform(purpose, *keys))

    def choice(self, purpose: str, shares, *keys) -> np.ndarray:
        """Index into `shares` (non-negative weights, need not add up to 1)."""
        edges = np.cumsum(np.asarray(shares, dtype=float))
        return np.minimum(np.searchsorted(edges / edges[-1], self.uniform(purpose, *keys), side="right"), len(edges) - 1)

    def poisson(self, purpose: str, mean, *keys: int) -> np.ndarray:
        """Poisson counts; `mean` gives the shape, the keys are plain integers."""
        return np.random.default_rng([self.seed, crc32(purpose.encode()), *keys]).poisson(mean)
