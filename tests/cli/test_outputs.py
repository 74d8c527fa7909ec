"""Every command that writes a file spares what the case needs and what tunecase did not make."""

import errno
import os
import shutil
from pathlib import Path

import filelock
import pytest

from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl

# Each command with an option for a file; FILE stands for the place.
WRITES: dict[str, tuple[str, ...]] = {
    "define": ("define", "--brief", "FILE"),
    "compare": ("compare", "tunecase.yaml", "--set", "budget=40k USD", "--markdown", "FILE"),
    "books --page": ("books", "--page", "FILE"),
    "books --csv": ("books", "--csv", "FILE"),
    "pilot": ("pilot", "--trainer", "lora", "--export", "skypilot", "--accelerators", "L40S:1", "--to", "FILE"),
}
# Those whose earlier file is known as tunecase's own.
RENEWED = ("compare", "books --page", "books --csv")


@pytest.fixture
def case(walked: Path, tmp_path: Path) -> Path:
    """The folder of a case that was walked, with a ledger that has other names as well."""
    folder = tmp_path / "case"
    shutil.copytree(walked.parent, folder)
    (folder / "soft.jsonl").symlink_to("ledger.jsonl")
    os.link(folder / "ledger.jsonl", folder / "hard.jsonl")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes, but for the ledger, to which a command may append."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and "jsonl" not in path.name}


def test_no_command_writes_over_what_the_case_needs(case: Path) -> None:
    """Project file, ledger and data stay, under whatever name and with --force; the exit code is 2."""
    names = ("tunecase.yaml", "ledger.jsonl", "train.jsonl", "test.jsonl", "soft.jsonl", "hard.jsonl")
    names += (f"../{case.name}/train.jsonl", "corrections.jsonl")
    breaches = []
    for verb, words in WRITES.items():
        for name in names if verb == "books --csv" else names[2:6:3]:
            before = (contents(case), (case / "ledger.jsonl").read_bytes(), (case / "train.jsonl").read_bytes())
            typed = [name if word == "FILE" else word for word in words]
            ran = tunecase(*typed, "--force", cwd=case)
            after = (contents(case), (case / "ledger.jsonl").read_bytes(), (case / "train.jsonl").read_bytes())
            kept = before == after  # not even the record of an answer that could not be written
            if ran.code != 2 or "a file that this case needs" not in ran.err or not kept:
                breaches.append((verb, name, ran.code, kept, ran.err[-200:]))
    assert [] == breaches


@pytest.mark.slow
def test_other_files_need_force_and_our_own_do_not(case: Path) -> None:
    """A file that tunecase did not make stays without --force; the same command twice is no matter."""
    breaches = []
    for verb, words in WRITES.items():
        place = case / "out.txt"
        place.write_text("mine")
        typed = ["out.txt" if word == "FILE" else word for word in words]
        codes = [tunecase(*typed, cwd=case).code, tunecase(*typed, "--force", cwd=case).code]
        tunecase("spend", "add", "5", "USD", "--category", "gpu", cwd=case)
        again = tunecase(*typed, "--set" if verb == "compare" else "--seed", "1" if verb != "compare" else "name=b",
                         cwd=case)  # fmt: skip
        renewed = again.code != 2 if verb in RENEWED else "give --force" in again.err or again.code == 0
        if codes[0] != 2 or codes[1] == 2 or place.read_text(encoding="utf-8") == "mine" or not renewed:
            breaches.append((verb, codes, again.code, again.err[-300:]))
    assert [] == breaches


@pytest.mark.slow
def test_a_report_replaces_its_own_files_only(case: Path) -> None:
    """An earlier report is replaced; a page of somebody else, and the ledger under that name, are not."""
    assert 0 == tunecase("report", cwd=case).code
    (case / "report.md").write_text("my own words")
    for verb in ("report", "run"):
        ran = tunecase(verb, cwd=case)
        assert (2, "my own words") == (ran.code, (case / "report.md").read_text())
        assert "give --force" in ran.err
    assert 0 == tunecase("report", "--force", cwd=case).code
    assert "my own words" != (case / "report.md").read_text(encoding="utf-8")
    (case / "report.md").unlink()
    os.link(case / "ledger.jsonl", case / "report.md")
    ran = tunecase("report", "--force", cwd=case)
    assert 2 == ran.code
    assert "a file that this case needs" in ran.err
    assert 0 == tunecase("ledger", "verify", cwd=case).code


def test_folders_and_queues_spare_the_case(case: Path) -> None:
    """A cleaned copy takes no folder of the case and no link; a batch to label takes a name that is free."""
    write_jsonl(case / "pool.jsonl", [{"text": row["text"]} for row in tickets(40, 3)])
    (case / "aside").mkdir()
    (case / "link").symlink_to("aside")
    for name in (".", "link", "train.jsonl"):
        assert 2 == tunecase("audit", "--fix", name, "--force", cwd=case).code, name
    before = (case / "train.jsonl").read_bytes()
    ran = tunecase("audit", "--next", "3", "--pool", "pool.jsonl", "--to", "train.jsonl", cwd=case)
    assert (0, before) == (ran.code, (case / "train.jsonl").read_bytes())
    assert (case / "train-2.csv").is_file()


def test_a_project_file_is_found_from_below(case: Path, tmp_path: Path) -> None:
    """Without --project the file of the nearest folder above is used and named; one that is given stays exact."""
    deep = case / "notes" / "old"
    deep.mkdir(parents=True)
    ran = tunecase("spend", "list", "--json", cwd=deep)
    assert (0, f"Project file: {Path('..', '..', 'tunecase.yaml')}\n") == (ran.code, ran.err)
    assert ran.json == tunecase("spend", "list", "--json", cwd=case).json
    assert 2 == tunecase("decide", "--project", "tunecase.yaml", cwd=deep).code
    assert "" == tunecase("spend", "list", cwd=case).err
    assert "" == tunecase("audit", "../../train.jsonl", "--fast", cwd=deep).err


def test_no_command_makes_a_folder_for_a_file(case: Path) -> None:
    """A typing error in the folder of a file is told."""
    for verb, words in WRITES.items():
        if verb == "compare":  # its bills are worked out before its file is looked at
            continue
        ran = tunecase(*("nope/a.txt" if word == "FILE" else word for word in words), cwd=case)
        assert (2, False) == (ran.code, (case / "nope").exists()), ran.err
        assert "no such folder" in ran.err


@pytest.mark.slow
def test_a_folder_that_takes_no_writing_still_answers(
    walked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verbs that only show give their answer and say that it is not recorded; what must be recorded fails."""

    def refused(self: filelock.FileLock, **_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), self.lock_file)

    before = (walked.parent / "ledger.jsonl").read_bytes()
    monkeypatch.setattr(filelock.FileLock, "acquire", refused)
    for words, is_told in (
        (("books", "--page", tmp_path / "b.html"), True),
        (("report", "--to", tmp_path), True),
        (("check",), False),
        (("compare", "--set", "method=full"), True),
    ):
        ran = tunecase(*words, "--project", walked)
        assert (True, True) == (ran.code in (0, 1), bool(ran.out)), ran
        assert is_told == ("not recorded" in ran.err), ran
    assert (tmp_path / "b.html").is_file()
    for words in (("spend", "add", "5", "USD"), ("books", "--close", "gpu"), ("approve", "5 USD", "--by", "me")):
        ran = tunecase(*words, "--project", walked)
        assert (3, True) == (ran.code, "ead-only" in ran.err), ran
    assert before == (walked.parent / "ledger.jsonl").read_bytes()


def test_no_name_of_a_file_steers_the_terminal(tmp_path: Path) -> None:
    """A path with control characters is told without them, and JSON holds them as escapes."""
    path = case_folder(tmp_path)
    odd = tmp_path / "a\x07b\x9b31m.csv"
    ran = tunecase("books", "--csv", odd, "--project", path)
    assert (0, True, False) == (ran.code, odd.is_file(), any(letter in ran.out for letter in "\x07\x9b"))
    named = tmp_path / "a\x9b31m.jsonl"
    named.write_text('{"input": "x", "output": "y"}\n')
    ran = tunecase("audit", named, "--json")
    assert "\x9b" not in ran.out
    assert str(named) == ran.json["train"]
