"""Comparisons of 64 numbers at a time, as the bits of one number, written as vector instructions.

A compiler that is handed the loop compares one number after another once what is done with it depends on the outcome.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 64

_FLOAT = ir.FloatType()
_WORD = ir.IntType(64)


def _within(typing_context, squares, start, limit):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        vector = ir.VectorType(_FLOAT, LANES)
        pointer = builder.gep(array.data, [arguments[1]])
        loaded = builder.load(builder.bitcast(pointer, vector.as_pointer()))
        loaded.align = 4
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), arguments[2], ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        limits = builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)
        return builder.bitcast(builder.fcmp_ordered("<=", loaded, limits), _WORD)

    return types.uint64(squares, types.intp, types.float32), generate


within: Any = intrinsic(_within)
"""Return 64 bits: which of the float32 ``squares`` from ``start`` on are at most ``limit``."""


def _of_one_word(name: str, *flags: Any) -> Any:
    @intrinsic
    def operation(typing_context, word):  # type: ignore[no-untyped-def]
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = [_WORD, *(flag.type for flag in flags)]
            insert: Any = cgutils.get_or_insert_function
            function = insert(builder.module, ir.FunctionType(_WORD, kinds), f"llvm.{name}.i64")
            return builder.call(function, [arguments[0], *flags])

        return types.int64(types.uint64), generate

    return operation


lowest_bit = _of_one_word("cttz", ir.Constant(ir.IntType(1), 1))
"""Return the place of the lowest bit of a number that is not 0."""

count_bits = _of_one_word("ctpop")
"""Return how many bits of a number are set."""
