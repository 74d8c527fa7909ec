"""The bill adds up, follows its prices, and says what it left out.

`make golden` (pytest --golden) rewrites the golden bills in tests/golden; read the diff.
"""

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decide.test_decide import known, pieces, project
from tests.laws import law
from tests.plan import ways
from tests.projects import basis, written
from tunecase.compute.cheapest import Machine, choose
from tunecase.estimate.bill import estimate
from tunecase.plan import drawn
from tunecase.plan.costs.lines import COSTS
from tunecase.plan.known import Known
from tunecase.prices.basis import Basis
from tunecase.prices.gpu import gpu_hour
from tunecase.project import Project
from tunecase.quantities import Interval80
from tunecase.quantities.spread import Band, Interval
from tunecase.records import Audit, Definition, Estimate, Forecast, Point, Tokens, from_json, to_json

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("bill-*.yaml"))
LABELS = (GOLDEN / "bill-labels.yaml").read_text(encoding="utf-8")
# Without a target the rounds hang on no price, so that each line's own arithmetic shows.
PLAIN = LABELS.replace(", target: 92%", "")
TOKENS = Tokens(False, Interval80(60_000, 70_000, 82_000), 90.0, 160.0, 400.0, "characters / 4")


def machine(at: Basis, gpu: str = "H100") -> Machine:
    """A GPU that was timed: .01 to .03 hours per million tokens."""
    hour = gpu_hour(gpu, at, "neocloud")
    assert hour is not None
    return Machine(gpu, 1, at.worlds.draw("GPU hours per million tokens", Interval(0.01, 0.03)), hour)


def bill(project: Project, draws: int = 2_000, seed: int = 0, rows: int = 700, **given: Any) -> Estimate:
    """The estimate on a timed machine."""
    at = basis(project, draws, seed)
    given = {"tokens": TOKENS, "machines": [machine(at)], **given}
    return estimate(drawn(Known(at, rows, **given)))


def rounded(value: Any) -> Any:
    """Numbers to four significant figures, so that a golden bill is the same on every machine."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def golden(case: str, folder: Path) -> str:
    """The record of one golden case as text."""
    project = written((GOLDEN / f"{case}.yaml").read_text(encoding="utf-8"), folder)
    record = json.loads(to_json(bill(project, draws=20_000)))
    record.pop("histogram")
    return json.dumps(rounded(record), indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("case", CASES)
def test_a_golden_bill_is_unchanged(case: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Project file in, record out, to four figures."""
    path, found = GOLDEN / f"{case}.json", golden(case, tmp_path)
    if request.config.getoption("--golden"):
        path.write_text(found, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == found


def test_the_total_is_the_sum_of_its_included_lines_world_by_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its points are those of the summed draws, and the shares add to one."""
    euro = written((GOLDEN / "bill-euro.yaml").read_text(encoding="utf-8"), tmp_path)
    record, lines = bill(euro), lines_of(euro, draws=2_000)
    total = sum(lines.values())
    assert list(lines) == [cost.__name__ for cost in COSTS if cost.__name__ != "other"]
    assert record.total.p80 == pytest.approx(np.quantile(total, 0.8), rel=1e-12)
    assert sum(line.share for line in record.lines if line.share) == pytest.approx(1)


def test_inference_stays_out_of_the_total_unless_included(tmp_path: Path) -> None:
    """Its amount is shown, its share is not, and the total is that of a project without a serving price."""
    serving = "\nserving: {price_per_1k_answers: 1 USD}\n"
    rich = LABELS.replace("15k USD", "900k USD")
    problem = rich.replace("target: 92%", "target: 92%, volume: 10k per month")
    left_out = bill(written(problem + serving, tmp_path))
    line = left_out.line("inference")
    assert not line.included
    assert line.amount is not None
    assert line.share is None
    assert left_out.total == bill(written(rich, tmp_path)).total
    assert any("inference" in words for words in left_out.assumptions)
    included = bill(written(problem + serving + "include_inference: true\n", tmp_path))
    assert included.total.p50 > left_out.total.p50
    assert included.tuning == left_out.tuning == left_out.total


def test_halving_the_label_price_changes_only_the_data_line(tmp_path: Path) -> None:
    """World by world, since every scenario shares its draws."""
    ready = PLAIN.replace("pool: 240", "pool: 240, hours: 0 h")
    dear = lines_of(written(ready, tmp_path))
    cheap_text = ready.replace("rate: 12 to 25 USD", "rate: 6 to 12.5 USD").replace("300 to 600", "150 to 300")
    cheap = lines_of(written(cheap_text, tmp_path))
    for name in dear.keys() - {"data"}:
        assert (dear[name] == cheap[name]).all()
    assert np.allclose(dear["data"], 2 * cheap["data"])
    assert dear["data"].any()


def test_a_bill_in_euro_is_the_bill_in_dollars_times_the_rate(tmp_path: Path) -> None:
    """Every amount, the budget and the chance to pass it; GPU prices stay in dollars."""
    usd = bill(written(LABELS, tmp_path))
    eur = bill(written(LABELS + "currency: EUR\nrates: [{currency: USD, value: 0.9, date: 2026-11-20}]\n", tmp_path))
    pairs = [(usd.total, eur.total), (usd.round_price, eur.round_price), (usd.label_price, eur.label_price)]
    pairs += [(a.amount, b.amount) for a, b in zip(usd.lines, eur.lines, strict=True)]
    for before, after in pairs:
        if before is not None:
            assert dataclasses.astuple(after) == pytest.approx(dataclasses.astuple(before.scaled(0.9)))
    assert usd.usd_per_gpu_hour is not None
    assert dataclasses.astuple(eur.usd_per_gpu_hour) == pytest.approx(dataclasses.astuple(usd.usd_per_gpu_hour))
    assert usd.over_budget == eur.over_budget


@law(3)
@given(more=st.floats(1, 50))
def test_more_tokens_never_cost_less(more: float) -> None:
    """Up to the longest sample, a longer text means a dearer gpu line and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        project = written(PLAIN, Path(folder))
    longer = dataclasses.replace(TOKENS, total=Interval80(60_000 * more, 70_000 * more, 82_000 * more))
    short, long = (bill(project, draws=500, tokens=tokens) for tokens in (TOKENS, longer))
    for before, after in zip(dataclasses.astuple(short.total), dataclasses.astuple(long.total), strict=True):
        assert after >= before * (1 - 1e-12)
    assert short.line("labour") == dataclasses.replace(long.line("labour"), share=short.line("labour").share)  # type: ignore[union-attr, type-var]


@law(4)
@given(more=st.floats(1, 20), field=st.sampled_from(["rows", "minutes", "tokens", "effort"]))
def test_more_of_anything_never_costs_less_in_any_world(more: float, field: str) -> None:
    """More rows, minutes of a label, tokens or hours: no line of any world falls, and none is ever negative."""
    said = PLAIN + "effort_per_round: 30 h per round\n"
    changes = {"minutes": ("1 to 2 min", f"{more} to {2 * more} min"), "effort": ("30 h per", f"{30 * more} h per")}
    with tempfile.TemporaryDirectory() as folder:
        plain = written(said, Path(folder))
        other = written(said.replace(*changes[field]), Path(folder)) if field in changes else plain
    tokens = dataclasses.replace(TOKENS, total=Interval80(60_000 * more, 70_000 * more, 82_000 * more))
    rows = round(700 * more) if field == "rows" else 700
    before, after = lines_of(plain), lines_of(other, rows, tokens if field in ("tokens", "rows") else TOKENS)
    for name, amount in before.items():
        assert (amount >= 0).all()
        assert (after[name] >= amount * (1 - 1e-9) - 1e-9).all(), name


def lines_of(project: Project, rows: int = 700, tokens: Tokens = TOKENS, draws: int = 500) -> dict[str, np.ndarray]:
    """Every priced line, world by world."""
    at = basis(project, draws)
    found = drawn(Known(at, rows, tokens, machines=[machine(at)]))
    return {name: cost.amount for name, cost in found.lines.items() if cost.amount is not None}


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (("75 to 150 USD per hour", "37.5 to 75 USD per hour"), {"labour", "evaluation", "unknowns", "data", "upkeep"}),
        (("unknowns: 1.5", "unknowns: none"), {"unknowns"}),
        (("0.10 USD per GB-month", "0.05 USD per GB-month"), {"storage"}),
        (("0.10 USD per GB}", "0.05 USD per GB}"), {"egress"}),
        # A run that fails is watched all the same, and the project takes longer for it.
        (("failed: 10%", "failed: 5%"), {"failed_runs", "idle", "labour", "unknowns", "storage"}),
        (("idle: 20%", "idle: 10%"), {"idle"}),
    ],
)
def test_one_changed_price_moves_only_the_lines_that_use_it(
    change: tuple[str, str], lines: set[str], tmp_path: Path
) -> None:
    """World by world: every other line keeps each of its draws."""
    text = PLAIN + (
        "unknowns: 1.5\ntraining: {failed: 10%, idle: 20%}\n"
        "storage: {price: 0.10 USD per GB-month, egress_price: 0.10 USD per GB}\n"
    )
    assert change[0] in text
    before, after = lines_of(written(text, tmp_path)), lines_of(written(text.replace(*change), tmp_path))
    assert {name for name in before if not np.allclose(before[name], after[name], rtol=1e-9)} == lines
    for name in lines:
        assert (after[name] <= before[name] + 1e-9).all()


def test_unknowns_stand_beside_a_total_without_them(tmp_path: Path) -> None:
    """The calendar and the price of a round stretch with them, runs and GPU hours do not."""
    usual, none = bill(written(PLAIN, tmp_path)), bill(written(PLAIN + "unknowns: none\n", tmp_path))
    assert usual.total_without_unknowns == none.total == none.total_without_unknowns
    assert usual.total.p90 > none.total.p90
    assert usual.months.p90 > none.months.p90
    assert usual.round_price.p90 > none.round_price.p90
    assert (usual.run_price, usual.gpu_hours) == (none.run_price, none.gpu_hours)
    assert any(words.startswith("the reserve is for overruns: those of small projects") for words in usual.assumptions)
    assert any("no allowance for overruns" in words for words in none.assumptions)


def test_a_pool_of_nothing_says_that_no_more_can_be_had(tmp_path: Path) -> None:
    """Rounds go on with the rows at hand: no example is bought, and the data line is priced at nothing."""
    text = (GOLDEN / "bill-bare.yaml").read_text(encoding="utf-8") + "rounds: 3\ndata:\n  train: data/train.jsonl\n"
    record = bill(written(text + "  sources: [{kind: have, pool: 0}]\n", tmp_path))
    line = record.line("data")
    assert line.amount == Band(0, 0, 0, 0)
    assert record.unpriced == ()
    open_end = bill(written(text, tmp_path))
    assert [words.split(":")[0] for words in open_end.unpriced] == ["data"]


def test_past_projects_calibrate_the_unknowns(tmp_path: Path) -> None:
    """Forty projects that ended on plan leave little of other people's overruns; the assumption names them."""
    project = written(PLAIN, tmp_path)
    at = basis(project, 2_000)
    at.overruns = (1.0,) * 40
    calm = estimate(drawn(Known(at, 700, TOKENS, machines=[machine(at)])))
    assert calm.total.p90 < bill(project).total.p90
    assert any("40 past of your own" in words for words in calm.assumptions)


def test_a_plan_without_a_training_file_is_priced_from_what_it_states(tmp_path: Path) -> None:
    """Rows and tokens of the project file take the place of the audit's; a longer row costs more."""
    text = LABELS.replace("train: data/train.jsonl", "rows: 50k\n  tokens_per_row: 300 to 600")
    planned = bill(written(text, tmp_path), rows=50_000, tokens=None)
    longer = bill(written(text.replace("300 to 600", "600 to 1200"), tmp_path), rows=50_000, tokens=None)
    assert 1.9 < longer.run_price.p50 / planned.run_price.p50 <= 2.001
    assert "no training file: 50k rows of 300 to 600 tokens are taken as" in " ".join(planned.assumptions)


def test_more_epochs_never_cost_less(tmp_path: Path) -> None:
    """Ten epochs cost twice as much as five."""
    five = bill(written(LABELS + "training: {epochs: 5}\n", tmp_path)).run_price
    ten = bill(written(LABELS + "training: {epochs: 10}\n", tmp_path)).run_price
    assert ten is not None
    assert dataclasses.astuple(ten) == pytest.approx(dataclasses.astuple(five.scaled(2)))


def test_bands_rise_and_the_histogram_holds_every_world(tmp_path: Path) -> None:
    """P10 <= P50 <= P80 <= P90, and the bars add to one."""
    record = bill(written(LABELS, tmp_path))
    bands = [record.total, record.rounds, record.months, record.round_price, record.run_price, record.gpu_hours]
    for band in [*bands, *[line.amount for line in record.lines if line.amount]]:
        assert band.p10 <= band.p50 <= band.p80 <= band.p90
    assert sum(share for _, share in record.histogram) == pytest.approx(1)
    assert len(record.histogram) == 30
    assert list(record.histogram) == sorted(record.histogram)


def test_same_seed_same_bytes_and_another_seed_another_bill(tmp_path: Path) -> None:
    """The record reads back as it was."""
    project = written(LABELS, tmp_path)
    first, again, other = (to_json(bill(project, seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert from_json(Estimate, json.loads(first)) == bill(project, seed=3)


def test_without_a_budget_there_is_no_chance_to_pass_it(tmp_path: Path) -> None:
    """None, not zero; with one, the same rounds pass a higher budget less often."""
    none = bill(written(LABELS.replace("budget: 15k USD\n", ""), tmp_path))
    assert none.budget is None
    assert none.over_budget is None
    low, high = (bill(written(PLAIN.replace("15k", amount), tmp_path)).over_budget for amount in ("5k", "15k"))
    assert 0 < high < low < 1


def test_rounds_are_assumed_without_a_target_and_drive_the_bill(tmp_path: Path) -> None:
    """The assumption is said, and the number of rounds carries most of the doubt."""
    record = bill(written(PLAIN + "unknowns: none\n", tmp_path), draws=20_000)
    assert record.based_on == "no target"
    assert record.reached is None
    assert record.assumptions[0].startswith("no target: rounds are assumed")
    assert "(700)" in record.assumptions[1]
    assert record.drivers[0].name == "rounds"
    assert record.drivers[0].share > 0.5
    assert any(used.field == "rounds.stop_share" for used in record.defaults)


def test_without_a_pilot_the_rounds_follow_an_assumed_curve(tmp_path: Path) -> None:
    """The policy of after a pilot, on a curve told to be assumed, prices the rounds; no chance is told of it."""
    record = bill(written(LABELS, tmp_path))
    assert record.based_on == "no pilot"
    assert None is record.reached is record.plan.chance
    assert "chance" not in record.plan.evidence
    assert "each world follows an assumed curve, from 700 rows up to 5,940" in record.assumptions[0]
    assert {"assumed.first_error", "assumed.slope"} <= {used.field for used in record.defaults}


def test_rounds_of_the_project_file_are_kept(tmp_path: Path) -> None:
    """Three rounds are three rounds without a target; with one, rounds follow from what each test shows."""
    record = bill(written(PLAIN + "rounds: 3\n", tmp_path))
    assert record.rounds == Band(3, 3, 3, 3)
    assert "rounds" not in [driver.name for driver in record.drivers]
    free = LABELS.replace("15k", "900k") + "unknowns: none\n"
    assert bill(written(free + "rounds: 3\n", tmp_path)).rounds == bill(written(free, tmp_path)).rounds


def test_nothing_known_leaves_lines_unpriced_and_named(tmp_path: Path) -> None:
    """No tokens and no sources: gpu and data are unpriced, never zero."""
    record = bill(written((GOLDEN / "bill-bare.yaml").read_text(encoding="utf-8"), tmp_path), tokens=None)
    unpriced = [line.name for line in record.lines if not line.priced]
    assert unpriced == ["gpu", "failed_runs", "idle", "data", "inference"]
    assert [words.split(":")[0] for words in record.unpriced] == ["gpu", "data"]
    assert record.run_price is None
    assert record.label_price is None


def test_no_machine_leaves_the_gpu_line_unpriced(tmp_path: Path) -> None:
    """The choice says why."""
    record = bill(written(LABELS, tmp_path), machines=[])
    assert record.gpu == ""
    assert record.usd_per_gpu_hour is None
    assert record.unpriced == ("gpu: no GPU is named",)


def test_the_cheapest_expected_run_is_taken(tmp_path: Path) -> None:
    """Among machines timed alike, the one with the cheaper hour."""
    at = basis(written(LABELS, tmp_path))
    choice = choose(at, [machine(at, "H100"), machine(at, "L40S")])
    assert choice.machine.gpu == "L40S"
    assert "of the 2 listed" in choice.why


def test_repairs_and_missing_test_rows_stand_under_data(tmp_path: Path) -> None:
    """The audit's usable rows set the tokens of a row, the definition the test rows to buy."""
    project = written(LABELS + "rounds: 1\n", tmp_path)
    audit = found(rows=700, repair=Band(40, 50, 60, 70))
    definition = defined(test_rows=270, needed=400)
    line = bill(project, audit=audit, definition=definition, tokens=None).line("data")
    assert line.basis == "repairs found by the audit, 130 test rows, no new examples"
    assert line.amount.p50 > 50
    assert bill(project, audit=audit, tokens=None).run_price == bill(project).run_price


def test_a_pilot_gives_the_chance_to_reach_the_target_within_the_budget(tmp_path: Path) -> None:
    """Each world follows one curve; more budget, more chance; no step is begun that the budget does not hold at P80."""
    pytest.importorskip("tunecase.forecast.curves")
    foreseen = LABELS + "unknowns: none\n"
    poor, rich = (
        bill(written(foreseen.replace("15k", amount), tmp_path), 4_000, forecast=curve()) for amount in ("4k", "60k")
    )
    assert 0 <= poor.reached < rich.reached < 1
    assert rich.over_budget < 0.05
    assert poor.plan.beyond_budget
    assert poor.over_budget > 0.2
    assert rich.based_on == "pilot of 4 points up to 700 examples"
    assert rich.false_pass is not None


def test_a_target_above_the_ceiling_is_reached_only_by_luck(tmp_path: Path) -> None:
    """No world has a true score above what the labels allow, so every pass is a false one."""
    pytest.importorskip("tunecase.forecast.curves")
    record = bill(written(LABELS, tmp_path), forecast=dataclasses.replace(curve(), ceiling=0.91))
    assert record.reached <= record.false_pass < 0.2


def test_a_pilot_too_small_is_not_used(tmp_path: Path) -> None:
    """The curve is assumed, and the record says that there was no usable pilot."""
    record = bill(written(LABELS, tmp_path), forecast=dataclasses.replace(curve(), verdict="not a pilot yet"))
    assert record.based_on == "no usable pilot"
    assert (None, False) == (record.plan.chance, "chance" in record.plan.evidence)


def test_hardware_is_worked_out_from_the_model(tmp_path: Path) -> None:
    """An 8B LoRA fits one card; a full fine-tune needs more of them, and costs more."""
    pytest.importorskip("tunecase.compute.speed")
    lora = bill(written(LABELS, tmp_path), machines=None)
    assert (lora.gpu, lora.gpu_count) == ("H100", 1)
    full = bill(written(LABELS + "method: full\n", tmp_path), machines=None)
    assert full.gpu_count >= lora.gpu_count
    assert full.run_price.p50 > lora.run_price.p50
    cards = LABELS.replace("gpus: [H100]", "gpus: [T4, A10G], gpu_count: 1")
    small = bill(written(cards + "method: full\n", tmp_path), machines=None)
    assert small.gpu == ""
    assert "A10G: the run does not fit" in small.unpriced[0]
    elsewhere = LABELS.replace("tier: neocloud, gpus: [H100]", "tier: marketplace, gpus: [A10G, L40S]")
    dearer = bill(written(elsewhere, tmp_path), machines=None)
    assert dearer.gpu == "L40S"
    assert any("A10G: no price in the tier marketplace" in words for words in dearer.assumptions)


def curve() -> Forecast:
    """A pilot of four points that a target of 92% may or may not reach."""
    scores = [(90, 0.72), (180, 0.79), (350, 0.84), (700, 0.875)]
    points = tuple(Point(n, score, 3, 270) for n, score in scores)
    return Forecast(
        "open", "", points, (), 0.92, None, 5_940, "all that the sources hold", None, None, None, "", (), "accuracy",
        "higher", (), "USD", 0,
    )  # fmt: skip


def found(rows: int, repair: Band) -> Audit:
    """An audit with these usable rows and this price of repairs."""
    return Audit(
        "train.jsonl", None, rows, rows, 0, 0, None, 0, 0, "fit", "", (), (), {}, {}, (), TOKENS, repair, "USD",
        "jsonl", "text", 0.0,
    )  # fmt: skip


def defined(test_rows: int, needed: int) -> Definition:
    """A definition with this test set and this need."""
    return Definition(
        "go to pilot", "", (), "classification", "accuracy", 0.92, None, None, None, None, 700, test_rows, needed, None,
        None, "USD", test_rows_to_buy=max(needed - test_rows, 0),
    )  # fmt: skip


def test_the_bill_is_that_of_the_way_advised(tmp_path: Path) -> None:
    """Its total, chance and lines are those of its plan; what trains it is plain cores, and no card is named."""
    asked = project(tmp_path)
    seen = pieces(asked, stand_in=True)[1]
    of = drawn(ways.with_ways(known(asked, seen), ways.candidate(points=ways.curve(0.1))))
    record = estimate(of)
    assert ("encoder", "ship") == (of.way, record.plan.lever)
    assert record.total_without_answers is not None
    assert record.plan.total.expected.value == pytest.approx(sum(line.expected or 0 for line in record.lines
                                                                 if line.included))  # fmt: skip
    assert ("", None, ()) == (record.gpu, record.gpu_hours, record.ways)
    assert any("plain cores" in word for word in record.assumptions)
