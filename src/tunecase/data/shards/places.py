"""What may be told of a place: its address without what only its owner may know."""

import os
import re
from urllib.parse import quote, unquote

from tunecase.quantities import one_line

HALF_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/?(?!/)")  # a letter alone names a disk of Windows
SECRET = re.compile(r"KEY|SECRET|TOKEN|PASSW|CREDENTIAL|SAS|CONNECTION|AUTH|PROXY", re.IGNORECASE)
_WORDS = re.compile(r"([\s'\"]+)")
LEAST_SECRET = 4  # characters; shorter values would blank out words
MOST_SHOWN = 300


def is_uri(place: str) -> bool:
    """Whether a place is a URI and not a folder."""
    return "://" in place


def shown(place: str) -> str:
    """A place without what only its owner may know: a user's name and password, and all behind a question mark.

    A folder's path is shown as it is. A secret may hold any character, so that all before the last @ goes.

    Example:
        >>> shown("sftp://ann:se/cret@host/scratch?key=abc"), shown("s3:/key:secret@bucket")
        ('sftp://host/scratch', 's3:/bucket')
    """
    begin, _, rest = _parts(place)
    return one_line(begin + rest, MOST_SHOWN)


def without_secrets(text: str, place: str = "") -> str:
    """Text without secrets in addresses, and without the values of environment variables that sound like secrets.

    Args:
        place: an address whose own secrets do not appear in any other shape either.
    """
    held = {value for name, value in os.environ.items() if SECRET.search(name) and len(value) >= LEAST_SECRET}
    for value in sorted(held | _secrets(place), key=len, reverse=True):
        text = text.replace(value, "…")
    return "".join(_without_user(word) for word in _WORDS.split(text))


def _without_user(word: str) -> str:
    """A word without what stands in an address before its host and behind a question mark."""
    begin = word.find("://") + 3
    if begin < 3:
        return word
    user = word.rfind("@", begin)
    if user >= 0:
        word = f"{word[:begin]}…{word[user:]}"
    query = word.find("?", begin)
    return word if query < 0 or query == len(word) - 1 else f"{word[: query + 1]}…"


def _parts(place: str) -> tuple[str, str, str]:
    """How an address begins, what is secret before its host, and the rest up to a question mark."""
    kind, begun, rest = place.partition("://")
    if not begun:
        if (half := HALF_URI.match(place)) is None:
            return "", "", place
        kind, begun, rest = half[0], "", place[half.end() :]
    user, _, host = rest.rpartition("@")
    if "?" in user:  # a password with a question mark, or a signature with an @
        return kind + begun, user, "…"
    return kind + begun, user, host.partition("?")[0]


def _secrets(place: str) -> set[str]:
    """What is secret in an address, whole and in parts, as it is written, as it is meant and as Python quotes it."""
    _, user, _ = _parts(place)
    query = place.partition("?")[2] if is_uri(place) or HALF_URI.match(place) else ""
    found = {user, query, *re.split("[:?]", user), *re.split("[&=;@]", query)}
    forms = {form for value in found for form in (value, unquote(value), quote(value, safe=""))}
    return {each for form in forms for each in (form, repr(form)[1:-1]) if len(each) >= LEAST_SECRET}
