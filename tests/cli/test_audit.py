"""The command audit mends data, reads them without a project, and counts tokens exactly."""

from pathlib import Path

from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl
from tunecase.records import RECORDS, from_json


def test_data_are_mended_on_the_command_line(tmp_path: Path) -> None:
    """--fix writes the copy and books it, --reviewed takes the sheet back; options that need --fix say so."""
    path = case_folder(tmp_path, train_rows=60, test_rows=40)
    out = tmp_path / "cleaned"
    ran = tunecase("audit", "--project", path, "--fix", out, "--json")
    record = from_json(RECORDS["clean"], ran.json)
    assert record.rows == record.kept + record.dropped + record.quarantined
    assert (out / "changes.json").exists()
    assert 2 == tunecase("audit", "--project", path, "--fix", out).code
    assert 2 == tunecase("audit", "--project", path, "--mask").code
    assert 2 == tunecase("audit", "--project", path, "--reviewed", tmp_path / "none.csv").code
    printed = tunecase("audit", "--project", path, "--fix", out, "--force")
    assert "Your file is unchanged." in printed.out
    assert all(len(line) <= 80 for line in printed.out.splitlines() if str(path) not in line)


def test_audit_counts_tokens_with_a_tokenizer_at_hand(tmp_path: Path) -> None:
    """--tokenizer makes the count exact; a file that is none is refused."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.save(str(tmp_path / "tokenizer.json"))
    path = case_folder(tmp_path, train_rows=20)
    ran = tunecase("audit", "--json", "--tokenizer", tmp_path / "tokenizer.json", "--project", path)
    # Ten words of text and the label in each of the rows.
    assert (True, 220.0) == (ran.json["tokens"]["exact"], ran.json["tokens"]["total"]["mid"])
    assert 2 == tunecase("audit", "--tokenizer", path, "--project", path).code


def test_a_file_that_is_there_is_kept_and_the_name_taken_is_said(tmp_path: Path) -> None:
    """An audit without a project writes over no file of the user's, and says where the bad rows are."""
    write_jsonl(tmp_path / "a.jsonl", tickets(80, 1))
    with (tmp_path / "a.jsonl").open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    notes = tmp_path / "a.quarantine.jsonl"
    notes.write_text("NOTES\n", encoding="utf-8")
    ran = tunecase("audit", "a.jsonl", "--fast", cwd=tmp_path)
    assert "a.2.quarantine.jsonl" in ran.out
    assert notes.read_text(encoding="utf-8") == "NOTES\n"


def test_the_case_that_names_the_audited_file_is_gone_on_with(tmp_path: Path) -> None:
    """Here or above; where no case names it, one is begun with the test file, and that command works as it stands."""
    path = case_folder(tmp_path / "case", train_rows=60, test_rows=40)
    ran = tunecase("audit", "train.jsonl", "--test", "test.jsonl", cwd=path.parent)
    assert "next: tunecase audit" in ran.out or "next: tunecase define" in ran.out
    assert "tunecase init" not in ran.out
    for name in ("train", "test"):
        write_jsonl(tmp_path / "files" / name / "rows.jsonl", tickets(60, ("train", "test").index(name)))
    words = ("train/rows.jsonl", "--test", "test/rows.jsonl")
    begin = f"tunecase init {' '.join(words)} --to ."
    assert f"next: {begin}" in tunecase("audit", *words, cwd=tmp_path / "files").out
    assert tunecase(*begin.split()[1:], cwd=tmp_path / "files").code == 0
