"""The inputs of a tool: their schema, and what an agent gave, checked as a whole."""

from pathlib import Path

import pytest

from tunecase.agents.fields import MOST_ITEMS, MOST_LETTERS, Field, checked, schema_of_fields
from tunecase.errors import InputError, Problem

FIELDS = (
    Field("project", "The project file.", "path"),
    Field("rows", "How many rows.", "count", required=True, least=1, most=10),
    Field("tier", "Whose prices.", choices=("neocloud", "hyperscaler")),
    Field("tokens", "How many tokens.", "amount"),
    Field("fast", "Only one pass.", "yes or no"),
    Field("gpu", "Cards.", "texts"),
    Field("model", "A model.", "model"),
    Field("changes", "Changes.", "changes"),
)


def problems_of(folder: Path, **given: object) -> list[Problem]:
    """What is wrong with inputs."""
    with pytest.raises(InputError) as caught:
        checked(FIELDS, {"rows": 1, **given}, folder)
    return list(caught.value.problems)


def test_the_schema_names_every_field() -> None:
    """Each field has its type, words, choices and bounds; further fields are not allowed."""
    schema = schema_of_fields(FIELDS)
    assert ["rows"] == schema["required"]
    assert schema["additionalProperties"] is False
    assert {"type": "integer", "description": "How many rows.", "minimum": 1, "maximum": 10} == schema["properties"][
        "rows"
    ]
    assert ["neocloud", "hyperscaler"] == schema["properties"]["tier"]["enum"]


def test_what_is_sound_comes_back(tmp_path: Path) -> None:
    """Values stay as they are, amounts become texts, paths below the folder are relative to it, null is left out."""
    given = {
        "rows": 3, "tokens": 5_000_000, "project": str(tmp_path / "a" / "tunecase.yaml"), "fast": None,
        "model": "meta-llama/Llama-3.1-8B", "changes": {"method": "full"}, "gpu": ["L4"],
    }  # fmt: skip
    read = checked(FIELDS, given, tmp_path)
    assert {**given, "tokens": "5000000", "project": "a/tunecase.yaml"} == {"fast": None, **read}


def test_an_unknown_field_names_the_nearest(tmp_path: Path) -> None:
    """A field that the tool does not have is refused with where, got, wanted and the nearest name."""
    expected = Problem("row", "an unknown field", "a field of this tool", "did you mean rows?")
    assert [expected] == problems_of(tmp_path, row=3)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """A wrong type, a number out of bounds, an odd choice and a missing field stand in one refusal."""
    with pytest.raises(InputError) as caught:
        checked(FIELDS, {"tier": "neocluod", "fast": "yes", "gpu": [1], "changes": {"a": 2}}, tmp_path)
    told = {problem.where: problem for problem in caught.value.problems}
    assert {"rows", "tier", "fast", "gpu[0]", "changes.a"} == set(told)
    assert "did you mean neocloud?" == told["tier"].fix
    assert ("nothing", "true or false") == (told["rows"].got, told["fast"].wanted)


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ({"rows": 0}, "0"), ({"rows": 11}, "11"), ({"rows": True}, "true or false: True"),
        ({"rows": 2.5}, "a number: 2.5"), ({"rows": "3"}, "a text: '3'"), ({"rows": [3]}, "a list"),
        ({"rows": {}}, "an object"), ({"tokens": float("nan")}, "nan"),
        ({"gpu": ["x"] * (MOST_ITEMS + 1)}, f"{MOST_ITEMS + 1} of them"),
        ({"model": "x" * (MOST_LETTERS + 1)}, f"{MOST_LETTERS + 1:,} characters"),
    ],
)  # fmt: skip
def test_values_out_of_bounds(tmp_path: Path, given: dict[str, object], got: str) -> None:
    """Numbers out of their range, other types, and lists and texts without an end are refused."""
    assert [got] == [problem.got for problem in problems_of(tmp_path, **given)]


def test_a_text_that_is_needed_is_not_empty(tmp_path: Path) -> None:
    """Blanks are no value of a field that must be given; one that may be left out may be empty."""
    fields = (Field("plan", "The hash of the plan.", required=True), Field("note", "Why."))
    with pytest.raises(InputError) as caught:
        checked(fields, {"plan": " ", "note": ""}, tmp_path)
    assert [Problem("plan", "an empty text", "The hash of the plan", "give plan")] == list(caught.value.problems)


@pytest.mark.parametrize(
    "path",
    [
        "../tunecase.yaml",
        "/etc/passwd",
        "a/../../x",
        "out/tunecase.yaml",
        "hf://datasets/x",
        "https://x.example/y",
        "a\0b",
        "~/m",
        "~root/m",
        "./~/m",
    ],
)
def test_paths_stay_below_the_folder(tmp_path: Path, path: str) -> None:
    """A path that leads out of the folder, by dots, by a link or whole, and an address are refused; for models too."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "out").symlink_to(tmp_path)
    told = problems_of(tmp_path / "in", project=path)
    assert ["project"] == [problem.where for problem in told]
    assert told[0].fix.startswith("name a file below in")
    if "://" not in path and "out" not in path:
        assert ["model"] == [problem.where for problem in problems_of(tmp_path / "in", model=path)]


def test_no_part_of_a_path_stands_for_a_home(tmp_path: Path) -> None:
    """What would be a home once it is relative to the folder is refused, though a folder of that name may lie there."""
    (tmp_path / "~" / "m").mkdir(parents=True)
    for name in ("project", "model"):
        (told,) = problems_of(tmp_path, **{name: str(tmp_path / "~" / "m")})
        assert (name, "a path without ~, which may stand for the home of a user") == (told.where, told.wanted)


def test_a_link_that_stays_inside_is_a_path(tmp_path: Path) -> None:
    """A link to another folder of the cases is followed; one in a circle is refused."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    assert "b/tunecase.yaml" == checked(FIELDS, {"rows": 1, "project": "b/tunecase.yaml"}, tmp_path)["project"]
    assert 1 == len(problems_of(tmp_path, project="round/x")) or (tmp_path / "round").is_symlink()
