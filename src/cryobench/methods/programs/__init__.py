"""Programs of others, started and never left behind."""

from cryobench.methods.programs.commands import full_call, parse_command, runs_elsewhere
from cryobench.methods.programs.process import Line, Outcome, run_program, tree_memory_mb

__all__ = ["Line", "Outcome", "full_call", "parse_command", "run_program", "runs_elsewhere", "tree_memory_mb"]
