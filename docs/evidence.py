"""Writes docs/evidence.md: what people say about the cost of fine-tuning beside measured runs, predictions and prices.

Usage: python docs/evidence.py [--check]

Every number and every verdict follows from the shipped tables by a rule; prose holds neither. Rows are chosen by what
they are (nearest to the claim, one per publisher and set-up), never by name. The claims are in evidence_claims.py, the
rules in evidence_rules.py.
"""

import statistics
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

import evidence_answers
import evidence_cases
import evidence_rules as rules
from evidence_claims import CLAIMS, Facts, Section, priced_cards
from evidence_rules import table

from tunecase import catalog
from tunecase.compute.measured import runs
from tunecase.compute.measured.runs import Measured
from tunecase.quantities import wording

TARGET = Path(__file__).with_name("evidence.md")

HEAD = """# Evidence: what people say a fine-tune costs, and what was measured

Written by `make docs` from the shipped tables: rows, numbers, verdicts and their words. *7B* means 6 to 9 billion
parameters, *70B* 60 to 80. GB is 10^9 bytes; cards are named by their GiB (2^30). Bands and speeds beside a row were
learnt **without the runs of its publisher**; what a framework keeps in memory comes from its code and documentation.
Whether tunecase's own advice was right is another page: [the track record](track-record.md).
"""
READING = """## How to read a row

*Run* is the id in `src/tunecase/catalog/tables/training_runs.csv`. *Batch x tokens* is samples on one card at once
times tokens of the longest; layers are computed again in the backward pass unless it says *keeps all*. *Measured* is
the peak that PyTorch allocated on one card, or the kind that is named; a kind that nobody stated is compared with
reserved memory.
*Predicted* is the middle, and the band meant to hold 80% of an unseen publisher's runs. The grid of cards is for
Transformers as it is today and uses the shipped band, which every publisher taught. Rows marked *8-bit* were tuned by
the maker of the cards; few will reach them. *Said* is what tunecase answers for that card: *fits* (the whole band lies
under what the card holds), *tight* (the card lies inside the band), *does not fit*. A dash stands where no answer is
given: length, batch, model or card were not published, rows were padded, or the host's memory helped.
"""
MADE = """## How this page is made

`make docs` runs `docs/evidence.py`; the claims are in `docs/evidence_claims.py`, the rules of their verdicts in
`docs/evidence_rules.py`, what answers cost in `docs/evidence_answers.py`. Measured runs come from `training_runs.csv`,
prices from `prices/gpu_prices.csv`, models and cards from `models.csv` and `gpus.csv`, all in
`src/tunecase/catalog/tables/`, each row with its source and date; the worked cases are the project files of
`examples/cases/`, priced as of a fixed day by `docs/evidence_cases.py`. Rows are chosen by what they are, never by
name. Tests fail when the page is older than the tables, and change the tables to see verdicts change. `docs/method/`
derives the predictions; `benchmarks/training.py` scores them on every run, not on these alone.
"""
WIDE = 120


def page(facts: Facts) -> str:
    """The whole document."""
    found = [claim(facts) for claim in CLAIMS]
    parts = [
        HEAD,
        table("what people say | verdict | in one sentence", [[s.claim, s.verdict, s.answer[0]] for s in found]),
        "",
    ]
    for number, section in enumerate(found, 1):
        parts += _section(number, section)
    shown = {run.id: run for section in found for run in section.shown}.values()
    sources = sorted({(run.publisher, run.source, run.date or "no date") for run in shown})
    cards = priced_cards(facts)
    prices = sorted({(price.source, price.date) for price in facts.prices if price.gpu in cards})
    return "\n".join([
        *parts, "## What the answers cost after launch\n", *map(_block, evidence_answers.after_launch(facts.cases)),
        READING, _wrapped(held(shown)),
        "## Sources\n", table("publisher | rows above come from | published", sources), "",
        table("prices above come from | dated", prices), "", MADE,
    ])  # fmt: skip


def _section(number: int, section: Section) -> list[str]:
    return [
        f"## {number}. {section.claim}\n",
        _wrapped(f"**{wording.sentence(section.verdict)}** {' '.join(section.answer)}"),
        *map(_block, section.body),
        _wrapped(f"**What would change it.** {section.change}"),
        _wrapped(f"**Not covered.** {section.missing}"),
    ]


def held(shown: Iterable[Measured]) -> str:
    """How the memory predictions of the rows shown came out."""
    told = [(run, band) for run in shown if (band := rules.told_gb(run))]
    pairs = [(run.peak_gb, band) for run, band in told if run.peak_gb and not run.failed]
    judged = [said for run, _ in told if run.failed and (said := rules.verdict_of(run)) != "–"]
    text = "All rows of this page: "
    if pairs:
        error = statistics.median(abs(band[1] / peak - 1) for peak, band in pairs)
        inside = sum(band[0] <= peak <= band[2] for peak, band in pairs)
        text += (
            f"{wording.counted(len(pairs), 'peak')}, median error {wording.share(error)}, {inside} inside the band; "
        )
    answers = ", ".join(f"*{said}* {judged.count(said)}" for said in ("fits", "tight", "does not fit"))
    return f"{text}{wording.counted(len(judged), 'failed run')}, said of them: {answers}."


def _block(text: str) -> str:
    """A table as it is, a paragraph wrapped."""
    return f"{text}\n" if text.startswith("|") else _wrapped(text)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDE, break_long_words=False, break_on_hyphens=False) + "\n"


def fresh() -> str:
    """The page as the tables have it now."""
    spot = catalog.lowest_prices("spot")
    return page(Facts(runs.published(), catalog.lowest_prices(), spot, evidence_cases.cases()))


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == fresh() else "docs/evidence.md is stale: run `make docs`")
    TARGET.write_text(fresh(), encoding="utf-8")
