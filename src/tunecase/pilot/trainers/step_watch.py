"""Watches the steps of whatever trains with torch in this process, writes them down, and ends it after some.

Lies as sitecustomize.py in a folder of its own on PYTHONPATH, so that each Python that a command starts runs it first.
It needs nothing but the standard library, waits for `import torch`, and then listens to every optimizer's step:

    {"rank", "world", "card", "step", "seconds", "micro_batches", "shapes", "allocated", "reserved"}

is one line for each step of each process: seconds since the step before, the micro-batches since then, [rows, tokens of
a row] of each, and the peaks of memory in bytes, null without a card. Steps are those of the first optimizer, and only
after a backward pass, so that neither optimizers by parameter nor the parts of one sharded step count twice.
"""

import contextlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
import sys
import time
from typing import Any

FOLDER, STEPS, WARM_UP = "TUNECASE_PROBE_FOLDER", "TUNECASE_PROBE_STEPS", 1


class Watch:
    """What was seen since the last step."""

    def __init__(self, torch: Any, folder: str, steps: int) -> None:
        self.torch, self.steps, self.done = torch, steps, 0
        self.path = os.path.join(folder, f"steps-{os.getpid()}.jsonl")
        self.optimizer: Any = None
        self.backward = self.ever_backward = False
        self.shapes: list[list[int]] = []
        self.micro_batches = 0
        self.since = time.perf_counter()

    def begin_backward(self) -> None:
        """A micro-batch goes backwards."""
        self.micro_batches += 1
        self.backward = self.ever_backward = True

    def embed(self, tokens: Any) -> None:
        """Token ids enter the model; positions and types, which repeat a shape or broadcast it, are passed over."""
        if tokens.dim() == 2 and len(self.shapes) <= self.micro_batches:
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
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)  # whatever else hangs on this process is ended by who started the command

    def _write(self, seconds: float, on_card: bool) -> None:
        self.done += 1
        cuda = self.torch.cuda
        line = {
            "rank": int(os.environ.get("RANK", "0")),
            "world": int(os.environ.get("WORLD_SIZE", "1")),
            "card": cuda.get_device_name() if on_card else "",
            "step": self.done,
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
        watch.begin_backward()
        return backward(*given, **named)

    def watched_embedding(input: Any, *given: Any, **named: Any) -> Any:  # torch's own name
        if not torch.compiler.is_compiling() and torch.is_grad_enabled():
            watch.embed(input)
        return embedding(input, *given, **named)

    torch.autograd.backward, torch.nn.functional.embedding = watched_backward, watched_embedding
    return watch


class Finder:
    """Stands first among the finders until torch is imported."""

    def __init__(self, folder: str, steps: int) -> None:
        self.folder, self.steps = folder, steps

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The spec of torch, whose loader installs the watch once the module is there; nothing for other names."""
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def loaded(module: Any) -> None:
            load(module)
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


if __name__ == "sitecustomize" and FOLDER in os.environ:
    sys.meta_path.insert(0, Finder(os.environ[FOLDER], int(os.environ[STEPS])))
    run_shadowed(os.path.dirname(os.path.abspath(__file__)))
