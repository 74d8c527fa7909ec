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
IN_NAME = re.compile(r"(?:^|[^a-z0-9])n(?:_?train)?[=_-]?(\d[\d,]*)(k?)(?![a-z0-9.])", re.IGNORECASE)
ENDED_BADLY = ("failed", "crashed", "killed", "running", "scheduled", "pending", "preempting", "preempted", "deleted")
LISTED = 12


def import_runs(runs: Sequence[Tracked], asked: Asked, *, place: str, form: str) -> Imported:
    """One point for each run that ended well and has a score and a size.

    Args:
        runs: as the tracker has them, failed ones too.
        asked: what the user says.
        place: what problems point at.
        form: the format's name in words.
    Raises: InputError with every mistake together.
    """
    left_out: Counter[str] = Counter()
    ended = [run for run in runs if not _bad_end(run, left_out)]
    problems = list(_unknown_names(asked, runs, place))
    if not ended:
        got = f"{counted(len(runs), 'run')}, none of which ended well" if runs else "no run"
        problems.append(Problem(place, got, "at least one finished run", "train one, or name the right file"))
        raise InputError(problems)
    key = _score_key(ended, asked, place, problems)
    size_key = _size_key(ended, asked, place, problems)
    points: list[Point] = []
    if key is not None:
        for run in ended:
            points += _points_of(run, key, size_key, asked, place, left_out, problems)
    if key is not None and not points and not problems:
        problems.append(_no_size(ended, place))
    if problems:
        raise InputError(problems)
    assert key is not None
    notes = tuple(_notes(ended, key, size_key, asked))
    words = tuple(f"{counted(count, 'run')}: {why}" for why, count in sorted(left_out.items()))
    return Imported(tuple(points), form, words, notes)


def _bad_end(run: Tracked, left_out: Counter[str]) -> bool:
    status = run.status.strip().casefold()
    why = status if status in ENDED_BADLY else ""
    told = {plain(key): value.strip().casefold() for key, value in run.facts.items()}
    if told.get("converged") in ("false", "no", "0"):
        why = "not converged"
    if told.get("failed") not in (None, "", "false", "no", "0", "none"):
        why = "failed"
    if why:
        left_out["still running" if why == "running" else why] += 1
    return bool(why)


def _unknown_names(asked: Asked, runs: Sequence[Tracked], place: str) -> Iterator[Problem]:
    names = [run.name for run in runs]
    for name in asked.sizes:
        if name not in names:
            yield Problem(f"--n {name}", f"no run of that name in {place}", _listed(names), nearest(name, names))


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


def _score_key(runs: Sequence[Tracked], asked: Asked, place: str, problems: list[Problem]) -> str | None:
    """The column of scores; None with a problem noted where there is none or more than one."""
    keys = _names(run.scores for run in runs)
    if asked.score_column:
        key = _named(asked.score_column, keys)
        if key is None:
            problems.append(
                Problem("--score-column", repr(asked.score_column), _listed(keys), nearest(asked.score_column, keys))
            )
        elif (FALLING.search(plain(key)) and asked.direction == "higher") or (
            RISING.search(plain(key)) and asked.direction == "lower"
        ):
            way = "falls" if asked.direction == "higher" else "rises"
            got = f"{key}, which {way} as a model gets better, for the metric {asked.metric}"
            problems.append(
                Problem("--score-column", got, f"a score of {asked.metric}", "say `--metric` for what it is")
            )
            key = None
        return key
    ranked = {key: rank for key in keys if (rank := score_rank(key, asked.metric)) is not None}
    if not ranked:
        other = "loss" if any(score_rank(key, "loss") is not None for key in keys) and asked.metric != "loss" else ""
        other_words = f", or read the loss: `--metric {other}`" if other else ""
        fix = f"name it: `--score-column NAME`, or write a first line such as n,score,test_rows{other_words}"
        problems.append(Problem(place, _listed(keys), f"a column of {asked.metric} on held-out rows", fix))
        return None
    covers = {key: sum(key in run.scores for run in runs) for key in ranked}
    best = min(ranked, key=lambda key: (-covers[key], ranked[key]))
    rivals = [key for key in ranked if (covers[key], ranked[key]) == (covers[best], ranked[best])]
    strangers = [run for run in runs if best not in run.scores and set(ranked) & set(run.scores)]
    if len(rivals) > 1 or strangers:
        other = rivals[1] if len(rivals) > 1 else min(set(ranked) & set(strangers[0].scores))
        got = f"{best} and {other}"
        fix = "say which one: `--score-column NAME`"
        problems.append(Problem(place, f"mixed metrics: {got}", "one metric for the whole curve", fix))
        return None
    return best


def _size_key(runs: Sequence[Tracked], asked: Asked, place: str, problems: list[Problem]) -> str | None:
    """The column of training examples; None where there is none, or where a problem is noted."""
    keys = _names(run.facts for run in runs)
    if asked.size_column:
        key = _named(asked.size_column, keys)
        if key is None:
            problems.append(
                Problem("--size-column", repr(asked.size_column), _listed(keys), nearest(asked.size_column, keys))
            )
        return key
    found = [key for key in keys if plain(key) in SIZE_NAMES or _tail(key) in SIZE_NAMES]
    usable = [key for key in found if any(whole_number(run.facts.get(key)) is not None for run in runs)]
    usable.sort(key=lambda key: (-sum(whole_number(run.facts.get(key)) is not None for run in runs), _preferred(key)))
    for run in runs:
        sizes = {key: n for key in usable if (n := whole_number(run.facts.get(key))) is not None}
        if len(set(sizes.values())) > 1:
            got = ", ".join(f"{key} {n:,}" for key, n in sizes.items())
            fix = "say which one: `--size-column NAME`"
            problems.append(Problem(f"{place}: {run.name}", got, "one number of training examples", fix))
            return None
    return usable[0] if usable else None


def _preferred(key: str) -> int:
    return min(SIZE_NAMES.index(name) for name in (plain(key), _tail(key)) if name in SIZE_NAMES)


def _points_of(
    run: Tracked, key: str, size_key: str | None, asked: Asked, place: str, left_out: Counter[str],
    problems: list[Problem],
) -> Iterator[Point]:  # fmt: skip
    value = _value(run.scores.get(key, ()), asked)
    size = _size(run, size_key, asked)
    most = 100.0 if asked.direction == "higher" else math.inf
    if value is None:
        left_out[f"no {key}"] += 1
    elif not math.isfinite(value):
        left_out[f"{key} is not a number"] += 1
    elif size is None:
        left_out["its number of training examples is not known"] += 1
    elif not 0 <= value <= most:
        wanted = "a score between 0 and 1 (or 0 and 100)" if asked.direction == "higher" else "a score not below 0"
        fix = "correct it, or say which metric it is"
        problems.append(Problem(f"{place}: {run.name}: {key}", f"{value:g}", wanted, fix))
    else:
        yield Point(size, value, 1, _test_rows(run) or run.test_rows)


def _value(series: Series, asked: Asked) -> float | None:
    """The score of a run: at its last step, or the best over its steps when that is asked for."""
    if not series:
        return None
    if asked.step == "last":
        return max(enumerate(series), key=lambda at: (at[1][0], at[0]))[1][1]
    finite = [value for _, value in series if math.isfinite(value)]
    pick: Callable[[Iterable[float]], float] = max if asked.direction == "higher" else min
    return pick(finite) if finite else math.nan


def _size(run: Tracked, size_key: str | None, asked: Asked) -> int | None:
    if run.name in asked.sizes:
        return asked.sizes[run.name]
    told = whole_number(run.facts.get(size_key)) if size_key else None
    if told is not None or asked.size_column:
        return told
    return run.size if run.size is not None else size_in_name(run.name)


def size_in_name(name: str) -> int | None:
    """The number of examples in a run's name, where it is written as n=400, n400 or n_train-2k; None otherwise.

    Example:
        >>> size_in_name("lora n=400 s1"), size_in_name("run_n2k"), size_in_name("llama-3.1-8b")
        (400, 2000, None)
    """
    found = {int(digits.replace(",", "")) * (1000 if k else 1) for digits, k in IN_NAME.findall(name)}
    return found.pop() if len(found) == 1 else None


def _test_rows(run: Tracked) -> int | None:
    told = {_tail(key): value for key, value in run.facts.items()}
    rows = [whole_number(told.get(name)) for name in TEST_NAMES]
    return next((n for n in rows if n is not None and n > 1), None)


def _no_size(runs: Sequence[Tracked], place: str) -> Problem:
    keys = _names(run.facts for run in runs)
    first = runs[0].name
    fix = f"name the column: `--size-column NAME`, or the sizes by run: `--n {first}=400`"
    return Problem(place, _listed(keys), "how many examples each run was trained on", fix)


def _notes(runs: Sequence[Tracked], key: str, size_key: str | None, asked: Asked) -> Iterator[str]:
    yield f"scores are {key}" + (f", sizes {size_key}" if size_key and not asked.sizes else "")
    steps = max((len(run.scores.get(key, ())) for run in runs), default=0)
    if steps > 1 and asked.step == "last":
        yield f"each run counts with its last of up to {steps} scores (`--step best` takes the best, which flatters)"
    elif steps > 1:
        yield f"each run counts with its best of up to {steps} scores on the same rows, which flatters it"
    if len(runs) == 1:
        yield "one run is one point: its steps are not more examples"
    if size_key is None and any(run.size is not None for run in runs):
        yield "sizes worked out from the trainer's time and samples per second"
    elif size_key is None and not asked.sizes:
        yield "sizes read from the runs' names"


def _names(columns: Iterable[Mapping[str, object]]) -> list[str]:
    """Every name in the order first seen."""
    return list(dict.fromkeys(key for one in columns for key in one))


def _named(wanted: str, keys: Sequence[str]) -> str | None:
    exact = [key for key in keys if key == wanted]
    return next(iter(exact or [key for key in keys if plain(key) == plain(wanted)]), None)


def _listed(keys: Sequence[str]) -> str:
    if not keys:
        return "no columns"
    more = f" and {len(keys) - LISTED} more" if len(keys) > LISTED else ""
    return f"the columns {', '.join(keys[:LISTED])}{more}"
