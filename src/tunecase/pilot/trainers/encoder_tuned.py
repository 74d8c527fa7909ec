"""A small encoder tuned on the rows, and a head on it: by its classes, or so that texts of one class come together.

Needs torch. A run reads every row many times over, forwards and backwards, so it takes minutes where the frozen encoder
takes seconds. Where the processor multiplies 16-bit numbers quicker, it does, which nearly halves that; tuning only the
upper half of the layers takes a third off what is left.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunecase.errors import InputError, MissingExtraError, Problem
from tunecase.pilot.trainers import encoder, encoder_heads, encoder_weights, machine
from tunecase.pilot.trainers.contract import LEARNT_NATS
from tunecase.pilot.trainers.encoder_vectors import pooling_of, prefix_of, vectors_of
from tunecase.pilot.trainers.steps import batches_of, rate_at
from tunecase.pilot.trainers.task import Result, Setting, Task, checked, scored
from tunecase.pilot.trainers.translate import equal_steps
from tunecase.quantities import Numbers

if TYPE_CHECKING:
    from tunecase.pilot.trainers.encoder_torch import TorchEncoder


MODEL, METRICS, KINDS = encoder.MODEL, encoder.METRICS, encoder.KINDS
prepare, identity = encoder.prepare, encoder.identity
NEUTRAL = frozenset[str]()
FORMAT = 2
STAND_IN = False
HEAVY = True
PACE = "measuring.encoder_tuned"
# A fresh head has further to go than the encoder: times the learning rate.
HEAD_TIMES = 10.0
WAYS = ("whole", "contrastive")
SETTINGS: Mapping[str, Setting] = {
    "tuned": "contrastive",
    "tuned_share": 1.0,  # of the layers, the upper ones; 1 for every weight
    "steps": 120,
    "batch": 16,
    "learning_rate": 1e-4,
    "temperature": 0.1,
    "inverse_penalty": 30.0,
    "most_passes": 500,
    "most_tokens": 256,
    "prefix": "auto",
}
BASELINES: Mapping[str, Mapping[str, Setting]] = {}
SEARCH: tuple[Mapping[str, Setting], ...] = (
    {"tuned": "whole"},
    {"tuned_share": 0.5},
    {"learning_rate": 3e-4},
    {"learning_rate": 3e-5},
)
LIMITS: Mapping[str, tuple[str, Any]] = {
    "tuned": (" or ".join(WAYS), lambda value: value in WAYS),
    "tuned_share": ("more than 0, at most 1", lambda value: 0 < value <= 1),
    "steps": ("1 or more", lambda value: value >= 1),
    "batch": ("4 to 256", lambda value: 4 <= value <= 256),
    "learning_rate": ("between 0 and .1", lambda value: 0 < value <= 0.1),
    "temperature": ("between 0 and 1", lambda value: 0 < value <= 1),
    **{name: encoder.LIMITS[name] for name in ("inverse_penalty", "most_passes", "most_tokens")},
}


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """One set of settings for all rungs, with the steps of `equal_steps` unless others are chosen.

    Raises: InputError for a setting it does not know or a value it cannot use.
    """
    fixed = {**SETTINGS, **checked(chosen, SETTINGS, "encoder-tuned")}
    encoder.limited(fixed, LIMITS, "encoder-tuned")
    return {**fixed, "steps": fixed["steps"] if "steps" in chosen else equal_steps(top_rows, int(fixed["batch"]))}


def missing(model: str) -> str:
    """What keeps this encoder from being tuned here, as a sentence with its fix; empty when nothing does."""
    try:
        lacking = encoder.missing(model)
        if not lacking and (found := encoder_weights.find(model)):
            encoder_weights.need_libraries(found, tuned=True)
    except (InputError, MissingExtraError) as error:
        return str(error)
    return lacking


def train(task: Task) -> Result:
    """Tunes an encoder, or its upper layers, on a task's rows, with a head, and scores it on the task's test rows.

        whole:        minimise the mean log loss of softmax((W v + b) / t), v = encoder(text), over encoder, W and b
        contrastive:  minimise -mean over pairs (i, p) of one class of log(exp(v_i v_p / t) / sum_j exp(v_i v_j / t)),
                      all pairs of a batch that holds two rows of each class in it; then a logistic head on the vectors

    Args:
        task: texts and labels as classes; a subset with only one class gives a head that always names it.
    Returns: the Result. `train_loss` is the mean log loss on the training rows after tuning [nats]; `converged` is
        False above .2 for "whole", and where the head's solver used up its passes for "contrastive".
    Raises: ValueError without training or test rows; NoModelError, MissingExtraError without weights or libraries;
        InputError for a model that is no encoder.

    Source: Devlin et al. 2019 for "whole"; supervised contrastive loss, Khosla et al. 2020; contrastive tuning before a
    head, Tunstall et al. 2022 (SetFit), which draws its pairs one by one. AdamW, Loshchilov and Hutter 2019 (torch).
    Leaves out pairs of texts, dropout's schedule and weight decay.
    """
    if not task.texts or not task.test_texts:
        raise ValueError(f"{len(task.texts)} training and {len(task.test_texts)} test rows; wanted at least 1 of each")
    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    net, pooling, prefix = _loaded(task.model, chosen)
    freeze(net.net, chosen["tuned_share"])
    started = time.perf_counter()
    tokens, tests = (net.tokens([prefix + text for text in texts]) for texts in (task.texts, task.test_texts))
    quick = machine.number_type(net.device) == "bfloat16"
    lesson = Lesson(net, tokens, task.labels, pooling, task.seed, quick)
    tune = {"whole": _whole, "contrastive": _contrastive}[chosen["tuned"] if len(set(task.labels)) > 1 else "whole"]
    head, seen_tokens = tune(lesson, chosen)
    begun = time.perf_counter()
    predictions, confidences = encoder.answers(head, lesson.vectors(tests))
    ended, on_gpu = time.perf_counter(), net.device != "cpu"
    return scored(
        task, predictions, ended - started, confidences=confidences, answer_s=ended - begun, train_loss=head.train_loss,
        converged=head.converged, steps=int(chosen["steps"]), train_tokens=seen_tokens,
        tokens_per_s=seen_tokens / (begun - started), hardware=machine.gpu_name() or machine.processor(),
        gpus=int(on_gpu), peak_memory_gib=machine.peak_memory_gib(net.device == "cuda"),
        note=f"{head.name} head, encoder tuned ({chosen['tuned']})",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lesson:
    """An encoder to be tuned, with the tokens and labels of the rows that it learns from.

    `in_bfloat16` is for a processor that multiplies such numbers quicker; weights stay in 32 bits.
    """

    net: "TorchEncoder"
    tokens: Sequence[Sequence[int]]
    labels: Sequence[str]
    pooling: str
    seed: int
    in_bfloat16: bool = False

    def pooled(self, rows: Sequence[int]) -> Any:
        """The vectors of some rows, of length one, that a loss can be traced back through."""
        import torch

        with torch.autocast(self.net.device, dtype=torch.bfloat16, enabled=self.in_bfloat16):
            states, mask = self.net.states([self.tokens[row] for row in rows])
        states = states.float()
        if self.pooling == "first":
            vectors = states[:, 0]
        else:
            vectors = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return torch.nn.functional.normalize(vectors, dim=1)

    def vectors(self, tokens: Sequence[Sequence[int]]) -> "Numbers":
        """The vectors of texts by the encoder as it is now (texts, width)."""
        self.net.net.eval()
        return vectors_of(self.net, tokens, self.pooling)


def freeze(net: Any, share: float) -> None:
    """Keeps as they are the embeddings and the layers below the upper `share` of them; 1 lets every weight learn.

    Raises: InputError where the encoder has no list of layers to tell upper from lower.
    """
    if share == 1:
        return
    lists = [part for part in net.modules() if type(part).__name__ == "ModuleList"]
    layers = max(lists, key=len, default=())
    if len(layers) < 2:
        fix = "tune all of it: --set tuned_share=1"
        raise InputError(Problem("setting tuned_share of encoder-tuned", f"{share:g}", "an encoder of layers", fix))
    upper = {id(weight) for layer in layers[-max(1, round(share * len(layers))) :] for weight in layer.parameters()}
    weights = list(net.parameters())
    first = next(place for place, weight in enumerate(weights) if id(weight) in upper)
    for weight in weights[:first]:
        weight.requires_grad_(False)


def _loaded(model: str, chosen: Mapping[str, Any]) -> "tuple[TorchEncoder, str, str]":
    import torch

    from tunecase.pilot.trainers.encoder_torch import TorchEncoder

    found = encoder_weights.here(model)
    encoder_weights.need_libraries(found, tuned=True)
    if machine.device() == "cpu":
        torch.set_num_threads(1)  # runs are made side by side, one on each core
    net = TorchEncoder(found.folder, chosen["most_tokens"])
    return net, pooling_of(found), prefix_of(found, chosen["prefix"])


def _whole(lesson: Lesson, chosen: Mapping[str, Any]) -> tuple[encoder_heads.Fitted, int]:
    import torch

    torch.manual_seed(lesson.seed)
    classes = tuple(sorted(set(lesson.labels)))
    wanted = torch.tensor([classes.index(label) for label in lesson.labels], device=lesson.net.device)
    head: Any = torch.nn.Linear(lesson.net.net.config.hidden_size, len(classes)).to(lesson.net.device)
    batches = batches_of(len(lesson.labels), chosen["batch"], torch.Generator().manual_seed(lesson.seed))

    def loss(rows: Sequence[int]) -> Any:
        return torch.nn.functional.cross_entropy(head(lesson.pooled(rows)) / chosen["temperature"], wanted[list(rows)])

    seen = _optimised(lesson, chosen, batches, loss, [*head.parameters()])

    def chances(asked: "Numbers") -> "Numbers":
        with torch.no_grad():
            logits = head(torch.from_numpy(asked).to(lesson.net.device)) / chosen["temperature"]
            found: Numbers = torch.softmax(logits, 1).cpu().numpy()
        return found

    nats = encoder_heads.log_loss(chances(lesson.vectors(lesson.tokens)), classes, lesson.labels)
    return encoder_heads.Fitted(classes, chances, "linear", nats, nats <= LEARNT_NATS), seen


def _contrastive(lesson: Lesson, chosen: Mapping[str, Any]) -> tuple[encoder_heads.Fitted, int]:
    import torch

    torch.manual_seed(lesson.seed)
    places = {label: place for place, label in enumerate(sorted(set(lesson.labels)))}
    numbers = torch.tensor([places[label] for label in lesson.labels], device=lesson.net.device)

    def loss(rows: Sequence[int]) -> Any:
        vectors, classes = lesson.pooled(rows), numbers[list(rows)]
        likeness = vectors @ vectors.T / chosen["temperature"]
        itself = torch.eye(len(rows), dtype=torch.bool, device=likeness.device)
        logs = torch.log_softmax(likeness.masked_fill(itself, float("-inf")), 1)
        pairs = (classes[:, None] == classes[None, :]) & ~itself
        return -logs[pairs].mean()

    seen = _optimised(lesson, chosen, _twos(lesson, chosen["batch"]), loss, [])
    rows = lesson.vectors(lesson.tokens)
    return encoder_heads.logistic(rows, lesson.labels, chosen["inverse_penalty"], chosen["most_passes"]), seen


def _twos(lesson: Lesson, size: int) -> Iterator[list[int]]:
    """Batches of two rows each of half as many classes; the one row of a class with no other stands twice.

    A row that stands twice is still a pair: dropout makes two vectors of it.
    """
    import torch

    generator = torch.Generator().manual_seed(lesson.seed)
    by_class: dict[str, list[int]] = {}
    for row, label in enumerate(lesson.labels):
        by_class.setdefault(label, []).append(row)
    groups = list(by_class.values())
    rows = [batches_of(len(group), 2, generator) for group in groups]
    for chosen in batches_of(len(groups), min(len(groups), size // 2), generator):
        yield [groups[place][row] for place in chosen for row in next(rows[place])]


def _optimised(
    lesson: Lesson, chosen: Mapping[str, Any], batches: Iterator[list[int]], loss: Callable[[Sequence[int]], Any],
    more: Sequence[Any],
) -> int:  # fmt: skip
    """Takes the steps, and returns how many tokens they read; `more` are weights beside the encoder's."""
    import torch

    net = lesson.net.net.train()
    tuned = [weight for weight in net.parameters() if weight.requires_grad]
    groups = [{"params": tuned, "times": 1.0}, {"params": list(more), "times": HEAD_TIMES}]
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=0.0)
    seen = 0
    for step in range(int(chosen["steps"])):
        for group in optimiser.param_groups:
            group["lr"] = group["times"] * chosen["learning_rate"] * rate_at(step, int(chosen["steps"]))
        rows = next(batches)
        loss(rows).backward()
        torch.nn.utils.clip_grad_norm_(tuned, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        seen += sum(len(lesson.tokens[row]) for row in rows)
    net.eval()
    return seen
