"""What models cost, and how much text makes a token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from server.protocol.errors import Invalid
from server.room.run_ports import Usage

CHARACTERS_PER_TOKEN = 4
"""Of English. Where a model does not tell, this is what is counted by."""


@dataclass(frozen=True, slots=True)
class Price:
    """Units of currency for a million tokens; so it is millionths for one."""

    input: Fraction
    output: Fraction


@dataclass(frozen=True, slots=True)
class Prices:
    """A price for each model that costs something."""

    by_model: Mapping[str, Price] = field(default_factory=dict)

    def usage(self, model: str, input: int, output: int, *, estimated: bool) -> Usage:
        """So many tokens, and what they cost: rounded up to a millionth."""
        price = self.by_model.get(model)
        cost = Fraction(0) if price is None else input * price.input + output * price.output
        return Usage(input, output, -(-cost.numerator // cost.denominator), estimated)


def read_prices(text: str) -> Prices:
    """``MODEL=INPUT/OUTPUT``, parted by commas. Raises ``Invalid``."""
    return Prices(dict(_price(part.strip()) for part in text.split(",") if part.strip()))


def _price(part: str) -> tuple[str, Price]:
    model, _, both = part.rpartition("=")
    input, _, output = both.partition("/")
    try:
        price = Price(Fraction(input), Fraction(output))
    except (ValueError, ZeroDivisionError):
        price = None
    if not model or price is None or min(price.input, price.output) < 0:
        raise Invalid(f"expected a price such as gpt-5-mini=0.25/2.00, got {part!r}")
    return model, price


def tokens_of(text: str) -> int:
    """About how many tokens a text takes."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def added(one: Usage, other: Usage) -> Usage:
    """Both together."""
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cost + other.cost,
        one.estimated or other.estimated,
    )
