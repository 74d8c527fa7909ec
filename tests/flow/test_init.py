"""Init: a project file that reads back, with questions instead of inventions; examples are copied whole."""

import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from tests.command import tunecase
from tests.laws import law
from tests.making import tickets, write_jsonl
from tunecase import catalog
from tunecase.data.reading.shapes import LEAST_ROWS_TO_GUESS
from tunecase.errors import InputError
from tunecase.flow.init import copy_example, init, schema
from tunecase.flow.opened import open_case
from tunecase.flow.split import Wanted
from tunecase.project import read_project

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 29)
EXAMPLE = ROOT / "examples" / "support-tickets"


def rows(path: Path, count: int = 30, labels: int = 3, **fixed: str) -> Path:
    """A data file of short texts in a few classes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"text": f"ticket {n}", "label": f"class {n % labels}", **fixed}) for n in range(count)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_classes_are_recognised_and_questions_left_open(tmp_path):
    """Task and metric are filled in; target, value and budget stay questions."""
    written = init(rows(tmp_path / "data" / "tickets.jsonl"), to=tmp_path).files

    assert (tmp_path / "tunecase.yaml", tmp_path / "tunecase.schema.json") == written
    project = read_project(written[0], catalog.names())
    assert ("classification", "accuracy") == (project.problem.task, project.problem.metric)
    assert (None, None, None, None) == (
        project.problem.target, project.problem.value, project.problem.volume, project.budget,
    )  # fmt: skip
    assert "data/tickets.jsonl" == project.data.train
    text = written[0].read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=./tunecase.schema.json\n")
    assert "# target: ?%" in text
    assert len(text.splitlines()) <= 63
    assert max(len(line) for line in text.splitlines()) <= 120


def test_task_and_metric_are_those_of_the_answers(tmp_path):
    """Whatever the answers are, both are filled in with what was seen; nothing is left open there."""
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"p{n}", "completion": f"answer {n}"}) + "\n" for n in range(9)))
    project = read_project(init(path, to=tmp_path).files[0])

    assert ("generation", "exact_match") == (project.problem.task, project.problem.metric)
    text = (tmp_path / "tunecase.yaml").read_text()
    assert "# metric: ?" not in text
    assert "# seen: 9 short answers, 9 different" in text


def test_a_file_without_answers_is_refused(tmp_path):
    """A column of answers that holds none stops at once, with the way to name another."""
    path = tmp_path / "empty.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"p{n}", "completion": ""}) + "\n" for n in range(9)))
    with pytest.raises(InputError, match="--output"):
        init(path, to=tmp_path)
    assert not (tmp_path / "tunecase.yaml").exists()


def test_questions_become_fields_when_the_hash_is_taken_away(tmp_path):
    """Every commented block is at the right indent: answered, the file still reads."""
    path = init(rows(tmp_path / "tickets.jsonl"), to=tmp_path).files[0]
    answers = {"?%": "80%", "? to ? USD per hour": "12 to 25 USD per hour", "? to ? min": "1 to 2 min", "[?, ?]": "[a]"}
    answers |= {
        "? USD per correct": "1 USD per correct",
        "? to ? per month": "1 to 2 per month",
        "? months": "3 months",
    }
    answers |= {
        "business_metric: ?": "business_metric: hours", "kind: ?, cost: ? USD": "kind: lost, cost: 5 USD",
        "errors_read: ?": "errors_read: 120", "stale_after: ?": "stale_after: 2028-01-31",
        "price_per_1k_answers: ? USD": "price_per_1k_answers: 2 USD",
        "  input: ?": "  input: 600", "  output: ?": "  output: 60", "hours: ?": "hours: office",
        "instructions: ? to ?": "instructions: 300 to 900", "first_token: ? s": "first_token: 1 s",
        "who: ?": "who: people", "minutes: ? to ? min per answer": "minutes: 1 to 2 min per answer",
    }  # fmt: skip
    answers |= {"budget: ? USD": "budget: 9k USD", "owner: ?": "owner: me", "pool: ?": "pool: 20k"}
    out = []
    for line in path.read_text().splitlines():
        if line.lstrip().startswith("#") and ":" in line and not line.startswith("# yaml") and "test:" not in line:
            body, _, _ = line.replace("# ", "", 1).partition(" # ")
            for question, answer in answers.items():
                body = body.replace(question, answer, 1)
            line = body if not line.startswith(("# Written", "# put", '# "')) else ""
        out.append(line)
    path.write_text("\n".join(out))

    project = read_project(path, catalog.names())
    assert ("80%", "me", 1) == (project.problem.target, project.problem.owner, len(project.data.sources))
    assert (120, 1) == (project.problem.errors_read, len(project.problem.errors))
    assert "80%" == project.alternatives.prompt_hosted.score
    assert (1, 9_000.0) == (len(project.team), project.budget.spread.median)
    assert ("people", "office") == (project.today.who, project.serving.traffic.hours)
    assert (600.0, 60.0) == tuple(
        one.spread.median for one in (project.serving.traffic.input, project.serving.traffic.output)
    )


def test_the_test_file_is_named_or_found(tmp_path):
    """A file named like the training file is found beside it; one that is given wins."""
    train = rows(tmp_path / "train.jsonl")
    assert read_project(init(train, to=tmp_path).files[0]).data.test is None
    rows(tmp_path / "test.jsonl")
    assert "test.jsonl" == read_project(init(train, to=tmp_path, force=True).files[0]).data.test
    other = rows(tmp_path / "held out" / "a: b.jsonl")
    assert (
        "held out/a: b.jsonl"
        == read_project(init(train, Wanted(test=other), to=tmp_path, force=True).files[0]).data.test
    )


def test_a_link_that_is_no_test_file_is_told(tmp_path):
    """A test file that is a link out of its folder is not taken, and the project file says so."""
    rows(tmp_path / "elsewhere" / "x.jsonl")
    train = rows(tmp_path / "data" / "train.jsonl")
    (tmp_path / "data" / "test.jsonl").symlink_to(tmp_path / "elsewhere" / "x.jsonl")
    (written, *_) = init(train, to=tmp_path).files
    assert "# test.jsonl beside it is a link that leads elsewhere" in written.read_text(encoding="utf-8")
    assert read_project(written).data.test is None


def test_odd_folder_names_read_back(tmp_path):
    """Names that YAML would read otherwise are quoted."""
    names = ["no", "1.5", "- x", "#1", "naïve", "true"]
    names += ["key: value", 'a "quoted" name'] if sys.platform != "win32" else []
    paths = {name: init(rows(tmp_path / name / "d.jsonl"), to=tmp_path / name).files[0] for name in names}

    assert names == [read_project(path).name for path in paths.values()]
    assert names == [yaml.safe_load(path.read_text(encoding="utf-8"))["name"] for path in paths.values()]


@pytest.mark.slow
@law(60, HealthCheck.function_scoped_fixture)
@given(st.one_of(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60),
    st.text(" #:'\"ab.-?{[&*!|>%@`\\\n\tü漢😀", min_size=1, max_size=60),
    st.integers(1, 200).map("n".__mul__),
))  # fmt: skip
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_any_file_name_reads_back(tmp_path, stem):
    """Whatever a data file is called, its name comes back from the project file, and so does that of its test file."""
    folder = tmp_path / hashlib.sha256(stem.encode()).hexdigest()[:12]
    name = f"{stem.encode()[:200].decode(errors='ignore') or 'x'}.train.jsonl"
    beside = name.replace("train", "test")
    assume("::" not in name)  # such a name says which split is meant
    rows(folder / name, 6)
    rows(folder / beside, 6)
    data = read_project(init(folder / name, to=folder, force=True).files[0]).data

    assert (name, beside) == (data.train, data.test)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    """A YAML file cannot name such a file, so the user is asked to rename it."""
    with pytest.raises(InputError, match="a name that is not UTF-8"):
        init(rows(tmp_path / "caf\udce9.jsonl"), to=tmp_path)


def test_columns_that_are_named_are_written_down(tmp_path):
    """What the user said to read the file is kept for the next verb."""
    path = tmp_path / "odd.csv"
    path.write_text("question text,verdict\n" + "".join(f"q{n},{'ab'[n % 2]}\n" for n in range(10)))
    data = read_project(init(path, Wanted("question text", "verdict"), to=tmp_path).files[0]).data

    assert ("question text", "verdict") == (data.input, data.output)
    with pytest.raises(InputError, match="no column 'x'"):
        init(path, Wanted("x", "verdict"), to=tmp_path, force=True)


def test_data_outside_the_folder_are_refused(tmp_path):
    """A project file only names files beside it or below."""
    train, test = rows(tmp_path / "a" / "train.jsonl"), rows(tmp_path / "b" / "t.jsonl")

    with pytest.raises(InputError, match="copy the file to a/"):
        init(train, Wanted(test=test), to=tmp_path / "a")
    with pytest.raises(InputError, match="outside"):
        init(train, to=tmp_path / "b")
    assert not (tmp_path / "a" / "tunecase.yaml").exists()


def test_nothing_is_overwritten_without_force(tmp_path):
    """A file that is there stops everything, unless it is the same or --force is given."""
    data = rows(tmp_path / "d.jsonl")
    init(data, to=tmp_path)
    init(data, to=tmp_path)
    (tmp_path / "tunecase.yaml").write_text("mine")

    with pytest.raises(InputError, match="--force"):
        init(data, to=tmp_path)
    assert "mine" == (tmp_path / "tunecase.yaml").read_text()
    init(data, to=tmp_path, force=True)
    assert "mine" != (tmp_path / "tunecase.yaml").read_text()
    assert ["d.jsonl", "tunecase.schema.json", "tunecase.yaml"] == sorted(p.name for p in tmp_path.iterdir())


def test_a_folder_that_refuses_is_said(tmp_path):
    """When a file stands where a folder is needed, the message has a fix and nothing is left behind."""
    (tmp_path / "data").write_text("a file")

    with pytest.raises(InputError, match="a folder, to write files into"):
        copy_example("support-tickets", to=tmp_path, force=True)
    assert ["data"] == [p.name for p in tmp_path.iterdir()]
    with pytest.raises(InputError, match="a folder"):
        copy_example("support-tickets", to=tmp_path / "data")


def test_one_of_data_and_example_is_asked_for(tmp_path):
    """Neither and both are refused; an unknown example names those there are."""
    for words in ((), (tmp_path / "x", "--example", "support-tickets")):
        ran = tunecase("init", *words, cwd=tmp_path)
        assert (2, True) == (ran.code, "one of the two" in ran.err)
    with pytest.raises(InputError, match="did you mean support-tickets"):
        copy_example("support_ticket", to=tmp_path)


def test_the_example_is_copied_whole(tmp_path):
    """Project file, data, manifest, licence and schema arrive; the copy reads."""
    written = copy_example("support-tickets", to=tmp_path / "new").files

    names = {path.relative_to(tmp_path / "new").as_posix() for path in written}
    assert {"tunecase.yaml", "manifest.json", "LICENSE", "README.md", "tunecase.schema.json"} <= names
    assert {"data/train.jsonl", "data/test.jsonl", "data/pool.jsonl"} <= names
    assert written[0] == tmp_path / "new" / "tunecase.yaml"
    assert "support-ticket routing" == read_project(written[0], catalog.names()).name
    for name in ("data/train.jsonl", "manifest.json"):
        assert (EXAMPLE / name).read_bytes() == (tmp_path / "new" / name).read_bytes()


def test_the_example_passes_its_own_schema():
    """The schema accepts the example and names an unknown field."""
    rules = json.loads(schema())
    # Editors read a date as text, as YAML 1.2 does.
    read = yaml.safe_load((EXAMPLE / "tunecase.yaml").read_text(encoding="utf-8"))
    example = json.loads(json.dumps(read, default=str))

    jsonschema.Draft202012Validator.check_schema(rules)
    jsonschema.validate(example, rules)
    with pytest.raises(jsonschema.ValidationError, match="targte"):
        jsonschema.validate({**example, "targte": 1}, rules)
    assert len((EXAMPLE / "tunecase.yaml").read_text(encoding="utf-8").splitlines()) <= 61


def test_the_examples_readme_tells_its_own_figures():
    """Rows and planted defects in words are those of the files."""
    text = " ".join((EXAMPLE / "README.md").read_text(encoding="utf-8").split())
    counts = json.loads((EXAMPLE / "manifest.json").read_text(encoding="utf-8"))["counts"]
    for name in ("train", "test", "pool"):
        lines = (EXAMPLE / "data" / f"{name}.jsonl").read_bytes().count(b"\n")
        assert f"`data/{name}.jsonl` | {lines} |" in text
    c = counts
    told = [
        f"{c['wrong_label']} wrong labels", f"{c['contradiction']} contradictions",
        f"{c['duplicate_exact']} exact, {c['duplicate_normalised']} normalised and {c['duplicate_near']} near dup",
        f"{c['leak_exact']} exact and {c['leak_normalised']} normalised leaks", f"{c['pii']} rows with personal data",
        f"{c['overlong']} overlong rows, {c['empty']} empty and {c['broken']} broken",
    ]  # fmt: skip
    assert [] == [words for words in told if words not in text]


@pytest.mark.slow
def test_the_wheel_holds_the_example(tmp_path):
    """A built wheel can copy the example out without the repository."""
    code = f"from hatchling.build import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    name = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    with zipfile.ZipFile(tmp_path / name.split()[-1]) as wheel:
        wheel.extractall(tmp_path / "site")
    copy = "copy_example('support-tickets', to=Path('out'))"
    run = f"from pathlib import Path; from tunecase.flow.init import copy_example; print(len({copy}.files))"
    env = {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", run], cwd=tmp_path, env=env, check=True, capture_output=True, text=True
    )

    assert "8" == done.stdout.strip()
    assert (tmp_path / "out" / "data" / "test.jsonl").is_file()


def teams(count: int) -> list[dict[str, str]]:
    """Rows whose columns only many of them show to be texts and labels."""
    return [{"message": row["text"], "team": row["label"]} for row in tickets(count, 1)]


@pytest.mark.parametrize("at_once", [True, False])
def test_both_parts_of_a_split_are_read_as_the_whole_file_is(tmp_path, at_once):
    """Nine rows do not show which column is which: the project file says it, new or amended, and both are read so."""
    data = write_jsonl(tmp_path / "mails.jsonl", teams(60))
    if not at_once:
        init(data, to=tmp_path)
    begun = init(data, Wanted(share="15%"), to=tmp_path)
    assert begun.split.test_rows < LEAST_ROWS_TO_GUESS
    flow = open_case(begun.files[0], today=TODAY)
    assert ("message", "team") == (flow.project.data.input, flow.project.data.output)
    test, train = flow.table("test"), flow.table("train")
    assert ({"message"}, 60) == ({*test.layout.input, *train.layout.input}, len(test.rows) + len(train.rows))


def test_a_small_test_file_is_read_by_the_columns_of_the_training_file(tmp_path):
    """With --test as well: nobody has to name what the training file shows."""
    data = write_jsonl(tmp_path / "mails.jsonl", teams(60))
    test = write_jsonl(tmp_path / "few.jsonl", teams(4))
    flow = open_case(init(data, Wanted(test=test), to=tmp_path).files[0], today=TODAY)
    table = flow.table("test")
    assert (4, ("message",), "team") == (len(table.rows), table.layout.input, table.layout.output)


def test_nothing_is_left_of_a_split_whose_project_file_cannot_be_written(tmp_path):
    """A file that bears the schema's name is in the way: neither half stays."""
    data = write_jsonl(tmp_path / "a.jsonl", tickets(60, 1))
    (tmp_path / "tunecase.schema.json").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError):
        init(data, Wanted(share="15%"), to=tmp_path)
    assert ["a.jsonl", "tunecase.schema.json"] == sorted(path.name for path in tmp_path.iterdir())
