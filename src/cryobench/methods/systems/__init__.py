"""Systems of others: what each leaves on disk, read without its code; importing them registers them."""

from cryobench.methods.systems import cryodrgn as cryodrgn
from cryobench.methods.systems import cryosparc_abinit as cryosparc_abinit
from cryobench.methods.systems import cryosparc_classes as cryosparc_classes
from cryobench.methods.systems import cryosparc_components as cryosparc_components
from cryobench.methods.systems import drgnai as drgnai
from cryobench.methods.systems import opus_dsd as opus_dsd
from cryobench.methods.systems import recovar as recovar
from cryobench.methods.systems import relion_class3d as relion_class3d
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
