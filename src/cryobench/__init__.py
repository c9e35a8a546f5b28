"""Benchmarks for heterogeneous cryo-EM reconstruction."""
