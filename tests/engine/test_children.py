"""Child processes for files that nobody vouches for are bounded, and see no secret."""

import sys
import time

import pytest

from tunecase.engine import ask_child, children


def script(folder, *lines):
    """A child's script."""
    path = folder / "child.py"
    path.write_text("import json, os, sys, time\n" + "\n".join(lines), encoding="utf-8")
    return path


def test_children_see_no_secret_and_are_told_whole(tmp_path, monkeypatch):
    """No token, key or home; each whole line counts, however the child ends."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    code, (seen,) = ask_child(script(tmp_path, "print(json.dumps(dict(os.environ)))"), {}, 30)
    assert 0 == code
    assert ("1", "1") == (seen["OMP_NUM_THREADS"], seen["OPENBLAS_NUM_THREADS"])
    assert not {"HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "HOME"} & set(seen)
    wait = "time.sleep(json.load(sys.stdin))"
    path = script(tmp_path, "print('[1]')", "print('[2', end='', flush=True)", wait, "os._exit(7)")
    assert (7, [[1]]) == ask_child(path, 0, 30)
    begun = time.monotonic()
    assert (None, [[1]]) == ask_child(path, 60, 1)
    assert time.monotonic() - begun < 20


@pytest.mark.skipif(sys.platform == "win32", reason="no such bound on Windows")
def test_a_child_cannot_fill_the_disk(tmp_path, monkeypatch):
    """A child that writes beyond the bound fails while it writes."""
    monkeypatch.setattr(children, "MOST_OUTPUT_BYTES", 10_000)
    written = "open(sys.argv[1] + '.out', 'wb', 0).write(b'x' * 50_000)"
    code, _ = ask_child(script(tmp_path, written, "os.fsync(1)", "print('1' * 50_000)"), {}, 30)
    assert 0 != code
    assert (tmp_path / "child.py.out").stat().st_size <= 10_000
