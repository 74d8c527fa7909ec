"""The command serve checks the case before it listens."""

from pathlib import Path
from typing import Any

import pytest

from tests.command import tunecase


def test_serve_checks_the_case_first(tmp_path: Path, walked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """serve refuses a case that cannot be read, and else hands the live page to the server."""
    assert 2 == tunecase("serve", "--project", tmp_path / "none.yaml").code
    served: dict[str, Any] = {}

    def listen(html: Any, *, port: int, on_ready: Any, on_failure: Any) -> None:
        served.update(html=html(), port=port)
        on_ready("http://127.0.0.1:8118/?token=abc")
        on_failure(RuntimeError("odd"))

    monkeypatch.setattr("tunecase.web.serve", listen)
    ran = tunecase("serve", "--port", "8118", "--project", walked)
    assert (0, 8118) == (ran.code, served["port"])
    assert "http://127.0.0.1:8118/?token=abc" in ran.out
    assert "tunecase failed: RuntimeError: odd; the traceback is in " in ran.err
    assert "<html" in served["html"]
