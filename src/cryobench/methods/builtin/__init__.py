"""Controls and baselines that need nothing installed; importing them registers them."""

from cryobench.methods.builtin import controls, ppca

__all__ = ["controls", "ppca"]
