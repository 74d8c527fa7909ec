"""The tasks of the backtest: public sets and parts of them, their rows in one fixed random order.

A prefix of a task's training rows is a random sample of them, so that a pilot on the first sixteenth stands where a
team stood that had labelled no more. Parts of a set share its rows and its publisher: ten sets of ten publishers are
here, however many tasks. Sets are read from ../shared/data/text, those of `FRESH` from where `roads_texts.py` wrote
them; one that is not there is passed over with a line.

Nothing was cleaned: rows that stand twice and test rows that stand among the training rows are as published.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from roads_texts import FOLDER, SOURCES

TEXTS = Path(__file__).parents[1] / ".." / "shared" / "data" / "text"
SHUFFLE = 13  # of sets that come in the order of their classes; the others were shuffled by the same seed
LORA_ROWS = 2_000  # where the ladder of a heavy trainer ends

Kind = Literal["classification", "extraction", "sql", "regex", "math", "qa"]
# A row's text, its answer, and its other columns: the answers that are accepted as well.
Row = tuple[str, str, Mapping[str, Any]]
Rows = tuple[Row, ...]
Split = tuple[Rows, Rows]

CLASSES = ("probe", "encoder", "encoder-tuned")
WITH_LORA = (*CLASSES, "lora")
FREE = ("floor",)


@dataclass(frozen=True)
class Task:
    """What is learnt, and how it is scored.

    `kind` says what the answers are; the pilot knows the last four as generation. `learners` are those that are
    measured, "floor" the better of the commonest answer and the answers of the nearest rows. `loader` gives training
    and test rows, always in the same order, or None where the set is not here.
    """

    name: str
    publisher: str
    set: str
    kind: Kind
    metric: str
    learners: tuple[str, ...]
    licence: str
    loader: Callable[[], Split | None]

    @property
    def pilot_kind(self) -> str:
        """The kind of task as a pilot knows it."""
        return self.kind if self.kind in ("classification", "extraction") else "generation"


def shuffled(rows: Sequence[Row], seed: int = SHUFFLE) -> Rows:
    """The rows in a random order that the seed fixes."""
    return tuple(rows[i] for i in np.random.default_rng(seed).permutation(len(rows)))


@cache
def backtest(name: str) -> Split | None:
    """A set of the backtest folder, whose training rows lie there shuffled."""
    return _of_folder(TEXTS / "backtest" / name)


def _of_folder(folder: Path) -> Split | None:
    paths = [folder / f"{part}.jsonl" for part in ("train", "test")]
    if not all(path.exists() for path in paths):
        return None
    train, test = (tuple(_row(json.loads(line)) for line in path.open(encoding="utf-8")) for path in paths)
    return train, test


def _row(read: Mapping[str, Any]) -> Row:
    text, answer = read.get("text", read.get("input")), read.get("label", read.get("output"))
    return str(text), str(answer), {key: read[key] for key in ("answers",) if key in read}


@cache
def banking() -> Split | None:
    """banking77 as published, its training rows shuffled."""
    paths = [TEXTS / "banking77" / f"{part}.csv" for part in ("train", "test")]
    if not all(path.exists() for path in paths):
        return None
    read = [list(csv.DictReader(path.open(encoding="utf-8", newline=""))) for path in paths]
    train, test = ([(row["text"], row["category"], {}) for row in rows] for rows in read)
    return shuffled(train), tuple(test)


@cache
def clinc() -> Split | None:
    """The 150 intents of CLINC150, its training rows shuffled; what is out of scope is left out."""
    path = TEXTS / "clinc" / "data_full.json"
    if not path.exists():
        return None
    read = json.loads(path.read_text(encoding="utf-8"))
    train, test = ([(text, label, {}) for text, label in read[part]] for part in ("train", "test"))
    return shuffled(train), tuple(test)


def only(whole: Callable[[], Split | None], kept: Callable[[Sequence[str]], set[str]]) -> Callable[[], Split | None]:
    """The rows of some classes, chosen from the sorted names of all."""

    def loader() -> Split | None:
        split = whole()
        if split is None:
            return None
        classes = kept(sorted({label for _, label, _ in split[0]}))
        train, test = (tuple(row for row in rows if row[1] in classes) for rows in split)
        return train, test

    return loader


def drawn(count: int, seed: int) -> Callable[[Sequence[str]], set[str]]:
    """So many classes, drawn by a seed."""
    return lambda names: {names[i] for i in np.random.default_rng(seed).permutation(len(names))[:count]}


def named(*words: str) -> Callable[[Sequence[str]], set[str]]:
    """The classes whose names hold one of the words, which are harder to tell apart than classes at random."""
    return lambda names: {name for name in names if any(word in name for word in words)}


def thinned(whole: Callable[[], Split | None], times: int) -> Callable[[], Split | None]:
    """All rows of the rarest class, and of each other class the first ones, at most so many times as many."""

    def loader() -> Split | None:
        split = whole()
        return None if split is None else (_thin(split[0], times), _thin(split[1], times))

    return loader


def _thin(rows: Rows, times: int) -> Rows:
    most, seen, kept = times * min(Counter(label for _, label, _ in rows).values()), Counter[str](), []
    for row in rows:
        seen[row[1]] += 1
        if seen[row[1]] <= most:
            kept.append(row)
    return shuffled(kept)  # the first rows of the commoner classes stood before the others


def longer(whole: Callable[[], Split | None], characters: int) -> Callable[[], Split | None]:
    """The rows whose texts have at least so many characters."""

    def loader() -> Split | None:
        split = whole()
        if split is None:
            return None
        train, test = (tuple(row for row in rows if len(row[0]) >= characters) for rows in split)
        return train, test

    return loader


def _banking(name: str, loader: Callable[[], Split | None], learners: tuple[str, ...] = CLASSES) -> Task:
    return Task(name, "PolyAI", "banking77", "classification", "accuracy", learners, "CC BY 4.0", loader)


def _clinc(name: str, loader: Callable[[], Split | None], learners: tuple[str, ...] = CLASSES) -> Task:
    return Task(name, "Clinc", "clinc", "classification", "accuracy", learners, "CC BY 3.0", loader)


def _emotion(name: str, loader: Callable[[], Split | None], learners: tuple[str, ...] = CLASSES) -> Task:
    licence = "unrestricted, as its tweets allow"
    return Task(name, "Cardiff NLP", "tweet_emotion", "classification", "accuracy", learners, licence, loader)


def _spam(name: str, loader: Callable[[], Split | None], learners: tuple[str, ...] = CLASSES) -> Task:
    return Task(name, "UFSCar", "sms_spam", "classification", "accuracy", learners, "free, no warranty", loader)


def _unfair(name: str, metric: str, loader: Callable[[], Split | None]) -> Task:
    return Task(name, "University of Bologna", "tos_unfair", "classification", metric, CLASSES, "CC BY 4.0", loader)


def _free(name: str, publisher: str, kind: Kind, licence: str, learners: tuple[str, ...] = FREE) -> Task:
    return Task(name, publisher, name, kind, "exact_match", learners, licence, lambda: backtest(name))


def emotion() -> Split | None:
    """tweet_emotion."""
    return backtest("tweet_emotion")


def spam() -> Split | None:
    """sms_spam."""
    return backtest("sms_spam")


def unfair() -> Split | None:
    """tos_unfair, where one clause in twelve is unfair."""
    return backtest("tos_unfair")


# Parts were drawn and named before anything was measured.
TASKS: tuple[Task, ...] = (
    _banking("banking77", banking),
    _clinc("clinc", clinc),
    _emotion("tweet_emotion", emotion, WITH_LORA),
    _spam("sms_spam", spam, WITH_LORA),
    _unfair("tos_unfair", "macro_f1", unfair),
    _banking("banking77, ten intents a", only(banking, drawn(10, 1)), WITH_LORA),
    _banking("banking77, ten intents b", only(banking, drawn(10, 2))),
    _banking("banking77, twenty intents", only(banking, drawn(20, 3))),
    _banking("banking77, cards", only(banking, named("card"))),
    _clinc("clinc, ten intents a", only(clinc, drawn(10, 1)), WITH_LORA),
    _clinc("clinc, ten intents b", only(clinc, drawn(10, 2))),
    _clinc("clinc, twenty intents", only(clinc, drawn(20, 3))),
    _clinc("clinc, fifty intents", only(clinc, drawn(50, 4))),
    _emotion("tweet_emotion, anger and joy", only(emotion, named("anger", "joy"))),
    _emotion("tweet_emotion, anger and sadness", only(emotion, named("anger", "sadness"))),
    _emotion("tweet_emotion, joy and optimism", only(emotion, named("joy", "optimism"))),
    _spam("sms_spam, one in two", thinned(spam, 1)),
    _spam("sms_spam, longer texts", longer(spam, 60)),
    _unfair("tos_unfair, one in two", "accuracy", thinned(unfair, 1)),
    _unfair("tos_unfair, one in four", "macro_f1", thinned(unfair, 3)),
    _free("ncbi_disease_json", "University of Cambridge", "extraction", "CC BY 4.0", ("floor", "lora")),
    _free("advising_sql", "University of Michigan", "sql", "CC BY 4.0", ("floor", "lora")),
    _free("nl_regex", "MIT", "regex", "MIT"),
    _free("svamp_math", "Microsoft Research India", "math", "MIT"),
    _free("webquestions", "Stanford", "qa", "CC BY 4.0"),
)
QUICK = ("tweet_emotion, anger and joy", "sms_spam, one in two", "clinc, ten intents a")


def _fresh(name: str) -> Task:
    source = SOURCES[name]
    return Task(
        name, source.publisher, name, "classification", "accuracy", CLASSES, source.licence,
        cache(lambda: _of_folder(FOLDER / name)),
    )  # fmt: skip


FRESH: tuple[Task, ...] = tuple(map(_fresh, SOURCES))
