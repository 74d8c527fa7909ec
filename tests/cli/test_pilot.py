"""The command `pilot`: what was named and could not be measured is told by its exit code."""

from pathlib import Path

import pytest

from tests.command import tunecase
from tests.making import case_folder

QUICK = "pilot --trainer probe --candidates none --sizes 20 --draws 1 --workers 1 --yes".split()


@pytest.mark.slow
def test_models_that_could_not_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name is a mistake of usage; where no named model has its key, the exit code is 1 after the ladder."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    words = (*QUICK, "--project", case_folder(tmp_path))
    assert 0 == tunecase(*words).code
    unknown = tunecase(*words, "--hosted", "gpt-6-lunar")
    assert (2, True) == (unknown.code, "Did you mean gpt-6-luna" in unknown.err), unknown
    keyless = tunecase(*words, "--hosted", "gpt-6-luna")
    assert (1, True) == (keyless.code, "gpt-6-luna was not asked: OPENAI_API_KEY is not set." in keyless.out), keyless
