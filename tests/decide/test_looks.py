"""What is tried before money is released: its price, what it must show, and what the worked example advises by it."""

import math
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.looking import walked

from tests.chat_server import Reply, chat_server, question, said
from tests.command import Ran, tunecase
from tests.decide.test_decide import decided, pieces, project
from tests.problem_cases import table
from tests.projects import basis, written
from tunecase.data.reading import load
from tunecase.decide.looks import advised
from tunecase.prices import target_value
from tunecase.problem import Facts, define
from tunecase.project import Project, read_score
from tunecase.quantities import Band, Interval80
from tunecase.records import Alternative, AtHand, Decision, Look

CHEAP = Look("prompt_hosted", "gpt", "tunecase pilot --hosted gpt", Band(0.2, 0.4, 0.5, 0.6), 1.0, 120.0, 0.2)
SET_UP = Band(80.0, 100.0, 110.0, 120.0)
REVIEW = "costs: [{name: review, amount: 600 USD, when: once}]\n"
PART = {"target": "85%, gain: linear", "value": "0.02 to 0.06 USD per correct"}


def case(of: Project) -> Decision:
    """A project with three ways that nobody measured, one of them barred."""
    ways = tuple(
        Alternative(
            name, name, None, None, SET_UP, None, None, "unknown", measure=f"tunecase pilot --hosted {name}",
            measure_cost=Band(0.1, 0.2, 0.3, 0.4), measure_minutes=Interval80(1.0, 2.0, 3.0), model=name,
        )
        for name in ("decision", "prompt_hosted", "prompt_open")
    )  # fmt: skip
    barred = replace(ways[2], struck="no provider may see the rows")
    return decided(of, definition=replace(pieces(of)[0], alternatives=(*ways[:2], barred)))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Decision:
    """A case in which money is asked for."""
    return case(project(tmp_path_factory.mktemp("asked")))


def test_the_look_with_the_best_value_for_its_price_comes_first(asked: Decision) -> None:
    """Published cases come before ways of which none tell; what a constraint bars comes last, with its reason."""
    assert ["prompt_hosted", "decision", "prompt_open"] == [look.way for look in asked.looks]
    assert ("look", "prompt_hosted") == (asked.advice, asked.first_look)
    assert "no provider may see the rows" == asked.looks[-1].barred
    assert (None, None, None) == (asked.looks[-1].price, asked.looks[-1].hours, asked.looks[-1].worth)


def test_a_look_is_worth_what_it_spares_less_its_price(asked: Decision) -> None:
    """By hand: cases in which such a way did as well, of those known, times the first release, less money and hours."""
    first = asked.looks[0]
    assert asked.plan is not None
    assert 0 < first.cases < first.known
    spared = first.cases / first.known * asked.plan.release.expected.value
    assert spared - first.price == pytest.approx(first.worth, rel=1e-9)


def test_what_meets_the_target_is_shipped_without_a_look(tmp_path: Path) -> None:
    """What misses it more often than not, and ships since a part of the gain counts, waits for the cheap look."""
    met, part = (case(project(tmp_path, extra=REVIEW, **asks)) for asks in ({"target": "75%"}, PART))
    assert ("ship", "") == (met.advice, met.first_look)
    assert ("ship", "look", "prompt_hosted") == (part.plan.lever, part.advice, part.first_look)
    assert (False, True) == (met.plan.falls_short, part.plan.falls_short)


def test_below_the_target_a_look_changes_the_plan_only_where_a_part_counts(tmp_path: Path) -> None:
    """With a linear gain from the score on that brings what shipping the model at hand brings, with set-up on top."""
    whole, part = (case(project(tmp_path, **PART | {"target": target})) for target in ("85%", "85%, gain: linear"))
    assert {0.85, None} == {look.needed for look in whole.looks}
    share = (part.plan.worth.expected.value + SET_UP.p50) / part.value_of_target.mean
    assert pytest.approx(0.60 + (0.85 - 0.60) * share, abs=0.002) == part.looks[0].needed
    assert 0.75 < part.looks[0].needed < 0.85


@pytest.mark.parametrize(
    ("moved", "comes"),
    [
        ({"worth": 1.0}, True),
        ({"price": 1.0}, True),
        ({"price": 1_000.0}, False),
        ({"worth": -1.0}, False),
        ({"price": None}, False),
        ({"command": ""}, False),
        ({"barred": "data stay"}, False),
        ({"price": math.inf}, False),
    ],
)
def test_a_look_comes_first_where_it_pays(moved: dict[str, object], comes: bool, asked: Decision) -> None:
    """Not one at an unknown price, without a command, barred, or dearer than a small part of what is asked for."""
    look = replace(CHEAP, **moved)
    assert (look if comes else None) == advised((look,), asked.plan)


def test_a_look_that_the_budget_does_not_pay_for_is_none(asked: Decision) -> None:
    """What is left of the budget bounds looks as it bounds purchases."""
    look = replace(CHEAP, worth=10.0)
    assert None is advised((look,), replace(asked.plan, budget_left=100.0))
    assert look == advised((look,), replace(asked.plan, budget_left=130.0))


def commonprefix(texts: list[str]) -> str:
    """What two texts begin with alike."""
    first, second = texts
    alike = next((k for k, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:alike]


def answering(rows: list[tuple[str, str]], right: int) -> Callable[[object], Reply]:
    """A model that gives the right answer to so many of the test rows, whatever is masked in them."""
    labels = sorted({label for _, label in rows})
    step = len(rows) / right
    known = {int(k * step) for k in range(right)}

    def reply(body: object) -> Reply:
        text = question(body).partition(": ")[2]
        at = max(range(len(rows)), key=lambda k: len(commonprefix([text, rows[k][0]])))
        label = rows[at][1]
        return said(label if at in known else labels[labels.index(label) - 1], (100, 4))

    return reply


FACES = ("run", "decide", "next", "define")
NEXT = re.compile(r"^next: (.*?)(?: {3,}(?:page|more):.*)?$", re.M)


def at_once(folder: Path) -> Iterator[tuple[str, Ran]]:
    """What each face says of a case."""
    for verb in FACES:
        yield verb, tunecase(verb, cwd=folder)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped example with its pilot made."""
    folder = tmp_path_factory.mktemp("example") / "case"
    assert 0 == tunecase("init", "--example", "support-tickets", "--to", folder).code
    assert 0 == tunecase("run", cwd=folder).code
    return folder


LOOKED = (
    (0, "Not yet: ask a prompted model first: about 0.40 USD and an hour.", "tunecase pilot --hosted gpt-6-luna"),
    (0.6, "No: no step pays for itself at 0.25 to 0.60 USD a right answer.", ""),
    (0.75, "No: no step pays for itself at 0.25 to 0.60 USD a right answer.", ""),
    (0.85, "Do not fine-tune: a prompt to gpt-6-luna (zero-shot) does it.", "tunecase inference"),
)


@pytest.mark.slow
@pytest.mark.usefixtures("every_world")
@pytest.mark.parametrize(("score", "sentence", "command"), LOOKED)
def test_the_example_is_advised_by_what_a_prompt_shows(
    score: float, sentence: str, command: str, example: Path, tmp_path: Path
) -> None:
    """Without a look, and after a measured prompt; every face names the same next command, and the page has it."""
    folder = Path(shutil.copytree(example, tmp_path / "case"))
    if score:
        rows = [(row.input, row.output) for row in load(folder / "data" / "test.jsonl").rows]
        with chat_server(answering(rows, round(score * len(rows)))) as server:
            words = ("--set", f"hosted.base_url={server.url}", "--set", "hosted.key_variable=")
            assert 0 == tunecase("pilot", "--hosted", "gpt-6-luna", *words, cwd=folder).code
    told = dict(at_once(folder))
    assert sentence == told["run"].out.split("\n")[0]
    commands = {verb: NEXT.search(ran.out)[1] for verb, ran in told.items()}
    assert 1 == len(set(commands.values())), commands
    assert command in commands["run"]


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["exact_match", "rouge_l", "chrf"])
def test_no_chance_is_told_of_answers_that_were_copied(metric: str) -> None:
    """A task with free answers is told to look first, and no record, no face and no page holds a chance."""
    rng = random.Random(3)
    rows = [
        (f"order {k} of {rng.randint(2, 99)} lamps", f"pack {rng.randint(2, 99)} lamps for {k}") for k in range(240)
    ]
    found = walked("packing", metric, "80%", rows)
    assert found["headline"].startswith("Not yet: ask a prompted model first")
    assert [[], [], []] == [found[name] for name in ("in_records", "in_words", "on_the_page")]


STATED = """\
problem: {metric: accuracy, target: 80%, value: 0.40 USD per correct, volume: 20k per month, horizon: 12 months}
data: {rows: 200}
"""
HAND = (
    ("{who: nobody}", None, 0.0, "today"),
    ("{who: people, minutes: 2 min per answer, rate: 20 USD per hour}", None, 0.0, "today"),
    ("{who: model, score: 68.5%}", None, 0.685, "today"),
    ("{who: nobody}", AtHand("prompt_hosted", "gpt", 0.75), 0.75, "prompt_hosted"),
    ("{who: model, score: 68.5%}", AtHand("prompt_hosted", "gpt", 0.6), 0.685, "today"),
)


@pytest.mark.parametrize(("today", "measured", "base", "way"), HAND)
def test_worth_counts_above_the_best_at_hand(
    today: str, measured: AtHand | None, base: float, way: str, tmp_path: Path
) -> None:
    """V by hand: answers in all months x worth of one x (target - best at hand); what it counts above is on record."""
    of = written(f"{STATED}today: {today}\n", tmp_path)
    train, test = table([("a", "x"), ("b", "y")] * 100), table([("c", "x"), ("d", "y")] * 100)
    facts = Facts(of, train, test, basis(of), None, None, measured=() if measured is None else (measured,))
    posed = define(facts)
    assert (way, base) == (posed.at_hand.way, posed.at_hand.score)
    worth = target_value(of, basis(of), posed)
    months = 12
    assert 20_000 * months * 0.40 * (read_score(of.problem.target) - base) == pytest.approx(
        float(worth.mean()), rel=0.02
    )
