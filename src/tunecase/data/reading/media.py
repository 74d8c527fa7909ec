"""Rows that hold images, sound or film: only text is read, and they are set aside with that reason."""

from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = {
    **dict.fromkeys(("image", "images", "pixel_values", "image_path", "image_url"), "an image"),
    **dict.fromkeys(("audio", "audios", "speech"), "audio"),
    **dict.fromkeys(("video", "videos"), "video"),
}
_PARTS = ("image", "audio", "video")


def reason(kind: str) -> str:
    """Why a row with such a part cannot be used."""
    return f"holds {kind}, and only text is read"


REASONS = frozenset(map(reason, COLUMNS.values()))


def kind_of_part(part: Mapping[str, Any]) -> str:
    """What a part of a turn's content holds besides text, "" for nothing.

    Example:
        >>> kind_of_part({"type": "image_url", "image_url": {"url": "https://a.example/b.png"}})
        'an image'
    """
    named = str(part.get("type", ""))
    kind = next((kind for kind in _PARTS if kind in named), "")
    return COLUMNS[kind] if kind else ""


def columns_of(names: Mapping[str, str], records: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """(column, what it holds) of the columns of media; addresses alone count only where a text has a mark for them.

    Args:
        names: columns by folded name.
        records: some of the file.
    """
    marked = any(_marks(value) for record in records for value in record.values())
    return tuple(
        (names[name], kind)
        for name, kind in COLUMNS.items()
        if name in names and any(_is_held(record.get(names[name]), marked) for record in records)
    )


def _marks(value: object) -> bool:
    text = value if isinstance(value, str) else str(value) if isinstance(value, list) else ""
    return any(mark in text for mark in ("<image>", "<audio>", "<video>", "<|image|>"))


def _is_held(value: object, marked: bool) -> bool:
    if isinstance(value, str):
        return marked and bool(value)
    return isinstance(value, bytes | dict | list) and bool(value)
