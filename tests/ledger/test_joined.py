"""Two histories in one file: they are told from an edit, and one command makes one chain of them that loses nothing."""

import os
import shutil
import subprocess
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.command import tunecase
from tests.laws import law
from tests.making import case_folder
from tunecase.errors import InputError, TunecaseError
from tunecase.ledger.book import Ledger
from tunecase.records import Rechained, Spending

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SHARED_TMP = law(60, HealthCheck.function_scoped_fixture)
GIT = shutil.which("git")


def write(ledger: Ledger, *names: str, at: int = 0, step: int = 2) -> None:
    """Appends entries with these names, a minute or more between them."""
    for number, name in enumerate(names):
        ledger.append("record", {"name": name}, recorded_at=START + timedelta(minutes=at + step * number))


def names(ledger: Ledger) -> list[str]:
    """The names of the entries in order, the record of a re-chaining as its verb."""
    return [entry.body.get("name", entry.verb) for entry in ledger.entries()]


def branches(folder: Path) -> tuple[Ledger, Ledger]:
    """Two ledgers that share p1 and p2 and then went on by themselves at the same time."""
    ours, theirs = Ledger(folder / "ours" / "ledger.jsonl"), Ledger(folder / "theirs" / "ledger.jsonl")
    write(ours, "p1", "p2")
    theirs.path.parent.mkdir()
    shutil.copy(ours.path, theirs.path)
    write(ours, "a1", "a2", at=10)
    write(theirs, "b1", "b2", "b3", at=11)
    return ours, theirs


def lines(ledger: Ledger) -> list[bytes]:
    """The lines with their ends."""
    return ledger.path.read_bytes().splitlines(keepends=True)


def joined(folder: Path, form: str) -> Ledger:
    """One file out of both branches, as different tools join them."""
    ours, theirs = branches(folder)
    a, b = lines(ours), lines(theirs)
    found = {
        "union": a + b[2:], "theirs first": b + a[2:], "interleaved": [*a[:2], a[2], b[2], a[3], *b[3:]],
        "concatenated": a + b,
        "markers": [*a[:2], b"<<<<<<< HEAD\n", *a[2:], b"=======\n", *b[2:], b">>>>>>> theirs\n"],
        "three-way markers": [*a[:2], b"<<<<<<< H\n", *a[2:], b"||||||| 12\n", b"=======\n", *b[2:], b">>>>>>> theirs"],
        "markers of Windows": [*a[:2], b"<<<<<<< a\r\n", *a[2:], b"=======\r\n", *b[2:], b">>>>>>> b\r\n"],
    }  # fmt: skip
    ledger = Ledger(folder / "ledger.jsonl")
    ledger.path.write_bytes(b"".join(found[form]))
    return ledger


FORMS = (
    "union", "theirs first", "interleaved", "concatenated", "markers", "three-way markers", "markers of Windows",
)  # fmt: skip


def rechain(ledger: Ledger) -> Rechained | None:
    """Chains again, an hour after the start."""
    return ledger.rechain(recorded_at=START + timedelta(hours=1), version="0.0")


@pytest.mark.parametrize("form", FORMS)
def test_joined_histories_are_told_and_become_one_chain(tmp_path, form):
    """However the two were joined, one problem says so, and re-chaining keeps every entry in the order of moments."""
    ledger = joined(tmp_path, form)
    shared = lines(ledger)[:2]
    (problem,) = ledger.verify()
    assert "two histories" in problem.got
    assert "tunecase ledger rechain" in problem.fix
    with pytest.raises(InputError, match="two histories"):
        list(ledger.entries())
    record = rechain(ledger)
    assert [] == ledger.verify()
    assert ["p1", "p2", "a1", "b1", "a2", "b2", "b3", "rechain"] == names(ledger)
    assert shared == lines(ledger)[:2]
    assert (7, 4, 4, 2) == (record.entries, record.moved, record.from_line, record.histories)
    assert record == list(ledger.entries())[-1].record()
    assert (2 if form == "concatenated" else 0) == record.copies
    assert bool(record.markers) == ("markers" in form)


def test_heads_copies_and_whole_chains(tmp_path):
    """The record names each branch's head; the old file is kept and never overwritten; a whole chain is left alone."""
    import hashlib

    ours, theirs = branches(tmp_path)
    heads = {hashlib.sha256(lines(one)[-1].rstrip(b"\n")).hexdigest() for one in (ours, theirs)}
    ledger = Ledger(tmp_path / "l")
    ledger.path.write_bytes(ours.path.read_bytes() + b"".join(lines(theirs)[2:]))
    assert heads == set(rechain(ledger).heads)
    (tmp_path := tmp_path / "second").mkdir()
    ledger = joined(tmp_path, "union")
    before = ledger.path.read_bytes()
    assert "ledger.jsonl.before-rechain" == rechain(ledger).copy
    assert before == (tmp_path / "ledger.jsonl.before-rechain").read_bytes()
    ledger.path.write_bytes(before)
    assert "ledger.jsonl.before-rechain-2" == rechain(ledger).copy
    assert not list(tmp_path.glob("*.new"))
    (tmp_path := tmp_path / "third").mkdir()
    ledger = Ledger(tmp_path / "l")
    assert rechain(ledger) is None
    write(ledger, "a", "b")
    before = ledger.path.read_bytes()
    assert rechain(ledger) is None
    assert before == ledger.path.read_bytes()
    assert ["l", "l.lock"] == sorted({*(path.name for path in tmp_path.iterdir()), "l.lock"})


def test_moved_doubled_and_equal_entries(tmp_path):
    """Shuffled lines come back byte for byte; equal entries stay as many as one history has."""
    ledger = Ledger(tmp_path / "l")
    write(ledger, "a", "b", "c", "d")
    whole = lines(ledger)
    ledger.path.write_bytes(b"".join([whole[2], whole[0], whole[3], whole[1], whole[0]]))
    assert all("rechain" in problem.fix for problem in ledger.verify())
    record = rechain(ledger)
    assert whole == lines(ledger)[:4]
    assert (4, 0, 0, 1, 1) == (record.entries, record.moved, record.from_line, record.histories, record.copies)
    assert (0, ()) == (record.adopted, record.charges)
    assert [] == ledger.verify()
    (tmp_path := tmp_path / "second").mkdir()
    ledger = Ledger(tmp_path / "l")
    ledger.append("record", {"name": "p"}, recorded_at=START)
    shutil.copy(ledger.path, tmp_path / "m")
    other = Ledger(tmp_path / "m")
    for one, extra in ((ledger, "a"), (other, "b")):
        one.append("record", {"name": extra}, recorded_at=START)
        one.append("record", {"name": "same"}, recorded_at=START)
        one.append("record", {"name": "same"}, recorded_at=START)
    ledger.path.write_bytes(ledger.path.read_bytes() + other.path.read_bytes())
    rechain(ledger)
    assert Counter(p=1, a=1, b=1, same=2, rechain=1) == Counter(names(ledger))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda all_: [line.replace(b'"b1"', b'"b9"') for line in all_], "a line that was edited"),
        (lambda all_: [line for line in all_ if b'"b1"' not in line], "it follows a line that is not here"),
        (lambda all_: [*all_[:3], b"hello\n", *all_[3:]], "a line that is no entry"),
        (lambda all_: [*all_[:3], all_[3][:90] + b"\n", *all_[4:]], "a line that is no entry"),
    ],
    ids=["edited", "deleted", "foreign", "cut"],
)  # fmt: skip
def test_edited_and_lost_lines_are_named_and_nothing_is_done(tmp_path, change, said):
    """What does not prove itself is never chained again, however the histories were joined."""
    ledger = joined(tmp_path, "union")
    ledger.path.write_bytes(b"".join(change(lines(ledger))))
    before = sorted((path.name, path.read_bytes()) for path in tmp_path.iterdir() if path.is_file())
    assert said in " ".join(problem.got for problem in ledger.verify())
    with pytest.raises(InputError, match="version control") as error:
        rechain(ledger)
    assert said in error.value.problems[0].got
    after = sorted((path.name, path.read_bytes()) for path in tmp_path.iterdir() if path.is_file())
    assert before == [found for found in after if not found[0].endswith(".lock")]


def test_a_refused_disk_and_a_waiting_writer(tmp_path, monkeypatch):
    """The old ledger stands and nothing lies about; an append in the middle waits for the lock."""
    ledger = joined(tmp_path, "union")
    before = ledger.path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(TunecaseError, match="the ledger is as it was"):
        rechain(ledger)
    assert before == ledger.path.read_bytes()
    assert {"ledger.jsonl"} == {path.name for path in tmp_path.glob("ledger*") if not path.name.endswith(".lock")}
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    from tunecase.errors import LedgerBusyError

    ledger, seen = joined(tmp_path, "union"), []

    def copy(*words: object) -> None:
        with pytest.raises(LedgerBusyError):
            Ledger(ledger.path, timeout_s=0.05).append("record", {}, recorded_at=START)
        seen.append(words)

    real = shutil.copyfile
    monkeypatch.setattr(shutil, "copyfile", lambda *words: (copy(*words), real(*words)))
    rechain(ledger)
    assert 1 == len(seen)


@pytest.mark.parametrize("place", ["shutil.copyfile", "pathlib.Path.replace"])
def test_a_re_chaining_that_is_cut_short_is_done_again(tmp_path, monkeypatch, place):
    """A process that ends before the new file takes its place leaves the old one; the next one does the whole."""
    ledger = joined(tmp_path, "markers")
    before = ledger.path.read_bytes()

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(place, die)
        with pytest.raises(SystemExit):
            rechain(ledger)
    assert before == ledger.path.read_bytes()
    assert 2 == rechain(ledger).histories
    assert [] == ledger.verify()
    assert not list(tmp_path.glob("*.new"))


def test_corrections_and_histories_chained_again_meet(tmp_path):
    """A charge that supersedes another still names it; two people who each joined can be merged once more."""
    ours, theirs = branches(tmp_path)
    charge = Spending(date(2026, 11, 20), "gpu", Decimal("10.50"), "USD", Decimal("10.50"))
    wrong = theirs.append("spend", charge, recorded_at=START + timedelta(minutes=30))
    right = Spending(date(2026, 11, 20), "gpu", Decimal("10.05"), "USD", Decimal("10.05"), supersedes=wrong.id)
    theirs.append("spend", right, recorded_at=START + timedelta(minutes=31))
    ledger = Ledger(tmp_path / "l")
    ledger.path.write_bytes(ours.path.read_bytes() + b"".join(lines(theirs)[2:]))
    rechain(ledger)
    found = {entry.id: entry for entry in ledger.entries()}
    assert wrong.body == found[wrong.id].body
    assert wrong.prev != found[wrong.id].prev
    assert [wrong.id] == [entry.record().supersedes for entry in found.values() if entry.body.get("supersedes")]
    (tmp_path := tmp_path / "second").mkdir()
    for folder in "xy":
        (tmp_path / folder).mkdir()
    one, other = joined(tmp_path / "x", "union"), joined(tmp_path / "y", "theirs first")
    one.rechain(recorded_at=START + timedelta(hours=1), version="0.0")
    other.rechain(recorded_at=START + timedelta(hours=2), version="0.0")
    write(one, "c1", at=200)
    write(other, "d1", at=190)
    ledger = Ledger(tmp_path / "l")
    ledger.path.write_bytes(one.path.read_bytes() + other.path.read_bytes())
    ledger.rechain(recorded_at=START + timedelta(hours=9), version="0.0")
    assert [] == ledger.verify()
    found = names(ledger)
    assert Counter(["p1", "p2", "a1", "a2", "b1", "b2", "b3", "c1", "d1", *["rechain"] * 3]) == Counter(found)
    assert 3 == ledger.counts()["record", "rechain"]


@pytest.mark.slow
@given(st.data())
@SHARED_TMP
def test_any_tree_of_histories_becomes_one_chain_that_keeps_each(tmp_path_factory, data):
    """Branches of branches in any order of lines: every entry is there once, each history in its own order."""
    folder = tmp_path_factory.mktemp("l")
    trunk = Ledger(folder / "0")
    write(trunk, "p")
    ledgers = [trunk]
    for number in range(1, data.draw(st.integers(2, 4))):
        base = data.draw(st.sampled_from(ledgers))
        branch = Ledger(folder / str(number))
        shutil.copy(base.path, branch.path)
        ledgers.append(branch)
        for one in ledgers:
            for n in range(data.draw(st.integers(0, 2))):
                at = data.draw(st.integers(0, 500))
                write(one, f"{number}-{one.path.name}-{n}", at=at)
    all_lines = [line for one in ledgers for line in lines(one)]
    whole = Ledger(folder / "all")
    whole.path.write_bytes(b"".join(data.draw(st.permutations(all_lines))))
    rechain(whole)
    found = [name for name in names(whole) if name != "rechain"]
    assert [] == whole.verify()
    assert Counter({name for one in ledgers for name in names(one)}) == Counter(found)
    for one in ledgers:
        assert names(one) == [name for name in found if name in set(names(one))]


def git(folder: Path, *words: str, code: int = 0) -> None:
    """`git WORDS` in a folder, with nothing of this machine's settings."""
    identity = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    surroundings = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    ran = subprocess.run([GIT, *words], cwd=folder, env=surroundings, capture_output=True)
    assert code == ran.returncode, ran.stderr


def test_money_of_joined_histories(tmp_path: Path) -> None:
    """A bill that both imported counts once; what the shorter history brought is told with its money."""
    from tunecase.books.held import held

    ours, theirs = branches(tmp_path)
    bill = Spending(date(2026, 11, 20), "gpu", Decimal("10"), "USD", Decimal("10"), row_id="r" * 64)
    first = ours.append("spend", bill, recorded_at=START + timedelta(minutes=30))
    theirs.append("spend", bill, recorded_at=START + timedelta(minutes=31))
    right = Spending(date(2026, 11, 20), "gpu", Decimal("9"), "USD", Decimal("9"), supersedes=first.id)
    ledger = Ledger(tmp_path / "l")
    for correction, paid in ((None, "10"), (right, "9")):
        if correction:
            ours.append("spend", correction, recorded_at=START + timedelta(minutes=32))
        ledger.path.write_bytes(ours.path.read_bytes() + b"".join(lines(theirs)[2:]))
        rechain(ledger)
        charges = held([(entry.id, entry.record()) for entry in ledger.entries() if entry.kind == "spend"]).charges
        assert [Decimal(paid)] == [charge.amount for _, charge in charges]
    (tmp_path := tmp_path / "second").mkdir()
    ours, theirs = branches(tmp_path)
    ours.append("spend", charge("90.50", "forged"), recorded_at=START + timedelta(minutes=50))
    both = {"recorded_at": START + timedelta(minutes=51)}
    for ledger in (ours, theirs):
        ledger.append("spend", charge("7"), **both)
    write(theirs, "b4", "b5", at=60)
    whole = Ledger(tmp_path / "ledger.jsonl")
    whole.path.write_bytes(b"".join(lines(ours) + lines(theirs)[2:]))
    record = rechain(whole)
    assert (3, {"USD": Decimal("90.50")}) == (record.adopted, record.amounts)
    ((brought,),) = [record.charges]
    assert (Decimal("90.50"), "forged", "2026-11-24") == (brought.amount, brought.description, brought.on)
    *_, last = whole.entries()
    assert record == last.record()


@pytest.mark.skipif(GIT is None, reason="skipped: git is not on this machine")
@pytest.mark.parametrize("union", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["conflict", "merge=union"])
def test_a_merge_by_git_is_told_and_mended_by_one_command(tmp_path, union):
    """A real merge of two branches that both spent money: told with exit code 2, mended, and counted ever after."""
    project = case_folder(tmp_path, train_rows=3, test_rows=3)
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / ".gitattributes").write_text("ledger.jsonl merge=union\n" if union else "")

    def spend(amount: str, note: str) -> None:
        words = ("--category", "gpu", "--on", "2026-11-20", "--note", note, "--today", "2026-11-24")
        assert 0 == tunecase("spend", "add", amount, *words, "--project", project).code
        git(tmp_path, "add", ".gitattributes", "ledger.jsonl")
        git(tmp_path, "commit", "-q", "-m", note)

    spend("1", "both")
    git(tmp_path, "checkout", "-q", "-b", "theirs")
    spend("20", "theirs")
    spend("40", "theirs too")
    git(tmp_path, "checkout", "-q", "main")
    spend("300", "ours")
    git(tmp_path, "merge", "-q", "theirs", code=0 if union else 1)
    for words in (("ledger", "verify"), ("books",)):
        ran = tunecase(*words, "--project", project)
        assert (2, True) == (ran.code, "tunecase ledger rechain" in ran.err)
    assert 0 == tunecase("ledger", "rechain", "--project", project).code
    found = tunecase("ledger", "verify", "--project", project, "--json").json
    assert (5, 1, True) == (found["entries"], found["rechained"], found["whole"])
    notes = [e.record().description for e in Ledger(tmp_path / "ledger.jsonl").entries() if e.kind == "spend"]
    assert ["both", "theirs", "theirs too", "ours"] == notes
    assert tunecase("books", "--project", project, "--json").json["spent"] == "361"
    again = tunecase("ledger", "rechain", "--project", project, "--json").json
    assert again == tunecase("ledger", "verify", "--project", project, "--json").json


def charge(amount: str, what: str = "gpu") -> Spending:
    """A charge of so much."""
    return Spending(date(2026, 11, 24), "gpu", Decimal(amount), "USD", Decimal(amount), what)


def test_empty_lines_and_a_byte_order_mark_go(tmp_path: Path) -> None:
    """What an editor leaves is named with the command that cleans it; every entry stays as it was."""
    ours, _ = branches(tmp_path)
    whole = lines(ours)
    spoilt = {
        "first": b"\n" + b"".join(whole),
        "between": whole[0] + b"  \r\n" + b"".join(whole[1:]),
        "last": b"".join(whole) + b"\n\n",
        "mark": b"\xef\xbb\xbf" + b"".join(whole),
        "mark on the only line": b"\xef\xbb\xbf" + whole[0].rstrip(),
    }
    for where, body in spoilt.items():
        ours.path.write_bytes(body)
        assert ours.verify(), where
        assert all("tunecase ledger rechain" in problem.fix for problem in ours.verify())
        rechain(ours)
        assert (whole[:1] if where == "mark on the only line" else whole) == lines(ours)[:-1], where
        assert [] == ours.verify()
