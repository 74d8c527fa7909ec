"""fit: verdicts, bands, prices, rivals, remedies and evidence."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compute.sampling_engine import engine
from tests.projects import basis as new_basis
from tunecase import catalog
from tunecase.compute import lengths
from tunecase.compute.fit import REST, fit
from tunecase.compute.measured.runs import Measured
from tunecase.compute.request import Request, settled
from tunecase.compute.search import search
from tunecase.errors import InputError
from tunecase.prices import gpu as gpu_prices
from tunecase.records import Fit, from_json, to_json

pytestmark = pytest.mark.usefixtures("few_cards")


@pytest.fixture
def basis():
    """Prices of a fixed day and seed, without a project."""
    return new_basis(None, 1_000)


def ask(model="llama-2-7b", gpu="A100-80GB", gpus=1, *, amount=None, **given):
    """A run on one kind of card, one sample at a time unless said; what is not said is what transformers does."""
    given = {"method": "lora", "micro_batch": 1, "checkpointing": "full"} | given
    return Request(model, given, cards=(gpu,), counts=(gpus,), train_tokens=amount, complete=True)


def test_a_small_lora_fits_and_is_priced(basis):
    """A 7B LoRA fits one A100-80GB and a short run costs single dollars."""
    found = fit(ask(amount="10M"), basis=basis)
    assert "fits" == found.verdict
    assert found.ok
    assert found.memory_gib.low < found.memory_gib.mid < found.memory_gib.high < found.usable_gib
    assert 0.3 < found.usd.low < found.usd.mid < found.usd.high < 20
    assert found.hours.mid > 1e7 / found.tokens_per_s.mid / 3600
    assert found.price_dates
    assert any("marketplace" in line and "hyperscaler" in line for line in found.background)
    assert () == found.remedies


def test_without_tokens_there_is_no_time_and_it_is_said(basis):
    """Time and price stay unknown, in words, but a million tokens has its price."""
    found = fit(ask(), basis=basis)
    assert (None, None) == (found.hours, found.usd)
    assert found.placed.usd_per_mtok.mid > 0
    assert any("no number of training tokens" in line for line in found.assumptions)


def test_memory_is_in_gib(basis):
    """The terms sum to the middle of the band, and GiB times 2^30 / 10^9 is the peak in GB."""
    found = fit(ask("mistralai/Mistral-7B-v0.1", method="full", optimizer="adamw"), basis=basis)
    assert 72.435 == pytest.approx(found.memory_gib.mid * 2**30 / 1e9, rel=0.25)
    assert found.memory_gib.mid == pytest.approx(sum(size for _, size in found.memory_terms))


SAMPLED = {
    "sampler": st.sampled_from(["colocated", "generate"]), "engine_share": st.sampled_from([0.1, 0.3, 0.6, 0.85]),
    "engine_sleeps": st.sampled_from(["yes", "no"]), "objective": st.sampled_from(["grpo", "ppo"]),
    "method": st.sampled_from(["full", "lora", "qlora"]), "micro_batch": st.sampled_from([1, 16]),
    "framework": st.sampled_from(["trl", "unsloth"]), "completion_tokens": st.sampled_from([200, 8000]),
}  # fmt: skip


@given(given=st.fixed_dictionaries(SAMPLED), complete=st.booleans())
@settings(max_examples=3)
def test_terms_of_a_sampled_step_sum_to_its_peak(given, complete):
    """Whether the engine sleeps or not: no term is below nothing but the correction, and all lines tell one peak."""
    run = Request("qwen2.5-7b", given | {"group_size": 8}, ("H100",), (8,), steps=10, engine=engine, complete=complete)
    found = fit(run, basis=new_basis(None, 100))
    terms = dict(found.memory_terms)
    correction = terms.pop(REST)
    assert min(terms.values()) >= 0
    mid = found.memory_gib.mid
    assert mid == pytest.approx(sum(terms.values()) + correction)
    assert mid == pytest.approx(max(found.rollout.sampling_gib, found.rollout.training_gib))
    if (given["engine_sleeps"], given["sampler"]) == ("yes", "colocated"):
        in_sampling = found.rollout.sampling_gib > found.rollout.training_gib
        assert in_sampling == ("sampling engine" in terms)
        assert correction <= 1e-9 or not in_sampling  # weights and states that lie there are not in doubt


def test_what_was_not_said_counts_an_engine_as_the_peak_does(basis):
    """Asleep it is there beside weights and states alone, so that saying a choice leaves its band below one awake."""
    given = {"objective": "grpo", "method": "full", "engine_share": 0.6, "sharding": "fsdp", "micro_batch": 4}
    awake, asleep = (
        fit(Request("qwen2.5-1.5b", given | {"engine_sleeps": word}, ("H100",), (8,), engine=engine), basis=basis)
        for word in ("no", "yes")
    )
    engine_gib = 0.6 * 80
    bands = {line.option: line.memory_gib for line in asleep.unsaid}
    kept = [line for line in awake.unsaid if line.choice in ("checkpointing", "kernels", "attention")]
    assert kept
    for line in kept:
        for point in ("low", "mid", "high"):
            training = getattr(line.memory_gib, point) - engine_gib
            expected = max(training, asleep.rollout.sampling_gib)
            assert expected == pytest.approx(getattr(bands[line.option], point)), (line.option, point)


def test_a_sleeping_engine_needs_no_more_than_one_awake(basis):
    """Every set-up that is roomy with the engine awake is so with it asleep, and some only then."""
    given = {"objective": "grpo", "method": "full", "engine_share": 0.5, "prompts": 64}
    awake, asleep = (
        search(settled(Request("qwen2.5-7b", given | {"engine_sleeps": word}, ("H100",), engine=engine)), basis).columns
        for word in ("no", "yes")
    )
    assert (awake["roomy"] <= asleep["roomy"]).all()
    assert awake["roomy"].sum() < asleep["roomy"].sum()
    assert (asleep["over"] <= awake["over"] * (1 + 1e-9)).all()


def test_more_cards_end_sooner(basis):
    """Sixteen cards shard the states and take less time than two, start-up included."""
    one = fit(ask(method="full", gpu="H100", gpus=2, amount="10M", sharding="fsdp"), basis=basis)
    many = fit(ask(method="full", gpu="H100", gpus=16, amount="10M", sharding="fsdp"), basis=basis)
    assert many.memory_gib.mid < one.memory_gib.mid
    assert many.hours.mid < one.hours.mid
    assert any("machines of 8 cards" in line for line in many.background)


def test_a_card_without_bf16_computes_in_fp16_and_says_so(basis):
    """A T4 trains in fp16, and full fine-tuning there needs 32-bit masters."""
    found = fit(ask("smollm2-135m", gpu="T4", method="full"), basis=basis)
    assert any("no bf16" in line for line in found.assumptions)
    assert found.memory_gib.mid > fit(ask("smollm2-135m", gpu="L4", method="full"), basis=basis).memory_gib.mid


def test_a_card_without_a_price_is_unpriced(basis):
    """No price in the tier gives an unpriced run that says so, never zero."""
    bare = next(card.name for card in catalog.gpus() if gpu_prices.any_gpu_hour(card.name, basis) is None)
    found = fit(ask("smollm2-135m", gpu=bare, amount="1M"), basis=basis)
    assert found.hours is not None
    assert (None, None, ()) == (found.usd, found.usd_per_gpu_hour, found.price_dates)
    assert any("unpriced" in line for line in found.assumptions)


def test_what_is_left_open_is_searched(basis):
    """Without card, count, batch and method the best of thousands of choices is told, with what was left out."""
    found = fit(Request("llama-3.1-8b", train_tokens="5M"), basis=basis)
    assert found.searched > 1_000
    assert found.cheapest.usd.mid <= found.fastest.usd.mid
    assert found.fastest.hours.mid <= found.cheapest.hours.mid
    assert {"lora", "qlora", "full"} == {placed.method for placed in found.by_method}
    assert {"does not fit", "tight"} <= {item.reason for item in found.rejected}
    hours = [placed.hours.mid for placed in found.front]
    usd = [placed.usd.mid for placed in found.front]
    assert sorted(hours) == hours
    assert sorted(usd, reverse=True) == usd


def test_spot_is_told_only_where_it_has_a_price(basis):
    """A card with a spot price gets a second figure, cheaper and later; one without gets none."""
    spot = fit(ask(gpu="H100", amount="100M"), basis=basis)
    assert spot.spot_usd.mid < spot.usd.mid
    assert spot.spot_hours.mid > spot.hours.mid
    assert fit(ask(gpu="RTXA4000", method="qlora", amount="1M"), basis=basis).spot_usd is None
    only = fit(Request("llama-2-7b", {"method": "lora"}, train_tokens="1M", spot=True), basis=basis)
    assert any(item.reason == "no spot price in the tier" for item in only.rejected)


def test_padding_is_slower_than_packing_and_its_share_is_told(basis):
    """Short and long samples in one batch: packed ones never take longer, and the useful share is below 1."""
    histogram = lengths.of([128, 256, 2048], [60, 30, 10])
    runs = {
        packed: fit(
            Request(
                "llama-2-7b", {"method": "lora", "micro_batch": 4, "packing": packed, "sequence_tokens": 2048},
                cards=("A100-80GB",), counts=(1,), lengths=histogram, epochs=3,
            ),
            basis=basis,
        )
        for packed in (True, False)
    }  # fmt: skip
    assert runs[True].useful_share == 1.0
    assert runs[False].useful_share < 0.7
    assert runs[True].hours.mid < runs[False].hours.mid
    assert runs[True].train_tokens == pytest.approx(3 * histogram.mean * 100)


def test_explain_names_terms_and_nearest_measured_runs(basis):
    """Every phase with its terms, the formulas, and three to six published rows with source and date."""
    plain, found = (fit(ask("mistralai/Mistral-7B-v0.1"), basis=basis, explain=flag) for flag in (False, True))
    assert (plain.phases, plain.evidence) == ((), ())
    assert {"loss", "optimizer step"} <= {phase.name for phase in found.phases}
    assert found.memory_gib.low < max(phase.gib for phase in found.phases) < found.memory_gib.high
    assert found.formulas
    assert 3 <= len(found.evidence) <= 6
    assert all(pair.source and pair.date and pair.measured > 0 for pair in found.evidence)
    assert {"memory", "speed"} == {pair.what for pair in found.evidence}


def test_a_measured_run_moves_the_prediction_towards_it(basis):
    """A run that needed more and went slower than predicted: both answers follow, and the pair is told."""
    request = ask()
    before = fit(request, basis=basis)
    recipe = settled(request).recipe(catalog.gpu("A100-80GB"), gpus=1)
    gb = before.memory_gib.mid * 2**30 / 1e9 * 1.1
    rate = before.tokens_per_s.mid / 1.5
    run = Measured("r1", "own", "own", "2026-11-24", recipe, gb, "allocated", tokens_per_s_per_gpu=rate)
    after = fit(request, basis=basis, measured=[run])
    assert after.memory_gib.mid == pytest.approx(gb * 1e9 / 2**30, rel=0.05)
    assert after.tokens_per_s.mid == pytest.approx(rate, rel=0.05)
    assert after.tokens_per_s.high / after.tokens_per_s.low < before.tokens_per_s.high / before.tokens_per_s.low
    assert [pair.predicted.mid for pair in after.compared] == pytest.approx(
        [before.memory_gib.mid, before.tokens_per_s.mid],
        rel=0.03,  # 16 samples a step there, one here
    )
    assert any("corrected by 1 measured" in line for line in after.assumptions)


def test_what_does_not_fit_tells_what_would(basis):
    """A 70B LoRA does not fit one H100: no time, no price, up to four remedies."""
    found = fit(ask("llama-3.1-70b", gpu="H100", amount="10M"), basis=basis)
    assert "does not fit" == found.verdict
    assert not found.ok
    assert (None, None) == (found.hours, found.usd)
    assert 3 <= len(found.remedies) <= 4
    assert all(" USD" in remedy and "(--" in remedy for remedy in found.remedies)
    assert any("QLoRA" in remedy for remedy in found.remedies)


def test_the_same_seed_gives_the_same_record():
    """Two calls with equal worlds agree, and the record comes back from JSON."""
    one, two = (fit(ask(amount="10M"), basis=new_basis(None, 500), explain=True) for _ in range(2))
    assert one == two
    assert one == from_json(Fit, json.loads(to_json(one)))


def test_the_tier_moves_the_price_and_not_the_time(basis):
    """The same run in another tier: another price, the same hours."""
    other = new_basis(None, 1_000)
    other.tier = "hyperscaler"
    cheap, dear = fit(ask(amount="10M"), basis=basis), fit(ask(amount="10M"), basis=other)
    assert cheap.usd.mid < dear.usd.mid
    assert cheap.hours == dear.hours
    assert "hyperscaler" == dear.tier


def test_a_deadline_that_nothing_meets_is_a_no(basis):
    """What fits but ends too late is told as such; a later deadline is met."""
    late, early = (
        fit(
            Request("llama-2-7b", {"method": "lora"}, ("L40S",), (1,), train_tokens="30M", deadline_hours=h),
            basis=basis,
        )
        for h in (1.0, 100.0)
    )
    assert ("fits", False, True) == (late.verdict, late.ok, late.late)
    assert (True, False) == (early.ok, early.late)


def test_a_run_that_more_likely_fails_is_told_so(basis):
    """Tight with P50 above the card: its chance is told and the answer is no."""
    found = fit(ask("llama-3.1-8b", micro_batch=4, checkpointing="none"), basis=basis)
    assert ("tight", False) == (found.verdict, found.ok)
    assert 0.5 < found.placed.chance_over < 1
    assert f"{found.placed.chance_over:.0%}" in found.turning[0]


def test_figures_of_the_card_end_at_its_total(basis):
    """What the card shows is at least what is reserved and at most its total; a full card is said to be full."""
    for model, gpu in (("mistral-7b", "RTXA4000"), ("qwen2.5-0.5b", "RTX3060"), ("llama-3.1-8b", "H100")):
        found = fit(Request(model, cards=(gpu,), counts=(1,)), basis=basis)
        for point in ("low", "mid", "high"):
            sizes = [getattr(band, point) for band in (found.memory_gib, found.reserved_gib, found.card_gib)]
            assert sorted(sizes) == sizes
            assert sizes[-1] <= max(found.total_gib, sizes[0]) * (1 + 1e-9)
        assert found.card_full == any("card full" in line for line in found.assumptions)


def test_pairs_are_counted_alike_in_tokens_and_time(basis):
    """60k pairs of dpo: both halves are tokens, and hours are steps times the time of a step."""
    given = {"method": "lora", "objective": "dpo", "micro_batch": 1}
    found = fit(Request("llama-3.1-8b", given, ("A100-80GB",), (1,), examples="60k", epochs=1), basis=basis)
    assert 60_000 * 2 * 2048 == found.train_tokens
    steps = 60_000 / found.placed.samples_per_step
    assert found.hours.mid == pytest.approx(steps * found.step_s.mid / 3600, rel=0.1)


def test_a_named_card_is_priced_in_the_nearest_tier(basis):
    """A card that the tier has no price for is priced in another, said; its price names provider and age."""
    found = fit(ask(gpu="RTX3090TI", method="qlora", amount="1M"), basis=basis)
    assert "marketplace" == found.tier
    assert found.usd is not None
    assert any("nearest tier with one" in line for line in found.assumptions)
    lone = fit(ask(gpu="V100-32GB", method="qlora", amount="1M"), basis=basis)
    assert "1 provider" in lone.placed.price_basis
    assert any("one provider alone" in line for line in lone.background)


def test_a_missed_deadline_names_what_meets_it(basis):
    """One card is too slow: the cards that are fast enough are named with the options to type."""
    found = fit(
        Request("llama-3.1-8b", {"method": "lora"}, ("H100",), (1,), train_tokens="200M", deadline_hours=3), basis=basis
    )
    assert found.late
    line = next(line for line in found.turning if line.startswith("to end within"))
    assert "--gpu H100 --gpus" in line
    met = fit(
        Request(
            "llama-3.1-8b", {"method": "lora"}, ("H100",), (int(line.split("--gpus ")[1].rstrip(")")),),
            train_tokens="200M", deadline_hours=3,
        ),
        basis=basis,
    )  # fmt: skip
    assert met.ok


def test_a_batch_that_is_assumed_is_said(basis):
    """More cards than 16 raise the assumed batch, and it is told."""
    found = fit(ask(gpu="H100", gpus=32, micro_batch=1, amount="1B"), basis=basis)
    assert (32, True) == (found.placed.samples_per_step, found.batch_assumed)
    assert any("32 samples a step are assumed" in line for line in found.assumptions)


def test_every_card_answers_and_an_unmeasured_one_says_so(basis):
    """Memory, time and price where there is one; the range of time is wider where no card like it was measured."""
    found = {name: fit(ask(gpu=name, amount="5M"), basis=basis) for name in ("H200", "MI300X", "GB200", "L4")}
    width = {name: one.hours.high / one.hours.low for name, one in found.items()}
    assert width["MI300X"] > width["H200"]
    said = {name: [line for line in one.assumptions if "never measured" in line] for name, one in found.items()}
    assert {"H200": 0, "MI300X": 1, "GB200": 1, "L4": 1} == {name: len(lines) for name, lines in said.items()}
    assert "other generations" in said["MI300X"][0]
    assert "its generation (blackwell)" in said["GB200"][0]
    assert found["MI300X"].usd.mid > 0
    four_bit = fit(ask(gpu="MI300X", method="qlora"), basis=basis)
    assert any("bitsandbytes 0.50" in line for line in four_bit.assumptions)


def test_an_open_search_leaves_out_generations_nobody_measured(basis):
    """They are weighed where they are named."""
    found = fit(
        Request("llama-2-7b", {"method": "lora", "micro_batch": 1}, counts=(1,), train_tokens="5M"), basis=basis
    )
    assert any("no training run was measured on any card of its generation" in item.reason for item in found.rejected)
    assert not [placed for placed in found.front if placed.gpu.startswith("MI")]


def test_a_rack_is_faster_than_machines_on_a_network(basis):
    """A full fine-tune of a mixture on 72 GB200 that exchange their weights over NVLink, and on as many B200."""
    given = {"method": "full", "micro_batch": 1, "sharding": "fsdp", "masters": "32-bit"}
    speeds = {
        name: fit(Request("qwen3-235b-a22b", given, cards=(name,), counts=(72,), train_tokens="50M"), basis=basis)
        for name in ("GB200", "B200")
    }
    assert speeds["GB200"].tokens_per_s.mid > 1.3 * speeds["B200"].tokens_per_s.mid


def test_a_card_known_by_its_memory_has_a_verdict_alone(basis):
    """Neither time nor price, in the record and in its JSON; on one card unless more are asked for."""
    found = fit(Request("llama-2-7b", {"method": "qlora"}, card_memory="24GiB", train_tokens="5M"), basis=basis)
    assert ("fits", 1, catalog.UNNAMED) == (found.verdict, found.gpu_count, found.gpu)
    assert 22 < found.usable_gib < 23
    assert (None,) * 6 == (
        found.hours, found.usd, found.step_s, found.tokens_per_s, found.usd_per_gpu_hour, found.fastest,
    )  # fmt: skip
    assert () == found.time_terms
    assert b"NaN" not in to_json(found)
    assert found == from_json(Fit, json.loads(to_json(found)))
    assert 2 == fit(Request("llama-2-7b", {}, counts=(2,), card_memory="24GiB"), basis=basis).gpu_count
    with pytest.raises(InputError, match="deadline"):
        fit(Request("llama-2-7b", card_memory="24GiB", train_tokens="5M", deadline_hours=2), basis=basis)


def test_a_card_with_more_memory_holds_more_at_the_same_speed(basis):
    """What fits on a card of 24 GiB need not on one of 12; the remedy on another card drops the memory stated."""
    given = {"method": "lora", "micro_batch": 1, "checkpointing": "full"}
    large, small = (
        fit(Request("llama-2-7b", given, ("RTX3090",), (1,), card_memory=size), basis=basis)
        for size in ("48GiB", "12GiB")
    )
    assert large.tokens_per_s == small.tokens_per_s
    assert large.ok
    assert not small.ok
    assert any("without --card-memory" in line for line in small.remedies)
