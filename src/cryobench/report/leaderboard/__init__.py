"""Entries of the leaderboard to a static site: pages that need no server, no network and, to be read, no script."""

from cryobench.report.leaderboard._site import render_leaderboard

__all__ = ["render_leaderboard"]
