"""Where to train: what the pilot timed takes the place of what was worked out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.compute.sampling_engine import engine
from tests.projects import basis, written
from tunecase.compute.cheapest import Choice, choose, rollout_tokens, timed
from tunecase.errors import InputError
from tunecase.prices.contracts import read_contracts
from tunecase.project import Project
from tunecase.records import Run

CASE = """models: [meta-llama/Llama-3.1-8B]
compute: {tier: neocloud, gpus: [H100, L40S]}
"""


def run(hardware: str = "NVIDIA H100 80GB HBM3", **given: object) -> Run:
    """A run of the project's model, whole steps on one GPU."""
    about = {"tokens_per_s": 9_000.0, "gpus": 1, "hardware": hardware, **given}
    return replace(Run("k", "trl", "meta-llama/Llama-3.1-8B", 100, 0, 0.9, 9, 10, 60.0), **about)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A case with two cards to choose from."""
    return written(CASE, tmp_path)


def test_a_timed_card_takes_the_place_of_the_worked_out_one(project: Project) -> None:
    """The median of the runs' speeds sets the hours; the doubt is at least 5% either way; the words say so."""
    at = basis(project, 4_000)
    (machine,) = timed(at, [run(), run(tokens_per_s=9_100.0)])
    assert ("H100", 1) == (machine.gpu, machine.count)
    assert pytest.approx(1e6 / 9_050 / 3600, rel=0.02) == float(np.median(machine.hours_per_mtok))
    assert np.quantile(machine.hours_per_mtok, 0.9) / np.quantile(machine.hours_per_mtok, 0.1) > 1.05
    fast = choose(basis(project, 4_000), runs=[run(tokens_per_s=1e6)])
    assert fast.machine is not None
    assert "timed by 1 of its own runs" in fast.why


def test_a_faster_run_never_makes_it_dearer(project: Project) -> None:
    """More tokens a second, fewer hours."""
    hours = [
        float(np.median(timed(basis(project, 1_000), [run(tokens_per_s=rate)])[0].hours_per_mtok))
        for rate in (1e3, 1e4, 1e5)
    ]
    assert sorted(hours, reverse=True) == hours


def test_what_times_nothing_is_passed_over(project: Project) -> None:
    """Another model, no GPU, no speed, an unknown card, a failed run and a trainer that skips layers tell nothing."""
    cases = [
        run(model="another"), run(gpus=0), run(tokens_per_s=None), run(hardware="2 x a processor"), run(failed="crash"),
        run(trainer="lora"), run(hardware=""),
    ]  # fmt: skip
    assert [] == [other for other in cases if () != timed(basis(project, 100), [other])]


def test_cards_are_known_as_their_drivers_spell_them(project: Project) -> None:
    """The driver's name leads to the table's."""
    cases = [
        ("NVIDIA H100 80GB HBM3", "H100"), ("NVIDIA A100-SXM4-80GB", "A100-80GB"), ("Tesla T4", "T4"),
        ("NVIDIA L40S", "L40S"), ("NVIDIA GeForce RTX 4090", "RTX4090"), ("NVIDIA L4", "L4"),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", "RTX4070TISUPER"), ("NVIDIA GeForce RTX 3080 Ti", "RTX3080TI"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTXPRO6000"), ("AMD Instinct MI300X", "MI300X"),
    ]  # fmt: skip
    for spelled, name in cases:
        found = timed(basis(project, 10), [run(hardware=spelled)])
        assert [name] == [machine.gpu for machine in found] or not found


def test_the_machine_is_the_search_s_own(project: Project) -> None:
    """A card has the hours of the cheapest set-up that fits on the fewest cards, with one doubt in each world."""
    at = basis(project, 2_000)
    found = choose(at)
    assert found.machine.gpu in ("H100", "L40S")
    assert 1 == found.machine.count
    assert found.machine.hours_per_mtok.min() > 0
    assert not {name for name in at.used if name.startswith("fit.")}
    assert any(name.startswith("time against the prediction") for name in at.worlds.drawn)


def test_in_the_tier_owned_the_card_is_the_one_owned(tmp_path: Path) -> None:
    """Whatever the default cards are; nothing is said of cards that were not asked for."""
    text = "method: qlora\ncompute: {tier: owned, owned: {gpu: RTX4090, price: 3k USD}}"
    found = choose(basis(written(text, tmp_path), 500))
    assert ("RTX4090", 1, "owned") == (found.machine.gpu, found.machine.count, found.machine.hour.tier)
    assert "L40S" not in found.why


LLAMA_13B = "meta-llama/Llama-2-13b-hf"


def test_a_card_that_is_sold_alone_trains_alone(tmp_path: Path) -> None:
    """A run that needs more than one GH200 has no machine, and the choice says so."""
    text = "models: [meta-llama/Llama-2-13b-hf]\nmethod: full\ncompute: {gpus: [GH200]}"
    found = choose(basis(written(text, tmp_path)))
    assert found.machine is None
    assert "GH200: the run does not fit on 1 card" in found.why
    fixed = choose(basis(written(text.replace("[GH200]", "[GH200], gpu_count: 8"), tmp_path)))
    assert 8 == fixed.machine.count


def owning(cards: int, more: str = "") -> str:
    """A full fine-tune of a model that one card of 80 GB does not hold."""
    compute = f"{{tier: owned, gpus: [A100-80GB]{more}, owned: {{price: 20k USD, gpus: {cards}}}}}"
    return f"models: [{LLAMA_13B}]\nmethod: full\ncompute: {compute}\n"


def test_no_more_cards_are_taken_than_are_owned(tmp_path: Path) -> None:
    """Up to two do not hold the run, three more likely than not do, and where more are owned four are taken."""
    cases = [(1, None), (2, None), (3, 3), (4, 4), (6, 4), (8, 4), (12, 4)]
    for cards, count in cases:
        found = choose(basis(written(owning(cards), tmp_path), 500))
        assert count == (found.machine.count if found.machine else None)
        assert found.machine or f"A100-80GB: the run does not fit on {cards} card{'s' * (cards > 1)}" == found.why


def test_more_cards_asked_for_than_owned_are_a_mistake(tmp_path: Path) -> None:
    """Both numbers are told; a run timed on more cards than are owned tells nothing."""
    with pytest.raises(InputError, match="4 cards; wanted at most the 2"):
        choose(basis(written(owning(2, ", gpu_count: 4"), tmp_path), 500))
    timed_on_four = [run("NVIDIA A100 80GB", model=LLAMA_13B, gpus=4)]
    assert () == timed(basis(written(owning(2), tmp_path), 500), timed_on_four)
    assert 1 == len(timed(basis(written(owning(4), tmp_path), 500), timed_on_four))


def contracted(text: str, rows: str, folder: Path) -> Choice:
    """The choice of a project with these prices of its own."""
    (folder / "prices.csv").write_text(f"gpu,usd,terms,date\n{rows}", encoding="utf-8")
    at = basis(written(text, folder), 500)
    at.contracts = read_contracts(folder / "prices.csv", {"USD": 1.0}, at.today).rows
    return choose(at)


def test_a_card_with_a_contract_is_one_to_choose_from(tmp_path: Path) -> None:
    """Where the project names no cards; one with its price on other terms is told."""
    found = contracted("", "B200,0.5,,2026-10-01\nL4,0.01,reserved,2026-10-01\n", tmp_path)
    assert ("B200", "your contract") == (found.machine.gpu, found.machine.hour.tier)
    assert "of the 4 listed" in found.why
    assert "the contract price of L4 (reserved) is not used: compute.terms is on_demand" in found.why


def test_a_card_of_another_memory_holds_what_that_memory_does(project: Project) -> None:
    """A 3090 taken with 80 GiB trains on one card what takes several of the table's."""
    counts = []
    for memory in (None, "80GiB"):
        compute = project.compute.model_copy(update={"gpus": ("RTX3090",), "card_memory": memory})
        found = choose(basis(project.model_copy(update={"compute": compute}), 500)).machine
        counts.append(found.count)
    assert counts[0] > counts[1] == 1


def test_sampled_answers_are_paid_for(tmp_path: Path) -> None:
    """A row of grpo costs its sampled answers on all cards, those that only sample among them."""
    text = "models: [Qwen/Qwen2.5-7B]\nmethod: full\ncompute: {gpus: [H100], gpu_count: 8, objective: grpo, rollout: "
    few, many = (
        basis(written(f"{text}{{group_size: {size}, sampler: separate, sampler_gpus: 2}}}}\n", tmp_path), 100)
        for size in (4, 8)
    )
    machine = choose(many, engine=engine).machine
    assert 8 == machine.count
    assert 2 * (rollout_tokens(few, engine) or 0.0) == rollout_tokens(many, engine)
    assert "rollout.mean_root" in many.used
    assert rollout_tokens(basis(written("", tmp_path), 100), engine) is None


def test_a_sampler_of_its_own_takes_one_card_unless_it_says(tmp_path: Path) -> None:
    """A project that names neither cards nor how many of them sample is estimated on two or more."""
    text = "models: [Qwen/Qwen2.5-0.5B]\ncompute: {gpus: [H100], objective: grpo, rollout: {sampler: separate}}\n"
    machine = choose(basis(written(text, tmp_path), 100), engine=engine).machine
    assert machine.count >= 2


def test_every_default_of_sampled_answers_is_noted(tmp_path: Path) -> None:
    """What time and memory rest on is listed as used, and what is stated or not used is not."""
    text = "models: [Qwen/Qwen2.5-0.5B]\ncompute: {gpus: [H100], objective: ppo, rollout: {completion_mean: 90"
    silent, stated = (
        basis(written(f"{text}{more}}}}}\n", tmp_path), 100)
        for more in ("", ", updates: 2, sampler: generate, reward_seconds: 1 s")
    )
    for each in (silent, stated):
        choose(each, engine=engine)
    every = {"slower", "length_sigma", "group_size", "prompts_per_step", "prompt_tokens", "completion_tokens"}
    used = [{name.removeprefix("rollout.") for name in each.used if "rollout" in name} for each in (silent, stated)]
    assert every | {"updates", "engine_share", "sync_share"} <= used[0]
    assert every | {"layer_ms", "reward_at_once"} <= used[1]
    assert not {"mean_root", "reward_at_once", "layer_ms"} & used[0]
    assert not {"updates", "engine_share", "sync_share", "mean_root"} & used[1]
    assert "1" == silent.used["rollout.updates"].value
