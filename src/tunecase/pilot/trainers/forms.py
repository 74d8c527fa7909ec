"""What all JSON answers of a training set share, so that only the rest is learnt and decoded.

A form knows, for every place between values and inside fields of few values, with which tokens the training answers go
on. Where there is one, nothing is learnt and no network is asked; where there are some, the likeliest of them is taken.
Other strings and numbers are free, as long as they are JSON.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from json import JSONDecodeError, loads
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# The share of answers that hold something no other holds is about the share of answers to come that hold something
# never seen (Good 1953). Beyond this, answers have no form.
MOST_ALONE = 0.05
# With fewer, a field of free values looks like one of few by chance.
FEWEST_VALUES = 10
# Tokens looked at, the likeliest first, until one goes on as JSON.
LOOKED_AT = 64
Around = tuple[tuple[str, str], ...]
FREE = ("free string", "free bare")
WHITE, PAIRS = " \t\r\n", {"}": "{", "]": "["}
_NUMBER = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE][+-]?\d*)?)?|[eE][+-]?\d*)?)?")
_STRING = re.compile(r'(?:[^\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*(?:\\(?:u[0-9a-fA-F]{0,3})?)?')


@dataclass(frozen=True, slots=True)
class Place:
    """Where a JSON text stands: in which containers, inside what, and the signs since the last value or bracket.

    A container is its bracket and the key read last, in quotes, or whether a list has items: all of these are alike.
    `inside` is "string" or "bare" (numbers, true, false, null) within a value, "whole" behind the text, else "".
    """

    around: Around = ()
    inside: str = ""
    text: str = ""

    def after(self, text: str) -> "Place | None":
        """The place after more signs; None where no JSON object or list goes on so.

        Example:
            >>> Place().after('{"a": 1').inside, Place().after('{"a": 1}').inside, Place().after('{"a",')
            ('bare', 'whole', None)
        """
        place: Place | None = self
        for sign in text:
            place = place._step(sign) if place else None
        return place

    def _step(self, sign: str) -> "Place | None":
        if self.inside == "whole":
            return self if sign in WHITE else None
        if self.inside == "string":
            return self._in_string(sign)
        if self.inside == "bare":
            if sign not in "}],:" + WHITE:
                return self._if(_may_be_bare(self.text + sign), sign)
            return Place(self.around)._step(sign) if _loads(self.text) else None
        bracket, last = self.around[-1] if self.around else ("", "")
        mark = self.text.strip()
        if bracket == "{" and mark.count('"') % 2:  # in a key
            return self._if(sign != "\\" and sign >= " ", sign)
        if sign in WHITE:
            return self._if(True, sign)
        if sign in PAIRS:
            closes = bracket == PAIRS[sign] and not mark
            return Place(self.around[:-1], "" if len(self.around) > 1 else "whole") if closes else None
        if sign == "," or (bracket == "{" and mark != ":"):
            return self._between(sign, last, mark)
        return self._begun(sign, bracket, last, mark)

    def _if(self, fits: bool, sign: str) -> "Place | None":
        return replace(self, text=self.text + sign) if fits else None

    def _in_string(self, sign: str) -> "Place | None":
        escaped = (len(self.text) - len(self.text.rstrip("\\"))) % 2
        if sign == '"' and not escaped:
            return Place(self.around) if _loads(f'"{self.text}"') else None
        return self._if(bool(_STRING.fullmatch(self.text + sign)), sign)

    def _between(self, sign: str, last: str, mark: str) -> "Place | None":
        """A comma, a key's first quote, or the colon behind a key."""
        if sign == ":" and mark.endswith('"'):
            return Place((*self.around[:-1], ("{", mark.lstrip("," + WHITE))), "", ":")
        if sign == '"':
            return self._if(mark == ("," if last else ""), sign)
        return self._if(sign == "," and bool(last) and not mark, sign)

    def _begun(self, sign: str, bracket: str, last: str, mark: str) -> "Place | None":
        """The first sign of a value."""
        if mark != {"{": ":", "[": "," if last else ""}.get(bracket, ""):
            return None
        around = (*self.around[:-1], ("[", "items")) if bracket == "[" else self.around
        if sign in "{[":
            return Place((*around, (sign, "")))
        if not bracket:
            return None
        return Place(around, "string") if sign == '"' else Place(around, "bare")._if(_may_be_bare(sign), sign)


def _may_be_bare(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) or any(name.startswith(text) for name in ("true", "false", "null"))


def _loads(text: str) -> bool:
    try:
        loads(text)
    except JSONDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """How answers go on: `ways` from each known place, `few` the containers of values of which there are few."""

    text_of: Callable[[int], str]
    ways: Mapping[Place, tuple[int, ...]]
    few: frozenset[Around]

    def known(self, place: Place) -> Place:
        """The place as the form knows it: what stands in a free value makes no difference."""
        return _told(place, self.few)

    def choices(self, place: Place) -> tuple[int, ...]:
        """The tokens one of which must follow; empty where the next is free."""
        return self.ways.get(self.known(place), ())

    def after(self, place: Place, token: int) -> Place | None:
        """The place after a token; None where no answer goes on so."""
        later = place.after(self.text_of(token))
        return later if later and (later.inside == "whole" or self.known(later) in self.ways) else None

    def likeliest(self, place: Place, logits: "Tensor") -> int:
        """The likeliest token that may follow; logits of all tokens."""
        if some := self.choices(place):
            return some[int(logits[list(some)].argmax())]
        best = int(logits.argmax())
        if self.after(place, best):
            return best
        for token in logits.topk(min(LOOKED_AT, len(logits))).indices.tolist():
            if self.after(place, token):
                return int(token)
        return best

    def left_open(self, tokens: Sequence[int]) -> list[int]:
        """Which tokens of an answer, made of these, are not the only way to go on."""
        place, left = Place(), []
        for i, token in enumerate(tokens):
            if len(self.choices(place)) != 1:
                left.append(i)
            later = self.after(place, token)
            if later is None:
                return [*left, *range(i + 1, len(tokens))]
            place = later
        return left


def shared_form(answers: Sequence[Sequence[int]], text_of: Callable[[int], str]) -> AnswerForm | None:
    """The form that these answers share; None where more than one in twenty holds a key or bracket of its own.

    Args:
        answers: JSON objects or lists as tokens, without the end token.
        text_of: the text of a token.

    Leaves out keys written with a backslash: answers with such have no form.
    """
    text_of = cache(text_of)
    walks = [walk for tokens in answers if (walk := _walk(tokens, text_of))]
    if not walks or len(walks) < len(answers):
        return None
    few = _few(walks)
    rows: dict[Place, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    free = set()
    for row, walk in enumerate(walks):
        for token, place, later in walk.tokens():
            told = _told(place, few)
            rows[told][token].add(row)
            if told.inside in FREE or (later.text and _told(later, few).inside in FREE):
                free.add(told)
    alone = {
        row for told, ways in rows.items() if told not in free for by in ways.values() if len(by) == 1 for row in by
    }
    if len(alone) > max(1, MOST_ALONE * len(walks)):
        return None
    return AnswerForm(text_of, {told: () if told in free else tuple(sorted(some)) for told, some in rows.items()}, few)


def _told(place: Place, few: frozenset[Around]) -> Place:
    if place.inside not in ("string", "bare") or place.around in few:
        return place
    if place.inside == "bare" and place.text[0] in "tfn":
        return place
    return Place(place.around, f"free {place.inside}")


@dataclass(frozen=True, slots=True)
class _Walk:
    """An answer's tokens, the place before each and behind all, and its values with their containers."""

    taken: tuple[int, ...]
    places: tuple[Place, ...]
    values: tuple[tuple[Around, str], ...]

    def tokens(self) -> Iterator[tuple[int, Place, Place]]:
        """Each token with the places before and after it."""
        return zip(self.taken, self.places[:-1], self.places[1:], strict=True)


def _walk(tokens: Sequence[int], text_of: Callable[[int], str]) -> _Walk | None:
    """None where the answer is no JSON."""
    place, places, values = Place(), [Place()], []
    for token in tokens:
        for sign in text_of(token):
            later = place.after(sign)
            if later is None:
                return None
            if place.inside in ("string", "bare") and later.inside != place.inside:
                values.append((place.around, place.text))
            place = later
        places.append(place)
    return _Walk(tuple(tokens), tuple(places), tuple(values)) if place.inside == "whole" else None


def _few(walks: Sequence[_Walk]) -> frozenset[Around]:
    """The containers in which every value comes again in another answer."""
    values: dict[Around, Counter[str]] = defaultdict(Counter)
    for walk in walks:
        for around, text in set(walk.values):
            values[around][text] += 1
    return frozenset(
        around for around, counts in values.items() if min(counts.values()) > 1 and counts.total() >= FEWEST_VALUES
    )
