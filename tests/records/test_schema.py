"""What `--json` prints has a schema for each command, and a change of one shows."""

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import jsonschema
import pytest

from tests import samples
from tests.laws import IS_WHOLE
from tests.schemas import faults, strict
from tunecase.cli.commands import _program
from tunecase.errors import InputError
from tunecase.records import PRINTED, SCHEMAS, Audit, Begun, Cleaned, Labelling, Reviews, schema_of, to_json
from tunecase.records.schema import BESIDE, ERROR, form_of

GOLDEN = Path(__file__).parents[1] / "golden" / "schemas.json"


def test_the_schemas_are_unchanged(request: pytest.FixtureRequest) -> None:
    """A field that comes, goes or changes shows as a difference of tests/golden/schemas.json."""
    commands, shared = {}, {}
    for command in PRINTED:
        schema = dict(schema_of(command))
        for name, part in schema.pop("$defs").items():
            assert shared.setdefault(name, part) == part, f"two records are called {name}"
        commands[command] = schema
    found = json.dumps({"commands": commands, "$defs": shared}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if request.config.getoption("--golden"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8"), "read the difference, then `pytest --golden` writes it"


def test_each_schema_is_one() -> None:
    """Every schema keeps to JSON Schema 2020-12, and no record has a field of the name of what stands beside it."""
    breaches, shared = [], dict[str, Any]()
    for command, prints in PRINTED.items():
        schema = dict(schema_of(command))
        shared |= schema.pop("$defs")
        jsonschema.Draft202012Validator.check_schema(schema)
        taken = {field.name for kind in prints.kinds if is_dataclass(kind) for field in fields(kind)}
        breaches += [f"{command}: {name}" for name in taken & BESIDE.keys()]
    jsonschema.Draft202012Validator.check_schema({"$defs": shared})
    assert [] == breaches


def test_the_form_is_that_of_the_records() -> None:
    """The number behind a schema's name is the record's in SCHEMAS; of several records it rises with each of them."""
    numbers = {command: int(schema_of(command)["$id"].rpartition(":")[2]) for command in PRINTED}
    assert numbers["estimate"] == SCHEMAS["estimate"]
    assert numbers["audit"] == form_of([Audit, Cleaned, Reviews, Labelling]) == 1
    assert numbers["run"] == 1 + sum(SCHEMAS[verb] - 1 for verb in ("define", "estimate", "forecast", "decide"))


def test_every_command_with_json_has_a_row() -> None:
    """A command that takes --json is in the table, and the table has no other."""

    def with_json(program: Any, path: tuple[str, ...] = ()) -> set[str]:
        under = getattr(program, "commands", None)
        if under is None:
            return {" ".join(path)} if any(option.name == "json" for option in program.params) else set()
        return {found for name, command in under.items() for found in with_json(command, (*path, name))}

    assert with_json(_program()) == set(PRINTED) - {ERROR}


def test_what_json_cannot_say_is_in_the_schema() -> None:
    """A sum is text, a number that is not finite is null, a path is text: as `to_json` writes them."""
    charge = replace(samples.spendings()[0], amount=Decimal("1E+3"))
    printed = json.loads(to_json(charge))
    schema = {**strict("spend list"), "$ref": "#/$defs/Spending"}
    assert printed["amount"] == "1E+3"
    assert not faults(printed, schema)
    assert faults({**printed, "amount": 1000}, schema)
    assert faults({**printed, "amount": "NaN"}, schema)
    points = {**strict("forecast"), "$ref": "#/$defs/Point"}
    point = json.loads(to_json(replace(samples.forecast().points[0], score=math.nan)))
    assert point["score"] is None
    assert not faults(point, points)
    begun = json.loads(to_json(Begun((Path("a.yaml"),))))
    assert begun["files"] == ["a.yaml"]
    assert not faults(begun, strict("init"))


def test_no_such_command() -> None:
    """A command that prints no JSON is refused with the nearest one that does."""
    with pytest.raises(InputError, match="did you mean audit"):
        schema_of("audt")


def made(kind: Any, luck: random.Random, depth: int = 0) -> Any:
    """A value of a type, drawn at random: a record with every field, floats that are not finite among them."""
    if kind is Any:
        return luck.choice((None, 1, "x", [True], {"a": 1.5}))
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return made(parts[0], luck, depth)
    if origin in (Union, UnionType):
        return made(luck.choice(parts), luck, depth)
    if origin is Literal:
        return luck.choice(parts)
    few = range(luck.randrange(3) if depth < MOST_DEPTH else 0)
    if origin is tuple and parts[-1] is not ...:
        return tuple(made(part, luck, depth) for part in parts)
    if origin in (tuple, list, Sequence):
        return tuple(made(parts[0], luck, depth + 1) for _ in few)
    if origin in (dict, Mapping):
        return {f"key {number}": made(parts[1], luck, depth + 1) for number in few}
    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        record = object.__new__(kind)
        for field in fields(kind):
            object.__setattr__(record, field.name, made(hints[field.name], luck, depth + 1))
        return record
    return luck.choice(PLAIN[kind])


PLAIN: dict[Any, tuple[Any, ...]] = {
    str: ("", "x", "\u202e", "caf\udce9.csv"),
    int: (0, -1, 2**53),
    float: (0.0, -1.5, math.nan, math.inf, 1e300, 3),
    bool: (True, False),
    type(None): (None,),
    Decimal: (Decimal(0), Decimal("-1.50"), Decimal("1E+7"), Decimal("1E-9")),
    Path: (Path("a/b.csv"), Path("caf\udce9.csv")),
    date: (date(1, 1, 1), date(2026, 11, 24)),
    datetime: (datetime(2026, 11, 24, 9, 12, tzinfo=UTC), datetime(2026, 11, 24, 9, 12, 3, 77, tzinfo=UTC)),
}
MOST_DEPTH = 4


def test_any_record_keeps_to_its_schema() -> None:
    """Whatever stands in a record, `to_json` prints it as the schema of its command says; none is left out."""
    breaches = []
    for command, prints in PRINTED.items():
        schema = strict(command)
        checker = jsonschema.Draft202012Validator(schema)
        for seed in range(12 if IS_WHOLE else 3):
            luck = random.Random(f"{command} {seed}")
            kinds = [made(kind, luck) for kind in prints.kinds]
            parts = {name: made(kind, luck) for name, kind in prints.parts.items()}
            beside = {name: made(BESIDE[name], luck) for name in prints.beside if luck.random() < 0.5}
            for record in kinds or [parts]:
                plain = json.loads(to_json(record))
                whole = plain | json.loads(to_json(beside)) if isinstance(plain, dict) else plain
                breaches += [
                    f"{command}: {error.json_path} {error.message[:200]}" for error in checker.iter_errors(whole)
                ]
    assert [] == breaches, "\n".join(breaches[:20])


def test_what_no_record_says_is_refused() -> None:
    """A field that goes, comes or changes its kind is seen: the schemas that records are held against are closed."""
    plain = json.loads(to_json(samples.forecast()))
    schema = strict("forecast")
    assert [] == faults(plain, schema)
    assert faults({name: value for name, value in plain.items() if name != "points"}, schema)
    assert faults({**plain, "more": 1}, schema)
    assert faults({**plain, "points": {}}, schema)
    open_one = schema_of("forecast")
    assert [] == faults({**plain, "more": 1}, open_one)
