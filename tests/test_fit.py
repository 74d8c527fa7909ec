"""fit: verdicts, bands, prices, remedies that hold, and every bad input refused at once."""

import datetime

import pytest

from tunecase.errors import InputError
from tunecase.fit import fit, fit_text
from tunecase.prices import Basis
from tunecase.records import from_json, to_json
from tunecase.records.bill import Fit
from tunecase.spread import Worlds


@pytest.fixture
def basis():
    """Prices of a fixed day and seed, without a project."""
    return Basis(None, datetime.date(2026, 11, 24), Worlds(seed=0, n=2000))


def test_a_small_lora_fits_and_is_priced(basis):
    """A 7B LoRA fits one A100-80GB and a short run costs single dollars."""
    found = fit("llama-2-7b", train_tokens=1e7, basis=basis)
    assert "fits" == found.verdict
    assert found.ok
    assert found.memory_gib.low < found.memory_gib.mid < found.memory_gib.high < found.usable_gib
    assert 0.3 < found.usd.low < found.usd.mid < found.usd.high < 20
    assert found.hours.mid == pytest.approx(1e7 / found.tokens_per_s.mid / 3600, rel=0.1)
    assert found.price_dates
    assert any("marketplace" in line and "hyperscaler" in line for line in found.assumptions)
    assert () == found.remedies


def test_without_tokens_there_is_no_time_and_it_is_said(basis):
    """Time and price stay unknown, in words, when no tokens are given."""
    found = fit("llama-2-7b", basis=basis)
    assert (None, None) == (found.hours, found.usd)
    assert any("no number of training tokens" in line for line in found.assumptions)


def test_memory_is_in_gib(basis):
    """The terms sum to the middle of the band, and GiB times 2^30 / 10^9 is the peak in GB."""
    found = fit("mistralai/Mistral-7B-v0.1", method="full", basis=basis)
    assert 72.435 == pytest.approx(found.memory_gib.mid * 2**30 / 1e9, abs=0.01)
    assert found.memory_gib.mid == pytest.approx(sum(size for _, size in found.memory_terms))
    assert "optimizer step" in found.dominant


def test_more_gpus_share_the_work(basis):
    """Eight GPUs shard the states, take an eighth of the time and say what is assumed."""
    one = fit("llama-2-7b", method="full", gpu="H100", gpus=2, train_tokens=1e7, basis=basis)
    many = fit("llama-2-7b", method="full", gpu="H100", gpus=16, train_tokens=1e7, basis=basis)
    assert many.memory_gib.mid < one.memory_gib.mid
    assert one.hours.mid / 8 == pytest.approx(many.hours.mid)
    assert any("more than one machine" in line for line in many.assumptions)


def test_a_card_without_bf16_is_noted(basis):
    """A T4 trains in fp16, and full fine-tuning there needs 32-bit masters."""
    found = fit("smollm2-135m", method="full", gpu="T4", basis=basis)
    assert any("no bf16" in line for line in found.assumptions)
    assert found.memory_gib.mid > fit("smollm2-135m", method="full", gpu="L4", basis=basis).memory_gib.mid
    assert "fits" == fit("smollm2-135m", gpu="T4", method="qlora", basis=basis).verdict


def test_a_card_without_a_price_is_unpriced(basis):
    """No price in the tier gives an unpriced run that says so, never zero."""
    basis.used.clear()
    priced = {}
    from tunecase import catalog, prices

    for card in catalog.gpus():
        priced[card.name] = prices.gpu_hour(card.name, basis)
    bare = next((name for name, price in priced.items() if price is None), None)
    assert bare is not None
    found = fit("smollm2-135m", gpu=bare, train_tokens=1e6, basis=basis)
    assert found.hours is not None
    assert (None, None, ()) == (found.usd, found.usd_per_gpu_hour, found.price_dates)
    assert any("unpriced" in line for line in found.assumptions)


def test_mixtures_and_soft_caps_are_noted(basis):
    """What the model does not know about experts and soft-capped attention is said."""
    assert any("experts" in line for line in fit("mixtral-8x7b", gpus=4, basis=basis).assumptions)
    assert any("soft-capped" in line for line in fit("gemma-2-2b", basis=basis).assumptions)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "llama-9000"),
        ("gpu", "A100-800GB"),
        ("method", "dora"),
        ("sequence_tokens", 0),
        ("sequence_tokens", 8192),
        ("micro_batch", 0),
        ("micro_batch", 1.5),
        ("gpus", 0),
        ("gpus", -1),
        ("gpus", True),
        ("gpus", 10**6),
        ("rank", 0),
        ("rank", 100_000),
        ("train_tokens", 0),
        ("train_tokens", -5.0),
        ("train_tokens", float("nan")),
        ("train_tokens", float("inf")),
    ],
)
def test_a_bad_argument_is_one_problem_that_names_it(basis, field, value):
    """Each bad argument is refused by name, with what is wanted and a fix."""
    arguments = {"model": "llama-2-7b", field: value}
    with pytest.raises(InputError) as caught:
        fit(**arguments, basis=basis)
    assert [field] == [problem.where for problem in caught.value.problems]
    assert all(problem.wanted and problem.fix for problem in caught.value.problems)


def test_all_mistakes_come_together(basis):
    """Four mistakes are four problems."""
    with pytest.raises(InputError) as caught:
        fit("llama-9000", gpu="X", gpus=0, rank=-1, basis=basis)
    assert {"model", "gpu", "gpus", "rank"} == {problem.where for problem in caught.value.problems}


def test_the_same_seed_gives_the_same_record(basis):
    """Two calls with equal worlds agree, and the record comes back from JSON."""
    import orjson

    other = Basis(None, basis.today, Worlds(seed=0, n=2000))
    found = fit("llama-2-7b", train_tokens=1e7, basis=basis)
    assert found == fit("llama-2-7b", train_tokens=1e7, basis=other)
    assert found == from_json(Fit, orjson.loads(to_json(found)))


def test_words_as_typed_give_the_same_answer(basis):
    """`10M` tokens and `2k` lengths typed give what numbers give; None leaves the default."""
    asked = {"sequence_tokens": "2k", "gpus": "2", "train_tokens": "10M", "rank": None, "method": "qlora"}
    typed = fit_text("llama-2-7b", asked, basis=basis)
    given = fit("llama-2-7b", sequence_tokens=2000, gpus=2, train_tokens=10_000_000, method="qlora", basis=basis)
    assert given == typed


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("sequence_tokens", "-5"),
        ("micro_batch", "0"),
        ("gpus", "3.5"),
        ("gpus", "two"),
        ("rank", "8 to 16"),
        ("train_tokens", "nan"),
        ("train_tokens", "5 apples per day"),
    ],
)
def test_words_that_are_no_number_are_refused_by_name(basis, field, text):
    """Text that states no single number in range is a problem of its field, quoting the text's value."""
    with pytest.raises(InputError) as caught:
        fit_text("llama-2-7b", {field: text}, basis=basis)
    assert [field] == [problem.where for problem in caught.value.problems]
