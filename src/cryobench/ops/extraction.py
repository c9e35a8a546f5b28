"""The compiled kernel of :mod:`cryobench.ops.slices`, whose innermost sum is written as vector instructions.

A compiler that is handed the loops keeps the running sums in memory, which takes several times as long. Here they are
vectors of 2 W floats, real and imaginary parts in turn, that stay in registers.

Both stand in this one file, since the compiler's cache notices a change of the file that a kernel stands in, and of no
other.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_FLOAT = ir.FloatType()
_INDEX = ir.IntType(64)
_LANES = 8
_SUMS = 2


def _vector(builder: Any, value: Any, lanes: int) -> Any:
    """Return a vector with the same value in each lane."""
    kind = ir.VectorType(_FLOAT, lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)


def _shuffled(builder: Any, first: Any, second: Any, lanes: Iterable[int]) -> Any:
    """Return the vector of some lanes of two vectors, numbered through both."""
    chosen = list(lanes)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(chosen)), chosen)
    return builder.shuffle_vector(first, second, mask)


def _load(builder: Any, pointer: Any, lanes: int) -> Any:
    loaded = builder.load(builder.bitcast(pointer, ir.VectorType(_FLOAT, lanes).as_pointer()))
    loaded.align = 4
    return loaded


def _multiply_add(builder: Any, a: Any, b: Any, c: Any, lanes: int) -> Any:
    kind = ir.VectorType(_FLOAT, lanes)
    insert: Any = cgutils.get_or_insert_function
    function = insert(builder.module, ir.FunctionType(kind, [kind] * 3), f"llvm.fma.v{lanes}f32")
    return builder.call(function, [a, b, c])


@intrinsic(prefer_literal=True)
def gather(typing_context, width, corner, row, plane, taps, cx, ux, cy, uy, cz, uz):  # type: ignore[no-untyped-def]
    """Return the real and imaginary part of the kernel-weighted sum over W x W x W complex64 grid points.

    Parameters
    ----------
    width
        W, a literal of at most 8.
    corner
        Address of the first grid point.
    row, plane
        Distance, in floats, from a point to its neighbour along y and along z.
    taps
        Address of :attr:`Gridding.taps`.
    cx, ux, cy, uy, cz, uz
        Row of the taps on each axis, and the fraction of the way to the next one.
    """
    del typing_context
    if not isinstance(width, types.IntegerLiteral):
        return None
    taken = width.literal_value
    floats, indices = types.float32, types.int64
    signature = types.UniTuple(floats, 2)(  # type: ignore[no-untyped-call]
        width, corner, row, plane, taps, *(indices, floats) * 3
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, corner, row, plane, taps, cx, ux, cy, uy, cz, uz = arguments
        first = builder.inttoptr(corner, _FLOAT.as_pointer())
        table = builder.inttoptr(taps, _FLOAT.as_pointer())
        lanes = 2 * taken

        def weights(cell: Any, fraction: Any) -> Any:
            low = builder.gep(table, [builder.mul(cell, _INDEX(_LANES))])
            here, there = _load(builder, low, _LANES), _load(builder, builder.gep(low, [_INDEX(_LANES)]), _LANES)
            return _multiply_add(builder, _vector(builder, fraction, _LANES), builder.fsub(there, here), here, _LANES)

        def lane(vector: Any, index: int) -> Any:
            return builder.extract_element(vector, ir.IntType(32)(index))

        along_x, along_y, along_z = weights(cx, ux), weights(cy, uy), weights(cz, uz)
        nothing = ir.Constant(ir.VectorType(_FLOAT, lanes), [0.0] * lanes)
        # Several sums side by side: one alone would wait for its last addition before each next one.
        sums: list[Any] = [nothing] * _SUMS
        for z in range(taken):
            along_zy = builder.fmul(_vector(builder, lane(along_z, z), _LANES), along_y)
            line = first
            for y in range(taken):
                weight = _vector(builder, lane(along_zy, y), lanes)
                sums[y % _SUMS] = _multiply_add(builder, weight, _load(builder, line, lanes), sums[y % _SUMS], lanes)
                line = builder.gep(line, [row])
            first = builder.gep(first, [plane])
        # The weight along x of each complex number, times it; then halves are added until one number is left.
        pairs = [lane for lane in range(taken) for _ in range(2)]
        total = functools.reduce(builder.fadd, sums)
        products = builder.fmul(total, _shuffled(builder, along_x, along_x, pairs))
        size = 2 * _LANES
        products = _shuffled(builder, products, nothing, [*range(lanes), *([lanes] * (size - lanes))])
        while size > 2:
            size //= 2
            low = _shuffled(builder, products, products, range(size))
            high = _shuffled(builder, products, products, range(size, 2 * size))
            products = builder.fadd(low, high)
        parts = [lane(products, 0), lane(products, 1)]
        return context.make_tuple(builder, signature.return_type, parts)

    return signature, generate


_gather: Any = gather


@functools.cache
def extraction_kernel(width: int) -> Callable[..., None]:
    """Return the kernel for interpolation of a width: grid, rotations, heights, scale, limits, taps -> out.

    Plane i of ``out`` holds the points (kx, ky, heights[i]), turned by rotation i. Points beyond ``reach`` of the
    origin, or beyond ``limit`` on an axis of the grid, are left as they are.
    """
    margin = width // 2 + 1
    steps = np.float32(1024)

    @numba.njit(parallel=True, cache=True)
    def extract(grid, rotations, heights, scale, limit, reach, taps, out):  # type: ignore[no-untyped-def]
        n, box, half, components = out.shape
        origin = (grid.shape[1] - 1) // 2
        row = grid.shape[3]
        plane = grid.shape[2] * row
        whole = grid.shape[1] * plane
        grid_address, taps_address = grid.ctypes.data, taps.ctypes.data
        for i in numba.prange(n):
            r, kz = rotations[i], heights[i]
            for y in range(box):
                ky = y if y < box // 2 else y - box
                if ky == -(box // 2):
                    continue
                for kx in range(half - 1):
                    if kx * kx + ky * ky + kz * kz > reach * reach:
                        break
                    px = r[0, 0] * kx + r[1, 0] * ky + r[2, 0] * kz
                    py = r[0, 1] * kx + r[1, 1] * ky + r[2, 1] * kz
                    pz = r[0, 2] * kx + r[1, 2] * ky + r[2, 2] * kz
                    if abs(px) > limit or abs(py) > limit or abs(pz) > limit:
                        continue
                    mirrored = px < 0.0
                    sign = -scale if mirrored else scale
                    x, y_, z = sign * px - 0.5 * width, sign * py - 0.5 * width, sign * pz - 0.5 * width
                    x0, y0, z0 = math.ceil(x), math.ceil(y_), math.ceil(z)
                    ux, uy, uz = np.float32(x0 - x) * steps, np.float32(y0 - y_) * steps, np.float32(z0 - z) * steps
                    cx, cy, cz = int(ux), int(uy), int(uz)
                    first = (z0 + origin) * plane + (y0 + origin) * row + 2 * (x0 + margin)
                    for c in range(components):
                        real, imaginary = _gather(
                            width, grid_address + 4 * (c * whole + first), row, plane, taps_address,
                            cx, ux - np.float32(cx), cy, uy - np.float32(cy), cz, uz - np.float32(cz),
                        )  # fmt: skip
                        out[i, y, kx, c] = complex(real, -imaginary if mirrored else imaginary)

    kernel: Any = extract
    return kernel  # type: ignore[no-any-return]
