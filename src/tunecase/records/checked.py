"""Values that a record refuses as it is read: whoever can hash can write any entry of a ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from tunecase.quantities import Interval80


@dataclass(frozen=True, slots=True)
class Checked:
    """Marks a field whose value `check` returns, or refuses with a ValueError that says what is wanted."""

    check: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))


def _above_zero(minutes: Interval80) -> Interval80:
    if not 0 < minutes.low <= minutes.mid <= minutes.high:
        raise ValueError("numbers above 0, in rising order")
    return minutes


def _from_zero(worth: Interval80) -> Interval80:
    if not 0 <= worth.low <= worth.mid <= worth.high:
        raise ValueError("numbers of 0 or more, in rising order")
    return worth


Minutes = Annotated[Interval80, Checked(_above_zero)]
MeasuredWorth = Annotated[Interval80, Checked(_from_zero)]
