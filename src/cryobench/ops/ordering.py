"""Small compiled sorts for rows of candidates.

A candidate is one 64-bit number: the bits of its squared distance in single precision above its index. Squares are not
negative, so their bits are in the order of the squares, and candidates in the order of square, then index.
"""

from __future__ import annotations

import numba
import numpy as np

from cryobench.ops.distances import exact_square, reach

_FEW = 24


@numba.njit(cache=True)
def select(values, n, rank):  # type: ignore[no-untyped-def]
    """Return the number of this rank (from 0) among the first n, which change their order."""
    low, high = 0, n - 1
    while low < high:
        a, b, c = values[low], values[(low + high) >> 1], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]


@numba.njit(cache=True)
def _insert(candidates, n, budget):  # type: ignore[no-untyped-def]
    """Sort the first n candidates by insertion; return whether that took at most so many moves for each."""
    moves = 0
    for p in range(1, n):
        moved = candidates[p]
        square = moved >> np.uint64(32)
        q = p
        while q > 0 and candidates[q - 1] >> np.uint64(32) > square:
            candidates[q] = candidates[q - 1]
            q -= 1
        candidates[q] = moved
        moves += p - q
        if moves > budget * n:
            return False
    return True


@numba.njit(cache=True)
def _pass_by_digit(source, target, n, base, shift, counts):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(counts) - 1)
    counts[:] = 0
    for p in range(n):
        counts[(((source[p] >> np.uint64(32)) - base) >> shift) & mask] += 1
    place = 0
    for digit in range(len(counts)):
        size = counts[digit]
        counts[digit] = place
        place += size
    for p in range(n):
        digit = (((source[p] >> np.uint64(32)) - base) >> shift) & mask
        target[counts[digit]] = source[p]
        counts[digit] += 1


@numba.njit(cache=True)
def sort_candidates(candidates, n, spare):  # type: ignore[no-untyped-def]
    """Sort the first n candidates by their squares; those of equal square keep their order."""
    if n <= _FEW:
        _insert(candidates, n, n)
        return
    least, most = candidates[0], candidates[0]
    for p in range(n):
        least, most = min(least, candidates[p]), max(most, candidates[p])
    base = least >> np.uint64(32)
    span = (most >> np.uint64(32)) - base
    bits = 0
    while span >> bits:
        bits += 1
    width = 8 if n < 4000 else 11
    counts = np.empty(1 << width, dtype=np.int32)
    # Two digits nearly sort them; insertion does the rest, unless they crowd.
    if bits > 2 * width:
        _pass_by_digit(candidates, spare, n, base, bits - 2 * width, counts)
        _pass_by_digit(spare, candidates, n, base, bits - width, counts)
        if _insert(candidates, n, 4):
            return
    for shift in range(0, bits, 2 * width):
        _pass_by_digit(candidates, spare, n, base, shift, counts)
        _pass_by_digit(spare, candidates, n, base, shift + width, counts)


@numba.njit(cache=True)
def settle(candidates, n, k, exact, i, slope, slack):  # type: ignore[no-untyped-def]
    """Put n sorted candidates whose squares are too close to call into the order of exact square, then index.

    Only the first k need to be right.
    """
    if n < 2:
        return
    squares = candidates.view(np.float32)  # of each candidate the index, then the square
    # The reach grows with the square: a gap wider than the last one's is open to no doubt.
    last = squares[2 * n - 1]
    doubt = np.float32((float(reach(last, slope, slack)) - float(last)) * (1 + 1e-6))
    p = 0
    while p < min(k, n - 1):
        if squares[2 * p + 3] - squares[2 * p + 1] > doubt:
            p += 1
            continue
        end = p + 1
        while end < n and squares[2 * end + 1] <= reach(squares[2 * end - 1], slope, slack):
            end += 1
        if end - p > 1:
            _settle_run(candidates, p, end, exact, i)
        p = end


@numba.njit(cache=True)
def _settle_run(candidates, start, end, exact, i):  # type: ignore[no-untyped-def]
    low = np.uint64(0xFFFFFFFF)
    size = end - start
    squares, indices = np.empty(size), np.empty(size, dtype=np.int64)
    ordered = True
    for m in range(size):
        indices[m] = np.int64(candidates[start + m] & low)
        squares[m] = exact_square(exact, i, indices[m])
        if m and (squares[m] < squares[m - 1] or (squares[m] == squares[m - 1] and indices[m] < indices[m - 1])):
            ordered = False
    if ordered:
        return
    by_index = np.argsort(indices, kind="mergesort")
    order = by_index[np.argsort(squares[by_index], kind="mergesort")]
    copied = candidates[start:end].copy()
    for m in range(size):
        candidates[start + m] = copied[order[m]]
