"""What of a text is its answer: behind a reasoning trace, and what a mark such as `#### 42` says is the final one."""

import re
from collections.abc import Mapping
from typing import Any

from tunecase.pilot.scoring.programs import Tests, columns_with_tests, read_tests

LONGEST_FREE_ANSWER = 10  # words of an answer that is compared without articles and punctuation
# Columns that hold further answers which are as right, as public question sets name them.
ACCEPTED = re.compile(r"(all_|possible_|valid_|gold_|accepted_)?(answers|aliases|references|ground_truths)")

_TRACE = re.compile(r"<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_TRACE_END = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_TRACE_OPEN = re.compile(r"\s*<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_HASHES = re.compile(r"^[ \t]*####[ \t]*(\S.*)$", re.MULTILINE)
_SAID = re.compile(r"\banswer(?: is|:)[ \t]*(?::[ \t]*)?(\S[^\n]{0,99})", re.IGNORECASE)
_BOXED = "\\boxed{"
_OUTER = " \t$*.,"
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = re.compile(r"(?<!\d)[.,’'\"!?()\-:;&](?!\d)")
_PLAIN = re.compile(r"(?=[\W\d_]*[^\W\d_])[\w\s.,’'\"!?()\-:;&]*")  # with a letter, and no sign that carries meaning


class Reference(str):
    """A wanted answer that also holds the other answers which count as right, and what tests a program."""

    others: tuple[str, ...]
    columns: Mapping[str, Any]
    prompt: str

    def __new__(
        cls, text: str, others: tuple[str, ...] = (), columns: Mapping[str, Any] | None = None, prompt: str = ""
    ) -> "Reference":
        """The text as it is, with further answers, columns of tests and the prompt beside it."""
        reference = super().__new__(cls, text)
        reference.others, reference.columns, reference.prompt = others, columns or {}, prompt
        return reference


def accepted(label: str) -> tuple[str, ...]:
    """All answers that count as right, the wanted one first.

    Example:
        >>> accepted(Reference("NYC", ("New York City",))), accepted("NYC")
        (('NYC', 'New York City'), ('NYC',))
    """
    return (label, *getattr(label, "others", ()))


def row_tests(label: str) -> Tests | None:
    """The tests that a wanted answer carries, None where it carries none."""
    return read_tests(label.columns, label.prompt) if isinstance(label, Reference) and label.columns else None


def reference_of(answer: str, columns: Mapping[str, Any], prompt: str = "") -> str:
    """The answer, with the others that a column of the row accepts, and the tests of a program.

    Args:
        columns: the other columns of the row. One of accepted answers is a list of texts, or SQuAD's
            `{"text": [...]}`, and must hold the answer itself.
        prompt: what the answer was asked with.
    Example:
        >>> accepted(reference_of("NYC", {"answers": ["NYC", "New York"], "choices": ["NYC", "Rome"]}))
        ('NYC', 'New York')
    """
    others, tests = _others(answer, columns), columns_with_tests(columns)
    return Reference(answer, others, tests, prompt if tests else "") if others or tests else answer


def _others(answer: str, columns: Mapping[str, Any]) -> tuple[str, ...]:
    for name, held in columns.items():
        texts = held.get("text") if isinstance(held, Mapping) else held
        if not ACCEPTED.fullmatch(str(name).casefold()) or not isinstance(texts, list | tuple):
            continue
        others = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
        if answer in others and len(set(others)) > 1:
            return tuple(dict.fromkeys(other for other in others if other != answer))
    return ()


def behind_trace(text: str) -> str:
    """The text without its reasoning trace; a trace that never ends leaves nothing.

    Example:
        >>> behind_trace("<think>2 and 2</think> 4"), behind_trace("so</think>4"), behind_trace("<think>2 and")
        ('4', '4', '')
    """
    if "<" not in text:
        return text
    parts = _TRACE_END.split(_without_traces(text))
    left = parts[-1]
    if _TRACE_OPEN.match(left):
        return ""
    return text if left == text else left.strip()


def _without_traces(text: str) -> str:
    """The text without what stands between a tag and the next end of its own; a tag without an end stays."""
    kept, done, endless = [], 0, set()
    for tag in _TRACE.finditer(text):
        name = tag[1].casefold()
        if tag.start() < done or name in endless:
            continue
        if end := re.compile(f"</{name}>", re.IGNORECASE).search(text, tag.end()):
            kept.append(text[done : tag.start()])
            done = end.end()
        else:
            endless.add(name)
    return "".join(kept) + text[done:]


def final_answer(text: str) -> str | None:
    r"""What a text marks as its final answer; None where it has no mark.

    A mark is a last line `#### 42`, the last \boxed{42}, or the last "the answer is 42".

    Example:
        >>> final_answer("6 x 7 = 42\n#### 42"), final_answer(r"so \boxed{42}."), final_answer("The answer is: 42.")
        ('42', '42', '42')
    """
    if found := _HASHES.findall(text):
        return str(found[-1]).strip(_OUTER)
    if (boxed := _boxed(text)) is not None:
        return boxed.strip(_OUTER)
    if found := _SAID.findall(text):
        return str(found[-1]).strip(_OUTER)
    return None


def marked(label: str) -> str | None:
    """The final answer of a wanted text, where its mark stands at the end; None of any other text."""
    final = final_answer(label)
    closes = final is not None and label.rstrip().rstrip("$*.} \t").endswith(final.rstrip("} "))
    return final if closes else None


def same_free_answer(label: str, answer: str) -> bool:
    """Whether two short free texts are the same but for case, articles and punctuation, as SQuAD scores them.

    Signs that carry meaning (code, paths, formulas) keep a text from being compared so, and those beside a digit stay.

    Example:
        >>> same_free_answer("the U.S. Senate", "US Senate"), same_free_answer("C++", "C")
        (True, False)
    """
    if len(label.split()) > LONGEST_FREE_ANSWER or not _PLAIN.fullmatch(label):
        return False
    plain = _free(label)
    return bool(plain) and plain == _free(answer)


def _free(text: str) -> str:
    return " ".join(_ARTICLES.sub(" ", _PUNCTUATION.sub("", text.casefold())).split())


def _boxed(text: str) -> str | None:
    """What the last boxed formula holds, inner braces and all."""
    start = text.rfind(_BOXED)
    if start < 0:
        return None
    depth, begin = 1, start + len(_BOXED)
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return text[begin:at]
    return None
