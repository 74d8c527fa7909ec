"""Whole audits of files with something wrong in their bytes: rows are kept or said to be bad, nothing crashes."""

import gzip
import json
import os
import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunecase.data.audit.audit import Files, audit
from tunecase.errors import InputError
from tunecase.prices.basis import Basis
from tunecase.quantities.spread import Worlds
from tunecase.records import Audit

SOURCE = Path(__file__).parents[3] / "src"


def judged(path: Path, quarantine: Path | None = None, **watch) -> Audit:
    """A fast audit with default prices."""
    basis = Basis(None, date(2026, 11, 24), Worlds(0, 50))
    return audit(None, Files(path, quarantine=quarantine), basis=basis, fast=True, **watch)


def rows(count: int, seed: int = 0) -> list[bytes]:
    """JSON texts of rows that share no run of three words."""
    rng = random.Random(seed)
    texts = [" ".join(f"w{rng.randrange(100_000)}" for _ in range(8)) for _ in range(count)]
    return [json.dumps({"text": f"é{text}", "label": "xy"[k % 2]}, ensure_ascii=False).encode() for k, text in
            enumerate(texts)]  # fmt: skip


def written(folder: Path, name: str, content: bytes) -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content)
    return path


def counted(record: Audit) -> tuple[int, int]:
    """(readable rows, quarantined rows), which with the dropped are all."""
    assert record.rows == record.usable + record.dropped + record.quarantined
    return record.rows - record.quarantined, record.quarantined


GOOD = rows(60)
BODY = b"\n".join(GOOD)
NESTED = b'{"text": "a", "label": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"


ODD = {
    "latin-1": (BODY + b'\n{"text": "caf\xe9", "label": "x"}\n' + BODY.replace(b"w", b"v"), (120, 1)),
    "utf-16": (BODY.decode().encode("utf-16"), (60, 0)),
    "utf-16-le": (BODY.decode().encode("utf-16-le"), (60, 0)),
    "utf-32": (BODY.decode().encode("utf-32"), (60, 0)),
    "bom": (b"\xef\xbb\xbf" + BODY, (60, 0)),
    "crlf": (b"\r\n".join(GOOD), (60, 0)),
    "cr": (b"\r".join(GOOD), (60, 0)),
    "nul line": (BODY + b"\n\0\0\0\0\n" + GOOD[0].replace(b"w", b"v"), (61, 1)),
    "nul": (BODY + b'\n{"text": "a\0b", "label": "x"}', (60, 1)),
    "nested": (BODY + b"\n" + NESTED + b"\n" + b"[" * 10_000, (60, 2)),
    "nan": (BODY + b'\n{"text": "only one", "label": NaN}\n{"text": "the other", "label": -Infinity}', (61, 1)),
    "surrogate escapes": (
        BODY + b'\n{"text": "a \\ud800 b", "label": "x"}\n{"text": "\\udc00", "label": "x"}',
        (60, 2),
    ),
    "surrogate bytes": (BODY + b'\n{"text": "raw \xed\xa0\x80 half", "label": "x"}', (60, 1)),
}


def test_odd_bytes_cost_their_row_alone(tmp_path):
    """Whatever one row holds, the others are read."""
    seen = {name: counted(judged(written(tmp_path, "d.jsonl", content))) for name, (content, _) in ODD.items()}
    assert {name: expected for name, (_, expected) in ODD.items()} == seen


def test_stray_brackets_and_doubled_keys(tmp_path):
    """A bracket too many costs the row that it stands in; a key that stands twice is noted."""
    seen = {name: counted(judged(written(tmp_path, "d.json", content))) for name, (content, _) in STRAY.items()}
    assert {name: expected for name, (_, expected) in STRAY.items()} == seen
    record = judged(written(tmp_path, "d.jsonl", BODY + b'\n{"text": "a", "text": "b", "label": "x"}'))
    assert (61, 0) == counted(record)
    assert any(note.startswith("1 of the first 61 rows hold a key twice") for note in record.notes)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_archives_cut_in_half_give_the_rows_before_the_cut(tmp_path, ending):
    """Rows before the cut are used, and one bad row says that there was more."""
    made = rows(3500)
    for name, content in (("d.jsonl", b"\n".join(made)), ("d.json", b"[" + b",\n".join(made) + b"]")):
        archive = packed(content, ending)
        good, bad = counted(judged(written(tmp_path, f"{name}{ending}", archive[: len(archive) // 2])))
        assert (True, 1) == (0 < good < 3500, bad)


def packed(content: bytes, ending: str) -> bytes:
    """Bytes as an archive."""
    if ending == ".gz":
        return gzip.compress(content)
    zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    return zstd.compress(content)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_bombs_are_refused(tmp_path, monkeypatch, ending):
    """An archive that was made to burst is refused before it does."""
    from tunecase.data.reading import sources

    monkeypatch.setattr(sources, "LEAST_BOMB_BYTES", 3_000_000)
    with pytest.raises(InputError, match="grow more than 150 times"):
        judged(written(tmp_path, f"d.jsonl{ending}", packed(BODY + b" " * 8_000_000, ending)))


STRAY = {
    "whole": (b"[" + b", ".join(GOOD) + b"]", (60, 0)),
    "text behind": (b"[" + b", ".join(GOOD) + b"] and more", (60, 1)),
    "two arrays": (b"[" + b", ".join(GOOD) + b"]\n[" + GOOD[0].replace(b"w", b"v") + b"]", (61, 0)),
    "stray }": (b"[" + GOOD[0] + b"}, " + b", ".join(GOOD[1:]) + b"]", (59, 1)),
    "stray ]": (b"[" + GOOD[0] + b"], " + b", ".join(GOOD[1:]) + b"]", (60, 0)),
    "stray {": (b"[" + GOOD[0] + b", {" + b", ".join(GOOD[1:]) + b"]", (59, 2)),
    "no }": (b"[" + GOOD[0][:-1] + b", " + b", ".join(GOOD[1:]) + b"]", (59, 2)),
    "no end": (b"[" + b", ".join(GOOD), (59, 1)),
}


@pytest.mark.usefixtures("vetted_here")
@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
def test_tables_cut_in_half(tmp_path, kind):
    """A cut Parquet or Arrow file is refused; of a cut Arrow stream the rows before the cut are used."""
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"text": [json.loads(row)["text"] for row in rows(1000)], "label": ["x", "y"] * 500})
    path = tmp_path / f"d.{'parquet' if kind == 'parquet' else 'arrow'}"
    if kind == "parquet":
        pytest.importorskip("pyarrow.parquet").write_table(table, path)
    else:
        make = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
        with make(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
    assert (1000, 0) == counted(judged(path))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    if kind == "stream":
        record = judged(path)
        assert (True, 1) == (100 <= counted(record)[0] < 600, record.quarantined)
        return
    with pytest.raises(InputError, match=r"wanted a whole (Parquet|Arrow) file"):
        judged(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="skipped: no pipes with names here")
def test_pipes_and_links_in_circles(tmp_path):
    """A pipe is refused without being opened; links in circles end, in a file's name as in a folder."""
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "a.jsonl").symlink_to("b.jsonl")
    (tmp_path / "b.jsonl").symlink_to("a.jsonl")
    for name in ("pipe.jsonl", "a.jsonl"):
        with pytest.raises(InputError, match=name):
            judged(tmp_path / name)
    folder = tmp_path / "data"
    folder.mkdir()
    written(folder, "train.jsonl", BODY)
    (folder / "again").symlink_to(folder)
    assert (60, 0) == counted(judged(folder))


@pytest.mark.parametrize("name", ["d.jsonl", "d.csv", "d.json"])
def test_a_file_that_grows_while_it_is_read(tmp_path, name):
    """Rows added while the file is read are not of this audit, and spoil nothing."""
    body = {"d.jsonl": BODY + b"\n", "d.json": b"[" + b",\n".join(GOOD) + b"]"}
    body["d.csv"] = b"text,label\n" + b"".join(b"some words %d,%d\n" % (k, k % 2) for k in range(60))
    path = written(tmp_path, name, body[name])
    more = b"late,x\n" if name == "d.csv" else GOOD[0].replace(b"w", b"v") + b"\n"

    def grow(*_):
        with path.open("ab") as file:
            file.write(more * 3)

    assert (60, 0) == counted(judged(path, progress=grow))


TEXT = st.sampled_from(["d.jsonl", "d.csv", "d.tsv", "d.json"])


@given(TEXT, st.lists(st.binary(max_size=30) | st.sampled_from(GOOD[:5]), max_size=6), st.sampled_from([b"\n", b",\n"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_are_conserved(tmp_path, name, parts, between):
    """Rows = usable + dropped + quarantined, and the quarantine holds every bad row, whatever the bytes."""
    head = {"d.csv": b"text,label\na b c,x\n", "d.tsv": b"text\tlabel\na b c\tx\n", "d.json": b"["}
    path = written(tmp_path, name, head.get(name, GOOD[9] + b"\n") + between.join([*parts, GOOD[8]]))
    place = tmp_path / "q.jsonl"
    place.unlink(missing_ok=True)
    try:
        record = judged(path, quarantine=place)
    except InputError:
        return
    assert record.rows == sum(counted(record))
    kept = place.read_text(encoding="utf-8").splitlines() if record.quarantined else []
    assert record.quarantined == len(kept)


LIMITED = pytest.mark.skipif(sys.platform != "linux", reason="skipped: limits of a process are tested on Linux")
SMALL = """
import resource, runpy, sys
resource.setrlimit(resource.{limit}, ({size}, {size}))
sys.argv = ["tunecase", "audit", "--fast", *sys.argv[1:]]
runpy.run_module("tunecase", run_name="__main__")
"""


def limited(limit: str, size: int, folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """`tunecase audit` in a process of its own that may not pass a limit."""
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "TUNECASE_CACHE": str(folder / "cache")}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SMALL.format(limit=limit, size=size), *map(str, words)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@LIMITED
def test_a_line_of_200_mb_is_one_bad_row_in_little_memory(tmp_path):
    """It is passed over without being held."""
    with (tmp_path / "d.jsonl").open("wb") as file:
        file.write(BODY + b"\n")
        file.write(b'{"text": "' + b"x" * 200_000_000 + b'", "label": "x"}\n')
        file.write(BODY.replace(b"w", b"v") + b"\n")
    ran = limited("RLIMIT_AS", 1_500_000_000, tmp_path, "d.jsonl", "--json")
    assert 0 == ran.returncode, ran.stderr
    found = json.loads(ran.stdout)
    assert (121, 1) == (found["rows"], found["quarantined"])


@pytest.mark.slow
@LIMITED
@pytest.mark.parametrize("what", ["spool", "quarantine"])
def test_no_room_on_the_disk_is_said(tmp_path, what):
    """Exit code 3 and one clear message; no half-written file stays."""
    body = b"\n".join(rows(300_000 if what == "spool" else 100))
    path = written(tmp_path, "d.jsonl", body + b"\n" + b"bad\n" * (5 if what == "spool" else 5000))
    ran = limited("RLIMIT_FSIZE", 200_000, tmp_path, path)
    assert 3 == ran.returncode, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert ("--scratch" if what == "spool" else "quarantine") in ran.stderr
    left = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert {"d.jsonl"} == {name for name in left if not name.endswith(".lock")}
