"""What was measured of each way is found in a pilot's record; what others published is only told."""

from dataclasses import replace

import pytest

from tests import samples
from tests.problem_cases import basis, project
from tunecase.problem.ways.evidence import best_untuned, prompted, published, tuned_here
from tunecase.problem.ways.grounds import Grounds, Standing
from tunecase.project import Constraints
from tunecase.quantities import Interval80
from tunecase.records import Baseline, Candidate, ModelKind, Pilot

STANDING = Standing(0.6, 0.6, 0.8, "higher", True, test_rows=200)
SMALL = "HuggingFaceTB/SmolLM2-135M-Instruct"


def candidate(kind: ModelKind, model: str, score: float) -> Candidate:
    """One that a pilot measured."""
    return Candidate(model, kind, "t", model, (), 400, score, 200, Interval80(score - 0.03, score, score + 0.03),
                     seconds_per_answer=0.02)  # fmt: skip


def grounds(pilot: Pilot, direction: str = "higher") -> Grounds:
    """What the ways of the letters are judged by, with this pilot."""
    return Grounds(basis(project()), replace(STANDING, direction=direction), pilot)


def piloted(*baselines: Baseline, candidates: tuple[Candidate, ...] = ()) -> Pilot:
    """A pilot of a small model with these."""
    return replace(samples.pilot(), model=SMALL, baselines=baselines, candidates=candidates)


def test_each_kind_measures_its_own_way() -> None:
    """The best of each kind counts, whichever way is better, and a tuned model is never taken for a prompted one."""
    pilot = piloted(
        Baseline("nearest examples", 0.61, 200, kind="search"),
        Baseline("gpt zero-shot", 0.7, 200, kind="hosted"),
        Baseline("gpt few-shot, nearest", 0.75, 200, kind="hosted"),
        Baseline("gpt with documents", 0.79, 200, kind="hosted"),
        Baseline("jev zero-shot", 0.72, 200, kind="decision"),
        Baseline("documents", 0.4, 200, kind=""),
        candidates=(candidate("encoder", "mini", 0.67), candidate("encoder", "big", 0.71),
                    replace(candidate("encoder", "mini", 0.79), name="mini, tuned", trainer="encoder-tuned"),
                    candidate("causal", SMALL, 0.63), candidate("n-grams", "n-grams", 0.5)),
    )  # fmt: skip
    found = {
        name: best_untuned(name, grounds(pilot))
        for name in (
            "n_grams",
            "encoder",
            "nearest",
            "prompt_hosted",
            "decision",
            "prompt_open",
            "retrieval",
            "encoder_tuned",
        )
    }
    scores = {name: None if seen is None else seen.score for name, seen in found.items()}
    assert {
        "n_grams": 0.5, "encoder": 0.71, "nearest": 0.61, "prompt_hosted": 0.75, "decision": 0.72,
        "prompt_open": None, "retrieval": 0.79, "encoder_tuned": 0.79,
    } == scores  # fmt: skip
    least = best_untuned("encoder", grounds(pilot, "lower"))
    assert 0.67 == least.score
    tuned = tuned_here(SMALL, grounds(pilot))
    assert 0.63 == tuned.score
    assert None is tuned_here("meta-llama/Llama-3.1-8B", grounds(pilot))


def test_what_the_constraints_rule_out_is_no_baseline() -> None:
    """A prompted model of a provider stands for nothing where rows may not leave."""
    pilot = piloted(
        Baseline("gpt zero-shot", 0.9, 200, kind="hosted"), Baseline("nearest examples", 0.6, 200, kind="search")
    )
    free, bound = project(), project().model_copy(update={"constraints": Constraints(data_stays=True)})
    assert [2, 1] == [len(prompted(pilot, basis(of))) for of in (free, bound)]
    assert () == prompted(None, basis(free))
    german = project().model_copy(update={"constraints": Constraints(languages=("de",))})
    assert ["gpt zero-shot"] == [one.name for one in prompted(pilot, basis(german))]


def test_a_model_that_is_ruled_out_hides_none_that_is_allowed() -> None:
    """However much better it scores; alone it stands for its way, which is then struck by its model's name."""
    minilm, many = "sentence-transformers/all-MiniLM-L6-v2", "intfloat/multilingual-e5-small"
    german = project().model_copy(update={"constraints": Constraints(languages=("de",))})
    near = Baseline("nearest examples", 0.6, 200, kind="search")
    both = (candidate("encoder", minilm, 0.9), candidate("encoder", many, 0.7))
    of = Grounds(basis(german), STANDING, piloted(near, candidates=both))
    best, nearest = best_untuned("encoder", of), best_untuned("nearest", of)
    assert (many, minilm) == (best.model, nearest.model)


@pytest.mark.parametrize(
    ("model", "classes", "words"),
    [
        ("jev-1.14.0", 77, "published: Jev 76% on banking77, 77 classes, no examples ("),
        ("jev-1.14.0", 3, "published: Jev 76% on banking77, 77 classes, no examples ("),
    ],
)
def test_a_published_score_names_its_set(model: str, classes: int, words: str) -> None:
    """With classes, source and date; of another kind of task nothing is told."""
    told = published("decision", model, "classification", classes)
    assert told.startswith(words)
    assert told.endswith("2026-09)")
    assert "" == published("decision", model, "generation", 0) == published("tune_large", model, "classification", 9)


def test_the_set_with_the_nearest_number_of_classes_is_told() -> None:
    """Ten classes are like ten classes, not like 77."""
    assert "10 classes" in published("n_grams", "", "classification", 12)
    assert "77 classes" in published("n_grams", "", "classification", 60)
