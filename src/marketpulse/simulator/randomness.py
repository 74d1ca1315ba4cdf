"""Every random draw of the market comes from here: a stream named by what it is for, never by the order of calls."""

import hashlib

import numpy as np


def generator(seed: int, symbol: str, day: str, stream: str) -> np.random.Generator:
    """A fresh generator; the same names always give the same numbers."""
    name = f"{seed}\x1f{symbol}\x1f{day}\x1f{stream}".encode()
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name).digest()[:16], "big"))
