"""A record as plain values, as JSON, and its tables as data frames of pandas and polars."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import PurePath
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from tunecase.errors import InputError, Problem, TunecaseError, one_of
from tunecase.quantities import Band, Interval80, Sampled
from tunecase.records.as_json import to_json, utf_8

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped, import-not-found, unused-ignore]
    import polars  # type: ignore[import-not-found, unused-ignore]

ColumnType = Literal["text", "count", "number", "flag", "day", "moment", "json"]
# What a field of a guess is called behind the name of the guess; empty for the guess itself.
ENDS: dict[type, dict[str, str]] = {
    Band: {"p10": "low", "p50": "mid", "p90": "high", "p80": "p80"},
    Interval80: {"low": "low", "mid": "mid", "high": "high"},
    Sampled: {"value": "", "error": "error"},
}
TYPES: tuple[tuple[type, ColumnType], ...] = (
    (bool, "flag"),  # before int, which it is too
    (int, "count"),
    (float, "number"),
    (Decimal, "number"),
    (datetime, "moment"),  # before date, which it is too
    (date, "day"),
    (str, "text"),
    (PurePath, "text"),
)


# The types of a column in pandas, without gaps and with them, and in polars.
FRAME_TYPES: dict[ColumnType, tuple[str, str, str]] = {
    "text": ("string", "string", "String"),
    "count": ("int64", "Int64", "Int64"),
    "number": ("float64", "float64", "Float64"),
    "flag": ("bool", "boolean", "Boolean"),
    "day": ("datetime64[s]", "datetime64[s]", "Date"),
    "moment": ("datetime64[us, UTC]", "datetime64[us, UTC]", "Datetime"),
    "json": ("string", "string", "String"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; with `gaps` off no value can be missing."""

    name: str
    type: ColumnType
    gaps: bool
    values: list[Any]


class Tabular:
    """A record that gives itself as plain values, as JSON, and as data frames.

    A table is a field of a record that lists records. Its columns follow from the types of their fields, never from the
    values, so that they are the same in every case and in an empty table:

        text, a word of a few, a path       text
        whole number, number, yes or no     int64, float64, bool, or what takes missing values beside them
        Decimal                             float64 [in the currency that the column `currency` or the like says]
        day, moment                         date (in pandas datetime64), datetime in UTC
        a band or an interval `x`           x_low, x_mid, x_high: P10, P50, P90 of a Band, and its P80 as x_p80
        a sampled figure `x`                x, and its Monte Carlo standard error as x_error
        another record `x`                  its own columns, x_NAME
        anything else (lists, names)        JSON text

    A table of a record with a currency holds it in a last column `currency`, unless its rows have one of their own.

    *Left out:* the digits of a Decimal beyond 15; `to_dict` and `to_json` hold them all, as text.

    Example:
        >>> isinstance(fit, Tabular), fit.to_dict()["verdict"]
        (True, 'fits')
    """

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values, as `--json` prints it: money paid, dates and paths as text, tuples as lists.

        Example:
            >>> charge.to_dict()["amount"], charge.to_dict()["on"]
            ('120', '2026-11-20')
        """
        import orjson

        plain: dict[str, Any] = orjson.loads(to_json(self))
        return plain

    def to_json(self) -> str:
        """The record as JSON text, as `--json` prints it.

        Example:
            >>> charge.to_json()[:35]
            '{"on":"2026-11-20","category":"gpu"'
        """
        return to_json(self).decode()

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables, the main one first; one of a record within it has that record's name before it.

        Example:
            >>> charges.tables
            ('charges', 'set_aside')
            >>> estimate.tables[:3]
            ('lines', 'drivers', 'defaults')
        """
        kind: Any = type(self)
        return tuple(_tables(kind))

    def to_pandas(self, table: str = "") -> "pandas.DataFrame":
        """One of its tables as a DataFrame of pandas; the record itself as one row where it has none.

        Args:
            table: a name of `tables`; the first one when left out.
        Returns: one row for each record in it. Text is `string`; numbers that may be missing are float64 or Int64, yes
            or no boolean; days are datetime64[s], moments datetime64[us, UTC].
        Raises: InputError for a table that it has not; TunecaseError without pandas.

        Example:
            >>> charges.to_pandas()[["charge_on", "charge_amount", "charge_currency"]]
               charge_on  charge_amount charge_currency
            0 2026-11-20          120.0             USD
            >>> estimate.to_pandas("drivers").dtypes["share"]
            dtype('float64')
        """
        columns = _columns_of(self, table)
        made = _library("pandas", "to_pandas")
        types = {column.name: FRAME_TYPES[column.type][column.gaps] for column in columns}
        frame: pandas.DataFrame = made.DataFrame(
            {column.name: made.Series(column.values, dtype=types[column.name]) for column in columns}
        )
        return frame

    def to_polars(self, table: str = "") -> "polars.DataFrame":
        """One of its tables as a DataFrame of polars; the record itself as one row where it has none.

        Args:
            table: a name of `tables`; the first one when left out.
        Returns: one row for each record in it, as String, Int64, Float64, Boolean, Date and Datetime in UTC.
        Raises: InputError for a table that it has not; TunecaseError without polars.

        Example:
            >>> charges.to_polars().schema["charge_on"]
            Date
            >>> estimate.to_polars("lines")["name"].to_list()[:3]
            ['gpu', 'failed_runs', 'idle']
        """
        columns = _columns_of(self, table)
        made = _library("polars", "to_polars")
        schema = {column.name: getattr(made, FRAME_TYPES[column.type][2]) for column in columns}
        schema |= {column.name: made.Datetime("us", "UTC") for column in columns if column.type == "moment"}
        frame: polars.DataFrame = made.DataFrame({column.name: column.values for column in columns}, schema=schema)
        return frame


def _library(name: str, method: str) -> Any:
    """The user's own pandas or polars; they are no part of tunecase."""
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise TunecaseError(f"{method}() needs {name}, which is not installed.\nFix: pip install {name}") from None


@cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of a record's fields, in their order."""
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__dataclass_fields__}  # type: ignore[attr-defined]


def _one_type(hint: Any) -> tuple[Any, bool]:
    """A type without None, and whether None was one of several."""
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return kinds[0] if len(kinds) == 1 else None, NoneType in get_args(hint)


@cache
def _tables(kind: type) -> dict[str, type]:
    """The tables of a kind of record by name, with the kind of their rows; those of records within it come last."""
    own: dict[str, type] = {}
    within: dict[str, type] = {}
    for name, hint in _hints(kind).items():
        inner, _ = _one_type(hint)
        if get_origin(inner) is tuple and is_dataclass(row := get_args(inner)[0]):
            own[name] = row  # type: ignore[assignment]
        elif is_dataclass(inner) and inner is not kind:
            within |= {f"{name}.{table}": row for table, row in _tables(inner).items()}  # type: ignore[arg-type]
    return own | within


def _columns_of(record: Any, table: str) -> list[Column]:
    """The columns of one table. Raises: InputError where the record has no such table."""
    kind: Any = type(record)
    tables = _tables(kind)
    if table and not tables:
        got, wanted = repr(table), f"nothing, as {kind.__name__} has no tables"
        raise InputError(Problem("table", got, wanted, "leave it out for the record as one row"))
    if table and table not in tables:
        raise InputError(one_of("table", table, list(tables)))
    if not tables:
        return list(_columns(kind, (record,)))
    name = table or next(iter(tables))
    held: Any = record
    for part in name.split("."):
        held = () if held is None else getattr(held, part)
    columns = list(_columns(tables[name], held or ()))
    currency = getattr(record, "currency", None)
    if isinstance(currency, str) and "currency" not in [column.name for column in columns]:
        columns.append(Column("currency", "text", False, [currency] * len(held or ())))
    return columns


def _columns(kind: type, rows: Sequence[Any], prefix: str = "", gaps: bool = False) -> Iterator[Column]:
    """The columns of rows of one kind; where a record within may be missing, so may all that it holds."""
    ends = ENDS.get(kind, {})
    for field, hint in _hints(kind).items():
        end = ends.get(field, field)
        name = f"{prefix}_{end}".strip("_")
        values = [None if row is None else getattr(row, field) for row in rows]
        inner, may_lack = _one_type(hint)
        if is_dataclass(inner):
            yield from _columns(inner, values, name, gaps or may_lack)  # type: ignore[arg-type]
        else:
            kind_of = _column_type(inner)
            yield Column(name, kind_of, gaps or may_lack, _plain_values(kind_of, values))


def _column_type(hint: Any) -> ColumnType:
    if get_origin(hint) is Literal:
        return "text" if all(isinstance(word, str) for word in get_args(hint)) else "json"
    return next((told for kind, told in TYPES if isinstance(hint, type) and issubclass(hint, kind)), "json")


def _plain_values(kind: ColumnType, values: list[Any]) -> list[Any]:
    """The values of a column, each of its one type; None where there is none."""
    make = PLAIN.get(kind)
    return values if make is None else [None if value is None else make(value) for value in values]


PLAIN: dict[ColumnType, Callable[[Any], Any]] = {
    "number": float, "count": int, "text": lambda value: utf_8(str(value)),
    "json": lambda value: to_json(value).decode(),
    "moment": lambda value: value.astimezone(UTC),
}  # fmt: skip
