"""Means with their errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64


class Mean(NamedTuple):
    """A mean and its standard error, infinite where there is one value alone."""

    value: float
    error: float

    def above(self, errors: float) -> bool:
        """Return whether it lies more than some standard errors above 0."""
        return self.value > errors * self.error

    def below(self, errors: float) -> bool:
        """Return whether it lies more than some standard errors below 0."""
        return self.value < -errors * self.error

    def words(self) -> str:
        """Return it in words."""
        return f"{self.value:.3f} ± {self.error:.1g}"


def mean_of(values: Float64[np.ndarray, " n"]) -> Mean:
    """Return the mean of independent values, with its standard error."""
    n = len(values)
    error = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    return Mean(float(values.mean()), error)
