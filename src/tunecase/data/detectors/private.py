"""What may not leave this machine: secrets and personal data of texts that belong together, hidden behind their kinds.

A value that is found in one of the texts is hidden in all of them: an answer often repeats a number that only the words
of its question tell to be private. Leaves out what `secrets` and `personal` leave out.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tunecase.data.detectors import personal, secrets
from tunecase.records import Disclosure

_ESCAPED = re.compile(r"\\[nrt]")  # in JSON they stand before a word as letters of it
_NAMES = frozenset({"role", "content", "user", "assistant", "system"})  # stand between the texts of two turns


class Mask:
    """The private values of all texts in a value of JSON, names among them, each with its kind (`found`).

    Example:
        >>> mask = Mask(["my number is 020 7946 0958", "0958? No: 020 7946 0958."])
        >>> mask.kinds, mask.hidden({"role": "user", "content": "020 7946 0958"})
        (('phone',), {'role': 'user', 'content': '[phone]'})
    """

    def __init__(self, value: Any) -> None:
        texts: dict[str, None] = {}
        _mapped(value, lambda text: str(texts.setdefault(text, None) or text))
        self.found: dict[str, str] = {}
        for text in {**texts, "\n".join(text for text in texts if text not in _NAMES): None}:
            plain = _ESCAPED.sub("  ", text) if text[:1] in ("{", "[") else text
            for kind, start, end in (*personal.spans(plain), *secrets.spans(plain)):
                value = text[start:end]
                self.found |= dict.fromkeys((value, value.rstrip(".!?"), json.dumps(value)[1:-1]), kind)
        self.kinds = tuple(sorted(set(self.found.values())))
        self.pattern = re.compile("|".join(map(re.escape, sorted(self.found, key=len, reverse=True))))

    def hidden(self, value: Any) -> Any:
        """The value with every private one in its texts replaced by its kind in brackets."""
        hide = lambda text: self.pattern.sub(lambda match: f"[{self.found[match[0]]}]", text)  # noqa: E731
        return _mapped(value, hide) if self.found else value

    def restored(self, text: str, original: str) -> str | None:
        """A text that was written from the masked original with the values put back; None where it is unclear which.

        Example:
            >>> Mask("mail a.b@example.org").restored("Write to [e-mail]!", "mail a.b@example.org")
            'Write to a.b@example.org!'
        """
        for kind in self.kinds:
            place, there = f"[{kind}]", [found for found in self.pattern.findall(original) if self.found[found] == kind]
            values = there or [found for found, known in self.found.items() if known == kind]
            values = values if len(set(values)) > 1 else values * text.count(place)
            if text.count(place) not in (0, len(values)):
                return None
            for value in values:
                text = text.replace(place, value, 1)
        return text


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The value of JSON with every text and name in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(name): _mapped(part, change) for name, part in value.items()}
    return [_mapped(part, change) for part in value] if isinstance(value, list | tuple) else value


def handed_out(rows: Iterable[Any], send_flagged: bool, host: str = "") -> tuple[list[Any], Disclosure]:
    """Rows as whoever is not on this machine may see them, each a value of JSON, and what of them is private.

    Args:
        send_flagged: leaves them as they are.
        host: where they go; "" for files.
    """
    pairs = [(row, Mask(row)) for row in rows]
    disclosed = Disclosure.of((mask.kinds for _, mask in pairs), masked=not send_flagged, host=host)
    return [row if send_flagged else mask.hidden(row) for row, mask in pairs], disclosed


def masked(text: str) -> str:
    """The text with personal data and secrets replaced by their kind.

    Example:
        >>> masked("ring me on 020 7946 0958 before five")
        'ring me on [phone] before five'
    """
    return str(Mask(text).hidden(text))
