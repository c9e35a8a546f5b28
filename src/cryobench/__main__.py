"""``python -m cryobench``: the same as ``cryobench``."""

from cryobench.cli.app import main

main()
