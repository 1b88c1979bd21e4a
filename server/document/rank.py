"""Ranks: strings whose order is the order of sections, with room between any two.

Fractional indices as the JavaScript library of that name makes them, so that everybody's
fit together; any client may write any string all the same. Sections order by rank and then
by id, by the UTF-16 unit, like JavaScript's ``<``. Pure; what does not live here: sections.
"""

from collections.abc import Sequence
from typing import Final

from fractional_indexing import FIError, generate_key_between, generate_n_keys_between

from server.document.schema import order

MAX_RANK: Final = 100
"""Characters. Whoever always inserts in one place makes a rank longer each sixth time."""


def rank_between(low: str | None, high: str | None) -> str | None:
    """A rank above ``low`` and below ``high``, where None is no bound.

    None where there is no room, or where a bound is no fractional index.
    """
    try:
        rank: str = generate_key_between(low, high)
    except (FIError, ValueError, IndexError, RecursionError):
        return None
    # The library checks its input loosely; so what it makes is checked.
    above = low is None or order(low) < order(rank)
    below = high is None or order(rank) < order(high)
    return rank if above and below and len(rank) <= MAX_RANK else None


def even_ranks(count: int) -> list[str]:
    """So many ranks in order."""
    ranks: list[str] = generate_n_keys_between(None, None, count)
    return ranks


def insert_rank(ranks: Sequence[str], index: int) -> tuple[str, tuple[str, ...]]:
    """A rank for a newcomer before ``ranks[index]``, and what the others' must be then.

    ``ranks`` are in order. The others' stay as they are wherever there is room.
    """
    low = ranks[index - 1] if index > 0 else None
    high = ranks[index] if index < len(ranks) else None
    rank = rank_between(low, high)
    if rank is not None:
        return rank, tuple(ranks)
    fresh = even_ranks(len(ranks) + 1)
    newcomer = fresh.pop(index)
    return newcomer, tuple(fresh)
