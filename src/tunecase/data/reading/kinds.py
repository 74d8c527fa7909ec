"""What kind of answers a file holds, and which metric scores them: classes, JSON, calls of tools, code, text.

The kind is read off the answers alone, in this order; the first that holds is taken:

    seen in the answers                                             kind            metric
    pairs, or answers judged good or bad                            generation      as for the chosen answers
    calls of tools, in a third or more                              generation      tool_calls
    JSON objects or lists, nine in ten                              extraction      field_f1
    a final answer behind a mark (#### 42, \\boxed{42}), half        generation      exact_match
    numbers, nine in ten: a few, or a scale without gaps            classification  accuracy
    other numbers                                                   generation      exact_match
    short, from a closed list, not code                             classification  accuracy
    few sentences, each three times or more, not code               classification  accuracy
    code of one line (a query, a pattern, a command)                generation      exact_match
    programs                                                        generation      chrf
    nine in ten within 60 characters and one line, half of 4 words  generation      exact_match
    anything else                                                   generation      chrf
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from tunecase.data.domains import looks_like_code
from tunecase.data.reading.rows import Row
from tunecase.data.text import words

Kind = Literal["classification", "extraction", "generation"]

LONGEST_LABEL = 60  # characters
MOST_READ = 5_000  # rows
NEARLY_ALL, MOST, SOME = 0.9, 0.5, 0.3  # of the rows
FEW = 20  # different answers that are classes though they are numbers, or look like symbols
OFTEN = 10  # rows of an answer: programs and queries repeat less, whatever names of classes look like
SHORT_WORDS = 4  # the median of short free answers
LONE = 0.2  # of the rows may have an answer of their own where answers are classes
EACH = 3  # rows of each sentence that names a class
SYMBOLS = 0.06  # of the characters of code, of its median row
MOST_KEYS = 4  # that are named
USUAL: dict[Kind, str] = {"classification": "accuracy", "extraction": "field_f1", "generation": "chrf"}
TEST_COLUMNS = ("test", "tests", "test_list", "test_code", "unit_test", "unit_tests", "public_tests", "private_tests",
                "test_cases", "assertions")  # fmt: skip
_FENCE = re.compile(r"\A\s*```(?:json)?[^\S\n]*\n(.*?)\n?```\s*\Z", re.DOTALL | re.IGNORECASE)
_FINAL = re.compile(r"(?:^|\n)#### *\S[^\n]*(?:\n\s*)?\Z|\\boxed\{")
_CALL = re.compile(r"<tool_call>|<\|?functioncall\|?>|<function[=_ ]|\[TOOL_CALLS\]|<\|python_tag\|>", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?[$€£]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?%?", re.IGNORECASE)
_SYMBOL = re.compile(r"[|&;<>(){}\[\]$`\\=*^~]")


@dataclass(frozen=True, slots=True)
class Task:
    """What kind of answers a file holds, the metric that scores them, what was seen of them, and what else fits."""

    kind: Kind
    metric: str
    seen: str
    advice: str = ""


def task_of(rows: Iterable[Row]) -> Task:
    """The task and metric of a file, from its first 5,000 rows; rows without an answer to learn only tell the shape.

    Leaves out the inputs: the same answers to other questions are the same task.
    Example:
        >>> task_of([Row(n, n, "Which team?", "ab"[n % 2], {}) for n in range(9)]).metric
        'accuracy'
    """
    read = list(islice(rows, MOST_READ))
    task = _of_answers([row.output for row in read if row.is_target], any(row.tools for row in read))
    judged, pairs = sum(not row.is_target for row in read), sum(bool(row.rejected) and row.is_target for row in read)
    if pairs or judged > len(read) // 10:
        return _of_judged(task, pairs, judged, len(read))
    tests = sorted({name for row in read[:100] for name in row.other if name.casefold() in TEST_COLUMNS})
    if tests and task.seen.endswith("of code"):
        return replace(task, advice=f"pass_at_1 where code may be run: the column {tests[0]} holds tests")
    return task


def kind_of(outputs: Sequence[str]) -> Kind:
    """What kind of answers the outputs are, by the rules of task_of.

    Example:
        >>> kind_of(['{"name": "Ann"}', '{"name": "Bob"}', '{}'])
        'extraction'
    """
    return _of_answers(outputs[:MOST_READ]).kind


def metric_for(rows: Iterable[Row], kind: Kind | None = None) -> str:
    """The metric that scores these answers; the usual one of `kind` where the answers look like another kind."""
    task = task_of(rows)
    return task.metric if kind in (None, task.kind) else USUAL[kind or task.kind]


def _of_answers(outputs: Sequence[str], tools: bool = False) -> Task:
    answers = [output.strip() for output in outputs if output.strip()]
    values = [_json_in(answer) for answer in answers]
    calls = sum(_is_call(value) or bool(_CALL.search(text)) for text, value in zip(answers, values, strict=True))
    if answers and calls >= SOME * len(answers) and (calls > len(answers) // 2 or tools):
        return Task("generation", "tool_calls", f"{calls:,} calls of tools in {len(answers):,} answers")
    if answers and sum(isinstance(value, dict | list) for value in values) >= NEARLY_ALL * len(answers):
        return Task("extraction", "field_f1", _json_words(values))
    if _share(answers, _FINAL.search) >= MOST:
        return Task("generation", "exact_match", f"{len(answers):,} answers that end in a final one (#### or \\boxed)")
    counts = Counter(answers)
    if _share(answers, _NUMBER.fullmatch) >= NEARLY_ALL:
        return _of_numbers(counts)
    rarely = counts.total() < OFTEN * len(counts)
    if _are_few(counts) and not (len(counts) > FEW and rarely and _is_code(answers)):
        lone = "macro_f1 when rare classes matter as much"
        return Task("classification", "accuracy", f"{len(counts):,} different outputs", lone)
    return _of_texts(answers)


def _of_judged(task: Task, pairs: int, judged: int, rows: int) -> Task:
    """The task of preference pairs, or of answers judged one by one, of which the chosen ones are learnt."""
    seen = f"{pairs:,} pairs of a chosen and a rejected answer" if pairs else f"{judged:,} of {rows:,} answers rejected"
    suits = "suits dpo" if pairs else "suits kto"
    metric = "exact_match" if task.kind == "classification" else task.metric
    kind: Kind = "generation" if task.kind == "classification" else task.kind
    return Task(kind, metric, seen, f"{suits}; the pilot learns the chosen answers")


def _of_numbers(counts: Counter[str]) -> Task:
    """Numbers that name classes (stars, codes of labels), or numbers that are the answer."""
    repeat = len(counts) <= max(2, counts.total() // 3)
    span = _span(counts)
    scale = repeat and (len(counts) <= FEW or (span is not None and len(counts) >= NEARLY_ALL * span))
    if scale:
        return Task("classification", "accuracy", f"{len(counts):,} different numbers", "macro_f1 for rare ones")
    seen = f"{len(counts):,} different numbers in {counts.total():,} answers"
    return Task("generation", "exact_match", seen, "a number that is near counts as wrong")


def _span(counts: Counter[str]) -> int | None:
    """How many whole numbers lie from the least to the greatest; None where some are not whole."""
    if not all(re.fullmatch(r"-?\d{1,6}", answer) for answer in counts):
        return None
    numbers = [*map(int, counts)]
    return max(numbers) - min(numbers) + 1


def _of_texts(answers: list[str]) -> Task:
    lines = sorted(answer.count("\n") for answer in answers)
    one_line = bool(lines) and lines[int(NEARLY_ALL * (len(lines) - 1))] == 0
    if _is_code(answers):
        if one_line:
            return Task("generation", "exact_match", f"{len(answers):,} answers of one line of code")
        return Task("generation", "chrf", f"{len(answers):,} answers of code", "exact_match for short ones")
    lengths = sorted(map(len, answers))
    short = bool(lengths) and lengths[int(NEARLY_ALL * (len(lengths) - 1))] <= LONGEST_LABEL
    if one_line and short:
        counted = sorted(len(words(answer)) for answer in answers)
        if counted[len(counted) // 2] <= SHORT_WORDS:
            return Task("generation", "exact_match", f"{len(answers):,} short answers, {len(set(answers)):,} different")
    return Task("generation", "chrf", f"{len(answers):,} answers of free text", "rouge_l for summaries")


def _is_code(answers: Sequence[str]) -> bool:
    """True where half of the answers are code: as looks_like_code says, or by their many symbols."""
    some = answers[:500]
    if not some:
        return False
    if sum(looks_like_code(answer) for answer in some) >= MOST * len(some):
        return True
    shares = sorted(len(_SYMBOL.findall(answer)) / len(answer) for answer in some)
    return shares[len(shares) // 2] >= SYMBOLS


def _are_few(counts: Counter[str]) -> bool:
    """True where answers come from a closed list of labels, or of a few sentences; few rows have one of their own."""
    short = sum(count for answer, count in counts.items() if len(answer) <= LONGEST_LABEL)
    if not are_classes(len(counts), short, counts.total()):
        return len(counts) <= FEW and min(counts.values(), default=0) >= EACH and not _is_code(list(counts))
    lone = sum(count == 1 for count in counts.values())
    return len(counts) <= FEW or lone <= LONE * counts.total()


def _json_words(values: Sequence[Any]) -> str:
    """What the JSON answers are, with their commonest keys."""
    objects = [value for value in values if isinstance(value, dict)]
    inner = [one for value in values if isinstance(value, list) for one in value if isinstance(one, dict)]
    noun = "JSON objects" if len(objects) >= len(values) / 2 else "JSON lists"
    keys = [str(key) for key, _ in Counter(key for one in objects or inner for key in one).most_common(MOST_KEYS + 1)]
    named = ", ".join(keys[:MOST_KEYS]) + (", …" if len(keys) > MOST_KEYS else "")
    return f"{len(values):,} {noun}" + (f" with the keys {named}" if keys else "")


def _is_call(value: object) -> bool:
    """True for a call of a tool as JSON, or a list of calls: a name and its arguments."""
    calls = value if isinstance(value, list) else [value]
    return bool(calls) and all(
        isinstance(call, dict) and isinstance(call.get("name"), str) and ("arguments" in call or "parameters" in call)
        for call in calls
    )


def _json_in(text: str) -> object:
    """The object or list that a text is, also between the marks of a code block; None for any other text."""
    import orjson

    fenced = _FENCE.match(text) if text.startswith("`") else None
    text = fenced[1].strip() if fenced else text
    if text[:1] not in ("{", "["):
        return None
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value


def _share(answers: Sequence[str], holds: Any) -> float:
    return sum(holds(answer) is not None for answer in answers) / len(answers) if answers else 0.0


def looks_like_classes(outputs: Iterable[str]) -> bool:
    """True when outputs look like class labels: nearly all short, each seen three times or so.

    Example:
        >>> looks_like_classes(["yes", "no", "yes", "no", "no", "yes"])
        True
    """
    counts = Counter(outputs)
    short = sum(count for output, count in counts.items() if len(output) <= LONGEST_LABEL)
    return are_classes(len(counts), short, counts.total())


def repeat_like_classes(outputs: Iterable[str]) -> bool:
    """True when answers come from a closed list, each seen three times or so, however long they are.

    Example:
        >>> repeat_like_classes(["Please hand this to the harbour.", "Please hand this to the quarry."] * 3)
        True
    """
    counts = Counter(outputs)
    return bool(counts) and len(counts) <= max(2, counts.total() // 3)


def is_object(output: str) -> bool:
    """True when a text is one JSON object."""
    import orjson

    try:
        return isinstance(orjson.loads(output), dict)
    except orjson.JSONDecodeError:
        return False


def are_classes(distinct: int, short: int, total: int) -> bool:
    """The rule of looks_like_classes, from counts: distinct outputs, outputs of at most 60 characters, all outputs."""
    return total > 0 and short >= 0.9 * total and distinct <= max(2, total // 3)
