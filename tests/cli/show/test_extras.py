"""What optional parts would add is told where they are missing."""

import importlib.metadata
from typing import Any

import pytest

from tunecase.cli.show import extras
from tunecase.errors import MissingExtraError


def test_a_part_that_is_missing_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, in the words of every missing part; nothing where its packages are here."""
    here: list[str] = []

    def find(name: str) -> Any:
        return object() if name in here else None

    monkeypatch.setattr(extras, "find_spec", find)
    extras.tell_extras("classification")
    told = capsys.readouterr()
    assert ("", f"{MissingExtraError('A stronger pilot, with a small encoder,', 'encoder')}\n") == told
    extras.tell_extras("generation")
    extras.tell_extras(None)
    assert ("", "") == capsys.readouterr()
    here += ["safetensors", "tokenizers"]
    extras.tell_extras("classification")
    assert ("", "") == capsys.readouterr()


def test_parts_are_those_of_the_project() -> None:
    """Each is an extra of the package, and its packages are what this extra brings."""
    wanted = importlib.metadata.requires("tunecase") or []
    for _, part, packages, _ in extras.PARTS:
        brought = [one for one in wanted if f"extra == '{part}'" in one.replace('"', "'")]
        assert [] == [name for name in packages if not any(one.startswith(name) for one in brought)]
