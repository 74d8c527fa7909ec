"""What a case's answers cost: one price for the record and the bill, worked out anew only where something has moved."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from tests.inference.importers.meters import MODEL, STATED, vllm_result, written
from tests.projects import basis
from tests.projects import written as project_of
from tunecase.inference import Answers, answers, read_points, weigh
from tunecase.prices import Basis, api, price_of_answers, price_today
from tunecase.project import Project
from tunecase.quantities import AlteredWorlds, band

PLAIN = "problem: {volume: 150k to 300k per month}\nmodels: [meta-llama/Llama-3.1-8B]\n"
SERVED = "serving: {gpus: [L4], today: openai/gpt-4.1-mini, traffic: {input: 600, output: 60}}\n"
installed = pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that states all that the price of an answer rests on."""
    return project_of(PLAIN + SERVED, tmp_path_factory.mktemp("served"))


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many worlds each weighing of all ways was in."""
    weighed: list[int] = []
    real = answers.priced_ways
    monkeypatch.setattr(answers, "priced_ways", lambda on: (weighed.append(on.basis.worlds.n), real(on))[1])
    return weighed


def priced(project: Project, known: Answers, draws: int = 200) -> Basis:
    """A basis on which the answers have a price."""
    on = basis(project, draws)
    on.answer_prices = known
    return on


@installed
def test_the_bill_and_the_record_tell_one_price(served: Project) -> None:
    """What the bill counts of an answer, tuned and today, is what the record says in the same worlds."""
    known = Answers()
    record = weigh(basis(served, 200), known)
    on = priced(served, known)
    tuned, today = price_of_answers(on), price_today(on)
    assert tuned is not None
    assert today is not None
    assert band(tuned) == record.per_1k
    assert band(today) == record.today_per_1k


def test_a_stated_price_takes_the_place_of_what_is_worked_out(served: Project, times: list[int]) -> None:
    """In the bill, and in the record's thousand and month alike; the ways stay as they are."""
    stated = served.model_copy(update={"serving": served.serving.model_copy(update=prices(served, "3 USD"))})
    on = priced(stated, Answers())
    each = price_of_answers(on)
    assert [] == times
    assert {3.0} == set(each.tolist())
    record = weigh(priced(stated, Answers()), Answers())
    assert (True, 3.0) == (record.stated, record.per_1k.p50)
    assert pytest.approx(3 * record.answers_per_month.mean / 1000) == record.per_month.mean
    assert record.cheapest.per_month != record.per_month


def prices(project: Project, text: str) -> dict[str, object]:
    """The field of a stated price."""
    return {
        "price_per_1k_answers": type(project.serving)
        .model_validate({"price_per_1k_answers": text})
        .price_per_1k_answers
    }


def test_prices_are_worked_out_once_for_the_same_worlds(served: Project, times: list[int]) -> None:
    """A second basis of the same seed and project takes what is held, and names the same defaults."""
    known, first, second = Answers(), basis(served, 50), basis(served, 50)
    one, other = known.tuned(first), known.tuned(second)
    assert one is other
    assert [50] == times
    assert first.used == second.used
    assert "serving.spare" in second.used
    known.tuned(basis(served, 50, seed=1))
    assert [50, 50] == times


def test_an_altered_input_is_worked_out_again_and_any_other_is_not(served: Project, times: list[int]) -> None:
    """More answers a month lower the price of one where replicas idle; an input of something else costs no time."""
    known, plain = Answers(), basis(served, 50)
    price = known.tuned(plain)
    for name, again in (("problem.value", False), ("problem.volume", True)):
        on = basis(served, 50)
        on.worlds = AlteredWorlds(plain.worlds, {name: 2.0})
        before = len(times)
        altered = known.tuned(on)
        assert again == (len(times) > before)
        assert again == bool((altered < price).all())
        assert again or altered is price


def test_another_price_of_cards_is_worked_out_again(served: Project, times: list[int]) -> None:
    """A price of one's own for a card's hour is no price of the tables."""
    known, dear = Answers(), basis(served, 50)
    dear.usd_per_gpu_hour = 40.0
    listed, own = known.tuned(basis(served, 50)), known.tuned(dear)
    assert 2 == len(times)
    assert float(own.mean()) > float(listed.mean())


def test_what_is_missing_is_named_and_nothing_is_made_up(tmp_path: Path) -> None:
    """Volume and lengths together; tokens of the training file fill the lengths in."""
    bare = basis(project_of("models: [meta-llama/Llama-3.1-8B]\nserving: {today: openai/gpt-4.1-mini}", tmp_path), 20)
    lengths = ("serving.traffic.input", "serving.traffic.output")
    assert ("problem.volume", *lengths) == Answers().missing(bare)
    assert ("problem.volume",) == Answers((600.0, 60.0)).missing(bare)
    assert Answers().tuned(bare) is None
    assert Answers().in_use(bare) is None
    assert Answers().prompted(bare, "openai/gpt-4.1-mini") is None
    assert weigh(bare, Answers()) is None


@installed
def test_a_prompted_model_reads_the_instructions(served: Project) -> None:
    """Without instructions it costs less; a model without a price has none."""
    traffic = served.serving.traffic.model_copy(
        update={"instructions": type(served.serving.traffic).model_validate({"instructions": 0}).instructions}
    )
    short = served.model_copy(update={"serving": served.serving.model_copy(update={"traffic": traffic})})
    with_them, without = (Answers().prompted(basis(of, 20), "openai/gpt-4.1-mini") for of in (served, short))
    assert bool((without < with_them).all())
    assert Answers().prompted(basis(served, 20), "nobody/nothing") is None


def test_measured_loads_move_what_a_replica_gives(tmp_path: Path) -> None:
    """Twice as fast as the same load said otherwise: the replica of the answer is faster, and its band narrower."""
    text = f"problem: {{volume: 200k per month}}\nmodels: ['{MODEL.removesuffix('-Instruct')}']\n"
    project = project_of(text + SERVED.replace("L4", "H100"), tmp_path)
    fast = vllm_result(duration=10.0, request_throughput=16.0, output_throughput=3200.0, mean_e2el_ms=995.0)
    points = read_points(written(tmp_path / "load.json", fast), STATED).points
    before, after = (weigh(basis(project, 50), Answers(points=of)) for of in ((), points))
    assert (0, 1) == (before.throughput.measured, after.throughput.measured)
    assert before.throughput.before is None
    assert before.throughput.answers_per_s == after.throughput.before
    old, new = before.throughput.answers_per_s, after.throughput.answers_per_s
    assert new.mid > old.mid
    assert new.high / new.low < old.high / old.low


def test_a_small_model_on_cores_costs_more_the_longer_it_takes(served: Project) -> None:
    """A core or more all month at the price of its hour; nothing without a volume."""
    known = Answers()
    fast, slow = (known.on_cores(basis(served, 200), "all-MiniLM-L6-v2", seconds) for seconds in (0.02, 20.0))
    assert fast is not None
    assert slow is not None
    assert 0 < float(np.median(fast)) < float(np.median(slow))
    bare = project_of("models: [meta-llama/Llama-3.1-8B]\n", Path(TemporaryDirectory().name))
    assert known.on_cores(basis(bare, 200), "all-MiniLM-L6-v2", 0.02) is None
