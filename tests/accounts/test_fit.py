"""A training run's account: whether it fits, what it needs, which other choice is better in some respect, and why."""

from dataclasses import replace
from typing import Any

import pytest

from tests.accounts.reading import rows, words
from tests.records.test_records import FASTEST, FIT, PAIR, PLACED
from tunecase.accounts import Material
from tunecase.accounts.fit import fit, scored
from tunecase.quantities import Interval80
from tunecase.records import Fit, Scored

PRICED = replace(FIT, usd=Interval80(0.6, 1.5, 40.0), phases=(), deadline_hours=None, compared=())


def short(record: Fit) -> str:
    """What stands under the answer by default."""
    return words(fit(record, Material()).short)


@pytest.mark.parametrize(
    ("change", "answer", "tone"),
    [
        ({}, "llama-3.1-8b fits on one L40S with LoRA: about 40 minutes, 1.5 USD.", "good"),
        ({"usd": None}, "llama-3.1-8b fits on one L40S with LoRA: about 40 minutes, no price known.", "good"),
        ({"hours": None}, "llama-3.1-8b fits on one L40S with LoRA.", "good"),
        ({"hours": Interval80(40.0, 60.0, 90.0)},
         "llama-3.1-8b fits on one L40S with LoRA: about 2.5 days, 1.5 USD.", "good"),
        ({"hours": Interval80(0.8, 1.0, 1.2)}, "llama-3.1-8b fits on one L40S with LoRA: about 1 hour, 1.5 USD.",
         "good"),
        ({"deadline_hours": 0.5, "in_time": None},
         "llama-3.1-8b fits on one L40S with LoRA: about 40 minutes, 1.5 USD. That is too late for 30 minutes.", "bad"),
        ({"verdict": "tight", "placed": replace(PLACED, verdict="tight", chance_over=0.3)},
         "llama-3.1-8b just fits on one L40S with LoRA: 70% chance that it does; about 40 minutes, 1.5 USD.", "warn"),
        ({"verdict": "tight", "placed": replace(PLACED, verdict="tight", chance_over=0.7)},
         "llama-3.1-8b probably does not fit on one L40S with LoRA: 30% chance that it does; about 40 minutes, "
         "1.5 USD.", "bad"),
        ({"verdict": "does not fit", "hours": None, "method": "full"},
         "llama-3.1-8b does not fit on one L40S with a full fine-tune.", "bad"),
        ({"placed": replace(PLACED, gpu_count=4)}, "llama-3.1-8b fits on 4 L40S with LoRA: about 40 minutes, 1.5 USD.",
         "good"),
    ],
)  # fmt: skip
def test_the_answer_follows_the_verdict(change: dict[str, Any], answer: str, tone: str) -> None:
    """Fits, just fits, probably not, does not, or too late; with time and price where they are known."""
    account = fit(replace(PRICED, **change), Material())
    assert (answer, tone) == (account.answer, account.tone)


def test_what_it_needs_stands_under_the_answer() -> None:
    """Memory, time with its deadline, price with that of spot cards, and how; no k for a thousand."""
    text = short(replace(PRICED, deadline_hours=2.0, usd=Interval80(1_200.0, 1_500.0, 2_000.0)))
    for part in (
        "memory 20 of 44 GiB at the peak (18 to 23)", "time 30 to 54 minutes; within 2 hours nine times in ten",
        "price 1,200 to 2,000 USD; on spot cards 0.10 to 0.30, interruptions counted",
        "how LoRA, micro-batch 2, 8 accumulated, 16 samples",
    ):  # fmt: skip
        assert part in text
    assert "nine times" not in short(PRICED)
    late = replace(PRICED, deadline_hours=0.5, in_time=None)
    assert "nine times" not in short(late)
    assert "of each card" in short(replace(PRICED, gpu_count=2))


def test_without_an_amount_speed_and_what_to_give_are_told() -> None:
    """Time and price of the whole need tokens; the next command asks for them."""
    untimed = replace(PRICED, hours=None, train_tokens=None, usd=None)
    assert "speed 1,500 to 2,900 tokens a second price not known: give --tokens, or --examples" in short(untimed)
    assert "tunecase fit ... --tokens 5M" == fit(untimed, Material()).next
    priced = replace(untimed, placed=replace(PLACED, usd_per_mtok=Interval80(0.1, 0.2, 0.3)))
    assert "0.10 to 0.30 USD for a million tokens; for all: give --tokens" in short(priced)
    assert "tunecase fit ... --explain" == fit(PRICED, Material()).next


def test_a_card_known_by_its_memory_has_no_time_and_no_price() -> None:
    """Its cards are counted in words, and neither a speed nor an amount is asked for."""
    own = replace(PLACED, gpu="card of your own", gpu_count=2, tokens_per_s=None, hours=None, usd=None)
    record = replace(
        FIT, placed=own, tokens_per_s=None, step_s=None, time_terms=(), hours=None, usd=None, train_tokens=None,
        by_method=(replace(own, method="qlora"),),
    )  # fmt: skip
    account = fit(record, Material())
    assert "llama-3.1-8b fits on 2 cards of your own with LoRA." == account.answer
    assert "tunecase fit ... --gpu NAME" == account.next
    assert "not known, nor the price: only the memory of the card is" in short(record)
    assert "tokens a second" not in short(record)
    assert "useful tokens/s" not in words(account.full)


def test_other_choices_are_told_once_each() -> None:
    """Better in some respect than the run told; cards only where they differ; what does not fit is called so."""
    assert "Faster: one H100, 12 minutes, 2 USD." in short(PRICED)
    assert "Faster" not in short(replace(PRICED, fastest=PLACED))
    other = replace(PLACED, method="qlora", usd=Interval80(0.5, 0.9, 1.2), verdict="tight")
    methods = replace(PRICED, fastest=None, by_method=(PLACED, other))
    assert "QLoRA: 40 minutes, 0.90 USD, tight." in short(methods)
    assert "LoRA:" not in short(methods).replace("QLoRA:", "")
    absent = replace(PRICED, fastest=None, by_method=(replace(other, verdict="does not fit"),))
    assert "QLoRA: does not fit." in short(absent)
    assert "Cheaper: 40 minutes, 0.90 USD, tight." in short(replace(PRICED, fastest=None, cheapest=other))


def test_what_is_assumed_is_one_sentence() -> None:
    """Three assumptions up to their first aside, without names of settings, a given file's first; all in full."""
    all_of_them = (
        "16 samples a step are assumed; --global-batch changes that",
        "with adamw_fused",
        "b (aside)",
        "c",
        "d",
    )
    account = fit(replace(PRICED, assumptions=all_of_them), Material())
    assert "Assumed: 16 samples a step; b; c." in words(account.short)
    assert all(part in words(account.full) for part in ("--global-batch", "With adamw_fused.", "D."))
    told = ("axolotl.yaml: sequnce_len is not a field that axolotl reads", "b", "b", "no number of tokens is given")
    unread = "Assumed: axolotl.yaml: sequnce_len is not a field that axolotl reads; b."
    assert unread in short(replace(PRICED, assumptions=told[::-1]))


def test_what_does_not_fit_has_remedies_and_no_time() -> None:
    """Three remedies at most, with how to read them; all the others in full; where there is none, what would fit."""
    failed = replace(PRICED, verdict="does not fit", hours=None, remedies=tuple(f"remedy {k}" for k in range(5)))
    text = short(failed)
    assert "Remedy 3: remedy 2. What stands in brackets is typed behind the same command." in text
    assert "remedy 3" not in text
    assert not any(word in text for word in ("time ", "price", "speed"))
    assert "Remedy 3. Remedy 4." in words(fit(failed, Material()).full)
    none = replace(failed, remedies=())
    assert "It would fit otherwise: micro-batches up to 4 fit." in short(none)


def test_an_adapter_is_told_by_its_name() -> None:
    """DoRA is not called LoRA; a 4-bit base is named beside it."""
    run = replace(PRICED, setup=(("method", "lora"), ("adapter", "dora")))
    assert "on one L40S with DoRA:" in fit(run, Material()).answer
    assert "LoRA" not in short(replace(run, by_method=(replace(PLACED, method="qlora"),)))
    assert "DoRA on a 4-bit base" in fit(replace(run, method="qlora"), Material()).answer


def test_a_tight_run_is_told_what_makes_it_sure() -> None:
    """A choice left to say comes first, then a remedy, and only without either that nothing makes it sure."""
    tight = replace(PRICED, verdict="tight", placed=replace(PLACED, verdict="tight", chance_over=0.3), unsaid=())
    assert "No single choice" in short(replace(tight, remedies=()))
    told = short(replace(tight, remedies=("gradient checkpointing: fits",)))
    assert "No single choice" not in told
    assert "Remedy 1: gradient checkpointing: fits." in told


def test_measured_runs_stand_beside_what_was_predicted() -> None:
    """Where they were asked for; with their source in full."""
    account = fit(replace(PRICED, compared=(PAIR,)), Material())
    assert "an 8B lora 21.0 GiB allocated 20.0 (18 to 22) -5%" in words(account.short)
    before = "Your runs beside what was predicted before it learnt from them"
    assert "own runs, 2026-11-02" == rows(account.full, before)[0][-1]
    assert "1 of 1 inside" in words(account.full)


def test_the_whole_run_is_told_in_full() -> None:
    """Memory as each program shows it, what fills the card, where prices come from, all choices and what was left."""
    dear = replace(PRICED, usd_per_gpu_hour=Interval80(1.0, 1.8, 2.0), batch_assumed=True, not_counted=("disk",))
    account = fit(dear, Material())
    text = words(account.full)
    for part in (
        "8.03B parameters", "Tokens 5.00M", "16 (assumed)", "micro-batch 2, 8 accumulated, full checkpointing",
        "nvidia-smi will show, GiB 24.0 (21.0 to 27.0)", "What fills the card weights", "An hour of one card 1.8 USD",
        "0.20 USD (0.10 to 0.30) in 48 min (36 to 60), interruptions counted", "Choices weighed 40",
        "Micro-batches up to 4 fit.", "12: does not fit; nearest: 1 x T4", "Disk.",
    ):  # fmt: skip
        assert part in text
    listed = rows(account.full, "Choices")
    assert {("1 x L40S, lora", "told above, cheapest, in time"), ("1 x H100, lora", "fastest")} == {
        (row[0], row[4]) for row in listed
    }
    assert "How it is worked out" not in text
    over = replace(FASTEST, verdict="does not fit", usd=None)
    lacking = rows(fit(replace(dear, fastest=None, front=(), by_method=(over,)), Material()).full, "Choices")
    assert "does not fit nine times in ten, best lora" == lacking[-1][4]


def test_explained_it_tells_every_term() -> None:
    """Phases with the peak marked, terms of a step that add up, formulas, set-up, what others measured."""
    account = fit(FIT, Material())
    assert ("loss (the peak)", "20.5", "weights 15.0") == rows(account.full, "Memory by phase of a step")[0]
    assert ("75%", "25%") == tuple(row[2] for row in rows(account.full, "Time of a step"))
    assert ("shown by nvidia-smi", "21.0", "24.0", "27.0") == rows(account.full, "Memory")[2]
    text = words(account.full)
    assert all(part in text for part in ("peak = the largest phase", "rank 16", "80% of the computed ones"))
    assert 1 == len(rows(account.full, "Measured by others on the nearest set-ups"))
    assert "" == account.next


def test_scored_tells_how_many_bands_held() -> None:
    """Six pairs at most by default, all in full; none is told too."""
    outside = replace(PAIR, measured=40.0)
    account = scored(Scored((PAIR, outside) * 4), Material())
    assert "4 of 8 measured values inside the band predicted for it." == account.answer
    assert 3 == words(account.short).count(", outside")
    assert 8 == len(rows(account.full, "Measured runs"))
    assert () == scored(Scored(()), Material()).short
