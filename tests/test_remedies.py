"""Remedies: computed anew, cheapest first, none invented."""

import datetime

import pytest

from tunecase import catalog
from tunecase.fit import fit
from tunecase.prices import Basis
from tunecase.remedies import Plan, remedies
from tunecase.shape import read_shape
from tunecase.spread import Worlds


@pytest.fixture
def basis():
    """Prices of a fixed day and seed, without a project."""
    return Basis(None, datetime.date(2026, 11, 24), Worlds(seed=0, n=2000))


def test_what_does_not_fit_has_remedies_that_do(basis):
    """A 70B LoRA does not fit one H100; each remedy is a computed fit, cheapest first, without time or price."""
    found = fit("llama-3.1-70b", gpu="H100", train_tokens=1e7, basis=basis)
    assert "does not fit" == found.verdict
    assert not found.ok
    assert (None, None) == (found.hours, found.usd)
    assert 3 == len(found.remedies)
    assert any("QLoRA" in remedy for remedy in found.remedies)
    assert "does not fit" != fit("llama-3.1-70b", gpu="H100", method="qlora", basis=basis).verdict


def test_remedies_name_smaller_batches_and_checkpointing(basis):
    """Without checkpointing and with large micro-batches the cheap remedies are offered."""
    found = fit("llama-2-7b", checkpointing=False, micro_batch=16, gpu="A100-40GB", basis=basis)
    assert any("checkpointing" in remedy or "micro-batch" in remedy for remedy in found.remedies)
    full = fit("llama-3.1-8b", method="full", gpu="RTX4090", basis=basis)
    assert any("LoRA" in remedy for remedy in full.remedies)


def test_nothing_helps_is_an_empty_list(basis):
    """Where no single change makes a run fit, no remedy is invented."""
    found = fit("meta-llama/Llama-3.1-405B", method="lora", gpu="T4", sequence_tokens=131072, basis=basis)
    assert "does not fit" == found.verdict
    assert () == found.remedies


def test_remedies_come_cheapest_first(basis):
    """The prices per million tokens rise down the list."""
    plan = Plan(read_shape("llama-2-7b"), "full", 2048, 1, catalog.gpu("A100-40GB"), 1, 16, True)
    lines = remedies(plan, basis, most=9)
    priced = [float(line.split("about ")[1].split()[0]) for line in lines]
    assert sorted(priced) == priced
    assert len(priced) >= 2


def test_several_changes_where_one_is_not_enough(basis):
    """Full fine-tuning without checkpointing on a small card needs more than one change; the change is a fit."""
    plan = Plan(read_shape("llama-2-7b"), "full", 4096, 8, catalog.gpu("A10G"), 1, 16, False)
    lines = remedies(plan, basis)
    assert any("with checkpointing and QLoRA: fits" in line for line in lines)
    fixed = Plan(read_shape("llama-2-7b"), "qlora", 4096, 1, catalog.gpu("A10G"), 1, 16, True)
    assert fixed.verdict == "fits"


def test_a_run_that_fits_needs_no_remedy(basis):
    """Where the plan fits there is nothing better to offer."""
    assert remedies(Plan(read_shape("smollm2-135m"), "lora", 512, 1, catalog.gpu("H100"), 1, 8, True), basis) == ()
