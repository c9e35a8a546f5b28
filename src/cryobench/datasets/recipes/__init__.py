"""The benchmark datasets, one file each: importing this registers them."""

from cryobench.datasets.recipes import igg_1d, igg_rl, ribosembly, spike_md, tomotwin_100

__all__ = ["igg_1d", "igg_rl", "ribosembly", "spike_md", "tomotwin_100"]
