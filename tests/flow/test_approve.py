"""Approvals: on record with the plan they are for, warned of as they are spent, and never applied to another plan."""

import importlib
import json
import shutil
import threading
import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests import walked
from tests.command import Ran, tunecase
from tests.making import case_folder
from tunecase import flow
from tunecase.case import Case
from tunecase.errors import InputError, LedgerBusyError
from tunecase.flow.keys import hash_of
from tunecase.flow.plan_on_file import on_file, plan_parts
from tunecase.ledger import Ledger
from tunecase.records import Run

TODAY = walked.TODAY
approving = importlib.import_module("tunecase.flow.approve")  # the face has a function of that name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a case that was walked to its decision."""
    return walked.path_of("decided", tmp_path / "case").parent


@pytest.fixture
def case(folder: Path) -> Case:
    """The same, opened."""
    return opened(folder)


def opened(folder: Path, today: date = TODAY, seed: int = 0) -> Case:
    """The case as a new process opens it."""
    return Case(folder / "tunecase.yaml", today=today, seed=seed)


def say(folder: Path, *words: str, today: date = TODAY) -> Ran:
    """A command on the case."""
    return tunecase(*words, "--project", folder / "tunecase.yaml", "--today", str(today))


def edited(folder: Path, line: str, other: str) -> None:
    """One line of the project file changed."""
    path = folder / "tunecase.yaml"
    text = path.read_text("utf-8")
    assert line in text
    path.write_text(text.replace(line, other), "utf-8")


def decide(case: Case) -> None:
    """The decision as it would be made anew, for whoever asks only what it rests on."""
    walked.keep_anew(case.flow, "decide")


def spend(case: Case, amount: str, on: date = TODAY) -> None:
    """One charge."""
    flow.spend_text(case.flow, flow.ChargeAsked(amount, on=str(on)))


def problems(act: Any) -> dict[str, str]:
    """What was got, by where, of an act that is refused; the ledger stays as it was."""
    with pytest.raises(InputError) as refused:
        act()
    assert all(one.where and one.got and one.wanted and one.fix for one in refused.value.problems)
    return {one.where: one.got for one in refused.value.problems}


def test_an_approval_is_on_record_with_its_plan(case: Case) -> None:
    """Amount, name, days, the plan's hash, its stop rule, and its figures stand in the ledger, in exact money."""
    case.approve("1500.10 USD", "Head of Support", until="2027-01-31", note="pilot first")
    entry = case.flow.ledger.latest("record", "approve")
    given, filed = entry.record(), on_file(case.flow)
    assert (Decimal("1500.10"), "USD", "Head of Support") == (given.amount, given.currency, given.by)
    assert (TODAY, date(2027, 1, 31), "pilot first") == (given.on, given.until, given.note)
    assert (filed.hash, filed.plan.release.p80, filed.plan.authorise) == (given.plan, given.release, given.authorise)
    assert "after the first test ship from" in given.stop_rule
    assert "trains on" in given.stop_rule
    assert [] == case.flow.ledger.verify()


def test_another_seed_and_another_day_are_the_same_plan(folder: Path) -> None:
    """The hash holds what the plan rests on, and neither draws nor dates: read on Monday, signed on Friday."""
    before, later = opened(folder).approvals().plan, opened(folder, TODAY + timedelta(4), 3)
    decide(later)
    assert before == later.approvals().plan


def test_the_hash_of_a_plan_is_pinned(folder: Path) -> None:
    """Another version gives the same hash: approvals that were made before it would lose their plan."""
    edited(folder, "name: colours", "name: other words for people")
    edited(folder, "budget: 30k USD", "budget: 30,000 USD # in full")
    parts = plan_parts(opened(folder).flow)
    assert ("3bbadb754f8c", "") == (hash_of(parts), opened(folder).approvals().outdated), parts


def test_spending_does_not_make_it_another_plan(case: Case) -> None:
    """Charges are what an approval is for; the plan made anew with less budget left has the same hash."""
    before = case.approve("1500 USD", "Ines")
    spend(case, "700")
    decide(case)
    now = case.approvals()
    assert (before.plan, "", "approved") == (now.plan, now.moved, now.state)
    assert (Decimal(700), Decimal(800)) == (now.spent, now.left)


def test_rules_of_lines_do_not_make_it_another_plan(folder: Path) -> None:
    """Where a charge is booked says nothing of what is planned."""
    before = opened(folder).approve("1500 USD", "Ines")
    assert 0 == say(folder, "spend", "add", "20", "USD", "--note", "courier").code
    ran = say(folder, "spend", "map", "description=*courier*", "data")
    assert 0 == ran.code, ran.err
    now = opened(folder).approvals()
    assert (before.plan, "", "") == (hash_of(plan_parts(opened(folder).flow)), now.moved, now.outdated)


def test_it_is_warned_of_at_four_fifths_and_at_all(folder: Path) -> None:
    """`spend add` and `spend import` tell it from 80% on, and nothing before or without an approval."""
    sheet = folder / "hours.csv"
    sheet.write_text("date,hours,rate,currency,role\n2026-11-24,0.1,0.1,USD,ml engineer\n", "utf-8")
    assert "pprove" not in say(folder, "spend", "add", "5", "USD").out
    opened(folder).approve("1500 USD", "Ines")
    for amount, state in (("1199", "approved"), ("1", "nearly spent"), ("300", "spent"), ("100", "spent")):
        told = say(folder, "spend", "add", amount, "USD").out
        now = opened(folder).approvals()
        assert (state, state != "approved") == (now.state, now.warns)
        assert now.warns == ("Approved" in told)
    ran = say(folder, "spend", "import", "timesheet", str(sheet), "--json")
    assert (0, True) == (ran.code, "approvals" in ran.json), ran.err


def test_releases_add_up(case: Case) -> None:
    """Two approvals of one plan are one sum; what was spent before the first counts in none."""
    spend(case, "12.50")
    case.approve("1000 USD", "Ines")
    spend(case, "1100")
    now = case.approve("500.25 USD", "Ines")
    assert (Decimal("1500.25"), Decimal(1100), Decimal("400.25")) == (now.total, now.spent, now.left)
    assert (Decimal(0), Decimal("12.50")) == (now.uncovered, now.before)


def test_another_currency_is_approved_at_the_dated_rate(folder: Path) -> None:
    """Its amount stands in both currencies."""
    given = opened(folder).approve("1000 EUR", "Ines").approved[0].approval
    assert (Decimal(1000), "EUR", Decimal("1080.00")) == (given.amount, given.currency, given.amount_base)


def test_a_changed_plan_is_named_and_the_approval_not_applied(folder: Path) -> None:
    """A budget that moved after the approval: every line says so, and a new approval is asked for once decided anew."""
    opened(folder).approve("1500 USD", "Ines")
    edited(folder, "budget: 30k USD", "budget: 20k USD")
    now = opened(folder).approvals()
    assert ("another plan", "budget", "budget", True, False) == (
        now.state, now.moved, now.outdated, now.warns, now.is_asked
    )  # fmt: skip
    decide(opened(folder))
    assert opened(folder).approvals().is_asked
    assert "in force" == opened(folder).approve("500 USD", "Ines").approved[1].state
    assert "" == opened(folder).approvals().moved


def test_a_plan_that_changed_since_is_not_approved(folder: Path) -> None:
    """Neither the plan of another project file, nor one that was read before the plan on file was made."""
    read = opened(folder).approvals().plan
    edited(folder, "budget: 30k USD", "budget: 20k USD")
    case = opened(folder)
    assert {"the plan": "a plan of another case: since then budget changed"} == problems(
        lambda: case.approve("100 USD", "Ines")
    )
    decide(case)
    got = problems(lambda: case.approve("100 USD", "Ines", plan=read))
    assert {"--plan": f"{read}, an earlier plan: since then budget changed"} == got
    assert problems(lambda: case.reject("Ines", plan=read)) == got
    now = case.approvals().plan
    assert now == case.approve("100 USD", "Ines", plan=now[:8]).approved[0].approval.plan


def test_all_mistakes_are_told_together(case: Case) -> None:
    """No name, too much, a day that is over, an unknown plan, an unknown approval: all at once, and nothing is kept."""
    got = problems(lambda: case.approve("40000 USD", " ", until="2026-11-23", plan="beef", replaces="abcdefg"))
    assert {"--by", "amount", "--until", "--plan", "--replaces"} == set(got)
    assert "40,000.00 USD" == got["amount"]
    got = problems(lambda: case.approve("1500 XAU", "x" * 81, until="soon", note="a\x1b[31m"))
    assert {"--by", "currency", "--until", "--note"} == set(got)
    for amount in ("-5 USD", "0 USD", "1,500 USD", "1e3 USD", "NaN USD", "much"):
        assert {"amount"} == set(problems(lambda amount=amount: case.approve(amount, "Ines")))
    assert {"--by"} == set(problems(lambda: case.reject("")))
    assert case.flow.ledger.latest("record", "approve") is None


def test_not_more_than_the_budget_is_approved(case: Case) -> None:
    """What was approved, or spent before the first approval, is taken off; a correction counts for what it corrects."""
    spend(case, "5000")
    first = case.approve("20000 USD", "Ines", beyond=True).approved[0].id
    assert {"amount": "6,000.00 USD"} == problems(lambda: case.approve("6000 USD", "Ines"))
    assert {"amount"} == set(problems(lambda: case.approve("25000.01 USD", "Ines", replaces=first[:8])))
    now = case.approve("25000 USD", "Ines", beyond=True, replaces=first[:8])
    assert (["corrected", "in force"], Decimal(25000)) == ([one.state for one in now.approved], now.total)
    assert "--replaces" in problems(lambda: case.approve("1 USD", "Ines", replaces=first[:8]))


def test_no_more_is_approved_than_the_plan_asks_for(case: Case) -> None:
    """A second approval of the same release is refused: who approved what, what is left, and the two ways on."""
    release = case.approvals().release
    half = Decimal(release.shown) / 2
    first = case.approve(f"{half} USD", "Ana").approved[0].id
    case.approve(f"{half} USD", "Bob")
    with pytest.raises(InputError) as refused:
        case.approve(f"{half} USD", "Cy", plan=case.approvals().plan)
    (told,) = refused.value.problems
    assert told.wanted.startswith("at most 0.00 USD, what is left of the ")
    assert f"; approved already: {half:,.2f} by Ana on 24 November 2026, {half:,.2f} by Bob on " in told.wanted
    assert "--replaces" in told.fix
    assert "--beyond" in told.fix
    assert {"amount"} == set(problems(lambda: case.approve(f"{2 * half} USD", "Cy", replaces=first)))
    assert 3 * half == case.approve(f"{half} USD", "Cy", beyond=True).total


def test_an_approval_that_is_nearly_spent_makes_room(case: Case) -> None:
    """From four fifths on the next release of the same plan may be approved, and before that it may not."""
    release = case.approvals().release
    whole = Decimal(release.shown)
    case.approve(f"{whole} USD", "Ana")
    spend(case, f"{Decimal('0.79') * whole:.2f}")
    assert {"amount"} == set(problems(lambda: case.approve(f"{whole} USD", "Bob")))
    spend(case, f"{Decimal('0.02') * whole:.2f}")
    assert 2 * whole == case.approve(f"{whole} USD", "Bob").total


def test_a_bill_alone_asks_for_no_release(tmp_path: Path) -> None:
    """Where nothing is decided, as without data, no release is asked for, and one needs --beyond."""
    path = walked.path_of("decided", tmp_path, entries=4)
    words = ("approve", "100 USD", "--by", "Ines", "--project", path)
    ran = tunecase(*words)
    assert (2, True) == (ran.code, "the plan on file asks for no release now" in ran.err), ran
    assert "Nothing is approved yet." in tunecase("approve", "--project", path).out
    assert 0 == tunecase(*words, "--beyond").code


def test_a_correction_covers_what_the_first_one_did(case: Case) -> None:
    """Charges between an approval and its correction count against the correction."""
    wrong = case.approve("150 USD", "Ines").approved[0].id
    spend(case, "120")
    now = case.approve("1500 USD", "Ines", replaces=wrong[:12])
    assert (Decimal(120), Decimal(1380), Decimal(0)) == (now.spent, now.left, now.before)


def test_without_a_plan_nothing_is_approved_or_rejected(tmp_path: Path) -> None:
    """Exit code 2, and what to run; `approve` alone says the same in words."""
    path = case_folder(tmp_path)
    for words in (("approve", "100 USD", "--by", "Ines"), ("reject", "--by", "Ines")):
        ran = tunecase(*words, "--project", path)
        assert (2, True) == (ran.code, "no plan in the ledger" in ran.err), ran.err
    shown = tunecase("approve", "--project", path)
    assert (0, True) == (shown.code, "There is nothing to approve" in shown.out)


def test_an_expired_approval_covers_nothing_more(folder: Path) -> None:
    """What was spent in time stays covered, the rest has lapsed; its result is asked for before more money."""
    case = opened(folder)
    case.approve("1500 USD", "Ines", until="2026-11-30")
    spend(case, "400")
    later = opened(folder, date(2026, 12, 1))
    decide(later)
    spend(later, "50", date(2026, 12, 1))
    now = later.approvals()
    assert ("over", "expired") == (now.state, now.approved[0].state)
    assert (True, False) == (now.owed, now.is_asked)
    assert (Decimal(0), Decimal(1100), Decimal(50)) == (now.left, now.lapsed, now.uncovered)


def test_a_rejection_ends_the_approval_of_its_plan(folder: Path) -> None:
    """What was spent stays covered; asking again is another approval."""
    case = opened(folder)
    case.approve("1500 USD", "Ines")
    spend(case, "400")
    now = case.reject("Olu", note="after the audit")
    assert ("rejected", Decimal(0), Decimal(1100)) == (now.state, now.left, now.lapsed)
    spend(opened(folder), "30")
    assert Decimal(30) == opened(folder).approvals().uncovered
    again = opened(folder).approve("200 USD", "Ines")
    assert ("approved", None, Decimal(170), Decimal(0)) == (again.state, again.rejection, again.left, again.uncovered)


def test_a_rejection_of_the_next_plan_leaves_the_earlier_approval(folder: Path) -> None:
    """Only the new ask is refused, until the plan changes once more."""
    opened(folder).approve("1500 USD", "Ines")
    edited(folder, "budget: 30k USD", "budget: 20k USD")
    case = opened(folder)
    decide(case)
    now = case.reject("Olu")
    assert ("rejected", "in force", Decimal(1500)) == (now.state, now.approved[0].state, now.left)
    edited(folder, "budget: 20k USD", "budget: 25k USD")
    decide(opened(folder))
    assert ("another plan", None) == (opened(folder).approvals().state, opened(folder).approvals().rejection)


def test_a_plan_that_comes_back_is_still_rejected(folder: Path) -> None:
    """The rejection of another plan in between changes nothing, whether money was approved before or not."""
    for approved in (False, True):
        if approved:
            opened(folder).approve("1500 USD", "Ines")
        opened(folder).reject("Olu")
        edited(folder, "budget: 30k USD", "budget: 20k USD")
        decide(opened(folder))
        opened(folder).reject("Ana")
        edited(folder, "budget: 20k USD", "budget: 30k USD")
        decide(opened(folder))
        now = opened(folder).approvals()
        assert ("rejected", "Olu") == (now.state, now.rejection.by)


def test_a_round_that_is_done_asks_for_the_next_release(tmp_path: Path) -> None:
    """The approval was for the plan before the round."""
    now = opened(walked.path_of("running", tmp_path).parent).approvals()
    assert ("another plan", "measured rounds", "") == (now.state, now.moved, now.outdated)


@pytest.mark.slow
def test_every_face_tells_it(folder: Path) -> None:
    """Estimate, decide, books, next, report, run: one line each, and the same record under --json."""
    opened(folder).approve("1500 USD", "Ines")
    spend(opened(folder), "12.34")
    for verb in ("estimate", "decide", "books", "next", "report"):
        ran = say(folder, verb)
        line = "Approved: 1,500 USD; 12.34 spent, 1,487.66 left."
        assert line in " ".join(ran.out.split()), (verb, ran.out, ran.err)
        assert "1487.66" == json.loads(say(folder, verb, "--json").out)["approvals"]["approved"][0]["left"]
    assert 0 == say(folder, "books", "--page", str(folder / "books.html")).code
    assert "12.34 spent, 1,487.66 left" in (folder / "books.html").read_text("utf-8")


def test_an_amount_comes_first(folder: Path) -> None:
    """`approve` with a name and no amount is refused, and nothing is approved by it."""
    ran = say(folder, "approve", "--by", "Ines")
    assert (2, True) == (ran.code, "no amount" in ran.err)


@pytest.mark.slow
def test_names_are_shown_as_text(folder: Path) -> None:
    """Markup in a name or a note does nothing in the report, the brief, or the terminal."""
    case = opened(folder)
    case.approve("1500 USD", "<b>Ines</b> *x* [y](z)", note="# head")
    case.report()
    page, text = (folder / "report.html").read_text("utf-8"), (folder / "report.md").read_text("utf-8")
    assert "<b>Ines" not in page + text
    assert "&lt;b&gt;Ines" in page
    assert "&#42;x&#42; &#91;y&#93;(z)" in text
    assert "&#60;b&#62;Ines" in case.brief(folder / "brief.md").read_text("utf-8")


def test_a_forged_approval_is_no_record(folder: Path) -> None:
    """A line that holds no amount is named by `ledger verify`, and the case does not open with it."""
    case = opened(folder)
    case.approve("1500 USD", "Ines")
    entry = case.flow.ledger.latest("record", "approve")
    forged = {**entry.body, "amount": "1e999999"}
    case.flow.ledger.append("record", forged, recorded_at=entry.recorded_at, verb="approve")
    assert ["approve: amount is '1e999999'"] == [one.got for one in case.flow.ledger.verify()]
    negative = {**entry.body, "amount_base": "-5"}
    case.flow.ledger.append("record", negative, recorded_at=entry.recorded_at, verb="approve")
    assert "approve: amount_base is '-5'" == case.flow.ledger.verify()[-1].got


def test_joined_ledgers_keep_both_approvals(folder: Path, tmp_path: Path) -> None:
    """Two people approve on their own copies; chained again both count, and the one taken over is named."""
    shutil.copytree(folder, tmp_path / "other")
    opened(folder).approve("1000 USD", "Ines")
    spend(opened(folder), "1")
    opened(tmp_path / "other").approve("500 USD", "Olu")
    ours, theirs = ((place / "ledger.jsonl").read_bytes().splitlines() for place in (folder, tmp_path / "other"))
    (folder / "ledger.jsonl").write_bytes(b"\n".join([*ours, *theirs[-1:]]) + b"\n")
    told = " ".join(tunecase("ledger", "rechain", "--project", folder / "tunecase.yaml").out.split())
    assert "500.00 USD approved by Olu" in told
    assert Decimal(1500) == opened(folder).approvals().total
    assert [] == Ledger(folder / "ledger.jsonl").verify()


def test_a_ledger_of_before_plans_had_a_hash(folder: Path) -> None:
    """The decision of an earlier version is approved while it holds, and else has to be made anew."""
    case = opened(folder)
    entry = case.flow.ledger.latest("record", "decide")
    meta = {name: value for name, value in entry.meta.items() if name != "plan"}
    case.flow.ledger.append("record", dict(entry.body), recorded_at=entry.recorded_at, verb="decide", meta=meta)
    assert ("", plan_parts(case.flow)) == (case.approvals().outdated, on_file(case.flow).rests_on)  # type: ignore[union-attr]
    later = opened(folder, TODAY + timedelta(1))
    assert {"the plan"} == set(problems(lambda: later.approve("1 USD", "Ines")))


def test_nothing_is_asked_for_where_the_advice_is_to_stop(folder: Path) -> None:
    """A plan that is not worth its cost is not put forward; who wants it all the same can approve it."""
    case = opened(folder)
    decided = case.flow.current("decide")
    stop = replace(decided, advice="stop", plan=replace(decided.plan, advised=False))
    case.flow.keep("decide", stop, plan=plan_parts(case.flow))
    now = case.approvals()
    assert (False, False) == (now.advised, now.is_asked)
    assert {"amount": "10.00 USD"} == problems(lambda: case.approve("10 USD", "Ines"))
    assert "approved" == case.approve("10 USD", "Ines", beyond=True).state


def test_a_charge_is_booked_once_where_the_approvals_cannot_be_told(folder: Path) -> None:
    """With a plan on file and an earlier ledger that is gone: exit code 0, for one more would book it again."""
    (folder / "bill.csv").write_text("date,role,hours,rate,currency\n2026-11-20,engineer,2,60,USD\n", encoding="utf-8")
    path = folder / "tunecase.yaml"
    path.write_text(path.read_text("utf-8") + "past: [gone/ledger.jsonl]\n", "utf-8")
    ran = say(folder, "spend", "add", "20", "USD", "--json")
    assert (0, "20") == (ran.code, ran.json["body"]["amount"])
    assert "What is left of the approvals is unknown" in ran.err
    assert "gone/ledger.jsonl" in ran.err
    imported = say(folder, "spend", "import", "timesheet", str(folder / "bill.csv"))
    assert (0, True) == (imported.code, "is unknown" in imported.err), imported.err


def test_a_default_that_is_stated_makes_no_other_plan(folder: Path) -> None:
    """What a plan rests on is the same whether the file leaves a default out or says it, at any depth."""
    before = opened(folder).approve("1000 USD", "Ines").plan
    path = folder / "tunecase.yaml"
    path.write_text(path.read_text("utf-8") + "costs: []\npast: []\nserving: {}\n", "utf-8")
    assert before == hash_of(plan_parts(opened(folder).flow))
    assert "approved" == opened(folder).approvals().state


def test_two_approvals_at_once_do_not_pass_the_budget(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the budget leaves is read and written under one lock; who waits too long is told."""
    read = approving._above_budget

    def slow(*words: Any) -> list[Any]:
        found = list(read(*words))
        time.sleep(0.5)
        return found

    monkeypatch.setattr(approving, "_above_budget", slow)
    refused: list[InputError] = []

    def act() -> None:
        try:
            opened(folder).approve("20000 USD", "Ines", beyond=True)
        except InputError as error:
            refused.append(error)

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (1, Decimal(20000)) == (len(refused), opened(folder).approvals().total)
    case = opened(folder)
    case.flow.ledger = replace(case.flow.ledger, timeout_s=0.1)
    with FileLock(f"{case.flow.ledger.path}.approve.lock"), pytest.raises(LedgerBusyError, match="another approval"):
        case.approve("1 USD", "Ines")


def test_a_release_that_was_seen_is_given_once(folder: Path, case: Case) -> None:
    """Who says which approval was the last when the release was read is refused once another came, or none is asked."""
    standing = flow.approvals(case.flow)
    asked = flow.ApprovalAsked("10 USD", "Ann", plan=standing.plan, last="")
    first = flow.approve(case.flow, asked).approved[-1]
    assert {"the plan": "10.00 USD that Ann has approved since"} == problems(lambda: flow.approve(case.flow, asked))
    again = replace(asked, last=first.id)
    assert {"the plan": "no release that is asked for"} == problems(lambda: flow.approve(case.flow, again))
    spend(opened(folder), "10")
    assert flow.approvals(opened(folder).flow).owed
    run = Run("0123456789abcdef", "lora", "a model", 40, 0, 0.5, 5, 10, 1.0)
    ledger = opened(folder).flow.ledger
    ledger.append("run", run, recorded_at=ledger.latest("record", "approve").recorded_at, verb="pilot")
    assert 2 == len(flow.approve(case.flow, again).approved)


def test_two_who_saw_the_same_release_give_it_once(folder: Path) -> None:
    """Sent at the same time, one is kept and the other one refused."""
    asked = flow.ApprovalAsked("10 USD", "Ann", plan=flow.approvals(opened(folder).flow).plan, last="")
    ends: list[str] = []

    def send() -> None:
        try:
            flow.approve(opened(folder).flow, asked)
        except InputError:
            ends.append("refused")
        else:
            ends.append("kept")

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ["kept", "refused", "refused"] == sorted(ends)


def test_what_is_put_to_use_owes_no_result(folder: Path, case: Case) -> None:
    """Money for a step that trains or buys rows asks for its score; money to put to use what was measured has none."""
    case.approve("500 USD", "Ines")
    spend(opened(folder), "100")
    assert flow.approvals(opened(folder).flow).owed
    entry = case.flow.ledger.latest("record", "approve")
    given = replace(entry.record(), amount=Decimal(900), amount_base=Decimal(900), lever="when_sure")
    opened(folder).flow.ledger.append("record", given, recorded_at=entry.recorded_at, verb="approve", meta=entry.meta)
    spend(opened(folder), "600")
    now = flow.approvals(opened(folder).flow)
    assert (Decimal(200), False) == (now.approved[-1].spent, now.owed)
