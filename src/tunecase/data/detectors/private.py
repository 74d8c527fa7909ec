"""What may not leave this machine: secrets and personal data of texts that belong together, hidden behind their kinds.

A value that is found in one of the texts is hidden in all of them: an answer often repeats a number that only the words
of its question tell to be private. Leaves out what `secrets` and `personal` leave out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tunecase.data.detectors import personal, secrets

_ESCAPED = re.compile(r"\\[nrt]")  # in JSON they stand before a word as letters of it


@dataclass(frozen=True)
class Mask:
    """The private values of some texts, each with its kind.

    Example:
        >>> mask = Mask.of(["my number is 020 7946 0958", "0958? No: 020 7946 0958."])
        >>> mask.kinds, mask.hidden({"role": "user", "content": "020 7946 0958"})
        (('phone',), {'role': 'user', 'content': '[phone]'})
    """

    found: Mapping[str, str]

    @classmethod
    def of(cls, value: Any) -> "Mask":
        """The mask of all texts in a value of JSON, names among them, read one by one and in a row."""
        texts, names = [*_texts(value, names=False)], [*_texts(value, names=True)]
        found: dict[str, str] = {}
        for text in dict.fromkeys((*texts, *names, "\n".join(texts))):
            plain = _ESCAPED.sub("  ", text) if text[:1] in ("{", "[") else text
            for kind, start, end in (*personal.spans(plain), *secrets.spans(plain)):
                found |= dict.fromkeys((text[start:end], json.dumps(text[start:end])[1:-1]), kind)
        return cls(found)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of what was found, in order."""
        return tuple(sorted(set(self.found.values())))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, sorted(self.found, key=len, reverse=True))))

    def hidden(self, value: Any) -> Any:
        """The value with every private one in its texts replaced by its kind in brackets."""
        if not self.found:
            return value
        if isinstance(value, str):
            return self._pattern.sub(lambda match: f"[{self.found[match[0]]}]", value)
        if isinstance(value, Mapping):
            return {self.hidden(name): self.hidden(part) for name, part in value.items()}
        return [self.hidden(part) for part in value] if isinstance(value, list | tuple) else value

    def restored(self, text: str, original: str) -> str | None:
        """A text that was written from the masked original with the values put back; None where it is unclear which.

        Example:
            >>> Mask.of("mail a.b@example.org").restored("Write to [e-mail]!", "mail a.b@example.org")
            'Write to a.b@example.org!'
        """
        for kind in self.kinds:
            place = f"[{kind}]"
            there = [found for found in self._pattern.findall(original) if self.found[found] == kind]
            values = there or [found for found, known in self.found.items() if known == kind]
            if len(set(values)) != 1 and text.count(place) not in (0, len(values)):
                return None
            for value in values if len(set(values)) != 1 else values[:1] * text.count(place):
                text = text.replace(place, value, 1)
        return text


def _texts(value: Any, *, names: bool) -> Iterator[str]:
    """The texts in a value of JSON, roles of turns left out, or else the names in its objects."""
    if isinstance(value, str) and not names:
        yield value
    elif isinstance(value, Mapping):
        yield from value if names else ()
        for name, part in value.items():
            yield from _texts(part, names=names) if name != "role" else ()
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part, names=names)


def masked(text: str) -> str:
    """The text with personal data and secrets replaced by their kind.

    Example:
        >>> masked("ring me on 020 7946 0958 before five")
        'ring me on [phone] before five'
    """
    hidden: str = Mask.of(text).hidden(text)
    return hidden
