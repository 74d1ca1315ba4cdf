"""The types of columns in this package, and Arrow's functions on them.

Arrow's stubs allow fewer combinations of arguments than its functions do, so both are untyped here.
"""

from typing import Any

import numpy as np
import pyarrow.compute

Integers = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
# An Arrow array of strings.
Texts = Any

pc: Any = pyarrow.compute


def mask_of(answers: Any) -> Mask:
    """Arrow's booleans as numpy's."""
    mask: Mask = answers.to_numpy(zero_copy_only=False)
    return mask


def chosen(array: Any, mask: Mask) -> Any:
    """The elements that are marked."""
    return array.filter(pyarrow.array(mask))


def taken(array: Any, places: Integers) -> Any:
    """The elements at these places."""
    return array.take(pyarrow.array(places))
