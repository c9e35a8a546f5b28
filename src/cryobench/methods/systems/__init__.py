"""Systems of others: what each leaves on disk, read without its code; importing them registers them."""

from cryobench.methods.systems.base import (
    SYSTEMS,
    Choice,
    Detected,
    Found,
    System,
    SystemCard,
    detect_system,
    detect_systems,
)

__all__ = [
    "SYSTEMS",
    "Choice",
    "Detected",
    "Found",
    "System",
    "SystemCard",
    "detect_system",
    "detect_systems",
]
