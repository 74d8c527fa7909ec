"""Watches the steps of whatever trains with torch in this process, writes them down, and ends it after some.

Lies as sitecustomize.py in a folder of its own on PYTHONPATH, so that each Python that a command starts runs it first.
It needs nothing but the standard library, waits for `import torch`, and then listens to every optimizer's step:

    {"rank", "world", "card", "step", "warm_up", "at", "seconds", "micro_batches", "shapes", "allocated", "reserved"}

is one line for each step of each process: seconds since the step before, the micro-batches since then, [rows, tokens of
a row] of each, and the peaks of memory in bytes, null without a card. Steps are those of the first optimizer, and only
after a backward pass, so that neither optimizers by parameter nor the parts of one sharded step count twice.

    python -I step_watch.py SEEN STEPS PROGRAM [ARGUMENT ...]

runs a program and exits as soon as every process has its steps, so that the guard above it ends the program and all
its children. A process that has its steps waits for that, so that no shell goes on to what follows the training.
"""

import contextlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER, STEPS = "TUNECASE_PROBE_FOLDER", "TUNECASE_PROBE_STEPS"
WARM_UP = 1  # steps of each process that load kernels and make the optimizer's states
STOPPED = 75  # the exit code of a process that the watch has ended: the training is not done
POLL_S = 0.05
STUCK_S = 30.0  # a process with all its steps may wait so long for the others
LEFT_ALONE_S = 90.0  # after which nobody will end a process that waits


class Watch:
    """What was seen since the last step."""

    def __init__(self, torch: Any, folder: str, steps: int) -> None:
        self.torch, self.steps, self.done = torch, steps, 0
        self.path = os.path.join(folder, f"steps-{os.getpid()}.jsonl")
        self.optimizer: Any = None
        self.backward = self.ever_backward = False
        self.shapes: list[list[int]] = []
        self.micro_batches = 0
        self.depth, self.lock = 0, threading.Lock()  # torch runs inner passes in threads of its own
        self.since = time.perf_counter()

    @contextlib.contextmanager
    def backward_pass(self) -> Iterator[None]:
        """A micro-batch goes backwards; the passes of reentrant checkpointing, which run within it, are not counted."""
        with self.lock:
            self.depth += 1
            if self.depth == 1:
                self.micro_batches += 1
                self.backward = self.ever_backward = True
        try:
            yield
        finally:
            with self.lock:
                self.depth -= 1

    def embed(self, tokens: Any) -> None:
        """Token ids enter the model; positions and types, which repeat a shape or broadcast it, are passed over."""
        if not self.depth and tokens.dim() == 2 and len(self.shapes) <= self.micro_batches:
            self.shapes.append([int(size) for size in tokens.shape])

    def step(self, optimizer: Any, *_: Any) -> None:
        """An optimizer has stepped."""
        if self.optimizer is None:
            self.optimizer = optimizer
        if optimizer is not self.optimizer or (self.ever_backward and not self.backward):
            return
        on_card = self.torch.cuda.is_available() and self.torch.cuda.is_initialized()
        if on_card:
            self.torch.cuda.synchronize()
        now = time.perf_counter()
        self._write(now - self.since, on_card)
        if on_card and self.done == WARM_UP:
            self.torch.cuda.reset_peak_memory_stats()
        self.backward, self.micro_batches, self.shapes, self.since = False, 0, [], time.perf_counter()
        if self.done >= self.steps:
            self._leave()

    def _leave(self) -> None:
        """Waits to be ended with the whole command; exits by itself where nobody does so."""
        sys.stdout.flush()
        sys.stderr.flush()
        with contextlib.suppress(ValueError):  # only the main thread may
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler might save a checkpoint that nobody wants
        time.sleep(LEFT_ALONE_S)
        os._exit(STOPPED)

    def _write(self, seconds: float, on_card: bool) -> None:
        self.done += 1
        cuda = self.torch.cuda
        line = {
            "rank": int(os.environ.get("RANK", "0")),
            "world": int(os.environ.get("WORLD_SIZE", "1")),
            "card": cuda.get_device_name() if on_card else "",
            "step": self.done,
            "warm_up": self.done <= WARM_UP,
            "at": time.time(),
            "seconds": seconds,
            "micro_batches": self.micro_batches,
            "shapes": self.shapes,
            "allocated": cuda.max_memory_allocated() if on_card else None,
            "reserved": cuda.max_memory_reserved() if on_card else None,
        }
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def install(torch: Any, folder: str, steps: int) -> Watch:
    """Listens to the optimizers, to backward passes and to embeddings of a torch that was just imported."""
    watch = Watch(torch, folder, steps)
    importlib.import_module("torch.optim.optimizer").register_optimizer_step_post_hook(watch.step)
    backward, embedding = torch.autograd.backward, torch.nn.functional.embedding

    def watched_backward(*given: Any, **named: Any) -> Any:
        with watch.backward_pass():
            return backward(*given, **named)

    def watched_embedding(input: Any, *given: Any, **named: Any) -> Any:  # torch's own name
        if not torch.compiler.is_compiling() and torch.is_grad_enabled():
            watch.embed(input)
        return embedding(input, *given, **named)

    torch.autograd.backward, torch.nn.functional.embedding = watched_backward, watched_embedding
    return watch


class Finder:
    """Stands first among the finders until torch is loaded; a mere look for torch's spec leaves it there."""

    def __init__(self, folder: str, steps: int) -> None:
        self.folder, self.steps, self.looks = folder, steps, False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec of torch, whose loader installs the watch once the module is there; nothing for other names."""
        if name != "torch" or self.looks:
            return None
        self.looks = True  # the finders behind this one are asked through the same door
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.looks = False
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def loaded(module: Any) -> None:
            load(module)
            if self not in sys.meta_path:
                return
            sys.meta_path.remove(self)
            with contextlib.suppress(Exception):  # a torch without these hooks trains on, and no step is seen
                install(module, self.folder, self.steps)

        spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec


def run_shadowed(here: str) -> None:
    """Runs the sitecustomize.py that this file stands in front of, where there is one."""
    rest = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The whole lines of all processes; one may have been ended while it wrote."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.jsonl"))]
    return [json.loads(line) for text in texts for line in text.split("\n")[:-1]]


def all_seen(folder: Path, steps: int) -> bool:
    """Whether every process has its steps, or one has waited too long for another that is stuck."""
    last = [line for line in lines_of(folder) if line["step"] >= steps]
    if not last:
        return False
    everyone = len({line["rank"] for line in last}) >= max(int(line["world"]) for line in last)
    return everyone or time.time() - min(float(line["at"]) for line in last) > STUCK_S


def run_until_seen(folder: Path, steps: int, program: Sequence[str]) -> int:
    """Runs a program until it ends or all its steps are seen.

    Args:
        folder: where the processes write their steps.
        steps: of each process, those that warm up counted.
        program: program and arguments.
    Returns: its exit code, as a shell would tell it; STOPPED where its steps were seen first.
    """
    guard = os.getppid()
    child = subprocess.Popen(program)  # noqa: S603 - the user's own program, no shell
    while (code := child.poll()) is None:
        if all_seen(folder, steps):
            return STOPPED
        if os.getppid() != guard:
            child.kill()
        time.sleep(POLL_S)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(run_until_seen(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
elif __name__ == "sitecustomize" and FOLDER in os.environ:
    sys.meta_path.insert(0, Finder(os.environ[FOLDER], int(os.environ[STEPS])))
    run_shadowed(os.path.dirname(os.path.abspath(__file__)))
