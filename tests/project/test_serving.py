"""The fields on answers after launch: what they take, what they refuse, and that a file without them is as before."""

from pathlib import Path

import pytest

from tests.projects import written
from tunecase.errors import InputError, Problem
from tunecase.project import Serving, read_project

WHOLE = """\
problem: {volume: 200k per month}
serving:
  traffic:
    input: 500 to 700
    output: 60
    instructions: 0
    cached: 20%
    hours: office
    weekend: 30%
    burst: 2 to 5
    growth: 2% per month
    first_token: 800 ms
    per_token: 0.05 s
    may_wait: true
  gpus: [L4, MI300X]
  gpu_count: 2
  precision: fp8
  engine: sglang
  merged: false
  adapters: 20
  spare: 0
  scale_to_zero: true
  cold_start: 2 to 5 min
  minimum_billing: 1 min
  today: openai/gpt-4.1-mini
"""


def refused(text: str, folder: Path) -> list[Problem]:
    """What is wrong with a project file."""
    with pytest.raises(InputError) as error:
        written(text, folder)
    return list(error.value.problems)


def test_every_field_is_read_in_its_unit(tmp_path: Path) -> None:
    """Seconds from milliseconds, shares from percentages, cards of any maker."""
    serving = written(WHOLE, tmp_path).serving
    traffic = serving.traffic
    assert traffic.first_token is not None
    assert traffic.per_token is not None
    assert traffic.growth is not None
    assert traffic.cached is not None
    assert pytest.approx((0.8, 0.05, 0.02, 0.2)) == tuple(
        one.spread.median for one in (traffic.first_token, traffic.per_token, traffic.growth, traffic.cached)
    )
    assert (("L4", "MI300X"), 2, "fp8", "sglang") == (
        serving.gpus, serving.gpu_count, serving.precision, serving.engine,
    )  # fmt: skip
    assert (False, 20, 0, True, True) == (
        serving.merged, serving.adapters, serving.spare, serving.scale_to_zero, traffic.may_wait,
    )  # fmt: skip


def test_hours_are_a_word_or_24_numbers(tmp_path: Path) -> None:
    """Neither 23 nor negative ones."""
    numbers = ", ".join(["1"] * 24)
    assert (1.0,) * 24 == written(f"serving: {{traffic: {{hours: [{numbers}]}}}}", tmp_path).serving.traffic.hours
    for hours in ("[1, 2]", "always", f"[{numbers.replace('1', '-1', 1)}]"):
        assert refused(f"serving: {{traffic: {{hours: {hours}}}}}", tmp_path)


@pytest.mark.parametrize(
    ("field", "where", "fix"),
    [
        ("traffic: {input: -5}", "serving.traffic.input", ""),
        ("traffic: {output: some}", "serving.traffic.output", ""),
        ("traffic: {cached: 120%}", "serving.traffic.cached", ""),
        ("traffic: {growth: 2%}", "serving.traffic.growth", "per month"),
        ("traffic: {first_token: 0 s}", "serving.traffic.first_token", "1 s"),
        ("traffic: {first_token: 1}", "serving.traffic.first_token", "1 s"),
        ("gpus: [L44]", "serving.gpus", "did you mean L4"),
        ("gpus: L4", "serving.gpus", "[L4]"),
        ("engine: vlm", "serving.engine", "did you mean vllm?"),
        ("engine: mine", "serving.engine", "use one of these words"),
        ("precision: bf8", "serving.precision", "bf16?"),
        ("adapters: 0", "serving.adapters", ""),
        ("spare: -1", "serving.spare", ""),
        ("price_per_1k_answers: 2", "serving.price_per_1k_answers", "2 USD"),
        ("price_per_1k_today: free", "serving.price_per_1k_today", "2 USD"),
        ("trafic: {input: 5}", "serving.trafic", "did you mean traffic?"),
    ],
)
def test_what_cannot_be_is_told_at_its_line(field: str, where: str, fix: str, tmp_path: Path) -> None:
    """Where, what was given, what is wanted and how to mend it."""
    (problem,) = refused(f"serving: {{{field}}}", tmp_path)
    assert f": {where}" in problem.where
    assert problem.got
    assert problem.wanted
    assert fix in problem.fix
    assert problem.fix


def test_mistakes_are_gathered(tmp_path: Path) -> None:
    """Three fields, three problems."""
    text = "serving: {gpus: [L44], engine: vlm, traffic: {input: 0}}"
    assert 3 == len(refused(text, tmp_path))


def test_fields_that_are_left_out_are_no_part_of_the_text_that_keys_hold() -> None:
    """A record made before these fields were known is found; what is stated is part of it."""
    assert "traffic" not in repr(Serving())
    assert "engine" not in repr(Serving())
    assert "engine='sglang'" in repr(Serving(engine="sglang"))


def test_an_answer_has_tokens(tmp_path: Path) -> None:
    """An answer of no tokens is a mistake in the file and no question that has an answer."""
    path = tmp_path / "tunecase.yaml"
    path.write_text("name: t\ndata: {rows: 5}\nserving: {traffic: {output: 0}}\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_project(path)
    (problem,) = refused.value.problems
    assert problem.where.endswith("serving.traffic.output")
    assert "more than zero" in problem.wanted
