"""Records are printed in 80 columns, plainly: unknown stays unknown, and no text of the data steers the terminal."""

from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import samples
from tests.cli.show.printing import ALL, flat, printed
from tests.records.test_records import FIT
from tunecase.accounts import ACCOUNTS
from tunecase.cli.show import show, show_error
from tunecase.errors import InputError, MissingExtraError, Problem

EVIL = "[red]x[/red] [link=http://a]b[/link] :smile: \x1b[31mred\x1b[0m \x1b]0;title\x07 \r\x08 \u202egnp.exe"


def test_every_verb_has_a_sample() -> None:
    """No account is left out of these tests."""
    assert set(ACCOUNTS) == set(ALL)


def test_no_line_is_too_long() -> None:
    """Every account prints something and keeps to the width; a command to copy is never cut."""
    prints = {
        (verb, width, full): printed(verb, ALL[verb], width, full=full).splitlines()
        for verb in ALL for width in (80, 60) for full in (False, True)
    }  # fmt: skip
    cut = {place: [line for line in lines if not line.startswith("next:")] for place, lines in prints.items()}
    too_long = [(place, line) for place, lines in cut.items() for line in lines if len(line) > max(place[1], 74)]
    assert [] == too_long
    assert [] == [place for place, lines in prints.items() if not any(line.strip() for line in lines)]


FRAGMENTS = {
    "define": ("The problem is well posed. Two questions should be answered before you spend.",
               "1 When is one answer right?", "5 of 8 rules pass, 1 fails, 2 are not known.",
               "no model can be seen to pass 97%", "P1 a measurable goal Result: ✓ pass", "Result: ✕ fail",
               "Price: 90 USD (60 to 140)", "One point is worth 480 USD (310 to 720)",
               "as today Score: 0.70", "Brings: 6.0k (4.0k to 9.0k)", "tune a small model Score: ? not measured"),
    "audit": ("2,020 read: 1,946 usable, 71 dropped, 3 set aside", "600 read, 600 usable",
              "label errors Weight: ▲ warn · Count: 84 · Share: 4.2%", "Price: free", "tunecase-quarantine.jsonl",
              "paraphrases of test rows: needs", "needs a person 84 label errors about 55 USD"),
    "define again": ("Judged again after the pilot. The problem is well posed.", "P2 pass/fail statements"),
    "judge": ("82% of the criteria pass", "0.82 (0.78 to 0.86)", "judged 100 of 540 test rows, 2 without",
              "promises nothing 74%", "as people do, on 93% of 40 rows", "fine; 93% (88% to 96%) alike, kappa 0.84",
              "+3 (-2 to +8) points more", "Asked in reverse order 3%", "41k in, 900 out", "31 s; 0.018 USD"),
    "pilot": ("89% right with 1,600 examples.", "examples 100 200 400 800 1,600", "15 runs, 16 s"),
    "forecast": ("More examples alone may do it: 65% chance to reach 90%", "90% target", "89 to 91%, 8 in 10"),
    "inference": ("260 USD a month to serve Llama-3.1-8B: 1 x L4 on demand.", "> 1 x L4 on demand", "perhaps too slow"),
    "loads": ("1 of 1 measured load inside the band", "190 output tokens a second; predicted 240 (120 to 480), +25%"),
    "prices": ("5 prices of 327, 3 of them older than 180 days", "H100, neocloud 7 1.90 2.95 5.99"),
    "estimate": ("Set 25,000 USD aside: 7,000 above the budget. The middle case costs 8,000.", "= set aside 25,000",
                 "Goes to: people 81%, data 18%, computers 1%.", "4 weeks in the middle case, 11 in the worst of ten",
                 "Has no price and comes on top: storage and transfer.", "next: tunecase pilot more: --full"),
    "estimate again": ("Set 25,000 USD aside", "The pilot moved the bill by little."),
    "books": ("3,885.57 USD spent of 18,000. In the middle case it ends at", "USD plan spent forecast",
              "other not planned 450.00 450", "The chance to pass the budget is 29%.", "next: tunecase next"),
    "mapped": ("description=*label* counts on data: 1 charge, 90.00 USD.", "3 charges on no line of the plan yet",
               'tunecase spend map "service=Amazon Kendra" LINE'),
    "decide": ("Label up to 2,000 more first: about 4,500 USD.", "> label up to 2,000 more 4,500 60% 4,000",
               "First test: ship at 92% or more (25%), go on at 83 to 92% (65%), stop below 83% (10%)."),
    "metered": ("2 periods booked, 42,400 answers.", "Read from meter.csv.",
                "22.40 USD booked under inference.", "Periods: 3 booked before, 1 corrected."),
    "updated": ("12 list prices of 4 cards at ori, dated 2026-11-01",
                "To use them, write `prices: ori-list-prices.csv` into the project file."),
    "clean": ("680 of 717 rows are kept in a cleaned copy. Your file is unchanged.",
              "35 rows by a rule, 2 that cannot be read",
              "leak exact 10", "3 rows with the answer that reviewers gave",
              "train.jsonl the cleaned training file 680",
              "is now cleaned.old-1", "15 rows, 2 of them at random", "all 15 0.20 h (0.10 to 0.40)",
              "next: tunecase audit train.jsonl --reviewed cleaned/review.csv"),
    "review": ("18 of 60 reviewed rows were wrong.", "No agreement on rows 7, 9", "the first 20 12 60%",
               "of 5 random rows", "One review took 0.35 min (0.30 to 0.40)", "59 decisions in corrections.jsonl",
               "give --fix DIR in place of --reviewed", "One note."),
    "sources": ("Cheapest from synthetic: about 1,700 USD for what 680 more labelled rows teach.",
                "From 680 to 1,360 labelled rows", "licence * no price 8.0 a price",
                "Rank: 1 · One usable row: 0.050", "licence: price: ... per example, or once:"),
    "source trial": ("One row of synthetic teaches like 50% of a labelled one (31% to 72%).",
                     "225 labelled and 225 of synthetic 0.46", "in place of the assumption", "12 draws of 300 rows"),
    "label task": ("3 rows of data/pool.jsonl for two readers: about 3 USD.", "Price 3.0 USD (2.0 to 5.0)",
                   "next: tunecase label --read label-trial/reader-a.csv label-trial/reader-b.csv"),
    "label trial": ("Two readers agree on 90% of 100 rows; a label takes 0.48 minutes.",
                    "Krippendorff's alpha 0.80 (0.70 to 0.86)", "bug with how_to: 10 rows", "82% of 55 rows"),
    "labelling": ("1 row of pool.jsonl to label next, of 20 asked for: about 12 USD.", "red 61%",
                  "3 that training or test hold, 2 copies or blank", "written next-labels.csv"),
    "fit": ("llama-3.1-8b fits on one L40S with LoRA.", "20 of 44 GiB at the peak (18 to 23)", "give --tokens",
            "next: tunecase fit ... --tokens 5M"),
    "scored": ("1 of 1 measured value inside the band", "21.0 GiB allocated 20.0 (18 to 22) -5%"),
    "approve": ("4,500 USD approved by A. Person on 2 November 2026", "Label up to 2,000 more."),
    "rejection": ("Rejected by A. Person on 24 November 2026", "After the audit."),
    "approvals": ("4,500 USD approved, 3,885.57 spent, 614.43 left.", "Last approved: 4,500.00 USD by A. Person",
                  "86% of what was approved is spent."),
    "check": ("The advice of 30 September 2026 still holds.", "Moved since: 1 price and 1 line.",
              "The base model ends."),
    "charges": ("2 charges of 4 in the ledger, 262.40 USD.", "data: labels aaaaaaaaaaaa 2026-11-03 262.40"),
    "imported": ("12 charges booked, 7.71 USD.", "11 are new, 1 corrects what was booked, 4 were",
                 "984 were not asked for, 2 cost nothing, 1 is negative", "gpu 10.20"),
    "report": ("Label 300 more.", "report.html", "report.json"),
    "compare": ("keeps the limit of 18,000 USD. It costs 100 USD less in the middle case",
                "training 400 300 -100", "b is cheaper in 90% of cases.", "Changed: tier."),
    "next": ("Round 1 scored 89% with 1,900 examples, as expected (86% to 90%).", "60% to reach 90%, 52% before"),
    "changed": ("1 answer moved since the last time.",),
    "spend": ("2,900.00 EUR booked under labour", "Paid on 12 November 2026: first round; 3,132.00 in the project's"),
}  # fmt: skip


# What --full prints beside it.
MORE = {
    "estimate": ("Expected P10 P50 P80 P90 Share", "Release now (P80) 4.5k USD", "Defaults that were used"),
    "books": ("Plan against actual", "Why spent and planned differ", "36.60 41.17 +4.57",
              "2 of 3 closed lines of 2 projects", "in the worlds of the bill that go on after the rounds made"),
    "mapped": ("service=Amazon S3 storage 3", "service=Amazon Kendra 2 8.78", "total 9.02"),
    "metered": ("2026-10-01 to 2026-10-31 41,000 12,000,000 400,000 744 ?", "2026-11-01 1,400 ? ? 24 8.5"),
    "approve": ("Plan c0ffee42c0ff", "Stop rule after the first test ship from 0.917"),
    "approvals": ("dddddddddddd", "c0ffee42c0ff"),
    "check": ("H100 hour of the bill 3.30 3.50", "1 EUR 1.10 1.20", "Price book b1946ac92492, now 8d55901d0a75"),
    "charges": ("billed labels, batch 1", "USD; L40S hours (counts no more: its bill counts)"),
    "imported": ("6.283056 GPU hour", "Not usage credit -2.61 USD", "equal to the book's price",
                 "1 run still running",
                 "A10G (g5.4xlarge us-east-1): 6.283056 GPU hours at 1.624 USD", "EUR at 1.08 USD"),
    "compare": ("gpu", "b - a: P10", "30% of 18k USD"),
}  # fmt: skip


def test_all_else_is_printed_on_demand() -> None:
    """Every figure that the answer leaves out stands behind --full."""
    texts = {verb: " ".join(printed(verb, ALL[verb], 300, full=True).split()) for verb in MORE}
    lacking = [(verb, part) for verb, parts in MORE.items() for part in parts if part not in texts[verb]]
    assert [] == lacking, {verb: texts[verb] for verb, _ in lacking}


def test_what_matters_is_printed() -> None:
    """Each print holds the answer, the figures with their doubt, and what is unknown or unpriced in words."""
    records = {**ALL, "fit": replace(FIT, train_tokens=None, hours=None)}
    texts = {verb: f"{flat(verb, records[verb])} {flat(verb, records[verb], full=True)}" for verb in FRAGMENTS}
    lacking = [(verb, part) for verb, parts in FRAGMENTS.items() for part in parts if part not in texts[verb]]
    assert [] == lacking, {verb: texts[verb] for verb, _ in lacking}


def poisoned(value: Any) -> Any:
    """The same record with every free text replaced."""
    if isinstance(value, str):
        return EVIL
    if isinstance(value, Path):
        return Path(EVIL)
    if isinstance(value, dict):
        return {poisoned(name): poisoned(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        chosen = {"verdict", "status", "severity", "direction", "where", "currency", "evidence", "price_dates"}
        chosen |= {"agreement"} if isinstance(getattr(value, "agreement", None), str) else set()
        return replace(
            value, **{f.name: poisoned(getattr(value, f.name)) for f in fields(value) if f.name not in chosen}
        )
    return value


def test_texts_do_not_steer_the_terminal() -> None:
    """Markup is printed as it stands, emoji names too; escapes and other control characters never arrive."""
    texts = {verb: printed(verb, poisoned(record), full=True) for verb, record in ALL.items()}
    assert [] == [verb for verb, text in texts.items() if "[red]x[/red]" not in " ".join(text.split())]
    odd = {verb: {char for char in text if char in "☺😄" or not char.isprintable()} for verb, text in texts.items()}
    assert {verb: {"\n"} for verb in ALL} == odd


def test_an_error_says_where_as_people_do(capsys: pytest.CaptureFixture[str]) -> None:
    """The file and its line in words, one line for what is wrong and one for what to do."""
    show_error(InputError(Problem("tunecase.yaml:12: problem.target", "'80'", "at most 100%", "write 80%")))
    show_error(InputError(Problem("--to", "a file", "a folder", "name a folder")))
    assert capsys.readouterr().err.splitlines() == [
        "tunecase.yaml, line 12: problem.target: '80'; wanted at most 100%.", "Write 80%.",
        "--to: a file; wanted a folder.", "Name a folder.",
    ]  # fmt: skip


def test_errors_do_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors show what was given, harmlessly, without wrapping it."""
    show_error(InputError(Problem(EVIL, "x" * 200, EVIL, "fix it")))
    show_error(MissingExtraError("\x1b[2Jserving", "ui"))
    err = capsys.readouterr().err
    assert "x" * 200 + "; wanted " in err
    assert "[red]x[/red]" in err
    assert 'Fix: pip install python-multipart "uvicorn<1,>=0.30"' in err
    assert set() == {char for char in err if not char.isprintable() and char != "\n"}


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_printed(text: str) -> None:
    """Any text in a finding and in a line's name is printed within the width."""
    audit, bill = samples.audit(), samples.estimate()
    finding = replace(audit.findings[0], check=text, fix=text)
    out = printed("audit", replace(audit, findings=(finding,), reason=text, not_checked=(text,)), full=True)
    out += printed("estimate", replace(bill, lines=(replace(bill.lines[0], name=text, basis=text),)))
    assert "\x1b" not in out
    assert all(len(line) <= 80 for line in out.split("\n"))


def test_verbs_without_a_printer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence and a list of files are printed as plain lines."""
    show("ledger", "12 entries")
    show("files", (Path("a.yaml"), Path("b.json")))
    assert ["12 entries", "a.yaml", "b.json"] == capsys.readouterr().out.splitlines()


def test_books_and_decisions_of_nothing() -> None:
    """Empty books and a decision without options are one line of answer."""
    books = replace(samples.books(), lines=(), spent=Decimal(0), left=None, budget=None)
    assert "0 USD spent" in flat("books", books)
    decision = replace(samples.decision(), options=(), flips_at="", advice="stop", assumptions=())
    assert "P(reach)" not in flat("decide", decision)
