"""Datasets of a user's own."""
