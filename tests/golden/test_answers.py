"""What records say, as a person reads it: a change of words shows as a difference of tests/golden/answers."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tests.accounts.parts.said import case, sample, texts, words
from tests.accounts.reading import breaches
from tests.accounts.test_answer import LOOK, decision, material, plan
from tests.accounts.test_first import material as unasked
from tests.cli.show.printing import ALL, printed
from tests.problem_cases import project
from tests.records.test_records import PAIR, PLACED
from tests.web.pages import made
from tests.web.pages.test_hostile import cases as views
from tunecase.accounts import Material, answer, run
from tunecase.accounts.parts import evidence, money
from tunecase.cli.show import brief_markdown
from tunecase.quantities import Band, Sampled
from tunecase.records import (
    Alternative,
    Approvals,
    Bar,
    Bridge,
    Candidate,
    Capital,
    Crossing,
    Flip,
    Month,
    Moved,
    Outcome,
    Point,
    Scored,
    Shift,
    Verified,
    Way,
    WhatIf,
)
from tunecase.report import blocks_markdown, page_markdown, page_of
from tunecase.web.pages import case_page, cases_page, live_fragment

ANSWERS = Path(__file__).parent / "answers"

TRIED = Candidate("n-grams", "n-grams", "probe", "", (Point(850, 0.7), Point(1_700, 0.813)), 1_700, 0.813, 600)
# Records that say something else than the samples of their verbs: what is changed of the sample.
CHANGED: dict[str, tuple[dict[str, Any], ...]] = {
    "approve": ({"amount_base": Decimal(99_000)},),
    "approvals": ({"rejection": samples.rejection()}, {"uncovered": Decimal(5)}, {"approved": ()}),
    "audit": (
        {"findings": (), "verdict": "fit", "usable": 2_020}, {"verdict": "not fit", "reason": "labels are random"},
        {"verdict": "too little to say", "reason": "3 rows"}, {"findings": samples.audit().findings[:1]},
    ),
    "books": (
        {"left": Decimal(-20), "budget": 3_865.57}, {"verified": False}, {"planned": None, "at_completion": None},
        {"lines": tuple(replace(line, closed=samples.TODAY) for line in samples.books().lines)}, {"served": None},
        {"lines": (), "spent": Decimal(0), "left": None, "budget": None, "entries": 0}, {"over_budget": None},
    ),
    "check": ({"broken": ("a", "b", "c", "d")}, {"prices": (Shift("gpu", None, 2.0, "USD"),), "lines": ()}),
    "compare": (
        {"judged": None}, {"second": None, "lines": (), "total": None, "rounds": None},
        {"total": replace(samples.comparison().total, change=Band(10, 100, 200, 250))},
        {"total": replace(samples.comparison().total, change=None, why="gpu has no price")},
    ),
    "decide": (
        {"advice": "stop", "value_flips": (Flip("problem.value", 0.12, 0.15, "fine_tune"),)},
        {"looks": (LOOK,), "first_look": LOOK.way}, {"advice": "ship"},
        {"what_if": (Flip("effort_per_round", 40.0, 65.0, "stop"), Flip("budget", 30_000.0))},
        {"options": (), "advice": "stop", "assumptions": ()},
    ),
    "define": (
        {"verdict": "do not start"}, {"verdict": "fix first"}, {"criteria": ()}, {"test_rows": 0},
        {"alternatives": (), "value_per_point": None, "target": None, "in_use": None},
    ),
    "estimate": (
        {"over_budget": 0.7}, {"plan": None}, {"what_if": (WhatIf("stay", 15_000, 0.8, 0.74, (Flip("budget", 3e4),)),)},
        {"plan": replace(samples.plan(), advised=False)},
        {"plan": replace(samples.plan(), budget_left=None)}, {"plan": replace(samples.plan(), months=())},
    ),
    "evals": ({"pair": None}, {"fail_below": None}),
    "fit": (
        {"verdict": "does not fit", "hours": None, "remedies": ("a", "b", "c", "d")},
        {"train_tokens": None, "hours": None},
        {"verdict": "tight", "placed": replace(PLACED, verdict="tight", chance_over=0.3)}, {"compared": (PAIR,)},
        {"deadline_hours": 0.5, "in_time": None}, {"method": "full", "usd": None}, {"assumptions": ("a; b", "c", "d")},
    ),
    "forecast": (
        {"verdict": "likely", "p_target": 0.9}, {"verdict": "unlikely", "p_target": 0.1}, {"verdict": "reached"},
        {"verdict": "not achievable within n_max", "p_target": 0.004}, {"verdict": "above the ceiling", "target": 0.97},
        {"verdict": "no target", "target": None, "p_target": None},
        {"stand_in": True, "stand_in_factor": "stand_in.factor"},
        {"verdict": "not a pilot yet", "next_pilot": "train on 50 examples"}, {"verdict": "pilot uninformative"},
    ),
    "imported": ({"dry_run": True},),
    "inference": ({"today_per_1k": None}, {"ways": (), "per_month": None, "per_1k": None, "crossings": ()},
                  {"break_even": ()}, {"loads": samples.loads()},
                  {"crossings": (Crossing("a", "b", None, None, None, ""),)}),
    "judge": ({"score": None, "agreement": "unknown"}, {"agreement": "poor", "unknown_ok": True}),
    "label trial": ({"target": 0.99}, {"share": None, "kappa": None, "alpha": None, "ceiling": None}),
    "labelling": ({"rows": ()},),
    "ledger": ({"unfinished": 17}, {"set_aside": 1}),
    "mapped": ({"unplaced": ()}, {"made": None}),
    "next": ({"round": None}, {"round": None, "moved": ()}),
    "pilot": (
        {"candidates": (TRIED, replace(TRIED, name="b", dropped="cannot win", score=0.6))},
        {"runs": (), "baselines": (), "stopped": "no test row"}, {"metric": "macro_f1"}, {"usd": 0.4, "reused": 15},
        {"runs": tuple(replace(run, failed="out of memory") for run in samples.pilot().runs[:2])},
    ),
    "prices": ({"rows": (), "tiers": ()}, {"stale": 0}),
    "review": ({"wrong": 17, "unsure": 0, "disputed": (), "remaining": None}, {"error_rate": None, "minutes": None}),
    "scorecard": ({},),
    "source trial": ({"tells": False}, {"harms": 0.3}),
    "updated": ({"is_in_use": True}, {"stale": True, "in_use": "own.csv"}),
}  # fmt: skip
OTHERS = {
    "scored": Scored(()),
    "ledger": Verified("l", 1, anchor="3:ab", anchored="kept", changed="its last 2 entries are missing"),
    "pilot": samples.pilot_of_a_model(),
    "changed": (),
}
HOSTED = Alternative(
    "prompt_hosted", "prompt a hosted model", 0.84, None, Band(300, 610, 900, 1_400), None, None, "measured"
)
OVER = replace(samples.books(), spent=Decimal("18250.50"), left=Decimal("-250.50"))
ASKED = replace(HOSTED, score=None, evidence="unknown", kind="hosted", measure="tunecase pilot --hosted gpt-x")
MOVED = Bridge("bill of 24 November 2026", 9_000.0, (Moved("rows", -2_000.0), Moved("prices", -800.0)), 6_200.0)
WAYS = tuple(
    Way(f"1 x H100 {at}", "rented", Band(much, much, much, much), None, 1.0, "", chosen=at == 1)
    for at, much in enumerate((2_000.0, 4_000.0))
)
CASES = {
    "usual": case(),
    "in stages": material(),
    "measure first": material(decision=decision(advice="pilot")),
    "a look": material(decision=decision(looks=(LOOK,), first_look=LOOK.way)),
    "instead": material(
        decision=decision(advice="ship", instead="Do not fine-tune: prompt a hosted model."),
        definition=replace(samples.definition(), alternatives=(HOSTED,)),
    ),
    "ship": material(
        decision=decision(advice="ship", plan=plan(lever="ship", lost=None, bar=Bar(Sampled(0.5546), 0.5, 1.0)))
    ),
    "no": material(decision=decision(advice="stop", plan=plan(advised=False))),
    "beyond the budget": material(decision=decision(advice="stop", plan=plan(advised=False, beyond_budget=True))),
    "fix first": case(decision=replace(sample()["decision"], advice="fix first")),
    "state the value": material(decision=decision(advice="state the value")),
    "over budget": case(books=OVER, approvals=samples.approvals()),
    "lower is better": material(
        decision=decision(plan=plan(direction="lower", then=plan().then[:2])),
        forecast=replace(samples.forecast(), metric="loss", direction="lower", target=0.2, ceiling=None),
    ),
    "one test": material(
        decision=decision(
            plan=plan(then=(Outcome("ship", Sampled(0.6), Sampled(0.9)), Outcome("stop", Sampled(0.4), Sampled(0.0))))
        )
    ),
    "no pilot": case(pilot=None, forecast=None, decision=None),
    "no budget": case(decision=decision(plan=plan(budget_left=None))),
    "bought cards": case(
        decision=decision(plan=plan(capital=Capital("2 x L40S", Band(14_000, 16_000, 18_000, 19_000), 16_200.0, 340.0)))
    ),
    "a target out of reach": case(
        forecast=replace(samples.forecast(), stand_in=True, stand_in_factor="stand_in.factor", p_target=0.02,
                         verdict="unlikely", points=samples.forecast().points)
    ),
    "a loss": case(
        forecast=replace(samples.forecast(), target=1.2, metric="loss", direction="lower", ceiling=None),
        definition=replace(samples.definition(), target=1.2, metric="loss"),
    ),
    "euros": case(
        decision=replace(samples.decision(), currency="EUR", plan=plan(currency="EUR")),
        estimate=replace(samples.estimate(), currency="EUR", plan=plan(currency="EUR")),
    ),
    "moved and spent": case(
        decision=decision(plan=plan(bridge=MOVED)), approvals=Approvals("USD"),
        books=replace(samples.books(), spent=Decimal(3_000), at_completion=Band(9_500, 9_500, 9_500, 9_500)),
        estimate=replace(samples.estimate(), plan=plan(bridge=MOVED), ways=WAYS),
    ),
    "spread over months": case(
        decision=decision(plan=plan(then=(), months=tuple(Month(at, 250.0, 0.0) for at in range(1, 5)))),
        books=replace(samples.books(), entries=0),
    ),
    "no plan": case(decision=replace(samples.decision(), plan=None), estimate=samples.earlier_estimate()),
    "no step": case(decision=replace(samples.decision(), advice="stop", options=samples.decision().options[-1:])),
    "no target, no test rows": unasked(
        replace(samples.definition(), target=None, test_rows=0), pilot=None, forecast=None
    ),
    "no target, free text": unasked(
        replace(samples.definition(), target=None, ceiling=None, in_use=None, alternatives=(ASKED,)), forecast=None,
        pilot=replace(samples.pilot(), runs=(), baselines=(), stopped="no pilot here: the outputs are free text (9)"),
    ),
    "no target, random labels": unasked(audit=replace(samples.audit(), verdict="not fit")),
    "read alone": Material(audit=samples.audit(), runs=3),
    "no target": unasked(),
    "no target, nothing measured": unasked(pilot=None, forecast=None),
    "nothing": Material(),
}  # fmt: skip


def test_pages_are_plain() -> None:
    """Every text of the money and the evidence is one for the board, and both are short."""
    for name, known in CASES.items():
        both = money(known), evidence(known)
        assert [] == [text for part in both for text in texts(part) if breaches(text)], name
        assert sum(map(words, both)) <= 1_030, name


def parts(told: Iterable[tuple[str, str]]) -> str:
    """Texts one after the other; of a long line that stood in one before, nothing is said again."""
    seen: set[str] = set()
    lines = []
    for name, text in told:
        lines += ["", f"## {name}", *(line for line in text.splitlines() if len(line) < 20 or line not in seen)]
        seen |= set(text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines).lstrip()) + "\n"


def page(known: Material) -> str:
    """The first screen, the money and the evidence of a case, and what the terminal says of it at the end of a run."""
    whole = page_markdown(page_of(known, answer(known), (money(known), evidence(known)), (), records={}))
    return f"{whole}\n{blocks_markdown(run(known))}"


def records() -> str:
    """All of every sample record."""
    return parts((verb, printed(verb, ALL[verb], full=True)) for verb in sorted(ALL))


def changed() -> str:
    """What records say by default that say something else than the samples."""
    told = [(verb, replace(ALL[verb], **change)) for verb, changes in CHANGED.items() for change in changes]
    return parts((verb, printed(verb, record)) for verb, record in [*told, *OTHERS.items()])


def pages() -> str:
    """Pages of every verdict."""
    return parts((name, page(known)) for name, known in CASES.items())


def briefs() -> str:
    """Briefs to sign: with all there is, without a decision, and of what nobody said."""
    posed, bill, today = samples.definition(), samples.estimate(), samples.TODAY
    bare = replace(posed, criteria=(), alternatives=(), value_per_point=None, target=None, in_use=None)
    told = {
        "all": (posed, bill, samples.decision(), samples.approvals(), project()),
        "undecided": (posed, bill, None, Approvals("USD"), project()),
        "bare": (bare, None, None, Approvals("USD"), project(owner=None, goal=None)),
    }
    return parts((name, brief_markdown(*known, project=stated, today=today)) for name, (*known, stated) in told.items())


def web() -> str:
    """The words of the app's pages: the cases, and every tab of cases with all, with little and with nothing."""
    drawn = {"cases": cases_page(made.SHELF), "no cases": cases_page(replace(made.SHELF, cases=(), left_out=""))}
    states = [made.state(12), made.state(6, running=True), made.state(1, planned=1), made.state(6, metric="loss")]
    drawn |= {f"pilot {at}": live_fragment(state) for at, state in enumerate(states)}
    for name, view in views().items():
        drawn |= {f"{name}: {tab}": case_page(view, tab, made.TOKEN) for tab in made.TABS}
    for tab, filled in (*made.MISTAKEN.items(), ("books", made.CONFIRM)):
        drawn[f"{tab}: {filled.form} came back"] = case_page(made.view(), tab, made.TOKEN, filled)
    bare = {name: re.sub(r"(?s)<(style|svg|script|head)\b.*?</\1>", "", text) for name, text in drawn.items()}
    return parts((name, re.sub(r"\s*<[^>]*>[\s]*", "\n", text)) for name, text in bare.items())


@pytest.mark.parametrize("written", [records, changed, pages, briefs, web], ids=lambda written: written.__name__)
def test_answers_read_as_they_did(written: Callable[[], str], request: pytest.FixtureRequest) -> None:
    """Of every verb in full, of records that say something else in short, and of pages for each verdict."""
    kept, found = ANSWERS / f"{written.__name__}.txt", written()
    if request.config.getoption("--golden"):
        kept.write_text(found, encoding="utf-8")
    assert kept.read_text(encoding="utf-8") == found, "read the difference, then `make golden` writes it"
