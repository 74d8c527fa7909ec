"""The first screen and the default depth of every account use plain words: no terms of art, rule ids or k for money."""

import re
from typing import Any

import pytest

from tests.accounts.test_answer import material, told
from tests.cli.show.printing import ALL
from tunecase.accounts import ACCOUNTS, account, answer, run
from tunecase.accounts.words import plain_words, short_name
from tunecase.blocks import Block, Facts, Listing, Table, Words

BANNED = (
    "P10", "P50", "P80", "P90", "percentile", "quantile", "posterior", "prior", "Beta", "stochastic", "expected value",
    "lever", "levers", "probe", "n-gram", "n-grams", "unknowns", "quarantine", "kappa", "worlds", "redefine", "pii",
    "n_max", "rows at hand", "mend", "share of variance",
)  # fmt: skip
TERMS = re.compile("|".join(rf"\b{term}\b" for term in BANNED))
MONEY = re.compile(r"\d[kM]\b")
RULE = re.compile(r"\([A-Z]\d{1,2}\)")
FIELD = re.compile(r"\b[a-z]+_[a-z_]+\b|\b(?:problem|serving|data|levers|compute)\.[a-z_]+")
OWNER = re.compile(r"\b(?:meta-llama|sentence-transformers|HuggingFaceTB)/")
WRITTEN = re.compile(r"`[^`]*`|\S+\.(?:jsonl|csv|html|json|md|yaml)\b|\bwrite\b.*")  # commands, files, a line to write


OWN = re.compile(r"\bhow_to\b|compute\.tier=marketplace")  # what the samples' data and commands say


def texts(block: Block) -> str:
    """All words of a block as the default depth of the terminal has them, without its title."""
    match block:
        case Words():
            return " ".join(block.paragraphs)
        case Listing():
            return " ".join(block.items)
        case Facts():
            return " ".join(f"{name} {value}" for name, value in block.pairs)
        case Table():
            cells = [cell.text for row in block.rows for cell in row]
            return " ".join([*block.head, *cells, block.note])
    return block.summary


def breaches(text: str) -> list[str]:
    """What of a text is not said in plain words."""
    bare = WRITTEN.sub("", OWN.sub("", text))
    return [found for rule in (TERMS, MONEY, RULE, FIELD, OWNER) for found in rule.findall(bare)]


@pytest.mark.parametrize("verb", sorted(set(ACCOUNTS) & set(ALL)))
def test_the_default_depth_is_plain(verb: str) -> None:
    """Answer and short of the sample of every verb hold none of the banned words."""
    said = account(verb, ALL[verb], material())
    assert [] == breaches(" ".join([said.answer, *map(texts, said.short)]))


def test_the_first_screen_is_plain() -> None:
    """The same of the first screen, the labels of its picture, and what run says at its end."""
    found = answer(material())
    assert found.gates is not None
    labels = [*found.gates.start, *found.gates.reached, *found.gates.missed, found.gates.summary]
    said = run(material())
    assert [] == breaches(" ".join([told(found), *labels, said.answer, *map(texts, said.short)]))


def test_help_is_plain() -> None:
    """What every command says of itself holds no term of art, and most give an example."""
    from typer.main import get_command

    from tunecase.cli.commands import app

    commands = {name: str(one.help) for name, one in get_command(app).commands.items()}  # type: ignore[attr-defined]
    assert {} == {name: found for name, text in commands.items() if (found := TERMS.findall(WRITTEN.sub("", text)))}
    bare = {name for name, text in commands.items() if f"tunecase {name}" not in text}
    assert bare <= {"init", "report", "inference", "judge", "ledger", "spend", "next", "books", "prices"}


@pytest.mark.parametrize(
    "text", ["worth 1.5k USD", "failed (P3)", "n_max", "the probe", "10 rows at hand", "give problem.value", "at P80"]
)
def test_what_is_banned_is_found(text: str) -> None:
    """The test sees each kind of word that it is for, and lets commands and files through."""
    assert breaches(text)
    assert [] == breaches("run `tunecase pilot --n_max 3` and read next_labels.csv")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("fine-tune meta-llama/Llama-3.1-8B on the 680 rows at hand", "fine-tune Llama-3.1-8B on the 680 examples you "
         "have"),
        ("use a head on sentence-transformers/all-MiniLM-L6-v2: not worth a step", "use a small encoder "
         "(all-MiniLM-L6-v2): not worth a step"),
        ("pass/fail criteria in data/train.jsonl", "pass/fail criteria in data/train.jsonl"),
        ("failed test set power (P7, S1); go on", "failed test set power; go on"),
        ("amended labels", "amended labels"),
    ],
)  # fmt: skip
def test_texts_of_records_become_plain(text: str, plain: Any) -> None:
    """Owners of models, ids of rules and terms of art go; paths of files and other words stay."""
    assert plain == plain_words(text)
    assert short_name("a/b-1") == "b-1"
