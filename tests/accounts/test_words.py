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


def test_the_default_depth_is_short_and_plain() -> None:
    """Of every verb alone and in a case: at most 14 lines of 80 columns, and none of the banned words."""
    prints = {verb: printed(verb, record) for verb, record in ALL.items()}
    assert [] == [verb for verb, text in prints.items() if len(text.splitlines()) > MOST_LINES]
    assert [] == [line for text in prints.values() for line in text.splitlines() if len(line) > 80]
    said = [account(verb, record, material()) for verb, record in ALL.items()]
    texts = [*prints.values(), *(f"{one.answer} {words(one.short)}" for one in said)]
    assert [] == [found for text in texts if (found := breaches(text, names=OWN))]


def test_the_first_screen_is_plain() -> None:
    """The same of the first screen, the labels of its picture, and what run says at its end."""
    found = answer(material())
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
