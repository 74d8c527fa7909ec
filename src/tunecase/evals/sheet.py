"""The answers of a log while it is read: a column of numbers for each metric, and the choice of one of them."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.evals.files import HALF, listed
from tunecase.evals.log import RIGHT, Asked, Log, digest, direction_of, is_of_corpus
from tunecase.evals.values import number_of
from tunecase.quantities import counted

MOST_ANSWERS = 5_000_000
MOST_COLUMNS = 500
MOST_TEXTS = 20  # of one item
OFF = 1e-4  # from the tool's own score: more than rounding explains

Name = tuple[str, str]  # filter or scorer, metric


class Sheet:
    """The answers of one log: of which item and epoch each is, its texts, and what it scored in every metric."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.rows: dict[tuple[str, int], int] = {}
        self.keys: dict[str, str] = {}
        self.taken: Counter[str] = Counter()
        self.columns: dict[Name, array[float]] = {}
        self.corpus: set[Name] = set()
        self.failed: set[int] = set()
        self.texts: dict[str, tuple[bytes, ...]] = {}
        self.repeated = 0

    def row(self, item: str, epoch: int = 1, *, pair: str = "", texts: Sequence[str] = ()) -> int:
        """The row of an item's epoch.

        Args:
            item: what tells it from the others of this log.
            pair: what names it in another log, `item` when left out; a second item of the same name is numbered.
            texts: what it is known by among the rows of a test file.
        Raises: InputError for more answers than are read.
        """
        known = self.rows.get((item, epoch))
        if known is not None:
            return known
        if len(self.rows) >= MOST_ANSWERS:
            got, fix = f"more than {MOST_ANSWERS:,} answers", "name the log of one task, or of fewer items"
            raise InputError(Problem(self.place, got, "a log of one evaluation", fix))
        if item not in self.keys:
            name = pair or item
            self.taken[name] += 1
            self.keys[item] = name if self.taken[name] == 1 else f"{name}#{self.taken[name]}"
            if texts:
                self.texts[self.keys[item]] = tuple(map(digest, texts[:MOST_TEXTS]))
        self.rows[item, epoch] = len(self.rows)
        return len(self.rows) - 1

    def put(self, row: int, name: Name, value: Any) -> None:
        """What an answer scored in a metric, as the tool writes it; a later score takes the place of an earlier one.

        It takes the place of an error, too: an answer that was tried again is one answer.
        """
        self.failed.discard(row)
        number = number_of(value)
        if number is None:
            self.corpus.add(name)
            number = math.nan
        column = self.columns.get(name)
        if column is None:
            if len(self.columns) >= MOST_COLUMNS:
                got = f"more than {MOST_COLUMNS} metrics"
                raise InputError(Problem(self.place, got, "a log of one evaluation", "name the log of one task"))
            column = self.columns.setdefault(name, array("d"))
        if len(column) <= row:
            column.extend([math.nan] * (row - len(column)))
            column.append(number)
        else:
            column[row] = number

    def name(self, asked: Asked) -> Name:
        """The one metric that is asked for, or the only one.

        Raises: InputError where there is none, or more than one.
        """
        named = [name for name in self.columns if _is(name[1], asked.metric)]
        fitting = [name for name in named if _is(name[0], asked.filter)]
        if len(fitting) == 1:
            return fitting[0]
        if not self.columns:
            fix = "run it again so that samples are logged (lm_eval: --log_samples; lighteval: --save-details)"
            raise InputError(Problem(self.place, "no score of any item", "a log with a score for each item", fix))
        typed = (("metric", asked.metric), ("filter", asked.filter))
        options = [f"--{option} {word}" for option, word in typed if word]
        if not fitting:
            where = f"{self.place}: {' '.join(options)}"
            raise InputError(Problem(where, f"it has {_listed(self.columns)}", "one of these", "correct the name"))
        fix = f"say which: `{_option(fitting[0], fitting, asked)}`"
        got = f"{counted(len(fitting), 'metric')}: {_listed(fitting)}"
        raise InputError(Problem(self.place, got, "one metric, chosen", fix))

    def log(self, name: Name, about: Mapping[str, Any], *, held: bool = True) -> Log:
        """The log under one metric.

        Args:
            name: the metric, as from `name`.
            about: what else the log says, by the fields of Log.
            held: whether the tool's own score is the mean of its items, so that another one tells a corpus metric.
        """
        column = self.columns[name]
        scores: dict[str, list[float]] = {}
        unscored = 0
        for (item, _), row in self.rows.items():
            value = column[row] if row < len(column) else math.nan
            if row in self.failed:
                continue
            if math.isnan(value):
                unscored += 1
            else:
                scores.setdefault(self.keys[item], []).append(value)
        log = Log(
            self.place, metric=name[1], filter=name[0], scores={key: tuple(each) for key, each in scores.items()},
            texts=self.texts, unscored=unscored, errors=len(self.failed), repeated=self.repeated,
            **{"direction": direction_of(name[1]), **about},
        )  # fmt: skip
        return _checked(log, self.corpus, held)


def refuse_part(place: str, read: int, told: object, what: str = "item") -> None:
    """Raises InputError where fewer answers were read than the tool counts; where it counts none, nothing is held."""
    if isinstance(told, int) and read < told:
        got = f"{counted(read, what)} of the {told:,} that its results count"
        raise InputError(Problem(place, got, "a whole log", HALF))


def _checked(log: Log, corpus: set[Name], held: bool) -> Log:
    """The log; without scores of its items where its metric is one of the whole corpus.

    Raises: InputError where no item has a score, and the tool tells none of the whole either; where a share of right
        answers is not the one that the tool tells.
    """
    mean, own = log.score if log.scores else None, log.aggregate if held else None
    is_off = mean is not None and own is not None and _is_off(mean, own)
    if is_off and log.metric.casefold() in RIGHT:
        items = counted(log.items, "item")
        got = f"{log.metric} {own:.4g} in its results, and {mean:.4g} by its {items}"
        raise InputError(Problem(log.place, got, "a whole log, with the results of the same run", HALF))
    if not ((log.filter, log.metric) in corpus or is_of_corpus(log.metric) or is_off):
        if not log.scores:
            got = f"{counted(log.unscored, 'answer')} without a score and {counted(log.errors, 'error')}"
            raise InputError(
                Problem(log.place, got, "a score for each item", "run the scorer again, or name another log")
            )
        return log
    if log.aggregate is None:
        got = f"{log.metric}, which has no value of one item, and no results file beside it"
        fix = "name the folder that holds the results file too, or another `--metric`"
        raise InputError(Problem(log.place, got, "a score of each item, or of all of them", fix))
    return replace(log, per_item=False, scores={}, unscored=0, aggregate_items=log.aggregate_items or len(log.scores))


def _is_off(mean: float, own: float) -> bool:
    return min(abs(own - mean), abs(own / 100 - mean)) > OFF * max(1.0, abs(mean))


def _is(name: str, wanted: str) -> bool:
    return not wanted or name.casefold() == wanted.casefold()


def _option(name: Name, rivals: Sequence[Name], asked: Asked) -> str:
    """What tells a metric from its rivals, as it is typed."""
    scorer, metric = name
    if asked.by_column:
        return "--score-column " + (f"{metric},{scorer}" if scorer else metric)
    is_own = sum(rival[1] == metric for rival in rivals) == 1
    by_metric = len({rival[1] for rival in rivals}) > 1
    return " ".join([f"--metric {metric}"] * by_metric + [f"--filter {scorer}"] * (not is_own))


def _listed(names: Iterable[Name]) -> str:
    return listed([f"{metric} ({scorer})" if scorer else metric for scorer, metric in names])
