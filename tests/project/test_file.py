"""The project file is read whole: every kind of field, every mistake at its line, all money in one currency."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.making import case_folder
from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.init import schema
from tunecase.project import Project, project_of, quantities, read_project, read_score
from tunecase.quantities import Quantity
from tunecase.quantities.spread import Const, Interval, Pert

WHOLE = """\
name: every field
problem:
  goal: answer letters
  task: classification
  metric: macro_f1
  direction: higher
  target: 92%
  measured_on: letters of May
  baseline: 0.6
  fallback: 88%
  value: 0.40 EUR per correct
  volume: 20k to 60k per month
  horizon: 1 year
  owner: Ines
  criteria: [one desk, it exists]
  baseline_on: elsewhere
  further_targets: [{metric: accuracy, target: 95%}]
  errors: [{kind: lost, cost: 6 EUR per error, share: 25%}, {kind: late, cost: 0 EUR per error, share: 75%}]
  errors_read: 120
  business_metric: hours of the post room
  slices: [language]
  stale_after: 2027-12-31
data:
  train: train.jsonl
  test: test.jsonl
  pool: pool.jsonl
  input: letter
  output: desk
  second_label: second
  answer_today: today
  group: sender
  group_icc: 0.1
  production_shares: {harbour: 40%, quarry: 60%}
  sources:
    - {kind: label, pool: 20k, effort: 30 s per label, rate: 12 to 25 EUR per hour, labels_per_example: 2,
       rework: 5 to 10%, fee: 20%, usable: 90%, set_up: 100 EUR}
    - {kind: buy, price: 0.05 EUR per example}
models: [meta-llama/Llama-3.1-8B, model/config.json]
method: qlora
training: {epochs: 2.5, sequence_tokens: 512, micro_batch: 4, rank: 8, runs_per_round: 2 to 5, failed: 0%}
compute: {tier: hyperscaler, gpus: [A100-80GB, h100], gpu_count: 2}
team:
  - {role: ml engineer, rate: 75 to 150 EUR per hour, share: 50%}
  - {role: lead}
rounds: 2 / 3 / 6
effort_per_round: 24 h per round
levers: {label_noise: 3%, rows_per_wrong_label: 2, tuning_factor: 0.9 to 1, tuning_runs: 4, look_hours: 2 h,
  bigger_model_factor: 0.8, bigger_model_run_cost: 3, synthetic_worth: 50%, scrape_worth: 40%, first_run_hours: 8 h}
serving: {price_per_1k_answers: 0.30 EUR, price_per_1k_today: 0 EUR, retires_on: 2027-06-30, retune_share: 30%}
alternatives:
  prompt_hosted: {model: some-model, score: 70%, set_up: 2 h, price_per_1k_answers: 2 EUR}
  retrieval: {score: 0.65}
include_inference: yes
budget: 15k EUR
currency: USD
rates: [{currency: EUR, value: 1.1, date: 2026-11-01}]
"""
PLAIN = "name: trial\ndata: {train: train.jsonl}\n"


def folder_of(tmp_path: Path) -> Path:
    """A folder with the files that the texts above name."""
    (tmp_path / "model").mkdir(exist_ok=True)
    for name in ("train.jsonl", "test.jsonl", "pool.jsonl", "model/config.json"):
        (tmp_path / name).write_text("{}\n", encoding="utf-8")
    return tmp_path


def read(tmp_path: Path, text: str | bytes, known: Mapping[str, list[str]] | None = None) -> Project:
    """The project with this text, in a folder with its files."""
    path = folder_of(tmp_path) / "case.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_project(path, catalog.names() if known is None else known)


def problems(tmp_path: Path, text: str) -> tuple[Problem, ...]:
    """What is wrong with a project of this text."""
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    return refused.value.problems


def test_every_field(tmp_path: Path) -> None:
    """Every field of the file comes out in the kind and unit it is documented in."""
    project = read(tmp_path, WHOLE)
    asked, source, bought = project.problem, *project.data.sources
    assert ("classification", "macro_f1", "92%", "0.6") == (asked.task, asked.metric, asked.target, asked.baseline)
    assert ("one desk", "it exists") == asked.criteria
    assert Interval(20_000, 60_000) == asked.volume.spread
    assert Const(12) == asked.horizon.spread
    assert Const(0.5) == source.effort.spread
    assert 2.0 == source.labels_per_example
    assert Interval(0.05, 0.1) == source.rework.spread
    assert ("buy", None) == (bought.kind, bought.rate)
    training = project.training
    assert (2.5, 512, 4, 8) == (training.epochs, training.sequence_tokens, training.micro_batch, training.rank)
    assert Const(0) == training.failed.spread
    assert ("hyperscaler", ("A100-80GB", "h100"), 2) == (
        project.compute.tier, project.compute.gpus, project.compute.gpu_count,
    )  # fmt: skip
    assert Pert(2, 3, 6) == project.rounds.spread
    assert Const(24) == project.effort_per_round.spread
    assert project.include_inference
    assert Interval(0.9, 1.0) == project.levers.tuning_factor.spread
    assert (4, "88%") == (project.levers.tuning_runs, project.problem.fallback)
    assert (date(2027, 12, 31), 120, ("language",)) == (asked.stale_after, asked.errors_read, asked.slices)
    assert ("70%", "0.65", None) == tuple(
        one.score
        for one in (project.alternatives.prompt_hosted, project.alternatives.retrieval, project.alternatives.tune_large)
    )
    assert (date(2026, 11, 1), 1.1) == (project.rates[0].date, project.rates[0].value)


def test_defaults(tmp_path: Path) -> None:
    """A file with a name and a training file is enough; nothing else is made up."""
    project = read(tmp_path, PLAIN)
    assert ("lora", "USD", 3.0, 1.0) == (
        project.method,
        project.currency,
        project.training.epochs,
        project.base_per_usd,
    )
    assert not project.include_inference
    assert [] == list(quantities(project))
    assert ((), (), (), ()) == (project.models, project.team, project.rates, project.data.sources)
    assert (None, None, None) == (project.problem.metric, project.problem.target, project.budget)


def test_all_money_is_in_the_base_currency(tmp_path: Path) -> None:
    """Every amount is converted with the dated rate, at any depth; what is no money stays."""
    project = read(tmp_path, WHOLE)
    found = {".".join(map(str, at)): quantity for at, quantity in quantities(project)}
    money = {name: quantity.spread for name, quantity in found.items() if quantity.currency}
    assert {"USD"} == {quantity.currency for quantity in found.values() if quantity.currency}
    assert {
        "problem.value", "data.sources.0.rate", "data.sources.0.set_up", "data.sources.1.price", "team.0.rate",
        "serving.price_per_1k_answers", "serving.price_per_1k_today", "budget", "problem.errors.0.cost",
        "problem.errors.1.cost", "alternatives.prompt_hosted.price_per_1k_answers",
    } == set(money)  # fmt: skip
    assert 16_500 == pytest.approx(money["budget"].median)
    assert 0.44 == pytest.approx(money["problem.value"].median)
    assert (82.5, 165) == pytest.approx((money["team.0.rate"].low, money["team.0.rate"].high))
    assert "15k EUR" == found["budget"].text


@law(25)
@given(st.floats(1e-3, 1e3), st.integers(1, 10**9))
def test_conversion_is_the_rate(tmp_path_factory: pytest.TempPathFactory, rate: float, amount: int) -> None:
    """Any amount at any rate is amount times rate."""
    folder = tmp_path_factory.getbasetemp() / "rates"
    folder.mkdir(exist_ok=True)
    text = PLAIN + f"budget: {amount} CHF\nrates: [{{currency: CHF, value: {rate!r}, date: 2026-01-01}}]\n"
    budget = read(folder, text).budget
    assert amount * rate == pytest.approx(budget.spread.median)


def test_another_base_currency(tmp_path: Path) -> None:
    """A project in euros keeps its amounts, and knows what a dollar of the tables is in euros."""
    project = read(
        tmp_path, PLAIN + "currency: EUR\nbudget: 9k EUR\nrates: [{currency: USD, value: 0.9, date: 2026-11-01}]\n"
    )
    assert ("EUR", Const(9_000), 0.9) == (project.budget.currency, project.budget.spread, project.base_per_usd)


def test_a_rate_of_a_day_to_come_or_of_the_base_currency_is_refused(tmp_path: Path) -> None:
    """No plan is made at a price that nobody has read; a rate of 1 for the base currency says nothing wrong."""
    rates = "currency: EUR\nrates:\n- {currency: USD, value: 0.9, date: 2026-11-24}\n"
    path = folder_of(tmp_path) / "case.yaml"
    path.write_text(PLAIN + rates + "- {currency: USD, value: 90, date: 2026-11-25}\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_project(path, catalog.names(), today=date(2026, 11, 24))
    (problem,) = refused.value.problems
    assert ("case.yaml:6: rates.1.date", "2026-11-25") == (problem.where, problem.got)
    assert 90 == read_project(path, catalog.names(), today=date(2026, 11, 25)).base_per_usd
    (problem,) = problems(tmp_path, PLAIN + rates + "- {currency: EUR, value: 7, date: 2026-11-01}\n")
    assert ("case.yaml:6: rates.1.currency", "7 EUR for one EUR") == (problem.where, problem.got)
    assert 0.9 == read(tmp_path, PLAIN + rates + "- {currency: EUR, value: 1, date: 2026-11-01}\n").base_per_usd


def test_a_base_currency_without_a_rate_for_dollars(tmp_path: Path) -> None:
    """The shipped prices are in dollars: another base currency needs a rate for them."""
    (problem,) = problems(tmp_path, PLAIN + "currency: EUR\n")
    assert ("case.yaml:3: currency", "add to rates: {currency: USD, value: ..., date: ...}") == (
        problem.where, problem.fix,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "where", "words"),
    [
        ("budget: 15k EUR", "case.yaml:3: budget", "a dated rate for EUR"),
        ("budget: 15k", "case.yaml:3: budget", "an amount with its currency"),
        ("budget: [1, 2]", "case.yaml:3: budget", "15k USD"),
        ("method: dora", "case.yaml:3: method", "'lora', 'qlora' or 'full'"),
        ("currency: usd", "case.yaml:3: currency", "pattern"),
        ("include_inference: perhaps", "case.yaml:3: include_inference", "yes or no"),
        ("models: gpt2", "case.yaml:3: models", "a list"),
        ("models: [gpt-9000]", "case.yaml:3: models.0", "or give the path of its config.json"),
        ("models: [missing/config.json]", "case.yaml:3: models.0", "does not exist"),
        ("models: [../config.json]", "case.yaml:3: models.0", "a path inside"),
        ("compute:\n  tier: cloud9", "case.yaml:4: compute.tier", "neocloud"),
        ("compute:\n  gpu: [H100]", "case.yaml:4: compute.gpu", "did you mean gpus or gpu_count?"),
        ("team:\n  - role: lead\n  - rat: 3", "case.yaml:5: team.1.role", "add `role:`"),
        ("team:\n  - {role: a, rat: 3}", "case.yaml:4: team.0.rat", "did you mean rate"),
        ("rounds: 101", "case.yaml:3: rounds", "at most 100"),
        ("training: {epochs: inf}", "case.yaml:3: training.epochs", "1000"),
        ("training: {rank: 8.5}", "case.yaml:3: training.rank", "integer"),
        ("problem: {target: [1]}", "case.yaml:3: problem.target", "one score such as 92%"),
        ("problem: {target: most}", "case.yaml:3: problem.target", "a score such as 92%"),
        ("problem: {baseline: 60}", "case.yaml:3: problem.baseline", "write 60%"),
        ("problem: {baseline: 300%}", "case.yaml:3: problem.baseline", "between 0 and 100%"),
        ("problem: {direction: lower, target: 0}", "case.yaml:3: problem.target", "a positive score"),
        ("problem: {target: 90%, fallback: 95%}", "case.yaml:3: problem.fallback", "short of problem.target, '90%'"),
        ("problem: {target: 90%, baseline: 80%, fallback: 70%}", "case.yaml:3: problem.fallback", "better than"),
        ("problem: {direction: lower, target: 2, fallback: 1}", "case.yaml:3: problem.fallback", "short of"),
        ("problem: {fallback: 70%}", "case.yaml:3: problem.fallback", "add problem.target"),
        ("problem: {miss_cost: -5 USD}", "case.yaml:3: problem.miss_cost", "USD, zero or more"),
        ("problem: {miss_cost: -20%}", "case.yaml:3: problem.miss_cost", "%, zero or more"),
        ("problem: {miss_cost: 50%, gain: linear}", "case.yaml:3: problem.miss_cost", "delete one of the two lines"),
        ("problem: {target: 9%, baseline: 9%, gain: linear}", "case.yaml:3: problem.gain", "gain: all_or_nothing"),
        ("levers: {tune: 0.9}", "case.yaml:3: levers.tune", "known: bigger_model_factor"),
        ("levers: {tuning_factor: 90 USD}", "case.yaml:3: levers.tuning_factor", "a number, not money"),
        ("levers: {label_noise: 130%}", "case.yaml:3: levers.label_noise", "100%"),
        ("levers: {tuning_runs: 1}", "case.yaml:3: levers.tuning_runs", "greater than or equal to 2"),
        ("problem: {criteria: short}", "case.yaml:3: problem.criteria", "a list"),
        ("rates: [{currency: EUR, value: inf, date: 2026-01-01}]", "case.yaml:3: rates.0.value", "finite"),
        ("rates: [{currency: EUR, value: 0, date: 2026-01-01}]", "case.yaml:3: rates.0.value", "greater than 0"),
        ("rates: [{currency: EUR, value: 1, date: May}]", "case.yaml:3: rates.0.date", "date"),
        ("? [a]\n: b", "case.yaml:3: ?", "unknown field"),
        ("problem: words", "case.yaml:3: problem", "a section with fields such as goal"),
        ("data: {train: train.jsonl}", "case.yaml:3: data", "the same field twice"),
        ("serving: {price_per_1k: 3 USD}", "case.yaml:3: serving.price_per_1k", "did you mean price_per_1k_answers"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_line(tmp_path: Path, line: str, where: str, words: str) -> None:
    """A mistake is one problem: file, line and field, and what would be right."""
    problem = problems(tmp_path, PLAIN + line + "\n")[0]
    assert where == problem.where
    assert words in f"{problem.wanted} {problem.fix} {problem.got}"


def test_missing_fields(tmp_path: Path) -> None:
    """The fields that must be there are asked for by name."""
    assert {"add `name:`", "add `data:`"} == {problem.fix for problem in problems(tmp_path, "method: lora\n")}
    assert ["case.yaml:2: data.train"] == [p.where for p in problems(tmp_path, "name: x\ndata: {test: test.jsonl}\n")]


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Mistakes of every sort are gathered in one refusal."""
    text = "name: a\nname: b\ndata: {train: nowhere.jsonl}\nbudget: 3 EUR\nproblem: {target: 140%}\n"
    found = problems(tmp_path, text)
    assert {"case.yaml:2: name", "case.yaml:3: data.train", "case.yaml:4: budget", "case.yaml:5: problem.target"} == {
        problem.where for problem in found
    }
    text = "name: a\nbudget: x\nmethod: y\nrounds: z\ncolour: red\n"
    assert 5 == len(problems(tmp_path, text))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("../train.jsonl", "a path inside"),
        ("/etc/hostname", "a path inside"),
        ('"a\\0b"', "correct the path"),
        ("x" * 5_000, "at most 1,000"),
        ("none.jsonl", "does not exist"),
        ("circle.jsonl", "path"),
        ("outside.jsonl", "a path inside"),
    ],
)
def test_paths_that_are_no_files_of_the_case(tmp_path: Path, given: str, words: str) -> None:
    """Data outside the folder, even through a link, and impossible paths are refused."""
    inner = tmp_path / "case"
    inner.mkdir()
    (tmp_path / "train.jsonl").write_text("{}\n", encoding="utf-8")
    try:
        (inner / "circle.jsonl").symlink_to("circle.jsonl")
        (inner / "outside.jsonl").symlink_to(tmp_path / "train.jsonl")
    except OSError:
        pytest.skip("this system lets no test make links")
    (problem,) = problems(inner, f"name: x\ndata:\n  train: {given}\n")
    assert "case.yaml:3: data.train" == problem.where
    assert words in f"{problem.got} {problem.wanted} {problem.fix}"


def test_data_may_be_a_folder_and_a_model_may_not(tmp_path: Path) -> None:
    """Data may lie in a folder; a folder where a model's config.json belongs is refused by name."""
    folder_of(tmp_path)
    (tmp_path / "parts").mkdir()
    assert "parts" == read(tmp_path, "name: x\ndata: {train: parts}\n").data.train
    (tmp_path / "config.json").mkdir()
    (problem,) = problems(tmp_path, "name: x\ndata: {train: parts}\nmodels: [config.json]\n")
    assert ("case.yaml:3: models.0", "'config.json', which is a folder") == (problem.where, problem.got)


def test_links_inside_the_folder(tmp_path: Path) -> None:
    """A link to a file of the folder is as good as the file."""
    folder_of(tmp_path)
    try:
        (tmp_path / "link.jsonl").symlink_to("train.jsonl")
    except OSError:
        pytest.skip("this system lets no test make links")
    assert "link.jsonl" == read(tmp_path, "name: x\ndata: {train: link.jsonl}\n").data.train


def test_models_by_their_config(tmp_path: Path) -> None:
    """The path of a config.json becomes absolute, so that it is found from anywhere; names stay."""
    models = read(tmp_path, WHOLE).models
    assert ("meta-llama/Llama-3.1-8B", str(tmp_path.resolve() / "model" / "config.json")) == models


def test_names_are_compared_without_case(tmp_path: Path) -> None:
    """Names are found whatever their case; without a list of names none is refused."""
    text = PLAIN + "problem: {metric: Accuracy}\ncompute: {gpus: [h100]}\n"
    assert "Accuracy" == read(tmp_path, text).problem.metric
    assert ("any",) == read(tmp_path, PLAIN + "compute: {gpus: [any]}\n", {}).compute.gpus


def test_targets_of_metrics_that_fall(tmp_path: Path) -> None:
    """A loss has no upper end: its target may be above 1, by the metric or by the stated direction."""
    assert "2.5" == read(tmp_path, PLAIN + "problem: {metric: loss, target: 2.5}\n").problem.target
    assert "7" == read(tmp_path, PLAIN + "problem: {direction: lower, target: 7}\n").problem.target
    assert 1 == len(problems(tmp_path, PLAIN + "problem: {metric: loss, target: -1}\n"))
    assert 1 == len(problems(tmp_path, PLAIN + "problem: {metric: accuracy, target: 2.5}\n"))


def test_windows_files(tmp_path: Path) -> None:
    """A byte order mark and CRLF line ends change neither fields nor lines."""
    windows = b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()
    assert read(tmp_path, WHOLE) == read(tmp_path, windows)


def test_quoted_values_are_the_same(tmp_path: Path) -> None:
    """Quotes around a value change nothing."""
    text = PLAIN + 'budget: "15k USD"\nrounds: "3"\nproblem: {target: "92%"}\ncompute: {gpu_count: "2"}\n'
    assert read(tmp_path, text) == read(tmp_path, text.replace('"', ""))


def test_projects_are_frozen(tmp_path: Path) -> None:
    """A project cannot be changed after it was read."""
    with pytest.raises(ValueError):
        read(tmp_path, PLAIN).name = "other"  # type: ignore[misc]


def test_quantities_may_be_given_as_such() -> None:
    """In Python a Quantity is taken as it is."""
    quantity = Quantity(Const(3.0), "money", "USD", "3 USD")
    assert quantity is Project.model_validate({"name": "x", "data": {"train": "a"}, "budget": quantity}).budget


@pytest.mark.parametrize(("given", "expected"), [("92%", 0.92), ("0.92", 0.92), (0.92, 0.92), (" 57 % ", 0.57), (3, 3)])
def test_scores(given: str | float, expected: float) -> None:
    """A score is a share or a percentage."""
    assert expected == read_score(given)


@pytest.mark.parametrize("given", ["nan", "inf", "-inf%", "", "%", "a lot", "1e999"])
def test_no_scores(given: str) -> None:
    """What is no finite number is no score."""
    with pytest.raises(ValueError):
        read_score(given)


@given(st.integers(1, 100))
def test_percent_is_exact(percent: int) -> None:
    """A whole percentage reads as the float one would type."""
    assert float(f"{percent / 100:.2f}") == read_score(f"{percent}%")


def schema_accepts(text: str) -> bool:
    """True when the JSON schema, as an editor uses it, finds no fault."""
    fields: Any = json.loads(json.dumps(yaml.safe_load(text), default=str))
    return jsonschema.Draft202012Validator(json.loads(schema())).is_valid(fields)


def test_the_schema_is_one() -> None:
    """What editors are given is a valid JSON schema."""
    jsonschema.Draft202012Validator.check_schema(json.loads(schema()))


def test_the_schema_accepts_what_is_read(tmp_path: Path) -> None:
    """Whole and shortest files are accepted by the schema and by the reader alike."""
    case = case_folder(tmp_path / "case")
    for text in (WHOLE.replace("include_inference: yes", "include_inference: true"), PLAIN):
        assert read(tmp_path, text).name
        assert schema_accepts(text)
    assert schema_accepts(case.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "name: x\n",
        PLAIN + "colour: red\n",
        PLAIN + "method: dora\n",
        PLAIN + "currency: usd\n",
        PLAIN + "compute: {gpu_count: 0}\n",
        PLAIN + "compute: {tier: cloud9}\n",
        PLAIN + "training: {epochs: 0}\n",
        PLAIN + "models: gpt2\n",
        PLAIN + "budget: [1]\n",
        PLAIN + "team: [{share: 50%}]\n",
        PLAIN + "problem: {target: [1]}\n",
        PLAIN + "rates: [{currency: EUR, value: 0, date: 2026-01-01}]\n",
    ],
)
def test_the_schema_refuses_what_is_refused(tmp_path: Path, text: str) -> None:
    """Mistakes of form are shown by the editor before the reader sees them."""
    assert not schema_accepts(text)
    assert problems(tmp_path, text)


WORDS = st.text(st.sampled_from("abk0159.,%~/to -:[]{}#'\"\\\nUSDEUR per"), max_size=40)


@law(80)
@given(st.sampled_from(["budget", "rounds", "models", "problem", "team", "rates", "training", "data"]), WORDS)
def test_any_value_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, field: str, value: str) -> None:
    """Whatever stands in a field, the file is read or refused with problems, never anything else."""
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    told: tuple[Problem, ...] = ()
    try:
        read(folder, PLAIN + f"{field}: {value}\n")
    except InputError as refused:
        told = refused.problems
    assert all(problem.where.startswith("case.yaml:") for problem in told)


def test_a_project_that_options_state() -> None:
    """Fields by dotted name, without a file; money in its base currency and defaults as in a file."""
    fields = {"problem.volume": "200k per month", "serving.traffic.input": "600", "serving.gpus": ["L4"]}
    project = project_of(fields, catalog.names(), {})
    assert (200_000.0, ("L4",)) == (project.problem.volume.spread.median, project.serving.gpus)
    assert project.serving.traffic.output is None


def test_what_is_wrong_with_options_is_told_at_each() -> None:
    """All at once, by the option that was typed; by --set where none is named."""
    fields = {"problem.volume": "-5 per month", "serving.gpus": ["L44"], "serving.engine": "vlm"}
    with pytest.raises(InputError) as refused:
        project_of(fields, catalog.names(), {"problem.volume": "--volume", "serving.gpus": "--gpu"})
    assert ["--volume", "--gpu", "--set serving.engine"] == [problem.where for problem in refused.value.problems]


def test_a_change_is_told_at_the_option_that_it_was_typed_as(tmp_path: Path) -> None:
    """And a mistake of the file at its line, beside it."""
    path = tmp_path / "case.yaml"
    path.write_text("name: x\ndata: {rows: 5}\ninclude_inference: perhaps\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_project(path, catalog.names(), {"serving.spare": -1}, None, {"serving.spare": "--spare"})
    assert {"--spare", "case.yaml:3: include_inference"} == {problem.where for problem in refused.value.problems}


def test_long_texts_are_refused_with_the_limit(tmp_path) -> None:
    """A name, an owner, a criterion or a model of thousands of letters is refused, each with its place."""
    long = {"name": "name: " + "x" * 1_001, "owner": "  owner: " + "y" * 5_000, "models": f"models: [{'m' * 3_000}]"}
    with pytest.raises(InputError) as refused:
        read_project(case_folder(tmp_path, **long))
    told = {problem.where.split(": ")[-1]: (problem.got, problem.wanted) for problem in refused.value.problems}
    assert ("1,001 characters", "at most 1,000") == told["name"]
    assert {"name", "problem.owner", "models.0"} == set(told)


def test_near_names_are_looked_for_only_where_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of unknown models and fields the first are told with near names, and the others are held without."""
    from tunecase.project import file

    asked: list[str] = []
    monkeypatch.setattr(file, "nearest", lambda name, names: asked.append(name) or "known: none")
    path = tmp_path / "tunecase.yaml"
    models = "".join(f"  - llm{at}\n" for at in range(2_000))
    fields = "".join(f"field{at}: 1\n" for at in range(2_000))
    path.write_text(f"name: a\ndata:\n  rows: 9\nmodels:\n{models}{fields}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_project(path, {"model": catalog.names()["model"]})
    assert (21, 4_000) == (len(asked), len(caught.value.problems))
    assert "unknown field 'field1999'" == caught.value.problems[-1].got
    assert "3,980 further mistakes from here on" in str(caught.value)


@pytest.mark.slow
def test_a_project_file_of_endless_values_is_refused(tmp_path: Path) -> None:
    """A file with more than 50,000 values is refused by their number, at the line of the first beyond it."""
    path = tmp_path / "tunecase.yaml"
    path.write_text("name: a\nmodels:\n" + "- llm\n" * 60_000, encoding="utf-8")
    with pytest.raises(InputError, match="more than 50,000 values"):
        read_project(path)
