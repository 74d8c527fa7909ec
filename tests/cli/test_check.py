"""The command `check`: code 0 where the advice holds, 1 where it does not, 2 where there is none."""

from pathlib import Path

from tests.command import tunecase
from tests.making import case_folder


def test_the_exit_code_is_the_answer(tmp_path: Path) -> None:
    """In words and as JSON, in 80 columns; nothing is appended to the ledger."""
    serving = "serving: {price_per_1k_answers: 2 USD, retires_on: 2026-12-31}"
    path = case_folder(tmp_path, train="  rows: 2k", test="", source="", extra=serving)
    assert 2 == tunecase("check", "--project", path).code
    assert 0 == tunecase("estimate", "--project", path, "--today", "2026-11-20").code
    before = (tmp_path / "ledger.jsonl").read_bytes()
    held = tunecase("check", "--project", path, "--today", "2026-11-27")
    assert 0 == held.code
    assert "The advice of 20 November 2026 still holds." in " ".join(held.out.split())
    assert "ends on 31 December 2026" in " ".join(held.out.split())
    assert max(map(len, held.out.splitlines())) <= 80
    ended = tunecase("check", "--project", path, "--today", "2027-01-01", "--json")
    assert 1 == ended.code
    assert any("serving.retires_on" in words for words in ended.json["broken"])
    assert before == (tmp_path / "ledger.jsonl").read_bytes()
