"""Ranks: between any two there is one, or the row is ranked anew in the same order."""

from hypothesis import given
from hypothesis import strategies as st

from server.document.rank import MAX_RANK, insert_rank, rank_between
from server.document.schema import order

valid = st.integers(0, 300).map(lambda n: insert_rank([f"a{n % 10}"], 0)[0])
foreign = st.one_of(valid, st.text(max_size=4), st.sampled_from(["a0", "a1", "Zz", "z" * 60, "😀"]))


@given(st.lists(foreign, max_size=8), st.data())
def test_a_newcomer_has_its_place_and_the_others_keep_their_order(
    ranks: list[str], data: st.DataObject
) -> None:
    ranks.sort(key=order)
    index = data.draw(st.integers(0, len(ranks)))
    rank, others = insert_rank(ranks, index)
    row = [*others[:index], rank, *others[index:]]
    if others == tuple(ranks):
        assert index == 0 or order(ranks[index - 1]) < order(rank)
        assert index == len(ranks) or order(rank) < order(ranks[index])
    else:
        assert row == sorted(set(row), key=order)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_our_own_ranks_always_have_room_and_leave_the_others_alone(places: list[float]) -> None:
    ranks: list[str] = []
    for place in places:
        index = round(place * len(ranks))
        rank, others = insert_rank(ranks, index)
        assert others == tuple(ranks)
        ranks.insert(index, rank)
        assert ranks == sorted(set(ranks), key=order)


def test_always_in_one_place_a_row_is_ranked_anew_before_a_rank_gets_long() -> None:
    ranks = ["a0", "a1"]
    for _ in range(2000):
        rank, others = insert_rank(ranks, 1)
        ranks = [others[0], rank, *others[1:]]
        assert max(map(len, ranks)) <= MAX_RANK
    assert ranks == sorted(set(ranks), key=order)


def test_between_equal_ranks_there_is_none() -> None:
    assert rank_between("a0", "a0") is None
    assert rank_between("a1", "a0") is None
    assert rank_between("no index!", None) is None
    assert rank_between(None, None) == "a0"
