"""Arrays to grey-scale PNG, laid out in labelled grids."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from cryobench.core import Picture

_SHOWN_PIXELS = 128


@dataclass(frozen=True)
class Tile:
    """A picture as shown: data URI, width and height in CSS pixels, and a scale bar.

    ``bar_percent`` is the length of the scale bar as a percentage of the picture's width.
    """

    uri: str
    width: int
    height: int
    pixelated: bool
    bar_percent: float
    bar_angstrom: float
    extent: str


@dataclass(frozen=True)
class Grid:
    """The pictures of one group; ``rows`` holds a label and a tile (or ``None``) for each column."""

    group: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Tile | None, ...]], ...]
    extents: tuple[str, ...]
    bars: tuple[str, ...]


def picture_grids(pictures: Iterable[Picture]) -> tuple[Grid, ...]:
    """Return a grid for each group, in the order first met.

    Particles are noisy and alike, so each has its own contrast. In every other group a row shares one contrast, so that
    the pictures in it can be compared by eye.
    """
    groups: dict[str, list[Picture]] = {}
    for picture in pictures:
        groups.setdefault(picture.group, []).append(picture)
    return tuple(_grid(name, members) for name, members in groups.items())


def grey_levels(
    pixels: Float32[np.ndarray, "H W"], limits: tuple[float, float] | None = None
) -> UInt8[np.ndarray, "H W"]:
    """Return an image as 8-bit grey.

    Parameters
    ----------
    pixels
        Shape (H, W), any unit. Values that are not finite come out black.
    limits
        Values shown as black and as white; the 1st and 99th percentile of the image where not given.
    """
    low, high = contrast(pixels) if limits is None else limits
    span = high - low if high > low else 1.0
    scaled = np.clip((np.asarray(pixels, dtype=np.float64) - low) / span, 0, 1)
    return np.asarray(np.rint(255 * np.nan_to_num(scaled)), dtype=np.uint8)


def contrast(*images: Float32[np.ndarray, "H W"]) -> tuple[float, float]:
    """Return the 1st and the 99th percentile over all finite pixels of the images."""
    values = np.concatenate([np.asarray(image, dtype=np.float64).ravel() for image in images])
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, (1, 99)) if values.size else (0.0, 1.0)
    return float(low), float(high)


def png_uri(levels: UInt8[np.ndarray, "H W"]) -> str:
    """Return 8-bit grey levels as a PNG data URI, the same bytes for the same pixels."""
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def scale_bar(edge: float) -> float:
    """Return a round length near a quarter of ``edge``, both in Å."""
    if not edge > 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(edge / 4))
    return float(min((power * factor for factor in (1, 2, 5, 10)), key=lambda length: abs(length - edge / 4)))


def _grid(group: str, pictures: list[Picture]) -> Grid:
    places = {(picture.row, picture.column): picture for picture in pictures}
    columns = tuple(dict.fromkeys(picture.column for picture in pictures))
    rows = []
    for row in dict.fromkeys(picture.row for picture in pictures):
        members = [places[row, column] for column in columns if (row, column) in places]
        limits = None if group == "particles" else contrast(*(picture.pixels for picture in members))
        tiles = tuple(_tile(places[row, column], limits) if (row, column) in places else None for column in columns)
        rows.append((row, tiles))
    shown = [tile for _, tiles in rows for tile in tiles if tile is not None]
    extents = tuple(dict.fromkeys(tile.extent for tile in shown))
    bars = tuple(dict.fromkeys(f"{tile.bar_angstrom:g} Å" for tile in shown))
    return Grid(group, columns, tuple(rows), extents, bars)


def _tile(picture: Picture, limits: tuple[float, float] | None) -> Tile:
    height, width = picture.pixels.shape
    # Whole multiples keep every pixel the same size; a large image is shown smaller and then may be smoothed.
    small = width <= _SHOWN_PIXELS
    factor = max(1, _SHOWN_PIXELS // width) if small else _SHOWN_PIXELS / width
    edge = width * picture.pixel_size
    bar = scale_bar(edge)
    return Tile(
        png_uri(grey_levels(picture.pixels, limits)),
        round(width * factor),
        round(height * factor),
        small,
        round(100 * bar / edge, 2) if edge > 0 else 0.0,
        bar,
        f"{picture.view[:1].upper()}{picture.view[1:]}; "
        f"{width} × {height} pixels of {picture.pixel_size:g} Å: {edge:.4g} Å across",
    )
