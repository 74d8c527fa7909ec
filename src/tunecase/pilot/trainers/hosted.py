"""A hosted model behind any OpenAI-compatible endpoint, asked without training: the baseline that needs no fine-tune.

Zero-shot names the task and, for classes, lists them; few-shot shows training rows as earlier turns. An answer counts
as the class that it names, whatever its case, quotes and signs; one that names none, or several, is wrong and counted.
Test rows, and the training rows shown, are sent to the endpoint. The instructions are not those of prompts.py: a model
that is read by its likelihoods can only choose a class; a hosted one is asked in words to give the answer alone.
"""

import re
import time
from collections.abc import Mapping, Sequence

from tunecase.data import normalise
from tunecase.errors import InputError, Problem
from tunecase.pilot.endpoint.client import Answer, Endpoint, ask_all, check
from tunecase.pilot.scoring import score
from tunecase.pilot.scoring.fields import fold
from tunecase.pilot.scoring.score import Kind, check_metric
from tunecase.pilot.trainers.prompts import choose_shots, showable
from tunecase.pilot.trainers.task import UNTRAINED, Result, Setting, Task, checked, no_weights, nothing_to_fetch, scored
from tunecase.quantities import counted

MODEL = ""  # there is no model that everybody can reach
METRICS, KINDS = score.METRICS, score.KINDS
BASELINES = UNTRAINED
SEARCH: tuple[Mapping[str, Setting], ...] = ()
NEUTRAL = frozenset({"at_once", "timeout_s", "total_s"})
FORMAT = 1
STAND_IN = False
HEAVY = False
# A host may change a model's weights under the same name, which cannot be seen from here.
prepare, identity = nothing_to_fetch, no_weights
SETTINGS: Mapping[str, Setting] = {
    "base_url": "",
    "key_variable": "",
    "steps": 1,  # only 0 can be had; see train
    "shots": 0,
    "instruction": "",  # "" for the kind's own
    "max_tokens": 0,  # of an answer; 0: half a token for each letter of the longest label
    "usd_per_1m_input_tokens": -1.0,  # below 0: not known
    "usd_per_1m_output_tokens": -1.0,
    "at_once": 4,
    "timeout_s": 60.0,
    "total_s": 3600.0,
}
ASKED: Mapping[Kind, tuple[str, str]] = {
    # kind: the instruction, and the word after which the answer is wanted
    "classification": ("Name the class of the text. Answer with exactly one of these classes, nothing else:", "Class"),
    "extraction": ("Extract what the text says. Answer with one JSON object, nothing else.", "JSON"),
    "generation": ("", ""),
}
NO_CLASS = "(no class)"
LEAST_LETTERS = 3  # a shorter class inside a longer answer is mostly chance
MOST_WORDS = 30  # a longer answer weighs the classes instead of naming one
MOST_TOKENS = 2048
_THOUGHT = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The defaults, overridden by those chosen; they do not depend on the ladder.

    Raises: InputError with every unknown setting, or every mistake in the address and the key's variable.
    """
    made = {**SETTINGS, **checked(chosen, SETTINGS, "hosted")}
    if not made["base_url"]:
        raise InputError(Problem("setting base_url of hosted", "nothing", "the endpoint's address", "https://HOST/v1"))
    check(_endpoint("a model", made))
    return made


def missing(model: str) -> str:
    """A model must be named; whether it answers shows when it is asked."""
    return "" if model.strip() else "no hosted model is named.\nFix: give the model's name at its endpoint"


def train(task: Task) -> Result:
    """Asks the hosted model for an answer to every test row; it cannot train.

        usd_per_answer = (input tokens * input price + output tokens * output price) / 1,000,000 / rows

    Args:
        task: with steps 0; `shots` of its training rows are shown before each test row.
    Returns: the Result; `seconds` and `answer_s` are the wall time of asking; `usd_per_answer` is None where prices or
        token counts are not known; `note` counts answers that name no class, were refused or cut, and tokens.
    Raises: InputError for settings that cannot be; EndpointError when the endpoint does not answer.

    Leaves out confidences: few endpoints give the chances of their tokens. A model that thinks aloud needs a larger
    `max_tokens`, and pays for its thoughts.
    """
    made = {**SETTINGS, **task.settings}
    if made["steps"] != 0:
        why = "a hosted model is scored here, not trained; its scores are the baselines " + " and ".join(BASELINES)
        return Result(0.0, 0, len(task.test_labels), 0.0, converged=False, failed=why)
    check_metric(task.metric)
    endpoint, started = _endpoint(task.model, made), time.perf_counter()
    warnings = check(endpoint)
    answers = ask_all(endpoint, _conversations(task, made), max_tokens=_most_tokens(task, made))
    answer_s = time.perf_counter() - started
    predictions = tuple(_prediction(task, answer) for answer in answers)
    return scored(
        task,
        predictions,
        answer_s,
        answer_s=answer_s,
        steps=0,
        hardware=endpoint.name,
        note="; ".join([*_counts(predictions, answers), *warnings]),
        usd_per_answer=_usd_per_answer(answers, made),
    )


def foreseen(task: Task) -> tuple[int, float | None]:
    """What asking would take, before anything is sent: tokens in and out, and their price where prices are known.

        tokens in = bytes of all turns / 3 + 6 per turn + 16 per row,   tokens out <= max_tokens per row

    Returns: (tokens, the most it costs [USD]); None for the cost where prices are not known.

    Source: fitted to SmolLM2's tokenizer and chat template, whose counts of short English turns it meets within a
    fifth. Leaves out larger vocabularies, which need up to a third fewer tokens, and a model's thoughts.
    """
    made = {**SETTINGS, **task.settings}
    conversations = _conversations(task, made)
    turns = [turn["content"] for conversation in conversations for turn in conversation]
    taken = sum(len(content.encode()) // 3 + 6 for content in turns) + 16 * len(conversations)
    given = len(task.test_texts) * _most_tokens(task, made)
    return taken + given, _usd(taken, given, made)


def match_choice(answer: str, choices: Sequence[str]) -> str | None:
    """The one class that an answer names, however it is written; None for none or several.

    In turn: sign for sign; case, outer quotes and closing signs aside; all signs aside; as the only class inside an
    answer of few words, where a class inside a longer one does not count.

    Example:
        >>> [match_choice(answer, ["card_lost", "card_lost_abroad", "refund"]) for answer in
        ...  ('"Refund."', "Class: card lost abroad", "refund or card_lost", "hello")]
        ['refund', 'card_lost_abroad', None, None]
    """
    lines = [line for line in answer.strip().splitlines() if line.strip()]
    for part in (answer.strip(), *lines[:1]):
        for plain in (str, fold, normalise):
            same = [choice for choice in choices if plain(choice) == plain(part)]
            if len(same) == 1 and plain(part):
                return same[0]
    return _only_choice_inside(f" {normalise(answer)} ", choices)


def _only_choice_inside(words: str, choices: Sequence[str]) -> str | None:
    """The one class among an answer's words; one that stands inside a longer class found there does not count."""
    if len(words.split()) > MOST_WORDS:
        return None
    plain = [(choice, normalise(choice)) for choice in choices]
    inside = {c: f" {name} " for c, name in plain if len(name) >= LEAST_LETTERS and f" {name} " in words}
    alone = [c for c, name in inside.items() if sum(name in other for other in inside.values()) == 1]
    return alone[0] if len(alone) == 1 else None


def _endpoint(model: str, made: Mapping[str, Setting]) -> Endpoint:
    return Endpoint(
        str(made["base_url"]),
        model,
        str(made["key_variable"]),
        timeout_s=float(made["timeout_s"]),
        total_s=float(made["total_s"]),
        at_once=int(made["at_once"]),
    )


def _conversations(task: Task, made: Mapping[str, Setting]) -> list[list[dict[str, str]]]:
    """Turns of user and model; the instruction opens the first, since not every chat template has a system turn."""
    instruction, word = ASKED[task.kind]
    instruction = str(made["instruction"]) or instruction
    classes = task.kind == "classification"
    if classes:
        instruction += "\n" + "\n".join(_choices(task))
    opening = f"{instruction}\n\n" if instruction else ""

    def turn(number: int, text: str) -> dict[str, str]:
        laid = f"Text: {text}\n\n{word}:" if word else text
        return {"role": "user", "content": (opening if number == 0 else "") + laid}

    shots = choose_shots(showable(task), int(made["shots"]), task.seed, classes)
    before = []
    for number, (text, label) in enumerate(shots):
        before += [turn(number, text), {"role": "assistant", "content": label}]
    return [[*before, turn(len(shots), text)] for text in task.test_texts]


def _choices(task: Task) -> tuple[str, ...]:
    return task.choices or tuple(sorted(set(task.labels)))


def _most_tokens(task: Task, made: Mapping[str, Setting]) -> int:
    if int(made["max_tokens"]) > 0:
        return int(made["max_tokens"])
    answers = _choices(task) if task.kind == "classification" else task.labels
    longest = max((len(answer.encode()) for answer in answers), default=512)
    return min(MOST_TOKENS, longest // 2 + 16)


def _prediction(task: Task, answer: Answer) -> str:
    text = _THOUGHT.sub("", answer.text).strip()
    if task.kind != "classification":
        return text
    return match_choice(text, _choices(task)) or NO_CLASS


def _counts(predictions: Sequence[str], answers: Sequence[Answer]) -> list[str]:
    """What the note says: how many answers are odd, and the tokens of an answer."""
    unnamed = [guess == NO_CLASS and not answer.refused for guess, answer in zip(predictions, answers, strict=True)]
    odd = (
        (sum(unnamed), "named no class"),
        (sum(bool(answer.refused) for answer in answers), "refused by the endpoint"),
        (sum(answer.cut for answer in answers), "cut at the token limit"),
    )
    notes = [f"{counted(number, 'answer')} {what}" for number, what in odd if number]
    if tokens := _tokens(answers):
        notes.append(f"{tokens[0] / len(answers):.0f} tokens in and {tokens[1] / len(answers):.0f} out per answer")
    return notes


def _tokens(answers: Sequence[Answer]) -> tuple[int, int] | None:
    taken = [answer.input_tokens for answer in answers if not answer.refused]
    given = [answer.output_tokens for answer in answers if not answer.refused]
    if not answers or None in taken or None in given:
        return None
    return sum(filter(None, taken)), sum(filter(None, given))


def _usd_per_answer(answers: Sequence[Answer], made: Mapping[str, Setting]) -> float | None:
    tokens = _tokens(answers)
    usd = _usd(*tokens, made) if tokens else None
    return None if usd is None else usd / len(answers)


def _usd(taken: int, given: int, made: Mapping[str, Setting]) -> float | None:
    prices = float(made["usd_per_1m_input_tokens"]), float(made["usd_per_1m_output_tokens"])
    return None if min(prices) < 0 else (taken * prices[0] + given * prices[1]) / 1e6
