"""Kinds of fields: a quantity in its unit, a name that the tables know, one score."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError, core_schema

from tunecase.quantities import FIRST_DAY, LAST_DAY, Quantity, UnitError, Wanted, read_quantity

MOST_TEXT = 1_000  # characters of a name, a goal, a path or any other text of the project file


class Section(BaseModel):
    """Any part of the project file: frozen, and unknown fields are mistakes.

    `later` names fields that older versions did not know. Keys of records hold the text of a project file: one of these
    that is left out is no part of it, so that a record of before is found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, str_max_length=MOST_TEXT)
    later: ClassVar[frozenset[str]] = frozenset()

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        fields = type(self).model_fields
        for name, value in super().__repr_args__():
            if name not in self.later or value != fields[name].get_default(call_default_factory=True):
                yield name, value


@dataclass(frozen=True)
class InUnit:
    """Marks a field as a Quantity that is read from text in the wanted unit."""

    wanted: Wanted

    def parse(self, value: object) -> Quantity:
        """The Quantity, or pydantic's error with what was got, wanted and a fix."""
        if isinstance(value, Quantity):
            return value
        try:
            return read_quantity(value, self.wanted)
        except UnitError as error:
            ctx = {"got": error.got, "wanted": error.wanted, "fix": error.fix}
            raise PydanticCustomError("told", "{got}", ctx) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        words = f"{self.wanted.words}; for example {self.wanted.example}"
        return {"type": ["string", "number"], "description": words}


@dataclass(frozen=True)
class InUnitOrWord(InUnit):
    """Marks a field as one of a few words, or else a Quantity in the wanted unit."""

    allowed: tuple[str, ...] = ()

    def parse(self, value: object) -> Quantity | str:  # type: ignore[override]
        """The word in small letters or the Quantity, or pydantic's error."""
        word = str(value).strip().casefold()
        return word if word in self.allowed else super().parse(value)


SHARE_ON_TOP = Wanted("share", zero_ok=True, most=10.0, example="20%")


@dataclass(frozen=True)
class InUnitOrShare(InUnit):
    """Marks a field as a Quantity in the wanted unit, or else as a share, which is written with a percent sign."""

    def parse(self, value: object) -> Quantity:
        """The Quantity, of unit `share` where it has a percent sign, or pydantic's error."""
        return InUnit(SHARE_ON_TOP).parse(value) if "%" in str(value) else super().parse(value)


@dataclass(frozen=True)
class Every(InUnitOrWord):
    """Marks a field as a time from one occasion to the next, such as `every 6 months`, or `never`."""

    def parse(self, value: object) -> Quantity | str:  # type: ignore[override]
        """The Quantity or the word, or pydantic's error."""
        words = str(value).strip()
        return super().parse(words[len("every ") :] if words.casefold().startswith("every ") else words)


@lru_cache(maxsize=8)
def _folded(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


@dataclass(frozen=True)
class NameOf:
    """Marks a field as a name that the catalog must hold, if the reader has the catalog's names."""

    kind: str

    def check(self, value: str, info: ValidationInfo) -> str:
        """The name, or pydantic's error with the nearest names."""
        names = (info.context or {}).get("names", {}).get(self.kind)
        if names is None or value.casefold() in _folded(tuple(names)):
            return value
        if self.kind == "model" and value.endswith("config.json"):
            return value
        beside = " (or give the path of its config.json)" if self.kind == "model" else ""
        word = self.kind.removeprefix("serving_")
        article = "an" if word[0] in "aeiou" else "a"
        ctx: dict[str, Any] = {"got": f"unknown {word} {value!r}", "wanted": f"{article} {word} in the tables"}
        ctx["fix"] = lambda near: near(value, names) + beside
        raise PydanticCustomError("told", "{got}", ctx)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_after_validator_function(self.check, core_schema.str_schema())


def _that_can_be_meant(day: date) -> date:
    if FIRST_DAY <= day <= LAST_DAY:
        return day
    ctx = {"got": str(day), "wanted": f"a day from {FIRST_DAY} to {LAST_DAY}", "fix": "correct the year"}
    raise PydanticCustomError("told", "{got}", ctx)


def _one_value(value: object) -> object:
    if isinstance(value, str | int | float):
        return value
    ctx = {"got": type(value).__name__, "wanted": "one score such as 92%", "fix": "write one number"}
    raise PydanticCustomError("told", "{got}", ctx)


Day = Annotated[date, AfterValidator(_that_can_be_meant)]
Score = Annotated[str | float, BeforeValidator(_one_value)]
Money = Annotated[Quantity, InUnit(Wanted("money", example="15k USD"))]
MoneyPerHour = Annotated[Quantity, InUnit(Wanted("money", "hour", example="75 to 150 USD per hour"))]
MoneyPerExample = Annotated[
    Quantity, InUnit(Wanted("money", "example", zero_ok=True, example="0.05 to 0.20 USD per example"))
]
MoneyPerError = Annotated[Quantity, InUnit(Wanted("money", "error", zero_ok=True, example="5 USD per error"))]
MoneyOrNothing = Annotated[Quantity, InUnit(Wanted("money", zero_ok=True, example="2 USD"))]
MoneyOrShare = Annotated[Quantity, InUnitOrShare(Wanted("money", zero_ok=True, example="2k to 4k USD, or 20%"))]
MoneyPer1k = Annotated[Quantity, InUnit(Wanted("money", example="2 USD", is_price=True))]
MoneyPer1kOrNothing = Annotated[Quantity, InUnit(Wanted("money", zero_ok=True, example="2 USD", is_price=True))]
MoneyPerKwh = Annotated[Quantity, InUnit(Wanted("money", "kWh", zero_ok=True, example="0.15 USD per kWh"))]
Kilowatts = Annotated[Quantity, InUnit(Wanted("", example="0.7", most=100))]
Factor = Annotated[Quantity, InUnit(Wanted("", example="0.85 to 1.02", most=100))]
Hours = Annotated[Quantity, InUnit(Wanted("hour", example="20 to 60 h"))]
MoneyPerYear = Annotated[Quantity, InUnit(Wanted("money", "year", example="120k to 180k USD per year"))]
MoneyPerMtok = Annotated[Quantity, InUnit(Wanted("money", "Mtok", zero_ok=True, example="3 USD per Mtok"))]
MoneyPerCredit = Annotated[Quantity, InUnit(Wanted("money", "credit", example="0.002 USD per credit"))]
MoneyPerGbMonth = Annotated[
    Quantity, InUnit(Wanted("money", "GB-month", zero_ok=True, example="0.08 USD per GB-month"))
]
MoneyPerGb = Annotated[Quantity, InUnit(Wanted("money", "GB", zero_ok=True, example="0.09 USD per GB"))]
Gigabytes = Annotated[Quantity, InUnit(Wanted("GB", zero_ok=True, example="50 to 200 GB"))]
Unknowns = Annotated[
    Quantity | str,
    InUnitOrWord(Wanted("", example="1.0 to 1.5, or outside view, or none", most=100), ("outside view", "none")),
]
Weeks = Annotated[Quantity, InUnit(Wanted("week", example="2 weeks"))]
WeeksPerRound = Annotated[Quantity, InUnit(Wanted("week", "round", zero_ok=True, example="1 to 2 weeks per round"))]
HoursPerMonth = Annotated[Quantity, InUnit(Wanted("hour", "month", zero_ok=True, example="4 to 10 h per month"))]
EveryMonths = Annotated[Quantity | str, Every(Wanted("month", example="every 6 months, or never"), ("never",))]
MoneyPerMonth = Annotated[Quantity, InUnit(Wanted("money", "month", zero_ok=True, example="200 USD per month"))]
PerMonthOrNone = Annotated[Quantity, InUnit(Wanted("", "month", zero_ok=True, example="100 per month"))]
HoursOrNone = Annotated[Quantity, InUnit(Wanted("hour", zero_ok=True, example="8 to 24 h"))]
PerRound = Annotated[Quantity, InUnit(Wanted("", "round", zero_ok=True, example="500 per round"))]
CountOrNone = Annotated[Quantity, InUnit(Wanted("", example="200 to 400", most=1e12, zero_ok=True))]
MoneyPerCorrect = Annotated[Quantity, InUnit(Wanted("money", "correct", example="0.40 USD per correct"))]
MoneyPerAnswer = Annotated[Quantity, InUnit(Wanted("money", "answer", zero_ok=True, example="0.80 USD per answer"))]
MinutesPerLabel = Annotated[Quantity, InUnit(Wanted("minute", "label", example="1 to 2 min per label"))]
HoursPerRound = Annotated[Quantity, InUnit(Wanted("hour", "round", example="20 to 40 h per round"))]
HoursPerRun = Annotated[Quantity, InUnit(Wanted("hour", "run", zero_ok=True, example="0.5 to 1 h per run"))]
MinutesPerAnswer = Annotated[
    Quantity, InUnit(Wanted("minute", "answer", zero_ok=True, example="1 to 3 min per answer"))
]
HoursPerRoundOrNone = Annotated[Quantity, InUnit(Wanted("hour", "round", zero_ok=True, example="4 to 12 h per round"))]
PerRoundOrNone = Annotated[Quantity, InUnit(Wanted("", "round", zero_ok=True, example="100 per round"))]
Months = Annotated[Quantity, InUnit(Wanted("month", example="12 months"))]
PerMonth = Annotated[Quantity, InUnit(Wanted("", "month", example="20k to 60k per month"))]
Count = Annotated[Quantity, InUnit(Wanted("", example="2 to 5", most=1e12))]
Rounds = Annotated[Quantity, InUnit(Wanted("", example="2 to 5", most=100))]
Share = Annotated[Quantity, InUnit(Wanted("share", example="30%", most=1.0, zero_ok=True))]
PartShare = Annotated[Quantity, InUnit(Wanted("share", example="90%", most=1.0))]
OverheadShare = Annotated[Quantity, InUnit(SHARE_ON_TOP)]
GpuName = Annotated[str, NameOf("gpu")]
ModelName = Annotated[str, NameOf("model")]
MetricName = Annotated[str, NameOf("metric")]
ObjectiveName = Annotated[str, NameOf("objective")]
Times = Annotated[Quantity, InUnit(Wanted("", example="2 to 5", most=1000))]
Growth = Annotated[Quantity, InUnit(Wanted("share", "month", zero_ok=True, example="0% to 5% per month", most=1.0))]
Seconds = Annotated[Quantity, InUnit(Wanted("second", example="1 s"))]
Minutes = Annotated[Quantity, InUnit(Wanted("minute", zero_ok=True, example="2 to 5 min"))]
PositiveInt = Annotated[int, Field(ge=1, le=10**9)]
CountOfRows = Annotated[int, Field(ge=0, le=10**12)]
