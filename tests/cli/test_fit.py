"""The command fit: which words are its own."""

from pathlib import Path

import pytest

from tests.command import tunecase


def test_words_behind_the_dashes_are_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command to probe is kept whole where the model is left out, and where it is named."""
    monkeypatch.chdir(tmp_path)
    alone = tunecase("fit", "--probe", "--", "python", "train.py")
    assert 2 == alone.code
    assert alone.err.startswith("MODEL: nothing, and no project here")
    named = tunecase("fit", "llama-3.1-8b", "--", "python", "train.py", "--steps", "3")
    assert 2 == named.code
    assert "command: python train.py --steps 3" in named.err
