"""What a project file says against itself is refused with its line, what was given, what is wanted and a fix."""

from pathlib import Path

import pytest

from tests.command import tunecase
from tests.making import case_folder
from tests.projects import written
from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.project import Project, read_project

PLAIN = "name: trial\ndata: {train: train.jsonl}\n"


def read(tmp_path: Path, text: str) -> Project:
    """The project with this text beside an empty training file."""
    (tmp_path / "train.jsonl").write_text("{}\n", encoding="utf-8")
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    return read_project(path, catalog.names())


def problems(tmp_path: Path, text: str) -> tuple[Problem, ...]:
    """What is wrong with a project of this text."""
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    return refused.value.problems


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (
            "problem: {metric: accuracy, target: 90%, further_targets: [{metric: accuracy, target: 80%}]}",
            "problem.further_targets.0.target",
            "a second target for accuracy",
        ),
        (
            "problem: {metric: accuracy, target: 90%, further_targets: "
            "[{metric: macro_f1, target: 80%}, {metric: Macro_F1, target: 70%}]}",
            "problem.further_targets.1.target",
            "a second target",
        ),
        (
            "problem: {further_targets: [{metric: accuracy, target: 140%}]}",
            "problem.further_targets.0.target",
            "at most 100%",
        ),
        ("problem: {metric: accuracy, direction: lower}", "problem.direction", "accuracy is better higher"),
        (
            "problem: {further_targets: [{metric: loss, target: 0.2, direction: higher}]}",
            "problem.further_targets.0.direction",
            "loss is better lower",
        ),
        ("problem: {metric: loss, target: 3, baseline: 2}", "problem.target", "worse than today's score"),
        ("compute: {tier: owned, minimum_hours: 24 h, owned: {price: 9k USD, gpu: H100}}", "compute.minimum_hours",
         "24 h for cards that are owned"),
        ("compute: {hosted: mistral, minimum_hours: 24 h}", "compute.minimum_hours", "for a hosted model"),
        ("compute: {rollout: {group_size: 4}}", "compute.rollout", "sampled answers with the objective sft"),
        ("compute: {objective: rloo, rollout: {group_size: 1}}", "compute.rollout.group_size",
         "group_size 1 with rloo"),
        ("compute: {objective: grpo, hosted: mistral}", "compute.objective", "grpo with a hosted model"),
        ("compute: {objective: gppo}", "compute.objective", "unknown objective 'gppo'"),
        ("compute: {objective: grpo, rollout: {completion_tokens: 100, completion_mean: 200}}",
         "compute.rollout.completion_mean", "200 tokens"),
        ("compute: {objective: grpo, rollout: {completion_tokens: 200000}}",
         "compute.rollout.completion_tokens", "200,256 tokens with the prompt"),
        ("compute: {objective: grpo, rollout: {completion_mean: 200000}}",
         "compute.rollout.completion_mean", "200,256 tokens with the prompt"),
        ("compute: {objective: grpo, rollout: {sampler: colocated, sampler_gpus: 2}}", "compute.rollout.sampler_gpus",
         "2 with colocated"),
        ("compute: {objective: grpo, gpu_count: 8, rollout: {sampler_gpus: 8}}", "compute.rollout.sampler_gpus",
         "8 of 8 cards"),
        ("compute: {objective: grpo, gpu_count: 1, rollout: {sampler: in-turn}}", "compute.rollout.sampler",
         "1 of 1 cards"),
        ("compute: {objective: grpo, tier: owned, owned: {price: 9k USD, gpu: H100}, rollout: {sampler: separate}}",
         "compute.rollout.sampler", "1 of 1 cards"),
        ("compute: {objective: grpo, rollout: {engine_share: 100%}}", "compute.rollout.engine_share", "100%"),
        ("compute: {minimum_hours: -1 h}", "compute.minimum_hours", "more than zero"),
        ("compute: {gpus: [RTX3090], card_memory: 20}", "compute.card_memory", "with its unit"),
        ("compute: {gpus: [RTX3090], card_memory: 0 GB}", "compute.card_memory", "1 GB to 1 TB"),
        ("compute: {gpus: [RTX3090, L4], card_memory: 20GB}", "compute.card_memory", "one card under gpus"),
        ("compute: {card_memory: 20GB}", "compute.card_memory", "one card under gpus"),
        ("after_launch: {retrain: every 6 USD}", "after_launch.retrain", "months"),
        ("after_launch: {retrain: often}", "after_launch.retrain", "months"),
        ("after_launch: {retrain: every 0 months}", "after_launch.retrain", "more than zero"),
        ("after_launch: {monitoring: 4 h}", "after_launch.monitoring", "hours per month"),
        ("after_launch: {monitoring: -4 h per month}", "after_launch.monitoring", "zero or more"),
        ("after_launch: {drift_checks: -1 per month}", "after_launch.drift_checks", "zero or more"),
        ("after_launch: {fees: 20 USD per year}", "after_launch.fees", "USD per month"),
        ("costs: [{name: review, amount: 2k USD}]", "costs.0.when", "nothing"),
        ("costs: [{name: review, amount: -2k USD, when: once}]", "costs.0.amount", "zero or more"),
        ("costs: [{name: review, amount: 2k, when: once}]", "costs.0.amount", "currency"),
        ("costs: [{name: review, amount: 2k EUR, when: once}]", "costs.0.amount", "a dated rate for EUR"),
        ("costs: [{name: review, amount: 2k USD, when: yearly}]", "costs.0.when", "'per month'"),
        ("costs: [{name: tax, amount: 19%}]", "costs.0.of", "people or all"),
        ("costs: [{name: tax, amount: -19%, of: all}]", "costs.0.amount", "zero or more"),
        ("costs: [{name: tax, amount: 19%, of: all, when: once}]", "costs.0.when", "when: once beside 19%"),
        ("costs: [{name: tax, amount: 19%, of: all, kind: data}]", "costs.0.kind", "kind: data beside 19%"),
        ("costs: [{name: fee, amount: 9 USD, when: once, of: all}]", "costs.0.of", "a share of other lines"),
        ("costs: [{name: fee, amount: 9 USD, when: once}, {name: Fee, amount: 9 USD, when: once}]", "costs.1.name",
         "a name of its own"),
        ("costs: [{name: ' ', amount: 9 USD, when: once}]", "costs.0.name", "a name"),
        ("problem: {metric: accuracy, target: 70%, baseline: 80%}", "problem.target", "worse than today's score"),
        ("problem: {direction: lower, target: 7, baseline: 6}", "problem.target", "lower is better"),
        ("problem: {metric: mae, target: 1e308}", "problem.target", "at most 1e+09"),
        ("problem: {metric: mae, target: inf}", "problem.target", "a score such as"),
        ("alternatives: {retrieval: {score: 170%}}", "alternatives.retrieval.score", "at most 100%"),
        ("alternatives: {retrieval: {score: nan}}", "alternatives.retrieval.score", "a score such as"),
        ("constraints: {languages: [german]}", "constraints.languages.0", "a two-letter code"),
        ("constraints: {languages: [en, xx]}", "constraints.languages.1", "'xx'"),
        ("constraints: {licences: [apache]}", "constraints.licences.0", "the short name of a licence"),
        ("constraints: {regions: ['the EU']}", "constraints.regions.0", "a region as a provider spells it"),
        ("constraints: {max_latency: 2}", "constraints.max_latency", "2"),
        ("compute: {hosted: mistral}\nconstraints: {data_stays: true}", "compute.hosted", "machines of the company"),
        ("compute: {region: us-east-1}\nconstraints: {regions: [eu]}", "compute.region", "one in eu"),
        ("alternatives: {magic: {score: 70%}}", "alternatives.magic", "unknown field"),
        ("today: {who: robots}", "today.who", "'people', 'rule', 'prompt', 'model' or 'nobody'"),
        ("today: {who: people, minutes: -1 min per answer}", "today.minutes", "zero or more"),
        ("today: {who: model, price_per_1k: -3 USD}", "today.price_per_1k", "zero or more"),
        ("today: {who: model, score: 140%}\nproblem: {metric: accuracy}", "today.score", "0 to 100%"),
        ("today: {who: nobody, score: 50%}", "today.score", "50% of answers that nobody gives"),
        ("today: {score: 70%}\nproblem: {metric: accuracy, baseline: 60%}", "today.score", "beside problem.baseline"),
        ("today: {price_per_1k: 3 USD}\nserving: {price_per_1k_today: 2 USD}", "today.price_per_1k", "one of the two"),
        ("models: [meta-llama/Llama-3.1-8B, meta-llama/Llama-3.1-8B]", "models", "each model once"),
        ("serving: {price_per_1k_today: 2}", "serving.price_per_1k_today", "an amount with its currency"),
        ("serving: {price_per_1k_today: -2 USD}", "serving.price_per_1k_today", "zero or more"),
        ("serving: {retires_on: soon}", "serving.retires_on", "'soon'; a date"),
        ("serving: {retune_share: 130%}", "serving.retune_share", "at most 100%"),
        ("problem: {stale_after: 2027-02-30}", "problem.stale_after", "'2027-02-30'; a date"),
        ("problem: {errors_read: -1}", "problem.errors_read", "'-1'"),
        ("problem: {errors: [{kind: lost, cost: 5}]}", "problem.errors.0.cost", "an amount with its currency"),
        ("problem: {errors: [{kind: lost, cost: 5 USD per hour}]}", "problem.errors.0.cost", "USD per error"),
        ("problem: {errors: [{kind: lost, cost: 5 XYZ per error}]}", "problem.errors.0.cost", "a dated rate for XYZ"),
        (
            "problem: {errors: [{kind: a, cost: 5 USD per error, share: 30%}, "
            "{kind: b, cost: 1 USD per error, share: 30%}]}",
            "problem.errors",
            "shares that sum to 60%",
        ),
        (
            "problem: {errors: [{kind: a, cost: 5 USD per error, share: 30%}, {kind: b, cost: 1 USD per error}]}",
            "problem.errors",
            "a share for 1 of 2 kinds",
        ),
        (
            "problem: {errors: [{kind: a, cost: 5 USD per error}, {kind: b, cost: 1 USD per error}]}",
            "problem.errors",
            "2 kinds without shares",
        ),
        ("problem: {value: 0.4 per correct}", "problem.value", "an amount with its currency"),
        ("budget: 1e308 USD", "budget", "at most 1e+15"),
        ("budget: -1e308 USD", "budget", "more than zero"),
        ("problem: {volume: 1e300 per month}", "problem.volume", "at most 1e+15"),
        ("training: {micro_batch: 10000000000}", "training.micro_batch", "less than or equal to"),
        ("rates: [{currency: EUR, value: 1e308, date: 2026-11-01}]", "rates.0.value", "less than or equal to"),
    ],
)  # fmt: skip
def test_each_contradiction_is_named_with_its_place(tmp_path: Path, text: str, where: str, words: str) -> None:
    """Each contradiction or impossible number gives one block at line 3."""
    (found,) = problems(tmp_path, PLAIN + text + "\n")
    assert f"case.yaml:3: {where}" == found.where
    assert words in f"{found.got}; {found.wanted}"
    assert found.fix


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("production_shares: {red: 60%, blue: 70%}", "shares that sum to 130%"),
        ("production_shares: {red: 60%}", "shares that sum to 60%"),
        ("group_icc: 0.2", "no data.group beside it"),
        ("group: customer, group_icc: 120%", "at most 100%"),
    ],
)
def test_shares_that_make_no_whole_are_refused(tmp_path: Path, data: str, words: str) -> None:
    """Class shares that do not sum to one, and a likeness without groups, are refused."""
    (found,) = problems(tmp_path, f"name: trial\ndata: {{train: train.jsonl, {data}}}\n")
    assert words in f"{found.got}; {found.wanted}"
    assert "case.yaml:2: data." in found.where


def test_what_agrees_is_let_through(tmp_path: Path) -> None:
    """The same target said twice, shares within rounding and a target equal to the baseline are no conflicts."""
    text = (
        "problem: {metric: accuracy, target: 90%, baseline: 0.9, further_targets: [{metric: accuracy, target: 0.9}]}\n"
    )
    assert "90%" == read(tmp_path, PLAIN + text).problem.target
    shares = "name: trial\ndata: {train: train.jsonl, production_shares: {a: 33%, b: 33%, c: 33%}}\n"
    assert 3 == len(read(tmp_path, shares).data.production_shares)


def test_conflicts_are_shown_together(tmp_path: Path) -> None:
    """Three conflicts in three sections give three blocks and exit code 2, and nothing is written."""
    path = case_folder(
        tmp_path, target="  target: 70%\n  baseline: 80%", extra="alternatives: {retrieval: {score: 300%}}",
        budget="serving: {price_per_1k_today: 1 XYZ}",
    )  # fmt: skip
    ran = tunecase("define", "--project", path)
    assert (2, 3) == (ran.code, ran.err.count("; wanted "))
    assert not (tmp_path / "ledger.jsonl").exists()


def test_a_contradiction_set_on_the_command_line_is_named_so(tmp_path: Path) -> None:
    """A value of --set that contradicts the file is named as the option."""
    ran = tunecase("compare", case_folder(tmp_path), "--set", "problem.baseline=95%")
    assert 2 == ran.code
    assert "worse than today's score" in ran.err


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("currency: EUR", "currency", "a dated rate for USD"),
        ("currency: EUR\nrates: [{currency: CHF, value: 1.05, date: 2026-11-01}]", "currency", "a dated rate for USD"),
        ("budget: 5k EUR", "budget", "a dated rate for EUR"),
        ("compute: {tier: owned}", "compute.tier", "what the cards cost"),
        ("compute: {owned: {price: 30k USD}}", "compute.owned", "the one card that is owned"),
        ("compute: {gpus: [L4, H100], owned: {price: 30k USD}}", "compute.owned", "2 cards under compute.gpus"),
        (
            "compute: {tier: owned, terms: spot, owned: {price: 30k USD, gpu: H100}}",
            "compute.terms",
            "'spot' for cards that are owned",
        ),
        ("prices: absent.csv", "prices", "which does not exist"),
        ("prices: ../outside.csv", "prices", "a path inside"),
        ("compute: {owned: {price: 0 USD, gpu: H100}}", "compute.owned.price", "more than zero"),
        ("compute: {owned: {price: 5k USD, gpu: H100, power_price: 0.15 USD}}", "power_price", "USD per kWh"),
        ("compute: {owned: {price: 5k USD, gpu: H100, utilisation: 140%}}", "utilisation", "at most 100%"),
    ],
)
def test_prices_that_cannot_be_are_refused(text: str, where: str, words: str, tmp_path: Path) -> None:
    """No table price is used without a rate of its currency; terms and owned cards have their prices."""
    found = problems(tmp_path, PLAIN + text)
    assert 1 == len(found)
    assert where in found[0].where
    assert words in f"{found[0].got} {found[0].wanted}"


def test_owned_cards_are_read_in_the_base_currency(tmp_path: Path) -> None:
    """With doubt, three years as months; the one card under compute.gpus is meant."""
    text = (
        "rates: [{currency: EUR, value: 1.1, date: 2026-11-01}]\n"
        "compute: {gpus: [H100], owned: {price: 10k to 20k EUR, life: 3 years, gpus: 8}}"
    )
    owned = read(tmp_path, PLAIN + text).compute.owned
    assert (pytest.approx(11_000), pytest.approx(22_000)) == (owned.price.spread.low, owned.price.spread.high)
    assert pytest.approx(36) == owned.life.spread.median
    assert {"EUR": 1.1, "USD": 1.0} == read(tmp_path, PLAIN + text).base_rates


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (
            "data: {buy_first: 1k, sources: [{kind: buy, pool: 5k, minimum: 8k}]}",
            "data.sources.0.minimum",
            "8k of a source that has 5k",
        ),
        ("data: {buy_first: 60k, sources: [{kind: buy, pool: 50k}]}", "data.buy_first", "60,000 examples of sources"),
        ("data: {rows: 5, sources: [{kind: buy, fee: 50%}]}", "data.sources.0.fee", "kind buy"),
        ("data: {rows: 5, sources: [{kind: scrape, labels_per_example: 3}]}", "sources.0.labels_per", "kind scrape"),
        ("data: {rows: 5}\nunknowns: 0.5 to 0.8", "unknowns", "0.5 to 0.8"),
    ],
)
def test_what_would_be_ignored_or_cannot_be_is_refused(tmp_path: Path, text: str, where: str, words: str) -> None:
    """More than the pools hold, a field of another kind of source, an allowance that makes the work smaller."""
    found = problems(tmp_path, f"name: trial\n{text}\n")
    assert 1 == len(found)
    assert where in found[0].where
    assert words in found[0].got


def test_a_cost_without_its_time_is_told_with_the_mistakes_of_other_fields(tmp_path: Path) -> None:
    """All at once: whoever writes a first budget mends the file once."""
    text = "effort: {review: -3 h}\ncosts: [{name: legal review, amount: 2k USD}]\n"
    with pytest.raises(InputError) as error:
        written(text, tmp_path)
    assert {"effort.review", "costs.0.when"} == {one.where.split(": ")[-1] for one in error.value.problems}


def test_a_target_may_name_its_coverage(tmp_path: Path) -> None:
    """In one line or in two, they are read alike; the file may also say both, if they are the same."""
    lines = ("target: 95% at 70% coverage", "target: 95%, coverage: 70%", "target: 95% at 70% coverage, coverage: 70%")
    for line in lines:
        problem = read(tmp_path, f"{PLAIN}problem: {{metric: accuracy, {line}}}\n").problem
        assert problem.target == "95%"
        assert problem.coverage.spread.median == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("line", "got", "wanted"),
    [
        ("target: 95% at 70%", "'95% at 70%'", "95% at 70% coverage"),
        ("target: most of them at 70% coverage", "most of them", "95% at 70% coverage"),
        ("target: x at 70% coverage", "'x'", "a score"),
        ("target: 95% at 70% coverage, coverage: 80%", "beside problem.coverage: 80%", "one coverage"),
        ("target: 95% at 170% coverage", "170%", "100%"),
        ("fallback: 95% at 70% coverage, target: 96%", "95% at 70% coverage", "a score such as 92%"),
    ],
)
def test_a_coverage_that_cannot_be_read_is_refused(tmp_path: Path, line: str, got: str, wanted: str) -> None:
    """With the field, what was got and what is wanted."""
    found = problems(tmp_path, f"{PLAIN}problem: {{metric: accuracy, {line}}}\n")
    assert any(got in one.got and wanted in one.wanted for one in found), found
    assert all("problem" in one.where for one in found)


def test_sampled_answers_that_can_be(tmp_path: Path) -> None:
    """Every field of sampled answers is read, and none of those that go together is refused."""
    text = "compute: {objective: PPO, gpu_count: 8, rollout: {group_size: 1, completion_tokens: 400, "
    text += "completion_mean: 200, sampler: separate, sampler_gpus: 2, reward_params: 7B, engine_share: 40%, "
    rollout = read(tmp_path, f"{PLAIN}{text}engine_sleeps: true}}}}\n").compute.rollout
    assert 7e9 == rollout.reward_params.spread.median
    assert (2, True) == (rollout.sampler_gpus, rollout.engine_sleeps)
