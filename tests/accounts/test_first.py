"""What a first run without a target ends with: every sentence has a case in which it is true and one in which not."""

import io
from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.problem_cases import project
from tunecase.accounts import Material, account
from tunecase.accounts.first import best_measured, first_words, propose, reachable, stopped
from tunecase.accounts.headline import authorise_parts
from tunecase.blocks import Facts
from tunecase.quantities import Band, Interval80, plain_money
from tunecase.records import Alternative, Baseline, Candidate, Criterion, CurveBand, Definition, OwnCurve, Point

TRIED = Candidate("n-grams", "n-grams", "probe", "", (Point(850, 0.7), Point(1_700, 0.813)), 1_700, 0.813, 600)
SLOWER = replace(TRIED, name="all-MiniLM", kind="encoder", model="st/all-MiniLM", score=0.79)


def at(n: int, mid: float) -> CurveBand:
    """The curve at one size."""
    return CurveBand(n, Interval80(mid - 0.04, mid, mid + 0.04), Interval80(mid - 0.05, mid, mid + 0.05), None, None)


def own(*scores: float, verdict: str = "no target") -> OwnCurve:
    """The curve of the n-grams at 1,700 rows and doublings of it."""
    band = tuple(at(1_700 * 2**step, score) for step, score in enumerate(scores))
    return OwnCurve("n-grams", "", verdict, "", TRIED.points, band, band[-1].n)


def unasked(**changes: Any) -> Definition:
    """The problem before anybody has stated a target."""
    return replace(samples.definition(), verdict="fix first", target=None, ceiling=None, in_use=None, **changes)


def material(definition: Definition | None = None, *, curve: OwnCurve | None = None, **more: Any) -> Material:
    """A case without a target whose pilot has measured two ways."""
    curve = curve or own(0.81, 0.84, 0.862, 0.9)
    seen = replace(samples.forecast(), target=None, verdict="no target", candidates=(curve,), n_budget=None)
    records = {
        "audit": samples.audit(), "pilot": replace(samples.pilot(), candidates=(TRIED, SLOWER)), "forecast": seen,
        "estimate": samples.estimate(), "project": project(target=None, value=None, volume=None),
    }  # fmt: skip
    return Material(definition=definition or unasked(), **{**records, **more})


def words(case: Material) -> dict[str, str]:
    """The pairs under the answer."""
    account = first_words(case)
    assert account is not None
    (facts,) = account.short
    assert isinstance(facts, Facts)
    return dict(facts.pairs)


def answer(case: Material) -> str:
    """The answer alone."""
    account = first_words(case)
    assert account is not None
    return account.answer


def test_a_case_with_a_target_has_no_first_words() -> None:
    """Where the question is answered, or nothing was judged, there is nothing to ask."""
    assert first_words(Material(definition=samples.definition())) is None
    assert first_words(Material()) is None


def test_what_looks_reachable_is_proposed_as_the_line_to_write() -> None:
    """The best way's own curve, four times the examples on, in whole percent."""
    assert answer(material()) == "Not yet: say which score is worth shipping. 86% looks within reach."
    said = words(material())
    assert said["measured"] == "81% right with 1,700 examples: a small word-count model"
    assert said["by luck"] == "17%, by always giving the commonest answer"
    assert said["reachable"] == "86% with 6,800 examples; 82% to 90% in 8 of 10 cases"
    assert said["write"].startswith("target: 86%   under problem:")
    assert said["then"] == "value: ? USD per correct, volume: ? per month: does it pay?"


def test_a_flat_curve_proposes_what_is_measured() -> None:
    """Where more examples promise nothing, the target is what is there already."""
    flat_curve = material(curve=own(0.812, 0.813, 0.815))
    assert "81% is reached already, by a small word-count model." in answer(flat_curve)
    assert words(flat_curve)["write"].startswith("target: 81%")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "target: 86%"),
        ({"ceiling": Interval80(0.8, 0.84, 0.88)}, "target: 84%"),
        ({"in_use": 0.9}, "target: 91%"),
        ({"in_use": 1.0}, "target: 100%"),
        ({"metric": "mae"}, "target: 0.813"),
    ],
)
def test_a_proposal_keeps_below_the_ceiling_and_above_today(changes: dict[str, Any], line: str) -> None:
    """The ceiling caps it, the score of what is in use raises it, and a score that is no share stays as measured."""
    assert propose(replace(unasked(), **changes), 0.813, at(6_800, 0.862)).line == line


def test_nothing_is_proposed_that_no_test_can_show() -> None:
    """A model that was always right on the test rows is proposed at 99%."""
    assert propose(unasked(), 1.0, None).line == "target: 99%"
    assert propose(unasked(), 1.0, None).met


def test_todays_score_is_named_where_it_decides() -> None:
    """A way in use that beats all that is free sets the least target, and the answer says so."""
    today = material(replace(unasked(), in_use=0.9))
    assert answer(today).endswith("It must be above today's 90%.")
    assert "today's" not in answer(material(replace(unasked(), in_use=0.5)))


def test_a_curve_that_says_too_little_is_not_read() -> None:
    """Two runs are no curve: what is reachable is not known, and no more than what was measured is proposed."""
    little = material(curve=own(0.81, 0.95, verdict="not a pilot yet"))
    assert reachable(little) is None
    assert words(little)["reachable"] == "not known: the runs so far say too little"
    assert words(little)["write"].startswith("target: 81%")


def test_a_budget_bounds_how_far_the_curve_is_read() -> None:
    """No score is called reachable with more examples than the budget can buy."""
    case = material()
    assert case.forecast is not None
    bounded = replace(case, forecast=replace(case.forecast, n_budget=3_500))
    found = reachable(bounded)
    assert found is not None
    assert found.n == 3_400


def test_without_a_test_file_that_is_what_is_asked_for() -> None:
    """No score can be measured or proposed without rows held out."""
    case = material(unasked(test_rows=0), pilot=None, forecast=None)
    assert answer(case) == "Not yet: without a test file nothing can be measured."
    assert words(case)["write"].startswith("test: test.jsonl")
    account = first_words(case)
    assert account is not None
    assert account.next == "tunecase init train.jsonl --split 15%"


def test_free_text_names_the_command_that_measures_something() -> None:
    """Where nothing free can learn the task, the cheapest prompted model is what to try, and no target is made up."""
    hosted = Alternative(
        "prompt_hosted", "prompt a hosted model", None, None, None, None, None, "unknown", kind="hosted",
        measure="tunecase pilot --hosted gpt-x",
    )  # fmt: skip
    refused = replace(samples.pilot(), runs=(), baselines=(), stopped="no pilot here: the outputs are free text (9)")
    case = material(unasked(alternatives=(hosted,)), pilot=refused, forecast=None)
    account = first_words(case)
    assert account is not None
    assert account.answer.endswith("Nothing that is free can learn this task.")
    assert account.next == "tunecase pilot --hosted gpt-x"
    assert words(case)["write"].startswith("target: ?%")
    assert "free text" in words(case)["measured"]
    assert answer(material(pilot=None, forecast=None)).endswith("Nothing was measured yet.")


def test_what_contradicts_the_data_comes_first() -> None:
    """Random labels, or data that are not fit, are to be mended before any target is asked for."""
    rule = Criterion("S1", "signal", "fail", "stop", "0", "more", "labels look random", "read 50 rows")
    random = material(replace(unasked(criteria=(rule,)), verdict="do not start"), pilot=None, forecast=None)
    assert stopped(random) == "Not yet: the inputs do not tell the answers apart."
    assert words(random)["the fix"] == "read 50 rows"
    leaked = material(replace(unasked(criteria=(replace(rule, id="D7"),)), verdict="do not start"), pilot=None)
    commands = [account.next for case in (random, leaked) if (account := first_words(case)) is not None]
    assert commands == ["tunecase define", "tunecase audit"]
    unfit = material(audit=replace(samples.audit(), verdict="not fit"))
    assert answer(unfit) == "Not yet: the data are not fit to learn from."
    assert stopped(material()) == ""


def test_the_best_way_is_the_best_score_of_all_that_answers() -> None:
    """A baseline that gives answers counts, the commonest answer does not, and lower is better for an error."""
    searched = Baseline("nearest examples", 0.85, 600, kind="search")
    luck = Baseline("majority", 0.99, 600)
    case = material(pilot=replace(samples.pilot(), candidates=(TRIED, SLOWER), baselines=(searched, luck)))
    assert best_measured(case) == searched
    assert case.pilot is not None
    assert best_measured(replace(case, pilot=replace(case.pilot, direction="lower"))) == SLOWER
    assert best_measured(replace(case, pilot=None)) is None


def test_the_price_is_that_of_the_measured_way_and_of_a_fine_tune() -> None:
    """What a measured way takes to be put to use stands beside the fine-tune's middle case."""
    way = Alternative(
        "n_grams", "n-grams", 0.813, None, Band(300, 610, 900, 1_400), None, None, "measured", kind="n-grams"
    )
    said = words(material(unasked(alternatives=(way,))))["price"]
    assert said.startswith("610 USD of work to put that to use; a fine-tune ")
    assert "610" not in words(material(unasked(alternatives=())))["price"]


def test_the_first_words_take_at_most_fourteen_lines() -> None:
    """At 80 columns the answer, its facts and the next command stay a screen's glance."""
    from rich.console import Console

    from tunecase.cli.show.blocks import print_account

    console = Console(width=80, record=True, file=io.StringIO())
    account = first_words(material())
    assert account is not None
    print_account(console, account)
    text = console.export_text()
    assert 8 <= len(text.strip().splitlines()) <= 14
    assert "target: 86%" in text


def test_a_plan_without_a_training_file_is_told_by_its_price() -> None:
    """Nothing can be measured: the price is told, and the file to name; before it is priced there is nothing to say."""
    given = project()
    planned = given.model_copy(update={"data": given.data.model_copy(update={"train": None})})
    account = first_words(Material(project=planned, estimate=samples.estimate()))
    assert account is not None
    assert account.answer.startswith("Not yet: there are no data to judge. The plan alone asks to set ")
    assert "train: train.jsonl" in str(account.short)
    assert first_words(Material(project=planned)) is None


def test_the_amount_to_set_aside_is_that_of_the_bill() -> None:
    """The same word stands for the same amount, the whole that is enough nine times in ten."""
    bill = samples.estimate()
    assert bill.plan is not None
    aside = plain_money(sum(authorise_parts(bill.plan)), bill.currency)
    assert account("estimate", bill, Material()).answer.startswith(f"Set {aside} aside")
    assert f", {aside} to set aside (assumed)" in words(material())["price"]
    bare = project()
    bare = bare.model_copy(update={"data": bare.data.model_copy(update={"train": None})})
    assert f"asks to set {aside} aside" in answer(Material(project=bare, estimate=bill))


def test_copied_answers_promise_nothing() -> None:
    """Where only answers of the nearest rows were measured, the pilot that writes answers is named with its minutes."""
    near = Candidate("nearest rows", "search", "nearest", "", (Point(850, 0.1), Point(1_700, 0.12)), 1_700, 0.12, 600)
    tried = replace(
        samples.pilot(), candidates=(near,), baselines=(), kind="generation", metric="chrf",
        lora_minutes=Interval80(2.0, 5.0, 12.0),
    )  # fmt: skip
    case = material(pilot=tried)
    assert "Copied answers reach 12%." in answer(case)
    told = words(case)
    assert "12% by chrf with 1,700 examples: the answers of the nearest examples" == told["measured"]
    assert "copies tell little" in told["reachable"]
    assert "tunecase pilot --trainer lora: 2.0 min to 12 min here" == told["to know"]
    assert "target: ?%" in told["write"]
    account = first_words(case)
    assert account is not None
    assert "tunecase pilot --trainer lora" == account.next


def test_a_score_that_counts_no_right_answers_is_not_called_so() -> None:
    """A score by fields or characters is told with its metric; one of right answers as so many right."""
    tried = replace(samples.pilot(), candidates=(TRIED, SLOWER))
    by_characters, exact = (replace(tried, metric=metric) for metric in ("chrf", "exact_match"))
    assert words(material(pilot=by_characters))["measured"].startswith("81% by chrf with 1,700 examples")
    assert words(material(pilot=exact))["measured"].startswith("81% right")


def test_where_nothing_was_measured_that_is_what_is_reachable() -> None:
    """A case with test rows and no score says that nothing is known, rather than nothing at all."""
    assert words(material(pilot=None, forecast=None))["reachable"] == "not known: nothing was measured"
