"""The first screen and the default depth of every account use plain words: no terms of art, rule ids or k for money."""

from typing import Any

import pytest

from tests.accounts.reading import TERMS, WRITTEN, breaches, words
from tests.accounts.test_answer import material, told
from tests.cli.show.printing import ALL, printed
from tunecase.accounts import account, answer, run
from tunecase.accounts.words import plain_words, short_name

MOST_LINES = 14
OWN = ("how_to", "compute.tier")  # a label of the sample data, and the field that a sample comparison changed


@pytest.mark.parametrize("verb", sorted(ALL))
def test_the_default_depth_is_short_and_plain(verb: str) -> None:
    """Of every verb alone and in a case: at most 14 lines of 80 columns, and none of the banned words."""
    text = printed(verb, ALL[verb])
    assert len(text.splitlines()) <= MOST_LINES
    assert all(len(line) <= 80 for line in text.splitlines())
    assert [] == breaches(text, names=OWN)
    said = account(verb, ALL[verb], material())
    assert [] == breaches(f"{said.answer} {words(said.short)}", names=OWN)


def test_the_first_screen_is_plain() -> None:
    """The same of the first screen, the labels of its picture, and what run says at its end."""
    found = answer(material())
    assert found.gates is not None
    labels = [*found.gates.start, *found.gates.reached, *found.gates.missed, found.gates.summary]
    said = run(material())
    assert [] == breaches(" ".join([told(found), *labels, said.answer, words(said.short)]))


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
