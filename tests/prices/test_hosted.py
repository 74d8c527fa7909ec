"""Hosted training is billed by the provider's rule; what has ended, or has no price, is told and never guessed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.projects import written
from tunecase import catalog
from tunecase.errors import InputError
from tunecase.prices.basis import Basis
from tunecase.prices.contracts import read_contracts
from tunecase.prices.hosted import billed_tokens, chosen, offers, training_price
from tunecase.quantities.spread import Const, Worlds

ROWS = {row.model: row for row in catalog.hosted() if row.provider in ("openai", "mistral", "together")}
PLAIN = replace(ROWS["mistral"], minimum_usd=None, storage_usd_per_month=None)
PADDED = ROWS["models up to 16B, LoRA"]
MINI = "ft:gpt-4o-mini-2024-07-18"


def at(folder: Path, text: str = "", prices: str = "", day: date = date(2026, 11, 24)) -> Basis:
    """A basis whose project file says this, with a file of its own prices."""
    own = None
    if prices:
        (folder / "prices.csv").write_text(f"item,provider,usd,unit,date\n{prices}", encoding="utf-8")
        own = read_contracts(folder / "prices.csv", {"USD": 1.0}, day)
    return Basis(written(text, folder), day, Worlds(0, 200), contracts=own.rows if own else ())


def test_rows_as_long_as_they_are_are_billed_by_their_tokens() -> None:
    """Epochs x train tokens; validation is free where the rule says so."""
    asked = {"rows": 1000.0, "tokens_per_row": 200.0, "epochs": 3.0, "longest": 2048.0}
    assert 600_000 == billed_tokens(PLAIN, **asked)
    assert 600_000 == billed_tokens(PLAIN, **asked, validation_rows=100.0, evaluations=5.0)


def test_padded_rows_are_billed_at_the_longest_with_their_validation() -> None:
    """Rows x longest x epochs + evaluations x validation rows x longest."""
    asked = {"rows": 1000.0, "tokens_per_row": 200.0, "epochs": 3.0, "longest": 2048.0}
    assert 3000 * 2048 == billed_tokens(PADDED, **asked)
    assert 3000 * 2048 + 500 * 2048 == billed_tokens(PADDED, **asked, validation_rows=100.0, evaluations=5.0)


def test_a_small_job_costs_the_minimum_and_storage_comes_on_top() -> None:
    """At least 4 USD a job, 2 USD a month."""
    mistral = ROWS["mistral"]
    assert 4.0 == training_price(mistral, billed=1000.0, rate_per_mtok=1.0, jobs=1.0)
    assert 4.0 + 24.0 == training_price(mistral, billed=1000.0, rate_per_mtok=1.0, jobs=1.0, months=12.0)
    assert 50.0 == training_price(mistral, billed=50e6, rate_per_mtok=1.0, jobs=3.0)
    assert 3.6 == pytest.approx(training_price(mistral, billed=0.0, rate_per_mtok=1.0, jobs=1.0, per_usd=0.9))


@given(
    st.sampled_from([*ROWS.values(), PLAIN]), st.floats(0, 1e6), st.floats(1, 4000), st.floats(0.1, 10),
    st.floats(0, 1e5), st.floats(0, 50), st.floats(0, 100), st.floats(1, 1e3),
)  # fmt: skip
def test_more_never_costs_less(
    row: catalog.Hosted, rows: float, tokens: float, epochs: float, more: float, evaluations: float, rate: float,
    jobs: float,
) -> None:  # fmt: skip
    """More rows, epochs, tokens, evaluations, jobs or months, at any rate."""

    def price(n: float, each: float, times: float, scored: float, made: float, months: float) -> float:
        billed = billed_tokens(
            row, rows=n, tokens_per_row=min(each, 4096.0), epochs=times, longest=4096.0, validation_rows=n / 10,
            evaluations=scored,
        )  # fmt: skip
        return training_price(row, billed=billed, rate_per_mtok=rate, jobs=made, months=months)

    least = price(rows, tokens, epochs, evaluations, jobs, 1.0)
    assert 0 <= least
    slack = least * (1 - 1e-12)
    assert slack <= price(rows + more, tokens, epochs, evaluations, jobs, 1.0)
    assert slack <= price(rows, tokens + 1, epochs, evaluations, jobs, 1.0)
    assert slack <= price(rows, tokens, epochs + 1, evaluations, jobs, 1.0)
    assert slack <= price(rows, tokens, epochs, evaluations + 1, jobs, 1.0)
    assert slack <= price(rows, tokens, epochs, evaluations, jobs + 1, 1.0)
    assert slack <= price(rows, tokens, epochs, evaluations, jobs, 2.0)


def test_padding_never_bills_less_than_packing() -> None:
    """The longest is at least as long as any row."""
    asked = {"rows": 10.0, "tokens_per_row": 2048.0, "epochs": 1.0, "longest": 2048.0}
    assert billed_tokens(PLAIN, **asked) == billed_tokens(PADDED, **asked)
    assert billed_tokens(PLAIN, **{**asked, "tokens_per_row": 5.0}) < billed_tokens(PADDED, **asked)


def test_what_new_users_may_not_begin_is_left_out_with_its_date(tmp_path: Path) -> None:
    """Before that day it is an offer; each reason names whom it is of."""
    found, why = offers(at(tmp_path))
    assert "openai" not in {one.row.provider for one in found}
    assert any("2026-05-07" in reason and f"openai {MINI}" in names for reason, names in why.items())
    assert "openai gpt-3.5-turbo" in why["retired on 2026-10-23"]
    assert ["databricks"] == why["no new jobs since 2026-08-14"]
    assert ["cohere"] == why["no new jobs since 2025-09-15"]
    assert {"azure openai", "mistral", "bedrock"} <= set(why["the price of training is not known"])
    before, _ = offers(at(tmp_path, day=date(2026, 5, 7)))
    assert {MINI, "ft:gpt-4o-2024-08-06", "gpt-3.5-turbo"} == {
        one.row.model for one in before if one.row.kind == "own model"
    }


@pytest.mark.parametrize(
    ("text", "providers"),
    [
        ("", {"fireworks", "together", "crusoe", "ori"}),
        ("models: [Qwen/Qwen3-8B]\nmethod: qlora", {"fireworks", "together", "tinker", "ori"}),
        ("method: full", {"fireworks", "together", "crusoe"}),
        ("models: [meta-llama/Llama-3.1-70B]", {"fireworks", "together"}),
        ("models: [meta-llama/Llama-3.1-405B]", {"fireworks"}),
        ("models: [openai/gpt-oss-120b]", {"fireworks", "crusoe", "tinker"}),
    ],
)
def test_only_training_of_the_project_s_model_size_and_method_is_weighed(
    text: str, providers: set[str], tmp_path: Path
) -> None:
    """Rates by size where the size is theirs, rates of one open model where it is the project's; others are told."""
    found, why = offers(at(tmp_path, text))
    assert providers == {one.row.provider for one in found}
    assert "training of models of other sizes" in why
    assert all(one.row.method in ("", "full" if "full" in text else "lora") for one in found)


def test_rates_by_size_are_named_after_their_provider_and_refused_for_other_sizes(tmp_path: Path) -> None:
    """A 70B model is not trained at the rate of small ones."""
    name = "fireworks models up to 16B, LoRA"
    offer = chosen(at(tmp_path, f"compute: {{hosted: '{name}'}}"))
    assert ("fireworks", 0.5) == (offer.row.provider, offer.rate.median)
    with pytest.raises(InputError, match="models of other sizes"):
        chosen(at(tmp_path, f"models: [meta-llama/Llama-3.1-70B]\ncompute: {{hosted: '{name}'}}"))


def test_a_model_named_by_the_project_may_be_closed_to_new_users_only(tmp_path: Path) -> None:
    """Who has begun may go on; the note says so, and an old price drifts."""
    offer = chosen(at(tmp_path, f"compute: {{hosted: {MINI}}}"))
    assert "closed to new users since 2026-05-07" in offer.notes
    assert (pytest.approx(3 * 0.84), pytest.approx(3 * 1.35)) == (offer.rate.low, offer.rate.high)
    assert chosen(at(tmp_path)) is None


@pytest.mark.parametrize(
    ("name", "day", "words"),
    [
        ("databricks", date(2026, 11, 24), "no new jobs since 2026-08-14"),
        ("cohere", date(2025, 9, 15), "no new jobs since 2025-09-15"),
        (MINI, date(2027, 1, 14), "no new jobs since 2027-01-07"),
        ("ft:gpt-4.1-nano-2025-04-14", date(2026, 11, 24), "retired on 2026-10-23"),
        ("mistral", date(2026, 11, 24), "price of training is not known"),
        ("ft:gpt-4o-mini", date(2026, 11, 24), f"did you mean {MINI}"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_its_date_or_a_near_name(
    name: str, day: date, words: str, tmp_path: Path
) -> None:
    """Never trained at a guessed price."""
    with pytest.raises(InputError, match=words):
        chosen(at(tmp_path, f"compute: {{hosted: {name}}}", day=day))


def test_a_contract_prices_what_the_tables_cannot(tmp_path: Path) -> None:
    """A provider's row keeps its rule; a model only the contract knows has its provider's."""
    basis = at(tmp_path, "", "mistral,mistral,3,Mtok,2026-10-01\nmy-llama,together,4,Mtok,2026-10-01\n")
    found = {one.row.model: one for one in offers(basis)[0] if one.row.kind == "own model"}
    assert {"mistral", "my-llama"} == set(found)
    assert (4.0, 2.0) == (found["mistral"].row.minimum_usd, found["mistral"].row.storage_usd_per_month)
    assert found["my-llama"].row.pads
    assert 4.0 == found["my-llama"].rate.median
    assert "your contract" == found["mistral"].provider


def test_a_contract_with_another_provider_is_an_offer_of_its_own(tmp_path: Path) -> None:
    """OpenAI's row keeps its price and its end; the project's model is trained where a contract prices it."""
    rows = "gpt-3.5-turbo,azure,1,Mtok,2026-10-01\n"
    found, why = offers(at(tmp_path, "", rows))
    assert [("azure", 1.0)] == [(one.row.provider, one.rate.median) for one in found if one.row.kind == "own model"]
    assert any("openai gpt-3.5-turbo" in names for names in why.values())
    offer = chosen(at(tmp_path, "compute: {hosted: gpt-3.5-turbo}", rows))
    assert ("azure", "your contract") == (offer.row.provider, offer.provider)
    same = chosen(at(tmp_path, f"compute: {{hosted: {MINI}}}", f"{MINI},OpenAI,1,Mtok,2026-10-01\n"))
    assert ("openai", "your contract", 1.0) == (same.row.provider, same.provider, same.rate.median)
    anybody = chosen(at(tmp_path, f"compute: {{hosted: {MINI}}}", f"{MINI},,1,Mtok,2026-10-01\n"))
    assert ("openai", "your contract") == (anybody.row.provider, anybody.provider)


def test_one_model_at_two_providers_is_two_offers_with_draws_of_their_own(tmp_path: Path) -> None:
    """The project's is the cheaper; of one provider the newer price counts."""
    rows = "m,acme,3,Mtok,2026-10-01\nm,other,2,Mtok,2026-10-01\nm,Other,1,Mtok,2025-01-01\n"
    basis = at(tmp_path, "compute: {hosted: m}", rows)
    assert 2 == len({one.draw_name for one in offers(basis)[0] if one.row.model == "m"})
    every = [one.draw_name for one in offers(basis)[0]]
    assert len(every) == len(set(every))
    offer = chosen(basis)
    assert 2.0 == offer.rate.median


def test_an_old_contract_price_is_told_and_not_widened(tmp_path: Path) -> None:
    """As that of a GPU is."""
    offer = chosen(at(tmp_path, f"compute: {{hosted: {MINI}}}", f"{MINI},openai,2,Mtok,2025-01-01\n"))
    assert "the contract price is of 2025-01-01, older than 180 days" in offer.notes
    assert Const(2.0) == offer.rate


@pytest.mark.parametrize("objective", ["grpo", "rloo", "ppo"])
def test_an_objective_that_samples_has_no_hosted_price(objective: str, tmp_path: Path) -> None:
    """Rates are for texts that are there: no model is offered, and the reason names the objective."""
    offered, why = offers(at(tmp_path, f"compute: {{objective: {objective}}}"))
    assert () == offered
    assert any(objective in reason for reason in why)
