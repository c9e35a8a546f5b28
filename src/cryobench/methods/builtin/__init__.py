"""Controls and baselines that need nothing installed; importing them registers them."""

from cryobench.methods.builtin import controls, kclasses, ppca

__all__ = ["controls", "kclasses", "ppca"]
