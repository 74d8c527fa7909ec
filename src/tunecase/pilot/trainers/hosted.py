"""A hosted model behind any OpenAI-compatible endpoint, asked without training: the baseline that needs no fine-tune.

Zero-shot names the task and, for classes, lists them; few-shot shows training rows as earlier turns, the same before
every row, or to each row those nearest to it. With documents, the passages that fit a text best stand before it. An
answer counts as the class that it names, whatever its case, quotes and signs; one that names none, or several, is wrong
and counted. Test rows, and the training rows and passages shown, are sent to the endpoint. What is asked is the system
message; tools of a row and the form of JSON answers go in fields of their own. The instructions are not those of
prompts.py: a model that is read by its likelihoods can only choose a class; a hosted one is asked in words to
give the answer alone.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tunecase.data import normalise
from tunecase.errors import InputError, Problem
from tunecase.pilot.documents import best_passages
from tunecase.pilot.endpoint.client import Answer, Api, Chat, Endpoint, check
from tunecase.pilot.scoring import score
from tunecase.pilot.scoring.fields import fold
from tunecase.pilot.scoring.score import Kind, check_metric
from tunecase.pilot.trainers import asking
from tunecase.pilot.trainers.answer_schema import answer_format
from tunecase.pilot.trainers.probe import WORDS_AND_SIGNS
from tunecase.pilot.trainers.prompts import choose_shots, showable
from tunecase.pilot.trainers.task import UNTRAINED, Result, Setting, Task, checked, nothing_to_fetch
from tunecase.quantities import counted

MODEL = ""  # there is no model that everybody can reach
METRICS, KINDS = score.METRICS, score.KINDS
BASELINES: Mapping[str, Mapping[str, Setting]] = {
    **UNTRAINED,
    "few-shot, nearest": {"steps": 0, "shots": 8, "nearest": True},
}
# Scored as well where the user has documents.
WITH_DOCUMENTS: Mapping[str, Mapping[str, Setting]] = {"with documents": {"steps": 0, "shots": 0, "searched": True}}
SEARCH: tuple[Mapping[str, Setting], ...] = ()
NEUTRAL = asking.NEUTRAL | {"documents"}  # the identity stands for what they hold
FORMAT = 2
STAND_IN = False
HEAVY = False
prepare = nothing_to_fetch
SETTINGS: Mapping[str, Setting] = {
    **asking.SETTINGS,
    "steps": 1,  # only 0 can be had; see train
    "shots": 0,
    "nearest": False,  # whether each row is shown its own nearest training rows
    "documents": "",  # a file or folder
    "searched": False,  # whether passages of the documents are shown
    "max_tokens": 0,  # of an answer; 0: half a token for each letter of the longest label
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
ROWS_AT_ONCE = 256  # whose likeness to all training rows is held in memory
_THOUGHT = re.compile(r"\A\s*<think>.*?(</think>|\Z)", re.DOTALL)


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The defaults, overridden by those chosen; they do not depend on the ladder.

    Raises: InputError with every unknown setting, or every mistake in the address and the key's variable.
    """
    made = {**SETTINGS, **checked(chosen, SETTINGS, "hosted")}
    if not made["base_url"]:
        fix = "name a model with its provider, such as openai/gpt-6-luna, or add --set hosted.base_url=https://HOST/v1"
        raise InputError(Problem("setting base_url of hosted", "nothing", "the endpoint's address", fix))
    check(asking.endpoint_of("a model", made))
    return made


def identity(model: str, settings: Mapping[str, Setting]) -> str:
    """A digest of the documents that are searched; a host may change a model under its name, which nobody can see."""
    return asking.digest_of(str(settings["documents"])) if settings.get("searched") else ""


def missing(model: str) -> str:
    """A model must be named; whether it answers shows when it is asked."""
    return "" if model.strip() else "no hosted model is named.\nFix: give the model's name at its endpoint"


def train(task: Task) -> Result:
    """Asks the hosted model for an answer to every test row; it cannot train.

        usd_per_answer = (input tokens * input price + output tokens * output price) / 1,000,000 / rows

    Args:
        task: with steps 0; `shots` of its training rows are shown before each test row.
    Returns: the Result; `seconds` is the wall time of asking, `answer_s` what the answers took one by one;
        `usd_per_answer` is None where prices or token counts are not known; `note` counts answers that
        name no class, were refused or cut, and tokens. A run that its endpoint ends (refused key, unknown model, no
        quota, no time left) is failed; the answers that came by then are its price.
    Raises: InputError for settings that cannot be.

    Leaves out confidences: few endpoints give the chances of their tokens. A model that thinks aloud needs a larger
    `max_tokens`, and pays for its thoughts.
    """
    made = {**SETTINGS, **task.settings}
    if made["steps"] != 0:
        return asking.not_trained(task, BASELINES)
    check_metric(task.metric)
    endpoint, api, rows = asks(task)
    asked = asking.asked(endpoint, api, rows)
    predictions = tuple(_prediction(task, answer) for answer in asked.answers)
    unnamed = [
        guess == NO_CLASS and not answer.refused for guess, answer in zip(predictions, asked.answers, strict=True)
    ]
    odd = f"{counted(sum(unnamed), 'answer')} named no class" if any(unnamed) else ""
    return asking.result(task, asked, endpoint, made, predictions, odd)


def foreseen(task: Task) -> tuple[int, float | None]:
    """What asking would take, before anything is sent: tokens in and out, and their price where prices are known.

        tokens in = bytes of all turns / 3 + 6 per turn + 16 per row without a system turn,
        tokens out <= max_tokens per row

    Returns: (tokens, the most it costs [USD]); None for the cost where prices are not known.

    Source: fitted to SmolLM2's tokenizer and chat template, whose counts of short English turns it meets within a
    fifth. Leaves out larger vocabularies, which need up to a third fewer tokens, and a model's thoughts.
    """
    made = {**SETTINGS, **task.settings}
    rows = _conversations(task, made)
    turns = [turn["content"] for row in rows for turn in row["messages"]]
    turns += [json.dumps(row["tools"]) for row in rows if "tools" in row]
    taken = sum(len(content.encode()) // 3 + 6 for content in turns)
    taken += sum(16 for row in rows if row["messages"][0]["role"] != "system")  # templates then add their own
    given = len(task.test_texts) * _most_tokens(task, made)
    return taken + given, asking.usd(taken, given, made)


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


def asks(task: Task) -> tuple[Endpoint, Api, Sequence[Any]]:
    """What is asked: where, by which API, and of each row its turns, and the tools that it declares."""
    made = {**SETTINGS, **task.settings}
    fields = answer_format(task.labels) if task.kind == "extraction" else {}
    api = Chat(_most_tokens(task, made), fields=fields)
    return asking.endpoint_of(task.model, made), api, _conversations(task, made)


def _conversations(task: Task, made: Mapping[str, Setting]) -> list[dict[str, Any]]:
    """What is asked as the system message, then turns of user and model; and the tools of each row that has any."""
    instruction, word = ASKED[task.kind]
    instruction = str(made["instruction"]) or instruction
    classes = task.kind == "classification"
    if classes:
        instruction += "\n" + "\n".join(_choices(task))
    opening = [{"role": "system", "content": instruction}] if instruction else []

    def turn(text: str, passages: Sequence[str] = ()) -> dict[str, str]:
        laid = f"Text: {text}\n\n{word}:" if word else text
        known = "Passages that may help:\n\n" + "\n\n".join(passages) + "\n\n" if passages else ""
        return {"role": "user", "content": known + laid}

    laid_out = []
    all_tools = task.test_tools or ("",) * len(task.test_texts)
    for text, declared, shots, passages in zip(
        task.test_texts, all_tools, _shots(task, made), _passages(task, made), strict=True
    ):
        turns, tools = [*opening], _tools(declared)
        for shown, label in shots:
            turns += [turn(shown), {"role": "assistant", "content": label}]
        turns.append(turn(text.removeprefix(f"{declared}\n\n") if tools else text, passages))
        laid_out.append({"messages": turns, **({"tools": tools} if tools else {})})
    return laid_out


def _tools(declared: str) -> list[dict[str, Any]]:
    """Declared tools as the chat API takes them; none where they are no objects."""
    held = json.loads(declared or "[]")
    held = held if isinstance(held, list) else [held]
    if not all(isinstance(tool, dict) for tool in held):
        return []
    return [tool if "function" in tool else {"type": "function", "function": tool} for tool in held]


def _shots(task: Task, made: Mapping[str, Setting]) -> Sequence[Sequence[tuple[str, str]]]:
    """The examples shown before each test row."""
    rows, shots = tuple(showable(task)), int(made["shots"])
    if made["nearest"] and shots and rows:
        return nearest_rows(rows, task.test_texts, shots)
    return [choose_shots(rows, shots, task.seed, task.kind == "classification")] * len(task.test_texts)


@lru_cache(maxsize=4)
def nearest_rows(
    rows: tuple[tuple[str, str], ...], texts: tuple[str, ...], most: int
) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The training rows most like each text, the nearest last, where a model heeds it most.

        likeness = cosine of TF-IDF weights of words and pairs of words

    Args:
        rows: (text, label) each.
    Source: scikit-learn's TfidfVectorizer. Leaves out meaning: rows in other words do not count as near.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(ngram_range=(1, 2), token_pattern=WORDS_AND_SIGNS, sublinear_tf=True)
    known = weigh.fit_transform([text for text, _ in rows])
    near = []
    for start in range(0, len(texts), ROWS_AT_ONCE):
        likeness = (weigh.transform(texts[start : start + ROWS_AT_ONCE]) @ known.T).toarray()
        best = (-likeness).argsort(axis=1, kind="stable")[:, :most]
        near += [tuple(rows[number] for number in reversed(numbers)) for numbers in best.tolist()]
    return tuple(near)


def _passages(task: Task, made: Mapping[str, Setting]) -> Sequence[Sequence[str]]:
    """The passages of the documents shown with each test row."""
    if not made["searched"]:
        return [()] * len(task.test_texts)
    return _best_passages(asking.documents_at(str(made["documents"])), task.test_texts)


@lru_cache(maxsize=2)
def _best_passages(passages: tuple[str, ...], texts: tuple[str, ...]) -> Sequence[Sequence[str]]:
    return best_passages(passages, texts)


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
