"""Records are printed in 80 columns, plainly: unknown stays unknown, and no text of the data steers the terminal."""

import re
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import samples
from tests.cli.show.printing import ALL, flat, printed
from tests.records.test_records import FIT, REPORT
from tunecase.cli.show import PRINTERS, as_html, show, show_error
from tunecase.errors import InputError, MissingExtraError, Problem

EVIL = "[red]x[/red] [link=http://a]b[/link] :smile: \x1b[31mred\x1b[0m \x1b]0;title\x07 \r\x08 \u202egnp.exe"


def test_every_verb_has_a_sample() -> None:
    """No printer is left out of these tests."""
    assert set(PRINTERS) == set(ALL)


def test_no_line_is_too_long() -> None:
    """Every printer prints something and keeps to the width."""
    prints = {(verb, width): printed(verb, ALL[verb], width).splitlines() for verb in ALL for width in (80, 60)}
    too_long = [(place, line) for place, lines in prints.items() for line in lines if len(line) > max(place[1], 74)]
    assert [] == too_long
    assert [] == [place for place, lines in prints.items() if not any(line.strip() for line in lines)]


FRAGMENTS = {
    "define": ("go to pilot", "✓ pass P1 a measurable goal", "✗ fail P2", "? unknown P5", "Price: 90 USD (60 to 140).",
               "way score, 80% sure per 1,000 set-up evidence", "as today 0.70 ? 0 stated",
               "prompt a hosted model 0.82 ? 2.0k stated brings 6.0k USD (4.0k to 9.0k) over the horizon",
               "tune a small model not measured ? ? unknown a-model"),
    "audit": ("2,020 rows read: 1,946 usable, 71 to drop, 3 quarantined; 600 test rows.", "label errors (warn)",
              "free", "tunecase-quarantine.jsonl", "paraphrases of test rows"),
    "estimate": ("USD expected P10 P50 P90 share", "100%",
                 "storage and transfer unpriced unpriced unpriced unpriced not counted",
                 "Lines add up in the expected column", "Release now (P80) 4.5k USD",
                 "Plus 1 unpriced line", "What moves it: rounds until the target 71%", "Defaults used:"),
    "define again": ("DEFINE, AFTER THE PILOT ──────── go to pilot", "pass/fail statements (P2): 1 statement"),
    "estimate again": ("ESTIMATE, AFTER THE PILOT", "100%"),
    "pilot": ("15 runs", "6 taken from the ledger", "examples mean accuracy", "majority 0.172"),
    "judge": ("JUDGE ──────── 0.82 (0.78 to 0.86) of the criteria pass", "judged 100 of 540 test rows, 2 without",
              "promises nothing 74%", "fine; 93% (88% to 96%) of 40 rows alike, kappa 0.84 (0.70 to 0.93)",
              "+3 (-2 to +8) points more", "Asked in reverse order, 3%", "41k tokens in, 900 out; 0.018 USD"),
    "forecast": ("FORECAST ──────── open", "0.90 target", "P(0.90)", "At most 4,000 examples", "Next pilot: 1,946"),
    "decide": ("→ label up to 2,000 more", "(effect assumed)", "no price of an answer was given", "The advice flips"),
    "books": ("3,885.57 USD spent, 14,114.43 left of 18k; at completion ", "% chance over the budget",
              "legal review not planned 450.00 450 (450-450)", "spent - P50 all scope quantity price unsplit",
              "legal review +450.00 +450.00 - - -",
              "1 round made of 2.0 planned: on open lines scope is still to come.",
              "probe-3 36.60 41.17 +4.57", "Bands: 2 of 3 closed lines of 2 projects", "inside",
              "in the worlds of the bill that go on after the rounds made"),
    "mapped": ("SPEND MAP ──────── description=*label* counts on data: 1 charge, 90.00 USD",
               "service=Amazon S3 storage 3", "service=Amazon Kendra 2 8.78", "total 9.02",
                 'tunecase spend map "service=Amazon Kendra" LINE'),
    "metered": ("SPEND SERVING ──────── 2 periods booked, 42,400 answers",
                "Read from meter.csv.", "2026-10-01 to 2026-10-31 41,000 12,000,000 400,000 744 ?",
                "2026-11-01 1,400 ? ? 24 8.5",
                "22.40 USD booked under inference.", "Periods: 3 booked before, 1 corrected."),
    "approve": ("APPROVE ──────── 4,500.00 USD by A. Person on 2 November 2026", "Plan c0ffee42c0ff: label up to 2,000",
                "Stop rule: after the first test ship from 0.917"),
    "rejection": ("rejected by A. Person on 24 November 2026", "after the audit"),
    "approvals": ("APPROVE ──────── 4,500.00 USD approved, 3,885.57 spent, 614.43 left",
                  "dddddddddddd 2026-11-02 4,500.00 USD 3,885.57 614.43 in force A. Person, plan c0ffee42c0ff",
                  "until 31 January 2027; 3,885.57 spent, 614.43 left. 86% of what was approved is spent."),
    "check": ("CHECK ──────── the advice of 30 September 2026", "H100 hour of the bill 3.30 3.50", "1 EUR 1.10 1.20",
              "Price book b1946ac92492, now 8d55901d0a75."),
    "updated": ("PRICES ──────── 12 list prices of 4 cards at ori, dated 2026-11-01",
                "To use them, write `prices: ori-list-prices.csv` into the project file."),
    "charges": ("SPEND LIST ──────── 2 charges of 4 in the ledger, 262.40 USD", "data: labels aaaaaaaaaaaa 2026-11-03",
                "262.40 billed labels, batch 1", "USD; L40S hours (counts no more: its bill counts)"),
    "imported": ("SPEND IMPORT ──────── 12 charges booked, 7.71 USD", "12 are new, 1 corrects what was booked, 4 were",
                 "984 were not asked for, 2 cost nothing, 1 is negative", "6.283056 GPU hours.", "gpu 10.20",
                 "Of it not usage: credit -2.61 USD.", "A10G (g5.4xlarge us-east-1): 6.283056 GPU hours at 1.624 USD",
                 "equal to the book's price", "1 run still running", "EUR at 1.08 USD"),
    "clean": ("CLEAN ──────── 680 rows of 717 in cleaned", "35 dropped, 2 unreadable; your file is unchanged.",
              "leak exact 10", "3 rows with the answer that reviewers gave", "the cleaned training file (680",
              "it is now cleaned.old-1", "15 rows, 2 of them drawn at random", "all 15 0.20 h (0.10 to 0.40)"),
    "review": ("REVIEW ──────── 18 of 60 reviewed rows wrong", "No agreement on rows 7, 9: nothing changed.",
               "the first 20 12 60%", "Of 5 random rows", "One review took 0.35 min (0.30 to 0.40)",
               "59 decisions in corrections.jsonl", "the same command with --fix DIR", "one note"),
    "sources": ("SOURCES ──────── synthetic, 1.7k USD expected for the next step", "From 680 to 1,360 labelled rows",
                "licence * - unpriced 70%? unpriced 8.0", "give price: ... per example, or once:"),
    "source trial": ("SOURCE TRIAL ──────── one row teaches like 50% of a labelled one (31% to 72%)",
                     "225 at hand and 225 of synthetic 0.46", "in place of the assumption"),
    "label task": ("3 rows of data/pool.jsonl, to two readers",
                   "tunecase label --read label-trial/reader-a.csv label-trial/reader-b.csv"),
    "label trial": ("LABEL TRIAL ──────── 0.48 min a label; two readers agree on 90% of 100 rows",
                    "Krippendorff's alpha 0.80 (0.70 to 0.86)", "bug / how_to: 10 rows", "bug: 82% of 55 rows"),
    "labelling": ("LABEL NEXT ──────── 1 row of pool.jsonl (of 20 asked)", "500 rows read; 3 are in training or test",
                  "red 61%", "Written to next-labels.csv."),
    "fit": ("lora: fits on 1 x L40S", "It needs 20.5 (18.0 to 23.0) GiB of the card's 44.1 usable GiB",
            "nvidia-smi will show 24.0 (21.0 to 27.0)", "What fills the card: weights.", "give --tokens",
            "40 choices weighed", "12: does not fit; nearest: 1 x T4", "1 of 1 inside", "80% of the computed ones"),
    "scored": ("1 of 1 measured values inside their 80% band", "21.0 20.0 (18 to 22)", "-5%; own runs, 2026-11-02"),
    "report": ("Label 300 more.", "report.html", "report.json"),
    "spend": ("2,900.00 EUR booked under labour", "Paid on 12 November 2026: first round; 3,132.00 in the project's"),
}  # fmt: skip


def test_what_matters_is_printed() -> None:
    """Each print holds the answer, the figures with their doubt, and what is unknown or unpriced in words."""
    records = {**ALL, "fit": replace(FIT, train_tokens=None, hours=None)}
    texts = {verb: flat(verb, records[verb]) for verb in FRAGMENTS}
    lacking = [(verb, part) for verb, parts in FRAGMENTS.items() for part in parts if part not in texts[verb]]
    assert [] == lacking, {verb: texts[verb] for verb, _ in lacking}


def poisoned(value: Any) -> Any:
    """The same record with every free text replaced."""
    if isinstance(value, str):
        return EVIL
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        chosen = {"verdict", "status", "severity", "direction", "where", "currency", "evidence", "price_dates"}
        return replace(
            value, **{f.name: poisoned(getattr(value, f.name)) for f in fields(value) if f.name not in chosen}
        )
    return value


def test_texts_do_not_steer_the_terminal() -> None:
    """Markup is printed as it stands, emoji names too; escapes and other control characters never arrive."""
    texts = {verb: printed(verb, poisoned(record)) for verb, record in ALL.items()}
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
    assert 'Fix: pip install "tunecase[ui]"' in err
    assert set() == {char for char in err if not char.isprintable() and char != "\n"}


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_printed(text: str) -> None:
    """Any text in a finding and in a line's name is printed within the width."""
    audit, bill = samples.audit(), samples.estimate()
    finding = replace(audit.findings[0], check=text, fix=text)
    out = printed("audit", replace(audit, findings=(finding,), reason=text, not_checked=(text,)))
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
    assert "0.00 USD spent" in flat("books", books)
    decision = replace(samples.decision(), options=(), flips_at="", advice="stop", assumptions=())
    assert "P(reach)" not in flat("decide", decision)


def test_notebooks_get_the_same_text() -> None:
    """The HTML of a record is its print, every text escaped."""
    heads = {
        "labelling": "LABEL NEXT", "imported": "SPEND IMPORT", "charges": "SPEND LIST", "mapped": "SPEND MAP",
        "metered": "SPEND SERVING",
        "rechain": "one chain now", "ledger": "is whole", "rejection": "APPROVE", "approvals": "APPROVE",
        "label task": "LABEL TRIAL", "updated": "PRICES",
    }  # fmt: skip
    breaches = []
    for verb, record in ALL.items():
        if verb in ("define again", "estimate again", "changed"):
            continue
        html = as_html(poisoned(record) if verb != "report" else replace(REPORT, answer="<script>alert(1)</script>"))
        harmless = html.startswith("<pre>") and "<script" not in html and "\x1b" not in html
        if not harmless or heads.get(verb, verb.upper()) not in re.sub(r"<[^>]+>", "", html):
            breaches.append((verb, html[:500]))
    assert [] == breaches
