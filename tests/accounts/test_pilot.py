"""A pilot's account: the best score beside the target, the curve so far, and what goes wrong."""

from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.accounts.reading import rows, words
from tunecase.accounts import Material
from tunecase.accounts.pilot import pilot, plain_name, score_words, short_names
from tunecase.quantities import Interval80
from tunecase.records import Baseline, Candidate, Pilot, Point, Promise

BEST = Candidate(
    "all-MiniLM-L6-v2", "encoder", "encoder", "an-org/all-MiniLM-L6-v2", (Point(680, 0.67, 1, 270),), 680, 0.67, 270,
    Interval80(0.63, 0.67, 0.71), seconds_per_answer=0.002, usd_per_1k_answers=0.0,
    promise=Promise(0.05, 0.71, 0.8, 0.049, 270, 20),
)  # fmt: skip
SECOND = replace(
    BEST, name="n-grams", kind="n-grams", score=0.5, promise=Promise(0.05, None, None, None, 270, 20), beaten=0.99,
    dropped="cannot win any more: accuracy 0.50 against 0.67", usd_per_1k_answers=0.3,
)  # fmt: skip


def short(record: Pilot, material: Material | None = None) -> str:
    """What stands under the answer by default."""
    return words(pilot(record, material or Material()).short)


def test_a_model_that_could_not_be_asked_is_told() -> None:
    """One line of the short answer says which variable to set."""
    why = "gpt-6-luna was not asked: OPENAI_API_KEY is not set, wanted a variable that holds the key: set it"
    record = replace(samples.pilot(), not_measured=(why, "encoder: its weights are not here"))
    assert {"gpt-6-luna"} == set(record.not_asked)
    assert "gpt-6-luna was not asked: OPENAI_API_KEY is not set." in short(record)
    assert "weights" not in short(record)


def test_the_answer_is_the_score_beside_the_target() -> None:
    """With all examples where the largest run had all; a target where one is known; another metric by its name."""
    record = samples.pilot()
    assert "89% right with 1,600 examples." == pilot(record, Material()).answer
    whole = replace(record, train_rows=1_600)
    aimed = Material(definition=replace(samples.definition(), target=0.9))
    assert "89% right with all 1,600 examples. The target is 90%." == pilot(whole, aimed).answer
    assert pilot(replace(record, metric="macro_f1"), Material()).answer.startswith("Macro f1 89% with")
    assert "loss 0.41" == score_words("loss", 0.41, direction="lower")
    assert "tunecase forecast" == pilot(record, Material()).next


def test_a_race_names_the_best_and_has_a_row_for_each() -> None:
    """The best candidate's own score and size; three rows at most; the n-gram model by what it does."""
    record = replace(samples.pilot(), candidates=(BEST, SECOND))
    account = pilot(record, Material())
    assert "67% right with 680 examples, by all-MiniLM-L6-v2." == account.answer
    assert "all-MiniLM-L6-v2 67% 63 to 71%, 8 in 10 free here" in words(account.short)
    assert "word-count model 50% 63 to 71%, 8 in 10 0.30 USD for 1,000 answers" in words(account.short)
    many = replace(record, candidates=(BEST, SECOND, *(replace(SECOND, name=f"model-{k}") for k in range(4))))
    assert "model-0" in short(many)
    assert "model-1" not in short(many)
    assert ("word-count model", "word-count model", "a-model") == tuple(
        map(plain_name, ("n-grams", "probe, all 1,946 rows", "an-org/a-model"))
    )
    assert "plain cores with a-model" == short_names("plain cores with an-org/a-model")


def test_a_ladder_of_many_sizes_is_thinned_to_a_line() -> None:
    """At most seven sizes side by side, the first and the last among them."""
    run = samples.pilot().runs[0]
    runs = tuple(replace(run, n=2**k, score=0.1 + k / 30) for k in range(4, 18))
    (head,) = [
        block for block in pilot(replace(samples.pilot(), runs=runs), Material()).short if hasattr(block, "head")
    ]
    assert 8 == len(head.head)
    assert ("16", "131,072") == (head.head[1], head.head[-1])


def test_without_a_score_it_says_why() -> None:
    """A pilot that could not start, and one of which no run ended well: no next step."""
    none = replace(samples.pilot(), runs=(), baselines=(), stopped="no test row")
    account = pilot(none, Material())
    assert ("No test row.", "bad", "", ()) == (account.answer, account.tone, account.next, account.short)
    assert "No run ended well." == pilot(replace(none, stopped=""), Material()).answer


def test_runs_that_do_not_count_are_told() -> None:
    """Failed and unsettled runs beside all, an early stop; runs kept from before take no time."""
    record = samples.pilot()
    failed = replace(record.runs[0], failed="out of\nmemory", score=0.0)
    wild = replace(record.runs[1], converged=False)
    lost = replace(record, runs=(failed, wild, *record.runs[2:]), stopped="5 minutes are over", usd=0.4)
    assert "15 runs, 1 run failed, 1 run did not converge, 16 s, under 1 USD." in short(lost)
    assert "Stopped early: 5 minutes are over." in short(lost)
    assert "out of memory" in words(pilot(lost, Material()).full)
    assert "15 runs kept from before, 0 USD." in short(replace(record, reused=15, usd=0.0))
    assert "kept" not in short(record)


def test_a_stand_in_is_called_one() -> None:
    """Only where the learner is not the model to be tuned."""
    assert "A stand-in: the larger model was not trained." in short(samples.pilot_of_a_model())
    assert "stand-in" not in short(samples.pilot())


@pytest.mark.parametrize(
    ("score", "change", "told"),
    [(0.95, {}, True), (0.8, {}, False), (0.889, {}, False), (float("nan"), {}, False),
     (0.02, {"direction": "lower", "metric": "loss"}, True), (0.95, {"direction": "lower", "metric": "loss"}, False)],
)  # fmt: skip
def test_what_is_better_without_a_fine_tune_is_told(score: float, change: dict[str, Any], told: bool) -> None:
    """Only where it is better by a digit that is shown, whichever way is better."""
    record = replace(samples.pilot(), baselines=(Baseline("an-org/zero-shot", score, 600),), **change)
    assert told == ("Better without a fine-tune: zero-shot, " in short(record))


@pytest.mark.parametrize(("after", "told"), [(0.3, True), (0.5, False), (0.61, False), (0.7, False)])
def test_a_tune_that_forgets_is_told(after: float, told: bool) -> None:
    """Only where the interval over questions excludes no loss; a gain is none."""
    record = samples.pilot_of_a_model()
    forgot = replace(record, runs=tuple(replace(run, skill_after=after) for run in record.runs))
    assert told == ("The tune forgets: it lost" in short(forgot))


def test_questions_that_changed_sides_narrow_the_interval() -> None:
    """Eight lost and none won of forty is a loss; five lost and four won is none, and what they can tell is said."""
    record = samples.pilot_of_a_model()
    known = {"skill_before": 0.6, "skill_after": 0.4, "skill_rows": 40}
    for lost, won, told in ((8, 0, "it lost 20% of 40 general questions"), (5, 4, "40 general questions cannot tell")):
        runs = tuple(
            replace(run, **known, skill_lost_rows=lost, skill_won_rows=won) if run.skill_before else run
            for run in record.runs
        )
        changed = replace(record, runs=runs).skill_lost
        assert changed is not None
        assert told in changed.words
        assert changed.is_shown == (won == 0)


def test_mistakes_are_told_by_pairs_with_where_to_read_them() -> None:
    """Both ways of taking one label for another are one pair; the most frequent first, two at most."""
    record = samples.pilot_of_a_model()
    assert record.mistakes is not None
    one = record.mistakes.confusions[1]
    ways = (one, replace(one, label="a", answer="b", rows=5), replace(one, label="b", answer="a", rows=6))
    mixed = replace(record, mistakes=replace(record.mistakes, confusions=ways))
    text = "It mixes up a and b (11), bug_report and how_to (4). 61 wrong answers to read: pilot/review.jsonl"
    assert text in short(mixed)
    nowhere = replace(record, mistakes=replace(record.mistakes, review_file="", confusions=()))
    assert "to read" not in short(nowhere)
    assert "mixes up" not in short(nowhere)


def test_all_of_it_is_told_in_full() -> None:
    """Every draw, what was measured beside it, parts of the test set, the search, every run, skill, notes."""
    record = replace(samples.pilot_of_a_model(), notes=("uneven classes",), not_measured=("big: no weights here",))
    account = pilot(record, Material(with_rows=True, entries={"pilot": "entry 1"}))
    assert "0.012 USD, 20 s" in rows(account.full, "To compare with")[2]
    assert ("refund_request", "charge_dispute", "9", "30%") == rows(account.full, "What is taken for what")[0]
    assert "worse than the rest" in rows(account.full, "Parts of the test set")[0]
    assert "17" == rows(account.full, "Wrong and sure: rows to look at")[0][0]
    assert "loss is not a number" in rows(account.full, "Search over settings")[3]
    assert 15 == len(rows(account.full, "Every run"))
    assert "not converged" == rows(account.full, "Every run")[0][-1]
    told = words(account.full)
    for part in (
        "uneven classes",
        "big: no weights here",
        "36 general questions cannot tell a loss below",
        "120 in every run",
        "entry 1",
    ):
        assert part in told


def test_rows_of_the_data_are_shown_only_where_they_may_be() -> None:
    """Without leave no text of a test row stands in the account."""
    record = samples.pilot_of_a_model()
    assert "The [board] will not load" not in words(pilot(record, Material()).full)
    assert "The [board] will not load" in words(pilot(record, Material(with_rows=True)).full)


def test_what_was_raced_stands_in_one_table_in_full() -> None:
    """Candidates best first with size, band, promise and why they were dropped; n-grams once."""
    baselines = (Baseline("majority", 0.08, 270), Baseline("probe", 0.5, 270))
    record = replace(samples.pilot(), candidates=(BEST, SECOND), baselines=baselines)
    first, second, third = rows(pilot(record, Material()).full, "To compare with")
    assert ("all-MiniLM-L6-v2", "680", "0.670", "0.630 to 0.710", "free here, 2.0 s") == first[:5]
    assert "answers 71% at no more than 5% wrong" == first[5]
    assert ("no coverage can be promised with 270 rows at no more than 5% wrong", "99%") == second[5:7]
    assert "cannot win any more: accuracy 0.50 against 0.67" == second[-1]
    assert "majority" == third[0]


def test_trials_of_a_search_do_not_stand_among_the_draws() -> None:
    """A run that was made for choosing settings at a size is no draw of that size."""
    record = samples.pilot()
    trial = replace(record.runs[-1], purpose="tuning", score=0.123)
    account = pilot(replace(record, runs=(*record.runs, trial)), Material())
    assert "0.123" not in rows(account.full, "Scores by size")[-1][2]
