"""The question of what answers cost, as typed: with a case and without, kept or not, and every mistake told at once."""

import itertools
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.inference.importers.meters import vllm_result, written
from tunecase import flow
from tunecase.errors import InputError, Problem
from tunecase.flow import Flow, InferenceAsked, inference, open_case
from tunecase.records import Inference

TODAY = date(2026, 11, 24)
MODEL = "meta-llama/Llama-3.1-8B"
LOADED = {"volume": "200k per month", "input": "600", "output": "60", "gpu": ["H100"]}
RAN = {"gpus": "1", "precision": "bf16", "engine": "vllm"}
CASE = f"""\
name: served
data: {{rows: 200}}
problem: {{metric: accuracy, volume: 200k per month}}
models: ['{MODEL}']
serving: {{gpus: [H100], gpu_count: 1, precision: bf16, engine: vllm, traffic: {{input: 600, output: 60}}}}
"""


def asked(model: str = MODEL, measured: tuple[Path, ...] = (), price: str | None = None, **words: Any) -> Inference:
    """A question without a case."""
    return inference(InferenceAsked(model, words, measured, price), today=TODAY)


def problems(model: str = MODEL, price: str | None = None, **words: Any) -> dict[str, Problem]:
    """What is wrong with a question without a case, by its place."""
    with pytest.raises(InputError) as refused:
        asked(model, price=price, **words)
    return {problem.where: problem for problem in refused.value.problems}


def case(folder: Path, text: str = CASE) -> Flow:
    """An opened case that plans without a data file."""
    path = folder / "tunecase.yaml"
    path.write_text(text, encoding="utf-8")
    return open_case(path, 0, TODAY)


def kept(of: Flow) -> list[str]:
    """The verbs of the records on answers in the ledger."""
    return [entry.verb for entry in of.ledger.entries() if entry.verb in ("inference", "loads")]


def test_it_answers_without_a_case() -> None:
    """Every way has the model's name, and the objective is that of the options."""
    record = asked(**LOADED)
    assert record.ok
    assert MODEL == record.model
    assert {"not asked"} == {way.objective for way in record.ways}
    objectives = {way.objective for way in asked(**LOADED, **{"first-token": "2 s"}).ways if way.kind == "on demand"}
    assert objectives <= {"met", "unsure", "not met"}


def test_what_is_missing_is_named_at_once_beside_what_is_wrong() -> None:
    """By its option: the model, volume and lengths, an unknown card and engine with near names, a price."""
    found = problems("", price="3 EUR", gpu=["L44"], engine="vlm")
    assert ["--price", "--gpu", "--engine", "--volume", "--input", "--output", "MODEL"] == list(found)
    assert ("unknown gpu 'L44'", "did you mean L4") == (found["--gpu"].got, found["--gpu"].fix[:15])
    assert "did you mean vllm?" == found["--engine"].fix
    assert "add --input 600" == found["--input"].fix
    assert ["--volume", "--output"] == list(problems(input="600"))


def test_what_is_missing_of_a_case_is_named_by_its_field(tmp_path: Path) -> None:
    """With the option that would do as well."""
    text = CASE.replace(", volume: 200k per month", "").replace("input: 600, output: 60", "burst: 2")
    with pytest.raises(InputError) as refused:
        inference(InferenceAsked(), first=case(tmp_path, text))
    lengths = ["tunecase.yaml: serving.traffic.input", "tunecase.yaml: serving.traffic.output"]
    assert ["tunecase.yaml: problem.volume", *lengths] == [problem.where for problem in refused.value.problems]
    assert "or --input 600" in refused.value.problems[1].fix


def test_a_price_that_is_none() -> None:
    """One amount of US dollars for an hour, more than zero."""
    for price, wanted in (
        ("3 EUR per hour", "US dollars"), ("3 EUR", "USD per hour"), ("USD", "a number in USD per hour"),
        ("0", "USD per hour, more than zero"), ("nan", "USD per hour"), ("2 to 3", "USD per hour"),
        ("2 to 3 USD per hour", "one price, not a range"), ("2 USD", "USD per hour"),
    ):  # fmt: skip
        (problem,) = problems(price=price, **LOADED).values()
        assert ("--price", True, True) == (problem.where, wanted in problem.wanted, bool(problem.fix))


def test_a_price_of_ones_own_is_of_one_card() -> None:
    """Of none, or of several, nobody knows whose it is."""
    for gpu, got in ((None, "2, of no card"), (["L4", "H100"], "2, of L4, H100")):
        (problem,) = problems(price="2", **(LOADED | {"gpu": gpu})).values()
        assert ("--price", got) == (problem.where, problem.got)


def test_a_price_of_ones_own_is_that_of_every_hour_on_demand() -> None:
    """Typed as a number or with its unit, the same; twice the price is twice the bill."""
    months = [
        next(
            way.per_month.p50 for way in asked(price=price, **LOADED).ways if way.kind == "on demand" and way.per_month
        )
        for price in ("2", "2.0 USD per hour", "4")
    ]
    assert months[0] == months[1]
    assert pytest.approx(2 * months[0]) == months[2]


def test_what_cannot_be_is_told_at_its_option() -> None:
    """Where, what was given, what is wanted and how to mend it."""
    wrong = {
        "volume": "-5 per month", "input": "-600", "cached": "140%", "hours": "always", "first-token": "0 s",
        "tier": "cheap", "precision": "bf8", "gpus": "0", "adapters": "0",
    }  # fmt: skip
    for volume in ("0 per month", ""):
        assert ["--volume"] == list(problems(**(LOADED | {"volume": volume})))
    for name, text in wrong.items():
        found = problems(**(LOADED | {name: text}))
        assert [f"--{name}"] == list(found)
        assert all((problem.got, problem.wanted, problem.fix) for problem in found.values())


def test_an_objective_out_of_reach_is_told_at_its_option_or_field(tmp_path: Path) -> None:
    """No fleet answers sooner than one request alone takes."""
    (problem,) = problems(**LOADED, **{"first-token": "0.001 s"}).values()
    assert ("--first-token", "0.001 s") == (problem.where, problem.got)
    slow = case(tmp_path, CASE.replace("output: 60", "output: 60, per_token: 0.00001 s"))
    with pytest.raises(InputError) as refused:
        inference(InferenceAsked(), first=slow)
    assert ["tunecase.yaml: serving.traffic.per_token"] == [problem.where for problem in refused.value.problems]


TRACE = "arrival,input,output\n" + "".join(f"{k * 2},{500 + k % 7},{60 + k % 5}\n" for k in range(400))


def test_a_trace_gives_lengths_and_hours_and_changes_what_records_rest_on(tmp_path: Path) -> None:
    """It is read beside the project file; another content of the same name is another question."""
    (tmp_path / "trace.csv").write_text(TRACE, encoding="utf-8")
    text = CASE.replace("input: 600, output: 60", "trace: trace.csv")
    of = case(tmp_path, text)
    record = inference(InferenceAsked(), first=of)
    assert pytest.approx(503, abs=1) == record.input_tokens
    assert of.key("estimate") == case(tmp_path, text).key("estimate")
    (tmp_path / "trace.csv").write_text(TRACE.replace(",500,", ",900,"), encoding="utf-8")
    again = case(tmp_path, text)
    assert of.key("estimate") != again.key("estimate")
    assert of.key("inference") != again.key("inference")
    assert of.key("audit") == again.key("audit")
    changed = inference(InferenceAsked(), first=again).input_tokens
    assert changed > record.input_tokens


def test_a_trace_that_cannot_be_read(tmp_path: Path) -> None:
    """Empty, out of order, with holes or negative lengths: told at its line, whether typed or in the project file."""
    path = tmp_path / "trace.csv"
    of = case(tmp_path, CASE.replace("input: 600, output: 60", "trace: trace.csv"))
    for text, where in (
        (None, "trace.csv"),
        ("arrival,input,output\n1,500,60\n", "trace.csv"),
        (TRACE.replace("\n20,", "\n2000,"), "trace.csv:"),
        (TRACE.replace("\n20,503,", "\n20,,"), "trace.csv:"),
        (TRACE.replace("\n20,503", "\n20,-503"), "trace.csv:"),
        ("", "trace.csv"),
    ):
        if text is not None:
            path.write_text(text, encoding="utf-8")
        found = problems(volume="2k per month", gpu=["L4"], trace=str(path))
        with pytest.raises(InputError) as refused:
            inference(InferenceAsked(), first=open_case(of.path, 0, TODAY))
        for problem in itertools.chain(found.values(), refused.value.problems):
            assert where in problem.where
            assert all((problem.got, problem.wanted, problem.fix))


def test_the_record_is_kept_where_the_question_is_the_projects_own(tmp_path: Path) -> None:
    """Options, another model or a price make it another question."""
    of = case(tmp_path)
    own = inference(InferenceAsked(), first=of)
    assert ["inference"] == kept(of)
    assert own.ok
    for other in (InferenceAsked(words={"burst": "2"}), InferenceAsked("qwen3-8b"), InferenceAsked(price="2")):
        assert inference(other, first=of).ok
    assert ["inference"] == kept(of)


def test_an_option_takes_the_place_of_the_field(tmp_path: Path) -> None:
    """More answers cost more a month and less each; the file does not change."""
    of = case(tmp_path)
    plain, more = (inference(InferenceAsked(words=words), first=of) for words in ({}, {"volume": "400M per month"}))
    assert more.per_month.p50 > plain.per_month.p50
    assert more.per_1k.p50 < plain.per_1k.p50
    assert CASE == of.path.read_text(encoding="utf-8")


def test_measured_loads_narrow_are_scored_and_kept_once(tmp_path: Path) -> None:
    """The same file again adds nothing and says so; bills rest on what was measured."""
    of, load = case(tmp_path), written(tmp_path / "load.json", vllm_result())
    before, key = inference(InferenceAsked(), first=of), of.key("estimate")
    after = inference(InferenceAsked(measured=(load, load)), first=of)
    assert before.throughput.answers_per_s == after.throughput.before
    (scored,) = after.loads.loads
    assert 1600.0 == scored.point.output_tokens_per_s
    assert (scored.predicted.low, scored.predicted.high) > (0, scored.predicted.mid)
    assert ["inference", "loads", "inference"] == kept(of)
    assert key != of.key("estimate")
    key = of.key("estimate")
    again = inference(InferenceAsked(measured=(load,)), first=of)
    assert again.throughput == after.throughput
    assert again.loads is None
    assert any("1 measured load on file already: nothing is added" in note for note in again.notes)
    assert key == of.key("estimate")
    assert ["loads"] == [verb for verb in kept(of) if verb == "loads"]


def test_measured_loads_narrow_without_a_case(tmp_path: Path) -> None:
    """What the file does not say of the replica is taken from the options, and asked for by their names."""
    load = written(tmp_path / "load.json", vllm_result())
    record = asked(measured=(load,), **LOADED, **RAN)
    assert record.throughput.before is not None
    assert 1 == len(record.loads.loads)
    with pytest.raises(InputError) as refused:
        asked(measured=(load, tmp_path / "none.json"), **LOADED)
    fixes = [problem.fix for problem in refused.value.problems]
    assert {"give --gpus", "give --precision", "give --engine"} <= set(fixes)
    assert any("none.json" in problem.where for problem in refused.value.problems)


def test_the_bill_counts_the_price_of_the_record(tmp_path: Path) -> None:
    """One thousand answers cost the same in the estimate's line and in the record; a stated price overrides both."""
    of = case(tmp_path, CASE + "include_inference: true\n")
    record, bill = inference(InferenceAsked(), first=of), flow.estimate(of)
    assert f"{record.per_1k.p50:.2g} USD per 1,000" in bill.line("inference").basis
    priced = CASE.replace("gpus: [H100]", "gpus: [H100], price_per_1k_answers: 9 USD") + "include_inference: true\n"
    stated = case(tmp_path, priced)
    assert "9.0 USD per 1,000" in flow.estimate(stated).line("inference").basis
    told = inference(InferenceAsked(), first=stated)
    assert (True, 9.0) == (told.stated, told.per_1k.p50)
