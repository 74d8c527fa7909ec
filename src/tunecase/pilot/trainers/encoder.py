"""A head on a frozen small encoder: seconds of work on a processor, and an answer that can be shipped as it is.

Each text becomes one vector by a pretrained encoder (22M parameters unless another is named), which stays as it is; a
logistic regression learns the classes from the vectors. The pass runs in numpy for BERT-like encoders, through torch
for others. Vectors are kept by model and text, so that a text is read once, whatever is learnt from it afterwards.
"""

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunecase.errors import Problem, refuse_any
from tunecase.pilot.scoring.score import Kind
from tunecase.pilot.trainers import encoder_heads, encoder_weights, machine
from tunecase.pilot.trainers.encoder_vectors import Embedder, embedder
from tunecase.pilot.trainers.task import Result, Setting, Task, checked, scored
from tunecase.quantities import Numbers, count, counted, duration, np

MODEL = encoder_weights.MINILM
METRICS: Mapping[str, str] = {"accuracy": "higher", "macro_f1": "higher"}
KINDS: tuple[Kind, ...] = ("classification",)
missing, prepare, identity = encoder_weights.missing, encoder_weights.prepare, encoder_weights.identity
NEUTRAL = frozenset[str]()
FORMAT = 1
STAND_IN = False
HEAVY = False
PACE = "measuring.encoder"
SETTINGS: Mapping[str, Setting] = {
    "head": "auto",
    "inverse_penalty": 30.0,
    "most_passes": 500,
    "most_tokens": 256,
    "prefix": "auto",
    "pair_separator": "",
}
# Answers by the most similar training rows need no training.
BASELINES: Mapping[str, Mapping[str, Setting]] = {"nearest examples": {"head": "nearest"}}
SEARCH: tuple[Mapping[str, Setting], ...] = ({"inverse_penalty": 10.0}, {"inverse_penalty": 100.0}, {"head": "nearest"})
MOSTLY = 0.8  # of the time of all vectors; a run that took less had others at hand
LIMITS: Mapping[str, tuple[str, Any]] = {
    "head": (" or ".join(encoder_heads.HEADS), lambda value: value in encoder_heads.HEADS),
    "inverse_penalty": ("more than 0", lambda value: value > 0),
    "most_passes": ("1 or more", lambda value: value >= 1),
    "most_tokens": ("8 or more", lambda value: value >= 8),
}


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The encoder's settings, which do not depend on the ladder, overridden by those chosen.

    Raises: InputError for a setting it does not know or a value it cannot use.
    """
    return limited({**SETTINGS, **checked(chosen, SETTINGS, "encoder")}, LIMITS, "encoder")


def limited(fixed: Mapping[str, Setting], limits: Mapping[str, tuple[str, Any]], trainer: str) -> Mapping[str, Setting]:
    """The settings themselves, each within its limits. Raises: InputError with every one that is not."""
    refuse_any(
        Problem(f"setting {name} of {trainer}", repr(fixed[name]), wanted, "correct the value")
        for name, (wanted, fits) in limits.items()
        if not fits(fixed[name])
    )
    return fixed


def train(task: Task) -> Result:
    """Learns a head from the vectors of a task's rows and scores it on the task's test rows.

        v = encoder(text),   P(class | v) by the head;   for a pair (a, b): v = (a, b, |a - b|, a b)

    Args:
        task: texts and labels as classes; a subset with only one class gives a head that always names it. With the
            setting `pair_separator`, each text is two, divided at its first separator ("\\n\\n" is what a reader of two
            input columns puts between them).
    Returns: the Result. `confidences` are the head's chances of its answers, `train_loss` the mean log loss on the
        training rows [nats]. `answer_s` is what answering all test rows takes where no vector is at hand: the head's
        time, and that of as many vectors at the rate of an even sample of 32 test rows. `seconds` is this run's wall
        time, in which vectors that were at hand took none; the note tells what all of them would take.
    Raises: ValueError without training or test rows; NoModelError, MissingExtraError without weights or libraries;
        InputError for a model that is no encoder.

    Source: frozen features and a linear head, as in SentEval, Conneau and Kiela 2018; pairs as in InferSent, Conneau et
    al. 2017. Leaves out a tuned encoder, which is a trainer of its own (encoder-tuned).
    """
    if not task.texts or not task.test_texts:
        raise ValueError(f"{len(task.texts)} training and {len(task.test_texts)} test rows; wanted at least 1 of each")
    from threadpoolctl import threadpool_limits

    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    _load()
    embed = embedder(task.model, identity(task.model), chosen["most_tokens"], chosen["prefix"])
    started = time.perf_counter()
    before = embed.seconds
    rows, tests = (_features(embed, texts, chosen["pair_separator"]) for texts in (task.texts, task.test_texts))
    spent = embed.seconds - before
    with threadpool_limits(1):  # threads wait longer than they work here, and their number would show in the answers
        head = encoder_heads.fit(
            chosen["head"], rows.values, task.labels, chosen["inverse_penalty"], chosen["most_passes"]
        )
        begun = time.perf_counter()
        predictions, confidences = answers(head, tests.values)
    head_s, seconds = time.perf_counter() - begun, time.perf_counter() - started
    each_s = embed.seconds_per_text(task.test_texts)
    return scored(
        task, predictions, seconds, confidences=confidences, answer_s=head_s + each_s * len(task.test_texts),
        train_loss=head.train_loss, converged=head.converged, hardware=machine.processor(),
        peak_memory_gib=machine.peak_memory_gib(on_gpu=False),
        note=_note(embed, head, rows, tests, spent, each_s),
    )  # fmt: skip


def _load() -> None:
    # Otherwise a process's first run would count a second of imports as training.
    importlib.import_module("sklearn.linear_model")
    importlib.import_module("sklearn.model_selection")


@dataclass(frozen=True, slots=True)
class Features:
    """What the head reads (rows, width); how many `texts` went in, how many lost their end or have no second part."""

    values: "Numbers"
    texts: int
    cut: int
    single: int = 0


def _features(embed: Embedder, texts: Sequence[str], separator: str) -> Features:
    if not separator:
        found = embed.vectors(texts)
        return Features(found.rows, len(texts), found.cut)

    parts = [text.partition(separator) for text in texts]
    first, second = (embed.vectors([part[place] for part in parts]) for place in (0, 2))
    a, b = first.rows, second.rows
    values = np.hstack([a, b, np.abs(a - b), a * b])
    return Features(values, 2 * len(texts), first.cut + second.cut, sum(not found for _, found, _ in parts))


def answers(head: encoder_heads.Fitted, rows: "Numbers") -> tuple[list[str], tuple[float, ...]]:
    """The likeliest class of each row, and its chance."""
    chances = head.chances(rows)
    best = chances.argmax(1)
    return [head.classes[place] for place in best], tuple(map(float, chances[range(len(best)), best]))


def _note(
    embed: Embedder, head: encoder_heads.Fitted, rows: Features, tests: Features, spent_s: float, each_s: float
) -> str:
    texts, cut, single = rows.texts + tests.texts, rows.cut + tests.cut, rows.single + tests.single
    name, _, most = head.name.partition(" ")
    near = name == "nearest"
    reads = f"the {most} nearest of {counted(len(rows.values), 'row')} vote" if near else f"{head.name} head"
    all_s = each_s * texts
    parts = [f"{reads}; vectors of {counted(texts, 'text')} take about {duration(all_s)}"]
    if spent_s < MOSTLY * all_s:
        parts[0] += f", of which {duration(spent_s)} in this run: the others were kept from earlier ones"
    if cut:
        parts.append(f"{counted(cut, 'text')} longer than {count(embed.encoder.longest)} tokens lost the rest")
    if single:
        parts.append(f"{counted(single, 'row')} without the pair separator had an empty second part")
    return "; ".join(parts)
