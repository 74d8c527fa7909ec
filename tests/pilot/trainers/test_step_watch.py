"""What a watch writes down of each step, and when it ends the process."""

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from tunecase.pilot.trainers import step_watch
from tunecase.pilot.trainers.step_watch import Finder, Watch, run_shadowed


class Ids:
    """Token ids as a model's embedding gets them."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def dim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)


def fake_torch(gib: int = 3) -> Any:
    """A torch with a card that held so much."""
    resets: list[int] = []
    cuda = types.SimpleNamespace(
        is_available=lambda: gib > 0, is_initialized=lambda: True, synchronize=lambda: None,
        get_device_name=lambda: "NVIDIA H100", max_memory_allocated=lambda: gib * 2**30,
        max_memory_reserved=lambda: (gib + 1) * 2**30, reset_peak_memory_stats=lambda: resets.append(1), resets=resets,
    )  # fmt: skip
    return types.SimpleNamespace(cuda=cuda)


def seen(folder: Path) -> list[dict[str, Any]]:
    """The lines written."""
    return [json.loads(line) for path in folder.iterdir() for line in path.read_text().splitlines()]


def test_a_step_is_written_with_its_micro_batches(tmp_path: Path) -> None:
    """Each step holds the shapes and the number of its micro-batches, and the card's peaks after a reset."""
    torch = fake_torch()
    watch, optimizer = Watch(torch, str(tmp_path), 99), object()
    for _ in range(2):
        for tokens in (100, 200):
            watch.embed(Ids(4, tokens))
            watch.embed(Ids(1, tokens))  # positions
            watch.begin_backward()
        watch.step(optimizer)
    first, second = seen(tmp_path)
    assert ([[4, 100], [4, 200]], 2) == (second["shapes"], second["micro_batches"])
    assert (1, 2, 3 * 2**30, "NVIDIA H100") == (first["step"], second["step"], second["allocated"], second["card"])
    assert [1] == torch.cuda.resets


def test_parts_of_one_step_count_once(tmp_path: Path) -> None:
    """A second step of the optimizer without a backward pass between, and other optimizers, are no steps."""
    watch, optimizer = Watch(fake_torch(0), str(tmp_path), 99), object()
    watch.begin_backward()
    watch.step(optimizer)
    watch.step(optimizer)
    watch.begin_backward()
    watch.step(object())
    (line,) = seen(tmp_path)
    assert line["allocated"] is None


def test_the_process_ends_after_the_last_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many steps the process is left at once."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    watch, optimizer = Watch(fake_torch(), str(tmp_path), 2), object()
    watch.step(optimizer)
    assert [] == codes
    watch.step(optimizer)
    assert [0] == codes


def test_only_torch_is_waited_for(tmp_path: Path) -> None:
    """Other imports pass, and the finder leaves once torch is there."""
    finder: Any = Finder(str(tmp_path), 2)
    sys.meta_path.insert(0, finder)
    try:
        assert finder.find_spec("json") is None
    finally:
        sys.meta_path.remove(finder)


def test_a_sitecustomize_behind_it_runs_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood in its place is run as before."""
    (tmp_path / "sitecustomize.py").write_text("import os; os.environ['SHADOWED'] = 'ran'\n")
    monkeypatch.setenv("SHADOWED", "")
    monkeypatch.setattr(sys, "path", ["/ours", str(tmp_path)])
    run_shadowed("/ours")
    assert "ran" == os.environ["SHADOWED"]
    assert step_watch.WARM_UP == 1
