"""What a watch writes down of each step, and when it ends the process."""

import importlib
import importlib.util
import json
import os
import signal
import sys
import time
import types
from collections import OrderedDict
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
            with watch.backward_pass():
                watch.embed(Ids(4, 7))  # a checkpointed part, run once more
        watch.step(optimizer)
    first, second = seen(tmp_path)
    assert ([[4, 100], [4, 200]], 2) == (second["shapes"], second["micro_batches"])
    assert (1, 2, 3 * 2**30, "NVIDIA H100") == (first["step"], second["step"], second["allocated"], second["card"])
    assert [1] == torch.cuda.resets


def test_parts_of_one_step_count_once(tmp_path: Path) -> None:
    """A second step of the optimizer without a backward pass between, and other optimizers, are no steps."""
    watch, optimizer = Watch(fake_torch(0), str(tmp_path), 99), object()
    with watch.backward_pass():
        pass
    watch.step(optimizer)
    watch.step(optimizer)
    with watch.backward_pass():
        pass
    watch.step(object())
    (line,) = seen(tmp_path)
    assert line["allocated"] is None


def test_the_process_ends_after_the_last_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many steps the process waits to be ended, and then leaves by itself as one that has failed."""
    did: list[float] = []
    monkeypatch.setattr(os, "_exit", did.append)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(time, "sleep", did.append)
    watch, optimizer = Watch(fake_torch(), str(tmp_path), 2), object()
    watch.step(optimizer)
    assert [] == did
    watch.step(optimizer)
    assert [step_watch.LEFT_ALONE_S, 75] == did


@pytest.mark.needs("train")
def test_reentrant_checkpointing_is_one_backward_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pass that each checkpointed layer runs within the outer one is no micro-batch."""
    torch: Any = importlib.import_module("torch")
    checkpoint = importlib.import_module("torch.utils.checkpoint").checkpoint
    monkeypatch.setattr(torch.autograd, "backward", torch.autograd.backward)
    monkeypatch.setattr(torch.nn.functional, "embedding", torch.nn.functional.embedding)
    monkeypatch.setattr(importlib.import_module("torch.optim.optimizer"), "_global_optimizer_post_hooks", OrderedDict())
    watch = step_watch.install(torch, str(tmp_path), 99)
    table = torch.nn.Embedding(50, 8)
    layers = [torch.nn.Linear(8, 8) for _ in range(4)]
    optimizer = torch.optim.SGD([*table.parameters(), *(p for layer in layers for p in layer.parameters())], 0.1)
    for _ in range(3):
        hidden = table(torch.ones(2, 5, dtype=torch.long))
        for layer in layers:
            hidden = checkpoint(layer, hidden, use_reentrant=True)
        hidden.sum().backward()
    optimizer.step()
    (line,) = seen(tmp_path)
    assert (3, [[2, 5]] * 3, 0) == (line["micro_batches"], line["shapes"], watch.depth)


def test_a_look_for_torch_leaves_the_finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other names pass; a look for torch finds it and keeps the watch, which is installed once torch is loaded."""
    (tmp_path / "torch.py").write_text("LOADED = True\n")
    installed: list[Any] = []
    monkeypatch.setattr(step_watch, "install", lambda module, *_: installed.append(module.LOADED))
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    finder: Any = Finder(str(tmp_path), 2)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    assert finder.find_spec("json") is None
    assert importlib.util.find_spec("torch")
    assert importlib.util.find_spec("torch")
    assert (True, []) == (finder in sys.meta_path, installed)
    importlib.import_module("torch")
    assert (False, [True]) == (finder in sys.meta_path, installed)
    del sys.modules["torch"]  # not by monkeypatch, which would put the file of this test back at the end


def test_every_process_needs_its_steps(tmp_path: Path) -> None:
    """All processes have their steps, or one has waited too long for another."""
    cases = [((), 0, False), ((0,), 0, False), ((0, 1), 0, True), ((0,), 60, True)]
    for ranks, age_s, enough in cases:
        for rank in ranks:
            line = {"rank": rank, "world": 2, "step": 3, "at": time.time() - age_s}
            (tmp_path / f"steps-{rank}.jsonl").write_text(json.dumps(line) + "\n" + '{"ran')
        assert enough is step_watch.all_seen(tmp_path, 3)


def test_a_program_that_ends_by_itself_keeps_its_code(tmp_path: Path) -> None:
    """The exit code is the program's, a signal told as a shell tells it."""
    programs = ("raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)")
    codes = [step_watch.run_until_seen(tmp_path, 2, [sys.executable, "-c", text]) for text in programs]
    assert [3, 137] == codes


def test_a_sitecustomize_behind_it_runs_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood in its place is run as before."""
    (tmp_path / "sitecustomize.py").write_text("import os; os.environ['SHADOWED'] = 'ran'\n")
    monkeypatch.setenv("SHADOWED", "")
    monkeypatch.setattr(sys, "path", ["/ours", str(tmp_path)])
    run_shadowed("/ours")
    assert "ran" == os.environ["SHADOWED"]
