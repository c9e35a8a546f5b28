"""The vocabulary: the types at the borders between rooms, errors, the registry and random streams."""

from cryobench.core.dataset import Coordinate, Dataset, DatasetCard, State, Truth
from cryobench.core.errors import (
    CryobenchError,
    DownloadError,
    DuplicateNameError,
    FormatError,
    InputError,
    OfflineError,
    OutputError,
    ProgramError,
    UnknownNameError,
)
from cryobench.core.leaderboard import (
    EntryCost,
    EntryDataset,
    EntryMethod,
    EntryScore,
    Evidence,
    LeaderboardEntry,
    slug,
    superseded,
)
from cryobench.core.maps import MapLike
from cryobench.core.particles import CTF_COLUMNS, ArrayImages, CTFParameters, ImageSource, Particles, Poses
from cryobench.core.progress import Advance, Progress, silent
from cryobench.core.random import stream, streams
from cryobench.core.registry import Registry
from cryobench.core.results import (
    Comparison,
    Curve,
    Histogram,
    ImbalancePoint,
    Interval,
    MethodRun,
    MetricCard,
    PublishedScore,
    ResultsDocument,
    Score,
    StateMatrix,
)
from cryobench.core.strict import Strict
from cryobench.core.submission import MethodCard, Submission
from cryobench.core.views import Colouring, Embedding, ItemValues, Picture, Recovery, Results, Surface
from cryobench.core.volumes import Volume, VolumeProvider, VolumeSource

__all__ = [
    "CTF_COLUMNS",
    "Advance",
    "ArrayImages",
    "CTFParameters",
    "Colouring",
    "Comparison",
    "Coordinate",
    "CryobenchError",
    "Curve",
    "Dataset",
    "DatasetCard",
    "DownloadError",
    "DuplicateNameError",
    "Embedding",
    "EntryCost",
    "EntryDataset",
    "EntryMethod",
    "EntryScore",
    "Evidence",
    "FormatError",
    "Histogram",
    "ImageSource",
    "ImbalancePoint",
    "InputError",
    "Interval",
    "ItemValues",
    "LeaderboardEntry",
    "MapLike",
    "MethodCard",
    "MethodRun",
    "MetricCard",
    "OfflineError",
    "OutputError",
    "Particles",
    "Picture",
    "Poses",
    "ProgramError",
    "Progress",
    "PublishedScore",
    "Recovery",
    "Registry",
    "Results",
    "ResultsDocument",
    "Score",
    "State",
    "StateMatrix",
    "Strict",
    "Submission",
    "Surface",
    "Truth",
    "UnknownNameError",
    "Volume",
    "VolumeProvider",
    "VolumeSource",
    "silent",
    "slug",
    "stream",
    "streams",
    "superseded",
]
