"""Which columns hold a preference: a better and a worse answer, two answers and the winner, or answers judged alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tunecase.data.reading.beside import judgement
from tunecase.data.reading.rows import Winner
from tunecase.data.reading.winners import choice, number_of

Records = Sequence[Mapping[str, Any]]
Names = Mapping[str, str]  # columns by folded name

PROMPTS = (
    "prompt", "question", "instruction", "query", "input", "messages", "conversations", "context", "history", "post",
    "problem", "user_prompt", "user_input", "conversation", "dialog", "dialogue", "chat",
)  # fmt: skip
# Words for the better answer and the worse one; together with a word for an answer, before or behind, or alone.
_BETTER_AND_WORSE = (
    ("chosen", "rejected"), ("preferred", "dispreferred"), ("preferred", "non_preferred"),
    ("preferred", "nonpreferred"),
    ("preferred", "unpreferred"), ("preferred", "rejected"), ("accepted", "rejected"), ("winner", "loser"),
    ("winning", "losing"), ("win", "lose"), ("better", "worse"), ("best", "worst"), ("good", "bad"),
    ("y_w", "y_l"), ("pos", "neg"),
)  # fmt: skip
_LETTERS = (("j", "k"),)  # of which the first is the better, unless a column names a winner
_ANSWERS = (
    "response", "answer", "output", "completion", "text", "reply", "message", "messages", "conversation",
    "conversations", "summary", "generation", "sample", "candidate",
)  # fmt: skip
_BARE = ("chosen", "preferred", "accepted", "winner", "winning", "better", "best", "y_w")  # that may stand alone
_SIDES = (("a", "b"), ("0", "1"), ("1", "2"), ("first", "second"), ("left", "right"), ("j", "k"))
# What a column that names the winner is called; any other is taken for one where it holds names alone.
_WINNERS = (
    "winner", "preference", "preferred", "overall_preference", "better_response_id", "better_response", "better",
    "preferred_response", "preferred_output", "preferred_answer", "preferred_model", "human_preference", "choice",
    "human_choice", "label", "labels", "chosen", "verdict", "judgement", "judgment", "vote", "best", "selected",
    "better_answer", "better_output", "best_response", "gpt4_preference", "ranking", "annotation", "result",
)  # fmt: skip
_SCORES = ("score", "rating", "reward", "rank_score", "winner", "human_score", "votes", "helpfulness")
_COMPLETIONS = ("completion", "response", "output", "answer", "generation", "reply")
_JUDGEMENTS = ("label", "labels", "kto_tag", "desirable", "is_desirable", "kto_label", "thumbs", "feedback")
LEAST_UNDERSTOOD = 0.9  # of the sample's rows


class Preference(NamedTuple):
    """Columns of pairs, as folded names; `prompts` are () where the answers hold the prompt."""

    prompts: tuple[str, ...]
    first: str
    second: str
    winner: Winner | None = None


def preference(names: Names, records: Records) -> Preference | None:
    """The columns of preference pairs; None where there are none.

    Args:
        names: columns by folded name.
        records: some of the file.
    """
    if pair := _spelled(_BETTER_AND_WORSE, names, records):
        return Preference(_prompts(names, pair), *pair)
    for sides in _two_answers(names, records):
        winner = _winner(sides, names, records)
        prompts = _prompts(names, sides[:2])
        if winner is not None and (prompts or isinstance(records[0].get(names[sides.first]), list)):
            return Preference(prompts, sides.first, sides.second, winner)
    pair = _spelled(_LETTERS, names, records)
    return Preference(_prompts(names, pair), *pair) if pair else None


def _spelled(words: Sequence[tuple[str, str]], names: Names, records: Records) -> tuple[str, str] | None:
    """The first pair of columns called by two words, such as chosen and rejected, that hold answers."""
    pairs = (pair for pair in _spellings(words) if pair[0] in names and pair[1] in names)
    return next((pair for pair in pairs if _hold_answers(pair, names, records)), None)


def _prompts(names: Names, answers: Sequence[str]) -> tuple[str, ...]:
    prompts = [name for name in PROMPTS if name in names and name not in answers]
    if not prompts:
        return ()
    return ("instruction", "input") if prompts[0] == "instruction" and "input" in names else (prompts[0],)


def _spellings(words: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for good, bad in words:
        if good in _BARE:
            yield good, bad
        for answer in _ANSWERS:
            yield f"{good}_{answer}", f"{bad}_{answer}"
            yield f"{answer}_{good}", f"{answer}_{bad}"


def _hold_answers(pair: tuple[str, str], names: Names, records: Records) -> bool:
    """True where the columns hold texts or turns, not the names of models; chosen and rejected need no proof."""
    values = [record.get(names[name]) for record in records for name in pair]
    given = [value for value in values if value not in (None, "")]
    if any(isinstance(value, int | float) for value in given):
        return False
    return pair == ("chosen", "rejected") or not given or sum(map(_is_answer, given)) > len(given) // 2


def _is_answer(value: object) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and len(value.split()) > 1)


class _Sides(NamedTuple):
    """Two columns of answers, folded, and the words that tell them apart."""

    first: str
    second: str
    words: tuple[str, str]


def _two_answers(names: Names, records: Records) -> Iterator[_Sides]:
    """Columns that differ in a, b or the like and hold answers, the longest first."""
    found = [
        _Sides(name, other, words)
        for words in _SIDES
        for name in names
        if (other := _other_side(name, words)) != name and other in names
    ]
    held = [sides for sides in found if _stem_is_answer(sides) and _hold_answers(sides[:2], names, records)]

    def length(sides: _Sides) -> int:
        return sum(len(str(record.get(names[sides.first], ""))) for record in records)

    return iter(sorted(held, key=length, reverse=True))


def _other_side(name: str, words: tuple[str, str]) -> str:
    """A column's name with the second word in place of the first: response_b for response_a."""
    return "".join(words[1] if token == words[0] else token for token in re.findall(r"\d+|[^\W\d_]+|[\W_]", name))


def _stem_is_answer(sides: _Sides) -> bool:
    tokens = set(re.split(r"[_\d]+", sides.first)) - {*sides.words, ""}
    return bool(tokens & {*_ANSWERS, "ref", "continuation", "chat"} - {"text", "message", "sample"}) or (
        tokens == {"assistant"}
    )


def _winner(sides: _Sides, names: Names, records: Records) -> Winner | None:
    """What tells the better of two answers: scores of each, or a column with the winner's name."""
    taken = {sides.first, sides.second}
    scores = next((pair for pair in _scores(sides, names, records) if not taken & {*pair}), None)
    by_score = Winner((names[scores[0]], names[scores[1]])) if scores else None
    for name in (*(n for n in _WINNERS if n in names), *(n for n in names if n not in _WINNERS)):
        if name in taken:
            continue
        values = [record.get(names[name]) for record in records]
        if by_score and all(number_of(value) is not None for value in values):
            continue  # 1 may stand for either answer: the scores say for which
        winner = _named(sides, name, values, names)
        if winner is not None and _understood(winner, sides, names, records):
            return winner
    return by_score


def _scores(sides: _Sides, names: Names, records: Records) -> Iterator[tuple[str, str]]:
    """Pairs of columns with a number for each answer."""
    one, two = sides.words
    for stem in _SCORES:
        for form in ("{}_{}", "{}_model_{}", "{}_response_{}", "{}_answer_{}", "response_{1}_{0}", "{}{}", "{1}_{0}"):
            pair = form.format(stem, one), form.format(stem, two)
            if all(name in names for name in pair) and all(
                number_of(record.get(names[name])) is not None for record in records[:20] for name in pair
            ):
                yield pair


def _named(sides: _Sides, name: str, values: Sequence[object], names: Names) -> Winner | None:
    """How one column would name the winner."""
    given = [value for value in values if value is not None and not isinstance(value, bool)]
    numbers = {number for value in given if (number := number_of(value)) is not None}
    if any(isinstance(value, dict | list) for value in given) or (numbers and name not in _WINNERS):
        return None
    signed = "prefer" in name and any(number < 0 for number in numbers)
    codes = _codes(sides.words, numbers) if name in _WINNERS else ("", "")
    first, second = (
        frozenset({*_forms(word, column), code} - {"", word if code else ""} | {code} - {""})
        for word, column, code in zip(sides.words, sides[:2], codes, strict=True)
    )
    return Winner((names[name],), first, second, signed)


def _codes(words: tuple[str, str], numbers: set[float]) -> tuple[str, str]:
    """The numbers that stand for the first and the second answer, where the answers have none or others."""
    if not numbers or (words[0].isdecimal() and numbers <= {*map(float, words)}):
        return "", ""
    if words == ("1", "2") and numbers <= {0, 1, 2} and 2 in numbers:
        return "", ""  # 0 is a tie
    return ("0", "1") if numbers <= {0, 0.5, 1} else ("1", "2") if numbers <= {0, 1, 2} else ("", "")


def _forms(word: str, column: str) -> Iterator[str]:
    """Every usual way to name one of two answers."""
    yield column
    for stem in ("", "model", "assistant", "candidate", "option", *_ANSWERS):
        yield from (f"{stem}{word}", f"{stem}_{word}") if stem else (word,)
        yield f"{stem}_{word}_better"
        yield f"{word}_{stem}"
    yield from (f"{word}_is_better", f"{word}_wins", f"{word}_better")


def _understood(winner: Winner, sides: _Sides, names: Names, records: Records) -> bool:
    """True where nearly all rows name a winner or a tie, and some a winner, of which both sides have some."""
    answers = [(record.get(names[sides.first]), record.get(names[sides.second])) for record in records]
    chosen = [choice(record, winner, *pair) for record, pair in zip(records, answers, strict=True)]
    known = [each for each in chosen if each is not None]
    return len(known) >= LEAST_UNDERSTOOD * len(records) and any(each != 0 for each in known)


class Judged(NamedTuple):
    """Columns of answers that are judged alone, as folded names."""

    answer: str
    label: str
    is_chat: bool


def judged(names: Names, records: Records, chat: str) -> Judged | None:
    """The columns of answers judged good or bad by themselves (KTO); None where there are none.

    Numbers count as a judgement only beside a chat or a `completion`: elsewhere they may be classes of the two texts.
    Args:
        chat: the folded name of the column of turns, "" for none.
    """
    label = next((name for name in _JUDGEMENTS if name in names), None)
    if label is None:
        return None
    values = [record.get(names[label]) for record in records]
    judged = [judgement(value) for value in values]
    if not values or sum(each is not None for each in judged) < LEAST_UNDERSTOOD * len(values):
        return None
    prompt = any(name in names for name in PROMPTS[:5])
    answer = chat or next((name for name in _COMPLETIONS if name in names and prompt), "")
    plain = all(isinstance(value, bool) for value in values) or label not in ("label", "labels", "feedback")
    words = all(isinstance(value, str) and not value.strip("-").replace(".", "").isdigit() for value in values)
    sure = plain or chat or (words and len({*judged}) == 2) or answer == "completion"
    return Judged(answer, label, bool(chat)) if answer and sure else None
