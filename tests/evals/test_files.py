"""JSON within bounds."""

import io
import json

import pytest

from tunecase.errors import InputError
from tunecase.evals import files
from tunecase.evals.files import elements


def test_an_array_is_read_object_by_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of any size give the same objects, letters of several bytes among them."""
    whole = [{"a": "é€😀" * n, "b": [n, {"c": "}]"}]} for n in range(50)]
    text = json.dumps(whole, ensure_ascii=False, indent=1).encode()
    for size in (1, 7, 64, 1 << 20):
        monkeypatch.setattr(files, "CHUNK", size)
        assert whole == list(elements("x", io.BytesIO(text)))


def test_an_object_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One object never fills the memory."""
    monkeypatch.setattr(files, "MOST_LINE_BYTES", 1000)
    monkeypatch.setattr(files, "CHUNK", 500)
    with pytest.raises(InputError, match="more than"):
        list(elements("x", io.BytesIO(b'[{"a": "' + b"b" * 5000 + b'"}]')))
