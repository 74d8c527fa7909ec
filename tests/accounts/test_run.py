"""What run, decide and next say: the answer first, at most 14 lines, each figure once, and the command to run next."""

import io
from dataclasses import replace

from rich.console import Console

from tests import samples
from tests.accounts.test_answer import LOOK, decision, material, plan
from tunecase.accounts import Material, account, answer, run
from tunecase.accounts.steps import next_command
from tunecase.accounts.verdict import ends_in_a_round, verdict
from tunecase.blocks import Account, Facts
from tunecase.cli.show.blocks import print_account
from tunecase.quantities import Sampled, count
from tunecase.records import Approvals, Point


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


def pairs(said: Account) -> dict[str, str]:
    """The lines of what run says, by name."""
    return dict(next(block for block in said.short if isinstance(block, Facts)).pairs)


def test_a_look_comes_before_the_money_and_says_what_it_must_show() -> None:
    """What is asked for is the look alone; the money that follows stands in its reason, with the published cases."""
    about = material(decision=decision(looks=(LOOK,), first_look=LOOK.way))
    said = run(about)
    assert "Not yet: ask a prompted model first: about 0.40 USD and an hour." in said.answer
    reason = answer(about).verdict.why
    assert "If it falls short of 76%, 5,000 USD for" in reason
    assert "In 6 of 21 published projects" in reason
    full = " ".join(" ".join(lines(account("decide", about.decision, about), full=True)).split())
    assert LOOK.command in full


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
