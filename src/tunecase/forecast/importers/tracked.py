"""From the runs of a tracker to points: which value is the size, which the score, which runs count.

Lenient where nothing can go wrong (a crashed run is left out and counted), strict where it can: two columns that
disagree, two metrics in one curve, or a score that falls as the model gets better are refused, all together.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tunecase.errors import InputError, Problem, nearest
from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.io import whole_number
from tunecase.io.trackers import Series, Tracked
from tunecase.quantities import counted
from tunecase.records import Point

SIZE_NAMES = tuple(
    "n n_train num_train train_n train_size n_train_examples num_train_examples train_examples num_train_samples "
    "max_train_samples train_samples n_train_samples train_rows n_train_rows num_train_rows train_dataset_size "
    "train_set_size training_examples training_size num_examples n_examples num_samples n_samples dataset_size".split()
)
TEST_NAMES = tuple(
    "test_rows n_test num_test test_samples num_test_samples num_test_examples predict_samples n_eval num_eval "
    "eval_samples num_eval_samples num_eval_examples max_eval_samples eval_rows".split()
)
OTHER_NAMES = {  # what trackers call a metric of ours
    "accuracy": ("acc",),
    "macro_f1": ("f1_macro",),
    "exact_match": ("em",),
    "rouge_l": ("rougel",),
    "mae": ("mean_absolute_error",),
}
SPLITS = {"test": 0, "heldout": 0, "eval": 1, "val": 1, "valid": 1, "validation": 1, "dev": 1}
WORDS_AROUND = ("metrics", "final", "mean")
FALLING = re.compile(r"loss|perplexity|ppl|error|(^|_)(wer|cer|mae|mse|rmse|nll)($|_)")
RISING = re.compile(r"acc|f1|bleu|rouge|chrf|exact_match|precision|recall|auc|(^|_)em($|_)")
IN_NAME = re.compile(r"(?:^|[^a-z0-9])n(?:_?train)?[=_-]?(\d[\d,]{0,15})(k?)(?![a-z0-9.])", re.IGNORECASE)
ENDED_BADLY = ("failed", "crashed", "killed", "running", "scheduled", "pending", "preempting", "preempted", "deleted")
LISTED = 12


def import_runs(runs: Sequence[Tracked], request: Asked, *, place: str, form: str) -> Imported:
    """One point for each run that ended well and has a score and a size.

    Args:
        runs: as the tracker has them, failed ones too.
        request: what the user says.
        place: what problems point at.
        form: the format's name in words.
    Raises: InputError with every mistake together.
    """
    reader = _Reader(runs, request, place)
    if not reader.ended:
        got = f"{counted(len(runs), 'run')}, none of which ended well" if runs else "no run"
        reader.problem(place, got, "at least one finished run", "train one, or name the right file")
        raise InputError(reader.problems)
    score_key, size_key = reader.score_key(), reader.size_key()
    points = reader.points(score_key, size_key) if score_key else []
    if not points and not reader.problems:
        fix = f"name the column: `--size-column NAME`, or the sizes by run: `--n {reader.ended[0].name}=400`"
        facts = _names(run.facts for run in reader.ended)
        reader.problem(place, _listed(facts), "how many examples each run was trained on", fix)
    if reader.problems or not score_key:
        raise InputError(reader.problems)
    words = tuple(f"{counted(count, 'run')}: {why}" for why, count in sorted(reader.left_out.items()))
    return Imported(tuple(points), form, words, tuple(_notes(reader.ended, score_key, size_key, request)))


def _ranks(keys: Sequence[str], metric: str) -> dict[str, int]:
    return {key: rank for key in keys if (rank := score_rank(key, metric)) is not None}


class _Reader:
    """The runs of one place while they become points: those that ended well, problems, runs left out by reason."""

    def __init__(self, runs: Sequence[Tracked], request: Asked, place: str) -> None:
        self.request, self.place = request, place
        self.problems: list[Problem] = []
        self.left_out: Counter[str] = Counter()
        ends = [(run, _bad_end(run)) for run in runs]
        self.ended = [run for run, why in ends if not why]
        self.left_out.update(why for _, why in ends if why)
        names = [run.name for run in runs]
        for name in request.sizes:
            if name not in names:
                self.problem(f"--n {name}", f"no run of that name in {place}", _listed(names), nearest(name, names))

    def problem(self, where: str, got: str, wanted: str, fix: str) -> None:
        """One more problem."""
        self.problems.append(Problem(where, got, wanted, fix))

    def named(self, option: str, wanted: str, keys: Sequence[str]) -> str | None:
        """The column that an option names, letter by letter or but for case and punctuation; else a problem."""
        alike = [key for key in keys if key == wanted] or [key for key in keys if plain(key) == plain(wanted)]
        if not alike:
            self.problem(option, repr(wanted), _listed(keys), nearest(wanted, keys))
        return alike[0] if alike else None

    def score_key(self) -> str | None:
        """The column of scores; None with a problem noted where there is none or more than one."""
        keys = _names(run.scores for run in self.ended)
        if self.request.score_column:
            key = self.named("--score-column", self.request.score_column, keys)
            return None if key and self.is_wrong_way(key) else key
        metric = self.request.metric
        ranks = _ranks(keys, metric)
        if ranks:
            return self.best_key(ranks)
        has_loss = metric != "loss" and _ranks(keys, "loss")
        fix = "name it: `--score-column NAME`, or write a first line such as n,score,test_rows"
        fix += ", or read the loss: `--metric loss`" if has_loss else ""
        self.problem(self.place, _listed(keys), f"a column of {metric} on held-out rows", fix)
        return None

    def is_wrong_way(self, key: str) -> bool:
        """Whether a column's name says that it falls where the metric rises, or the other way; then a problem."""
        is_rising = self.request.direction == "higher"
        opposite = (FALLING if is_rising else RISING).search(plain(key))
        if opposite:
            way = "falls" if is_rising else "rises"
            got = f"{key}, which {way} as a model gets better, for the metric {self.request.metric}"
            self.problem("--score-column", got, f"a score of {self.request.metric}", "say `--metric` for what it is")
        return bool(opposite)

    def best_key(self, ranks: Mapping[str, int]) -> str | None:
        """The column that most runs have, of those the best by rank; None with a problem where two are as good."""
        order = {key: (-sum(key in run.scores for run in self.ended), rank) for key, rank in ranks.items()}
        best = min(order, key=order.__getitem__)
        rivals = [key for key in order if key != best and order[key] == order[best]]
        for run in self.ended:
            others = set(ranks) & set(run.scores)
            rivals += [min(others)] if others and best not in others else []
        if not rivals:
            return best
        fix = "say which one: `--score-column NAME`"
        self.problem(self.place, f"mixed metrics: {best} and {rivals[0]}", "one metric for the whole curve", fix)
        return None

    def size_key(self) -> str | None:
        """The column of training examples; None where there is none, or where a problem is noted."""
        keys = _names(run.facts for run in self.ended)
        if self.request.size_column:
            return self.named("--size-column", self.request.size_column, keys)
        keys = [key for key in keys if plain(key) in SIZE_NAMES or _tail(key) in SIZE_NAMES]
        by_run = [_whole_numbers(run, keys) for run in self.ended]
        keys = _by_cover(by_run)
        for run, sizes in zip(self.ended, by_run, strict=True):
            if len(set(sizes.values())) > 1:
                got = ", ".join(f"{key} {sizes[key]:,}" for key in keys if key in sizes)
                fix = "say which one: `--size-column NAME`"
                self.problem(f"{self.place}: {run.name}", got, "one number of training examples", fix)
                return None
        return next(iter(keys), None)

    def points(self, score_key: str, size_key: str | None) -> list[Point]:
        """A point for each run with a score and a size; the others are left out, or problems."""
        points = []
        for run in self.ended:
            score, size = _score(run.scores.get(score_key, ()), self.request), _size(run, size_key, self.request)
            if score is None:
                self.left_out[f"no {score_key}"] += 1
            elif not math.isfinite(score):
                self.left_out[f"{score_key} is not a number"] += 1
            elif size is None:
                self.left_out["its number of training examples is not known"] += 1
            elif self.is_in_range(run, score_key, score):
                points.append(Point(size, score, 1, _test_rows(run) or run.test_rows))
        return points

    def is_in_range(self, run: Tracked, key: str, score: float) -> bool:
        """Whether a score can be one of the metric; else a problem."""
        is_rising = self.request.direction == "higher"
        if 0 <= score <= (100.0 if is_rising else math.inf):
            return True
        wanted = "a score between 0 and 1 (or 0 and 100)" if is_rising else "a score not below 0"
        self.problem(f"{self.place}: {run.name}: {key}", f"{score:g}", wanted, "correct it, or say which metric it is")
        return False


def _bad_end(run: Tracked) -> str:
    """Why a run does not count, by its status or what it says of itself; empty where it ended well."""
    stated = {plain(key): value.strip().casefold() for key, value in run.facts.items()}
    status = run.status.strip().casefold()
    if stated.get("failed") not in (None, "", "false", "no", "0", "none"):
        return "failed"
    if stated.get("converged") in ("false", "no", "0"):
        return "not converged"
    if status == "running":
        return "still running"
    return status if status in ENDED_BADLY else ""


def plain(key: str) -> str:
    """A column's name in lower case with single underscores.

    Example:
        >>> plain("eval/Accuracy"), plain("train_dataset size")
        ('eval_accuracy', 'train_dataset_size')
    """
    return re.sub(r"[^a-z0-9]+", "_", key.casefold()).strip("_")


def _tail(key: str) -> str:
    return plain(re.split(r"[/.]", key)[-1])


def score_rank(key: str, metric: str) -> int | None:
    """How well a column's name says that it is this metric on held-out rows: 0 on a test set, 1 on an evaluation set,
    2 without a word of where; None where it is not this metric.

    Example:
        >>> [score_rank(key, "accuracy") for key in ("test/acc", "eval_accuracy", "accuracy", "train/accuracy")]
        [0, 1, 2, None]
    """
    words, rank = plain(key).split("_"), 2
    while len(words) > 1 and (words[0] in SPLITS or words[0] in WORDS_AROUND):
        rank = min(rank, SPLITS.get(words.pop(0), rank))
    return rank if "_".join(words) in (plain(metric), *OTHER_NAMES.get(metric, ())) else None


def _whole_numbers(run: Tracked, keys: Sequence[str]) -> dict[str, int]:
    return {key: n for key in keys if (n := whole_number(run.facts.get(key))) is not None}


def _by_cover(by_run: Sequence[Mapping[str, int]]) -> list[str]:
    """Columns, those that most runs have first, of those the usual names first."""
    covers = Counter(key for sizes in by_run for key in sizes)
    return sorted(covers, key=lambda key: (-covers[key], _preferred(key)))


def _preferred(key: str) -> int:
    return min(SIZE_NAMES.index(name) for name in (plain(key), _tail(key)) if name in SIZE_NAMES)


def _score(series: Series, request: Asked) -> float | None:
    """The score of a run: at its last step, or the best over its steps when that is asked for."""
    if not series:
        return None
    if request.step == "last":
        return max(enumerate(series), key=lambda at: (at[1][0], at[0]))[1][1]
    finite = [value for _, value in series if math.isfinite(value)]
    pick: Callable[[Iterable[float]], float] = max if request.direction == "higher" else min
    return pick(finite) if finite else math.nan


def _size(run: Tracked, size_key: str | None, request: Asked) -> int | None:
    if run.name in request.sizes:
        return request.sizes[run.name]
    stated = whole_number(run.facts.get(size_key)) if size_key else None
    if stated is not None or request.size_column:
        return stated
    return run.size if run.size is not None else size_in_name(run.name)


def size_in_name(name: str) -> int | None:
    """The number of examples in a run's name, where it is written as n=400, n400 or n_train-2k; None otherwise.

    Example:
        >>> size_in_name("lora n=400 s1"), size_in_name("run_n2k"), size_in_name("llama-3.1-8b")
        (400, 2000, None)
    """
    sizes = {int(digits.replace(",", "")) * (1000 if k else 1) for digits, k in IN_NAME.findall(name)}
    return sizes.pop() if len(sizes) == 1 else None


def _test_rows(run: Tracked) -> int | None:
    stated = {_tail(key): value for key, value in run.facts.items()}
    rows = [whole_number(stated.get(name)) for name in TEST_NAMES]
    return next((n for n in rows if n is not None and n > 1), None)


def _notes(runs: Sequence[Tracked], score_key: str, size_key: str | None, request: Asked) -> Iterator[str]:
    """What a reader should know of how scores and sizes were read."""
    yield f"scores are {score_key}" + (f", sizes {size_key}" if size_key and not request.sizes else "")
    steps = max((len(run.scores.get(score_key, ())) for run in runs), default=0)
    if steps > 1 and request.step == "last":
        yield f"each run counts with its last of up to {steps} scores (`--step best` takes the best, which flatters)"
    elif steps > 1:
        yield f"each run counts with its best of up to {steps} scores on the same rows, which flatters it"
    if len(runs) == 1:
        yield "one run is one point: its steps are not more examples"
    if size_key is None:
        yield from _size_notes(runs, request)


def _size_notes(runs: Sequence[Tracked], request: Asked) -> Iterator[str]:
    if any(run.size is not None for run in runs):
        yield "sizes worked out from the trainer's time and samples per second"
    elif not request.sizes:
        yield "sizes read from the runs' names"


def _names(columns: Iterable[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(key for names in columns for key in names))


def _listed(keys: Sequence[str]) -> str:
    if not keys:
        return "no columns"
    more = f" and {len(keys) - LISTED} more" if len(keys) > LISTED else ""
    return f"the columns {', '.join(keys[:LISTED])}{more}"
