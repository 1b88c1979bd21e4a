"""What models cost."""

import pytest

from ai_agent.prices import added, read_prices, tokens_of
from server.protocol.errors import Invalid
from server.room.run_ports import Usage


def test_a_price_is_for_a_million_tokens_and_a_cost_in_millionths() -> None:
    prices = read_prices("gpt-5-mini=0.25/2.00, org/other:7b=1/1")
    assert prices.usage("gpt-5-mini", 1_000_000, 500_000, estimated=False).cost == 1_250_000
    assert prices.usage("org/other:7b", 1, 2, estimated=True) == Usage(1, 2, 3, True)
    assert prices.usage("gpt-5-mini", 1, 0, estimated=False).cost == 1, "rounded up"
    assert prices.usage("free", 10**9, 10**9, estimated=False).cost == 0


@pytest.mark.parametrize("text", ["gpt", "gpt=1", "=1/2", "gpt=a/b", "gpt=1/0/0", "gpt=-1/2"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="price"):
        read_prices(text)


def test_usages_add_up_and_an_estimate_stays_one() -> None:
    assert added(Usage(1, 2, 3), Usage(10, 20, 30, True)) == Usage(11, 22, 33, True)
    assert [tokens_of(text) for text in ("", "a", "abcde")] == [0, 1, 2]
