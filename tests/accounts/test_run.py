"""What run, decide and next say: the answer first, at most 14 lines, each figure once, and the command to run next."""

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.console import Console

from tests import samples
from tests.accounts.test_answer import LOOK, decision, material, plan
from tests.problem_cases import project
from tunecase.accounts import Material, account, answer, release_now, run
from tunecase.accounts.steps import next_command
from tunecase.accounts.verdict import ends_in_a_round, verdict
from tunecase.blocks import Account, Facts, Listing, Table
from tunecase.cli.show.blocks import print_account
from tunecase.quantities import Sampled, count, plain_figure
from tunecase.records import Approvals, Criterion, Flip, Point


def lines(said: Account, *, page: str = "", full: bool = False) -> list[str]:
    """The print in 80 columns."""
    out = io.StringIO()
    print_account(Console(file=out, width=80, markup=False, highlight=False, emoji=False), said, page=page, full=full)
    return out.getvalue().rstrip("\n").split("\n")


def test_run_ends_in_a_dozen_lines() -> None:
    """The verdict first, a line for each thing that it rests on, and the last line with page and more."""
    printed = lines(run(material()), page="report.html")
    assert len(printed) <= 14
    assert "Yes, in stages: release 5,000 USD now, not 15,000." == printed[0]
    names = [line.split()[0] for line in printed[2:-2]]
    assert ["problem", "data", "pilot", "chance", "money", "value", "test"] == names
    assert "next: tunecase fit     page: report.html     more: --full" == printed[-1]
    assert max(map(len, printed)) <= 80


@pytest.mark.parametrize("advice", ["stop", "ship", "pilot", "state the value", "label"])
def test_every_answer_of_run_is_short(advice: str) -> None:
    """The reason takes the place of the gates where no step is released."""
    made = replace(samples.decision(), advice=advice)
    printed = lines(run(material(decision=made)), page="report.html")
    assert len(printed) <= 14
    assert max(map(len, printed)) <= 80


def pairs(said: Account) -> dict[str, str]:
    """The lines of what run says, by name."""
    return dict(next(block for block in said.short if isinstance(block, Facts)).pairs)


def test_what_ships_is_not_told_as_a_training() -> None:
    """Its chance and its price are those of what is there; where a training is turned down they are the training's."""
    free = replace(plan().total, expected=Sampled(0.0), p50=Sampled(0.0))
    shipped = plan(lever="ship", then=(), total=free, release=replace(plan().release, p80=Sampled(0.0)))
    told = pairs(run(material(decision=decision(advice="ship", plan=shipped))))
    assert "55% to reach 80%" == told["chance"]
    assert "nothing has to be bought" == told["money"]
    stopped = pairs(run(material(decision=decision(advice="stop", plan=plan(advised=False)))))
    assert "55% to reach 80% if you trained all the same" == stopped["chance"]
    assert stopped["money"].startswith("release nothing; training all the same would cost about")
    settled = pairs(run(material(decision=decision(advice="redefine", plan=plan(lever="redefine", then=())))))
    assert "chance" not in settled
    assert "about 8,000 USD to put it to use" == settled["money"]


def test_money_that_was_paid_keeps_its_cents() -> None:
    """It is no guess: run says what the tile and the approvals say."""
    told = pairs(run(material(books=replace(samples.books(), spent=Decimal("3885.57")))))
    assert told["money"].endswith("; 3,885.57 USD spent")


def test_one_month_is_no_months() -> None:
    """The horizon is told with its unit in the right number."""
    posed = project(horizon="1 month")
    assert " in 1 month if reached" in pairs(run(material(project=posed)))["value"]


def test_a_second_run_says_that_nothing_changed() -> None:
    """Two lines: the verdict with the time, and what to do next."""
    printed = lines(run(material(), unchanged_since="07:10"), page="report.html")
    assert printed[0].startswith("Yes, in stages: release 5,000 USD now, not 15,000. Nothing changed since 07:10.")
    assert 3 == len(printed)


def test_run_tells_nothing_that_no_record_holds() -> None:
    """Without records there is no line but what is not known."""
    said = run(Material())
    assert "Not yet: nothing is known of this case." == said.answer
    facts = next(block for block in said.short if isinstance(block, Facts))
    assert {"why", "chance"} == {name for name, _ in facts.pairs}


def test_decide_puts_the_advised_step_first() -> None:
    """The answer is the step with its price; the table marks it, stopping stands in it, what is barred does not."""
    said = account("decide", decision(), material())
    assert said.answer == "Train Llama-3.1-8B once on the 1,946 examples you have: about 5,000 USD."
    table = next(block for block in said.short if isinstance(block, Table))
    names = [row[0].text for row in table.rows]
    assert names[table.strong[0]] == "train the larger model"
    assert "stop" in names
    assert "8B instead of 3B" not in names
    assert len(lines(said)) <= 14


def test_decide_tells_what_was_asked_with_what_if() -> None:
    """Inputs have plain names; where none alone would change the advice, that is said; else nothing is."""
    flips = (Flip("effort_per_round", 40.0, 65.0, "stop"), Flip("budget", 30_000.0))
    asked = account("decide", decision(what_if=flips), material())
    told = next(block for block in asked.short if isinstance(block, Listing))
    assert told.items == ("people's work in a round at 65 h per round or more, not 40 h per round: stop",)
    firm = account("decide", decision(what_if=flips[1:]), material())
    assert ("no input alone would change it",) == next(b for b in firm.short if isinstance(b, Listing)).items
    assert not any(isinstance(block, Listing) for block in account("decide", decision(), material()).short)


def test_one_figure_says_where_the_advice_turns() -> None:
    """In two figures, never rounded past the value that is stated: short, in full, and by next."""
    made = decision(advice="stop", value_flips=(Flip("problem.value", 0.12, 0.15, "fine_tune"),), flips_at="above 0.1")
    assert "Turns where a right answer is worth about 0.15 USD or more." in " ".join(
        " ".join(lines(account("decide", made, material()))).split()
    )
    full = " ".join(" ".join(lines(account("decide", made, material()), full=True)).split())
    assert "above about 0.15 USD for a right answer to fine tune" in full
    assert "above 0.1" not in full.replace("above about", "")


def test_a_look_has_one_price() -> None:
    """What is released for it stands in the answer, in the line on money, on the page and in what is approved."""
    look = decision(advice="look", action=LOOK.action, experiments=(LOOK,))
    about = material(decision=look)
    asked = release_now(look)
    assert asked is not None
    assert "1,800" == plain_figure(asked) == answer(about).tiles[0].value
    assert "for about 1,800 USD." in run(about).answer
    assert "release 1,800 USD for this look alone" == pairs(run(about))["money"]
    assert "Approve 1,800 USD" == answer(about).choices[0]
    full = " ".join(" ".join(lines(account("decide", look, about), full=True)).split())
    assert "Its price here is the average; 1,800 USD is released, enough four times in five." in full


def test_a_measured_round_is_no_pilot() -> None:
    """A point that a round measured is told as one, the pilot's own beside it."""
    tried, seen = samples.pilot(), samples.forecast()
    most = max(one.n for one in tried.runs)
    mine = [one.score for one in tried.runs if one.n == most]
    ends = Point(most, sum(mine) / len(mine), 1, 400)
    before = replace(seen, points=(ends,), rounds=0, source="pilot", stand_in=False)
    after = replace(before, points=(ends, Point(2 * most, 0.74, 1, 400)), rounds=1)
    assert not ends_in_a_round(material(pilot=tried, forecast=before))
    about = material(pilot=tried, forecast=after, decision=decision(advice="stop"))
    assert ends_in_a_round(about)
    assert f"; the round measured last: 74% right with {count(2 * most)} examples" in pairs(run(about))["pilot"]
    assert (
        f"The round measured last gets 74% right with {count(2 * most)} examples; the pilot had" in verdict(about).why
    )


def test_the_line_on_prompts_follows_the_rule() -> None:
    """That nobody has tried a prompt is said exactly where the rule on prompts found no score."""
    told = "nobody has tried a prompt"
    for status, got, said in (("unknown", "-", True), ("unknown", "gpt 70%", False), ("pass", "gpt 70%", False)):
        rule = Criterion("P20", "prompts tried first", status, "warn", got, "", "", "", None, "")
        way = replace(samples.definition().alternatives[0], name="prompt_hosted", struck="")
        judged = replace(samples.definition(), criteria=(rule,), alternatives=(way,))
        assert said == (told in pairs(run(material(definition=judged)))["problem"])


def test_the_chance_of_more_examples_alone_is_told() -> None:
    """The advice never stands without what was measured; the model's own curve is told where it prints otherwise."""
    told = " ".join(" ".join(lines(account("decide", decision(), material()))).split())
    assert "Assumed: the larger model does better. More examples alone: 10% (`tunecase forecast`)." in told
    own = material(forecast=replace(samples.forecast(), stand_in=False))
    told = " ".join(" ".join(lines(account("decide", decision(), own))).split())
    assert "More examples alone: 65% (`tunecase forecast`)." in told
    assert "Assumed" not in told


def test_next_says_what_the_round_showed() -> None:
    """The round beside what was expected of it, and the verdict; without a round, how much moved."""
    made = samples.news()
    assert account("next", made).answer.startswith("Round 1 scored 89% with 1,900 examples, as expected (86% to 90%).")
    poor = replace(made, round=replace(made.round, score=0.5))  # type: ignore[type-var]
    assert "not as expected" in account("next", poor).answer
    assert account("next", replace(made, round=None)).answer.startswith("2 answers moved since 2026-11-20.")
    assert account("next", replace(made, round=None, moved=())).answer.startswith("Nothing moved.")
    assert len(lines(account("next", made, material()))) <= 14


def test_what_changed_is_named_and_told_in_full() -> None:
    """Before and now stand in full alone, in the words of the records."""
    moved = samples.news().moved
    said = account("changed", moved)
    assert said.answer == "2 answers moved since the last time."
    assert "2,900" not in " ".join(lines(said))
    assert "2,900" in " ".join(lines(said, full=True))
    assert account("changed", ()).answer == "Nothing moved."


def test_the_next_command_follows_the_answer() -> None:
    """Each answer names one command; a step that trains is looked at with fit, any other is approved."""
    by_advice = {
        "fine_tune": "tunecase fit", "stop": "tunecase decide --what-if",
        "pilot": "tunecase pilot",
        "ship": "tunecase inference", "state the value": "tunecase define",
    }  # fmt: skip
    assert by_advice == {advice: next_command(material(decision=decision(advice=advice))) for advice in by_advice}
    label = decision(advice="label", plan=plan(lever="label"))
    asked = Approvals("USD", "5f0c2d77ab01", "label", Sampled(5_059.0))
    assert 'tunecase approve "5000 USD" --by NAME' == next_command(material(decision=label))
    bound = next_command(material(decision=label, approvals=asked))
    assert 'tunecase approve "5000 USD" --by NAME --plan 5f0c2d77ab01' == bound
    assert "tunecase run" == next_command(Material(definition=samples.definition()))


@pytest.mark.parametrize("verb", ["decide", "next"])
def test_all_of_it_fits_the_terminal(verb: str) -> None:
    """With full, wide cells wrap in their columns and no word is lost."""
    said = account(verb, decision() if verb == "decide" else samples.news(), material())
    printed = lines(said, full=True)
    assert max(map(len, printed)) <= 80
    words = set(" ".join(printed).split())
    cells = [cell for block in said.full if isinstance(block, Table) for row in block.rows for cell in row]
    assert {word for cell in cells for word in cell.text.split() if len(word) < 8} <= words
