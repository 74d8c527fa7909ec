"""LoRA on the top layers of a small language model, on this machine's processor or its GPU.

A class is learnt and predicted by the likelihood of its name among all names; free answers are learnt token by token
and decoded greedily. Layers below the adapters are computed once per text and shared by all runs, so a run takes a
fraction of a plain fine-tune's time; what it learns is a plain fine-tune of those top layers. Rows are answered many at
once, each up to the end of its answer: the end token, the bracket that closes its JSON, or half as many tokens again as
nearly all training answers have. Where JSON answers share a form, only what it leaves open is learnt and decoded.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tunecase.engine import cache_folder
from tunecase.errors import Problem, refuse_any
from tunecase.pilot.scoring import score
from tunecase.pilot.trainers import layers, machine, prompts, skill, weights
from tunecase.pilot.trainers.contract import LEARNT_NATS, learnt
from tunecase.pilot.trainers.decoding import decoded, json_ends
from tunecase.pilot.trainers.forms import AnswerForm, shared_form
from tunecase.pilot.trainers.hidden import Kept
from tunecase.pilot.trainers.steps import LAST_RATE, Doubtful, batches_of, rate_at
from tunecase.pilot.trainers.task import UNTRAINED, Result, Setting, Task, checked, scored
from tunecase.pilot.trainers.translate import equal_steps
from tunecase.quantities import count

if TYPE_CHECKING:
    from torch import Tensor

MODEL = weights.SMOL
METRICS, KINDS = score.METRICS, score.KINDS
missing, prepare, identity = weights.missing, weights.prepare, weights.identity
NEUTRAL = frozenset[str]()
FORMAT = 4
STAND_IN = False
HEAVY = True
PACE, TOKENS_PACE = "measuring.lora", "measuring.lora_tokens"
SETTINGS: Mapping[str, Setting] = {
    "steps": 120,
    "batch": 8,
    "learning_rate": 2e-3,
    "rank": 8,
    "depth": 8,
    "style": "plain",
    "names": True,
    "shots": 0,
    "most_tokens": 1024,
    "answer_tokens": 0,  # by the training answers, see prompts.longest_answer
}
BASELINES = UNTRAINED
SEARCH: tuple[Mapping[str, Setting], ...] = (
    {"learning_rate": 1e-3},
    {"rank": 16},
    {"style": "chat"},
    {"learning_rate": 5e-4},
    {"names": False},
    {"depth": 12},
)
LOSS_ROWS = 128
# Every row costs a whole pass over its answer's tokens, which are labels enough.
LOSS_ANSWERS = 32
# Classes whose mean loss over a pass, and over so many steps, is below this are learnt: the rate then falls to its end
# in 25 steps. At the example's 42 and 85 rows scores stay within .01 of all steps'; ended at once, .045 are lost.
SETTLED_NATS, SETTLED_STEPS, COOLING_STEPS = 0.02, 20, 25
# What stands around a text, roughly.
FORM_TOKENS, CHARACTERS_A_TOKEN = 20, 4
# Contextual calibration: Zhao et al. 2021, Calibrate Before Use.
BLANK_TEXTS = ("N/A", "", "[MASK]")


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """One set of settings for all rungs, with the steps of `equal_steps` unless others are chosen.

    Raises: InputError for a setting it does not know or a value it cannot use.

    Example:
        >>> settings(640, {})["steps"], settings(6_400, {"batch": 16})["steps"]
        (240, 1200)
    """
    fixed = {**SETTINGS, **checked(chosen, SETTINGS, "lora")}
    problems = [
        Problem(f"setting {name} of lora", repr(fixed[name]), wanted, "correct the value")
        for name, (wanted, fits) in LIMITS.items()
        if not fits(fixed[name])
    ]
    if fixed["shots"] and fixed["steps"]:
        fix = "leave shots out; few-shot is a baseline of its own"
        problems.append(Problem("setting shots of lora", repr(fixed["shots"]), "0 where steps are trained", fix))
    refuse_any(problems)
    if "steps" not in chosen:
        fixed["steps"] = equal_steps(top_rows, int(fixed["batch"]))
    return fixed


LIMITS: Mapping[str, tuple[str, Any]] = {
    "steps": ("a whole number >= 0", lambda value: value >= 0),
    "batch": ("1 to 256", lambda value: 1 <= value <= 256),
    "learning_rate": ("between 0 and .1", lambda value: 0 < value <= 0.1),
    "rank": ("1 to 256", lambda value: 1 <= value <= 256),
    "depth": ("1 or more top layers", lambda value: value >= 1),
    "style": (" or ".join(prompts.STYLES), lambda value: value in prompts.STYLES),
    "shots": ("0 to 64", lambda value: 0 <= value <= 64),
    "most_tokens": ("16 or more", lambda value: value >= 16),
    "answer_tokens": ("1 or more, 0 to go by the training answers", lambda value: value >= 0),
}


def train(task: Task) -> Result:
    """Trains adapters on a task's rows and scores them on its test rows.

    Args:
        task: rows with classes, JSON or free answers; `settings` as `settings()` returns them, `steps` 0 only scores.
    Returns: the Result. `train_loss` is the mean loss per label on up to 128 of the training rows after training,
        32 for free answers, where tokens that a form leaves no choice of cost nothing [nats]; `converged` is False for
        classes above .2, and for free answers above half the first loss while the last fifth of the steps still took a
        tenth off the fifth before. `train_tokens` are those of each row with its whole prompt, in every step, up to the
        last token that a form leaves open.
    Raises: ValueError without training or test rows; NoModelError, MissingExtraError without weights or libraries.

    Training ends early where the answers are learnt: 25 steps after their loss has settled. For free answers the first
    loss is that of the first step's rows. A token of an answer that the network is all but sure of teaches nothing: it
    is passed over for three steps of its row, then looked at again.

    Source: LoRA, Hu et al. 2021 (peft); AdamW, Loshchilov and Hutter 2019 (torch).
    Leaves out adapters in the lower layers, weight decay and dropout.
    """
    if not task.texts or not task.test_texts:
        raise ValueError(f"{len(task.texts)} training and {len(task.test_texts)} test rows; wanted at least 1 of each")
    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    session = _session(task.model, weights.identity(task.model), int(chosen["rank"]), int(chosen["depth"]))
    started = time.perf_counter()
    lesson = _lesson(session, task, chosen)
    session.network.ready(lesson.form.before, [*lesson.rows, *(lesson.test_rows if lesson.classes else ())])
    layers.redraw(session.network.net, task.seed)
    learning = _learning(session, lesson, task, chosen) if chosen["steps"] else {"steps": 0, "train_tokens": 0}
    begun = time.perf_counter()
    predictions, confidences = _answers(session, lesson)
    result = scored(
        task,
        predictions,
        time.perf_counter() - started,
        confidences=confidences,
        answer_s=time.perf_counter() - begun,
        peak_memory_gib=machine.peak_memory_gib(session.network.device.type == "cuda"),
        hardware=session.hardware,
        gpus=int(session.network.device.type != "cpu"),
        note=_note(session, lesson),
        **learning,
    )
    if not chosen["steps"]:
        return result
    after = skill.right(session.network, session.tokenizer)
    return replace(result, **skill.compared(session.skill or after, after))  # type: ignore[arg-type]


def work_tokens(task: Task) -> float:
    """Tokens that a run on free answers reads, an answer's at up to three times a prompt's price.

        steps * batch * (prompt + 2 * answer) + test rows * (prompt + 3 * answer),   a token for every four characters

    An answer token trained also passes the head, one decoded passes all layers. Foretells; reads no tokenizer.

    Leaves out texts that are cut, the end of a run that has learnt early, and the time to load the model.
    """
    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    prompt, answer = (_mean_tokens(texts) for texts in (task.texts, task.labels))
    prompt = min(prompt, chosen["most_tokens"]) + FORM_TOKENS
    trained = chosen["steps"] * chosen["batch"] * (prompt + 2 * answer)
    return float(trained + len(task.test_texts) * (prompt + 3 * answer))


def _mean_tokens(texts: Sequence[str]) -> float:
    return sum(map(len, texts)) / max(1, len(texts)) / CHARACTERS_A_TOKEN


@dataclass
class Session:
    """A loaded model with its adapters, kept for the process's life."""

    tokenizer: Any
    network: layers.Network
    hardware: str
    skill: tuple[bool, ...] | None = None
    """Of the model as it came: the same for every run."""


@dataclass(frozen=True)
class Lesson:
    """A task as rows of tokens; `wants` are the columns that each asked place of a training row should name."""

    form: prompts.Form
    rows: list[layers.Row]
    wants: list[tuple[int, ...]]
    test_rows: list[layers.Row]
    classes: prompts.Classes | None
    branchings: list[tuple[int, ...]]
    """The branching of each asked place of a training row; empty for free answers."""
    cut: tuple[int, int]
    """Training and test texts that lost their middle."""
    answer_tokens: int = 0
    """The most that a free answer may have."""
    ends_as_json: bool = False
    """Whether every answer is a JSON object or list, and so ends with the bracket that closes it."""
    shared: AnswerForm | None = None
    """What all answers have in common."""

    def labels(self, positions: Sequence[int]) -> int:
        """What the loss of these rows is a mean over: their labels, or the tokens of free answers, common ones too."""
        if self.classes:
            return len(positions)
        return sum(len(row.tokens) - row.wanted[0] for row in (self.rows[i] for i in positions) if row.wanted)


@dataclass(frozen=True)
class Trained:
    """What the optimiser saw."""

    tokens: int
    seconds: float
    losses: tuple[float, ...]
    """Of each step's batch."""


@cache
def _loaded(model: str, identity: str) -> tuple[Any, Any, str, str, list[Any]]:
    import torch

    device = machine.device()
    if device == "cpu":
        torch.set_num_threads(1)
    tokenizer, net, found = weights.load(model, machine.number_type(device))
    hardware = torch.cuda.get_device_name() if device == "cuda" else machine.processor()
    return tokenizer, net.to(device).requires_grad_(False), weights.fingerprint(found.folder), hardware, []


@cache
def _kept() -> Kept:
    return Kept(cache_folder() / "hidden.sqlite")


_LAST: dict[str, Any] = {}


def _session(model: str, identity: str, rank: int, depth: int) -> Session:
    key = (model, identity, rank, depth)
    if _LAST.get("key") == key:
        return _LAST["session"]  # type: ignore[no-any-return]
    tokenizer, net, fingerprint, hardware, adapted = _loaded(model, identity)
    if adapted:
        layers.detach(adapted.pop())
    adapted.append(layers.attach(net, rank, depth))
    session = Session(tokenizer, layers.Network(adapted[0], depth, fingerprint, _kept()), hardware)
    _LAST.update(key=key, session=session)
    return session


def _lesson(session: Session, task: Task, chosen: Mapping[str, Any]) -> Lesson:
    """The task as rows of tokens; without steps there is nothing to learn, so no training rows."""
    tokenizer, classes = session.tokenizer, task.kind == "classification"
    choices = (task.choices or tuple(sorted(set(task.labels)))) if classes else ()
    form = prompts.form(
        tokenizer,
        prompts.Asking(task.kind, chosen["style"], chosen["names"], choices),
        prompts.choose_shots(prompts.showable(task), chosen["shots"], task.seed, classes),
        prompts.Room(chosen["most_tokens"], session.network.longest),
    )
    asks, train_cut = prompts.encode(tokenizer, form, task.texts)
    tests, test_cut = prompts.encode(tokenizer, form, task.test_texts)
    pairs = list(zip(asks, task.labels, strict=True)) if chosen["steps"] else []
    if classes:
        tree = _tree(session, form, (*choices, *task.labels))
        return _class_lesson(form, tree, pairs, tests, (train_cut, test_cut))
    answers, is_json = prompts.answers(tokenizer, form, task.labels), task.kind == "extraction"
    most = chosen["answer_tokens"] or prompts.longest_answer([len(answer) for answer in answers])
    taken = len(form.before) + max(map(len, tests))
    most = max(1, min(most, session.network.longest - taken))
    answered = zip(pairs, answers[: len(pairs)], strict=True)
    shared = shared_form(answers, cache(lambda token: str(tokenizer.decode([token])))) if is_json else None
    taught = [
        prompts.answer_row(ask, answer[: chosen["most_tokens"]], form.end, shared) for (ask, _), answer in answered
    ]
    test_rows = [layers.chain(ask, (len(ask) - 1,)) for ask in tests]
    rows, wants = [row for row, _ in taught], [want for _, want in taught]
    return Lesson(form, rows, wants, test_rows, None, [], (train_cut, test_cut), most, is_json, shared)


def _class_lesson(
    form: prompts.Form,
    tree: prompts.Classes,
    pairs: Sequence[tuple[tuple[int, ...], str]],
    tests: Sequence[tuple[int, ...]],
    cut: tuple[int, int],
) -> Lesson:
    number = {name: i for i, name in enumerate(tree.choices)}
    taught = [tree.lesson(ask, number[label]) for ask, label in pairs]
    wants = [tuple(column for _, column in ways) for _, ways in taught]
    branchings = [tuple(branching for branching, _ in ways) for _, ways in taught]
    return Lesson(form, [row for row, _ in taught], wants, [tree.row(ask) for ask in tests], tree, branchings, cut)


def _tree(session: Session, form: prompts.Form, names: Sequence[str]) -> prompts.Classes:
    choices = tuple(dict.fromkeys(names))
    return prompts.classes(choices, prompts.answers(session.tokenizer, form, choices), form.end)


def _learning(session: Session, lesson: Lesson, task: Task, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Trains the adapters, and returns what the Result says of it."""
    if session.skill is None:
        session.skill = skill.right(session.network, session.tokenizer)
    trained = _trained(session, lesson, task.seed, chosen)
    loss = _loss(session, lesson)
    return {
        "train_loss": loss,
        "converged": loss <= LEARNT_NATS
        if lesson.classes
        else learnt(next(iter(trained.losses), None), loss, trained.losses),
        "steps": len(trained.losses),
        "train_tokens": trained.tokens,
        "tokens_per_s": trained.tokens / trained.seconds if trained.tokens else None,
    }


def _trained(session: Session, lesson: Lesson, seed: int, chosen: Mapping[str, Any]) -> Trained:
    import torch

    network, started = session.network, time.perf_counter()
    losses: list[float] = []
    if not any(row.wanted for row in lesson.rows):
        return Trained(0, 0.0, ())
    optimiser = torch.optim.AdamW(network.trained, lr=chosen["learning_rate"], weight_decay=0.0)
    batches = batches_of(len(lesson.rows), chosen["batch"], torch.Generator().manual_seed(seed))
    whole = steps = int(chosen["steps"])
    tokens, rate, doubtful = 0, 0.0, None if lesson.classes else Doubtful([len(row.wanted) for row in lesson.rows])
    while (step := len(losses)) < steps:
        rate = rate_at(step, whole) if steps == whole else rate - (rate - LAST_RATE) / (steps - step)
        for group in optimiser.param_groups:
            group["lr"] = chosen["learning_rate"] * rate
        batch = next(batches)
        losses.append(_added_gradients(session, lesson, batch, doubtful))
        torch.nn.utils.clip_grad_norm_(network.trained, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        tokens += sum(len(lesson.rows[i].tokens) + len(lesson.form.before) for i in batch)
        if steps == whole and _settled(losses, math.ceil(len(lesson.rows) / chosen["batch"])):
            steps = min(whole, len(losses) + COOLING_STEPS)
    return Trained(tokens, time.perf_counter() - started, tuple(losses))


def _settled(losses: Sequence[float], pass_steps: int) -> bool:
    """Whether the mean loss of the last pass, and of 20 steps at least, leaves next to nothing to learn."""
    window = losses[-max(pass_steps, SETTLED_STEPS) :]
    return len(window) == max(pass_steps, SETTLED_STEPS) and sum(window) / len(window) < SETTLED_NATS


def _added_gradients(session: Session, lesson: Lesson, batch: Sequence[int], doubtful: Doubtful | None = None) -> float:
    """Adds the gradients of a batch's mean loss, which is returned, pack by pack [nats]."""
    share, total = 1 / max(1, lesson.labels(batch)), 0.0
    asked = [(i, doubtful.places(i) if doubtful else list(range(len(lesson.wants[i])))) for i in batch]
    # A row of which nothing is asked teaches nothing.
    asked = [(i, places) for i, places in asked if places]
    for pack in session.network.packs(lesson.form.before, [lesson.rows[i] for i, _ in asked]):
        positions, places = [asked[i][0] for i in pack], [asked[i][1] for i in pack]
        nats = _nats(session, lesson, positions, places)
        loss: Any = nats.sum() * share
        loss.backward()
        costs = nats.tolist()
        total += sum(costs) * share
        for i, some in zip(positions, places, strict=True):
            if doubtful:
                doubtful.see(i, some, costs[: len(some)])
            costs = costs[len(some) :]
    return total


def _nats(
    session: Session, lesson: Lesson, positions: Sequence[int], places: Sequence[Sequence[int]] | None = None
) -> "Tensor":
    """Loss of each label of these rows, or of those at some places of each row [nats]."""
    import torch

    places = places or [range(len(lesson.wants[i])) for i in positions]
    pairs = [(i, place) for i, some in zip(positions, places, strict=True) for place in some]
    rows = [
        replace(lesson.rows[i], wanted=tuple(lesson.rows[i].wanted[place] for place in some))
        for i, some in zip(positions, places, strict=True)
    ]
    logits = session.network.logits(lesson.form.before, rows, _columns(session, lesson))
    if lesson.classes:
        logits = logits + lesson.classes.closed(logits.device)[[lesson.branchings[i][place] for i, place in pairs]]
    wanted = torch.tensor([lesson.wants[i][place] for i, place in pairs], device=logits.device)
    return torch.nn.functional.cross_entropy(logits, wanted, reduction="none")


def _columns(session: Session, lesson: Lesson) -> "Tensor | None":
    import torch

    return torch.tensor(lesson.classes.columns, device=session.network.device) if lesson.classes else None


def _loss(session: Session, lesson: Lesson) -> float:
    """Mean loss per label over training rows, evenly spread; per token for free answers [nats]."""
    import torch

    every = max(1, math.ceil(len(lesson.rows) / (LOSS_ROWS if lesson.classes else LOSS_ANSWERS)))
    some = list(range(0, len(lesson.rows), every))
    rows = [lesson.rows[i] for i in some]
    total = 0.0
    with torch.no_grad():
        for pack in session.network.packs(lesson.form.before, rows):
            if any(rows[i].wanted for i in pack):
                total += float(_nats(session, lesson, [some[i] for i in pack]).sum())
    return total / max(1, lesson.labels(some))


def _answers(session: Session, lesson: Lesson) -> tuple[list[str], tuple[float, ...] | None]:
    if lesson.classes is not None:
        return _classified(session, lesson)
    tokenizer, asks = session.tokenizer, [row.tokens for row in lesson.test_rows]
    ended = json_ends(cache(lambda token: str(tokenizer.decode([token])))) if lesson.ends_as_json else None
    texts = decoded(
        session.network, lesson.form.before, asks, lesson.form.end, lesson.answer_tokens, ended, lesson.shared
    )
    return [tokenizer.decode(tokens, skip_special_tokens=True).strip() for tokens in texts], None


def _classified(session: Session, lesson: Lesson) -> tuple[list[str], tuple[float, ...]]:
    """The likeliest class of every test row, and its probability among all classes."""
    tree, rows = lesson.classes, lesson.test_rows
    assert tree is not None
    if not tree.branchings:
        return [tree.choices[0]] * len(rows), (1.0,) * len(rows)
    shares = _shares(session, lesson, rows)
    if not lesson.rows:
        # An untrained model leans towards some classes whatever the text; what it says of blank texts is divided out.
        blank, _ = prompts.encode(session.tokenizer, lesson.form, BLANK_TEXTS)
        shares = shares / _shares(session, lesson, [tree.row(ask) for ask in blank]).mean(0)
        shares = shares / shares.sum(-1, keepdim=True)
    likeliest = shares.max(-1)
    return [tree.choices[i] for i in likeliest.indices.tolist()], tuple(likeliest.values.tolist())


def _shares(session: Session, lesson: Lesson, rows: Sequence[layers.Row]) -> "Tensor":
    """Probability of every class for these rows, shape (rows, classes)."""
    import torch

    tree, columns = lesson.classes, _columns(session, lesson)
    assert tree is not None
    shares = torch.zeros(len(rows), len(tree.choices))
    with torch.no_grad():
        for pack in session.network.packs(lesson.form.before, rows):
            logits = session.network.logits(lesson.form.before, [rows[i] for i in pack], columns)
            shares[pack] = tree.shares(logits.view(len(pack), len(tree.branchings), -1)).cpu()
    return shares


def _note(session: Session, lesson: Lesson) -> str:
    train_cut, test_cut = lesson.cut
    notes = []
    if train_cut or test_cut:
        most = count(lesson.form.most_tokens)
        notes.append(
            f"{count(train_cut)} training and {count(test_cut)} test texts lost their middle to fit {most} tokens"
        )
    if session.network.stock:
        notes.append(f"slower than it could be: {session.network.stock}")
    return "; ".join(notes)
