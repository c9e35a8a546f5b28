"""One weighted sum over the grid points about a position, as vector instructions.

A compiler that is handed the loops keeps the running sums in memory, which takes several times as long. Here they are
one vector of 2 W floats, real and imaginary parts in turn, that stays in registers.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_FLOAT = ir.FloatType()
_INDEX = ir.IntType(64)
_LANES = 8


def _vector(builder: Any, value: Any, lanes: int) -> Any:
    """Return a vector with the same value in each lane."""
    kind = ir.VectorType(_FLOAT, lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)


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
        total: Any = ir.Constant(ir.VectorType(_FLOAT, lanes), [0.0] * lanes)
        for z in range(taken):
            along_zy = builder.fmul(_vector(builder, lane(along_z, z), _LANES), along_y)
            line = first
            for y in range(taken):
                weight = _vector(builder, lane(along_zy, y), lanes)
                total = _multiply_add(builder, weight, _load(builder, line, lanes), total, lanes)
                line = builder.gep(line, [row])
            first = builder.gep(first, [plane])
        parts: list[Any] = [ir.Constant(_FLOAT, 0.0), ir.Constant(_FLOAT, 0.0)]
        for x in range(taken):
            for part in (0, 1):
                product = builder.fmul(lane(along_x, x), lane(total, 2 * x + part))
                parts[part] = builder.fadd(parts[part], product)
        return context.make_tuple(builder, signature.return_type, parts)

    return signature, generate
