"""This machine as trainers see it: its cache folder, its processor, the quicker number type, the extra's libraries."""

import hashlib
import importlib.util
import io
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import Any

from tunecase.engine import cache_folder
from tunecase.errors import MissingExtraError

NEEDED = ("torch", "transformers", "peft", "safetensors")


def device() -> str:
    """ "cuda" or "mps" where such a GPU multiplies matrices correctly, else "cpu"."""
    import torch

    for name, there in (("cuda", torch.cuda.is_available), ("mps", torch.backends.mps.is_available)):
        with suppress(RuntimeError, NotImplementedError):
            if there():
                one = torch.ones(8, 8, device=name)
                return name if float((one @ one).sum()) == 512.0 else "cpu"
    return "cpu"


def number_type(device: str = "cpu") -> str:
    """The quicker of bf16 and fp32 for the frozen weights on this device, measured once per processor and kept.

    Returns: "bfloat16" or "float32"; "float32" where bf16 is less than a fifth quicker.
    """
    import torch

    if device != "cpu":
        return "bfloat16" if device == "cuda" and torch.cuda.is_bf16_supported() else "float32"
    path = cache_folder() / "numbers" / f"{hashlib.blake2b(processor().encode(), digest_size=8).hexdigest()}.txt"
    with suppress(OSError):
        known = path.read_text(encoding="utf-8").strip()
        if known in ("bfloat16", "float32"):
            return known
    seconds = {number: _product_s(torch, getattr(torch, number)) for number in ("float32", "bfloat16")}
    quicker = "bfloat16" if seconds["bfloat16"] * 1.2 < seconds["float32"] else "float32"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(quicker, encoding="utf-8")
        part.replace(path)
    return quicker


def processor() -> str:
    """The processor's name, as the system tells it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "processor"


def _product_s(torch: Any, number: Any) -> float:
    """Least CPU seconds of one product of a layer's size, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    left, right = torch.ones(192, 576, dtype=number), torch.ones(1536, 576, dtype=number)
    times = []
    for _ in range(8):
        started = time.process_time()
        torch.nn.functional.linear(left, right)
        times.append(time.process_time() - started)
    torch.set_num_threads(threads)
    return min(times)


def peak_memory_gib(on_gpu: bool) -> float | None:
    """The most memory that this process has held: reserved on its GPU, or resident in main memory since its start."""
    if on_gpu:
        import torch

        return float(torch.cuda.max_memory_reserved()) / 2**30
    try:
        import resource
    except ImportError:  # Windows has none
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def need_extra(*more: str) -> None:
    """Raises MissingExtraError where a library that training needs is not installed."""
    if lacking := [name for name in (*NEEDED, *more) if importlib.util.find_spec(name) is None]:
        raise MissingExtraError(f"training a model here ({', '.join(lacking)} not installed)", "train")


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers' progress bars and advice off the user's screen."""
    from transformers.utils import logging

    # The reader of GGUF files draws its own bar.
    with redirect_stderr(io.StringIO()), _hushed(logging):
        yield


@contextmanager
def _hushed(logging: Any) -> Iterator[None]:
    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def locked(name: str) -> Iterator[None]:
    """A lock that one process of this machine holds at a time."""
    from filelock import FileLock

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{name}.lock"):
        yield


def gpu_name() -> str:
    """The name of this machine's GPU as its driver tells it; empty where there is none."""
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else ""


def as_first_says(value: int) -> int:
    """What the first of several processes says, in all of them; without several, the value itself.

    Every process must call it at the same step, since all wait for the first.
    """
    import torch

    spread = torch.distributed
    if not (spread.is_available() and spread.is_initialized() and spread.get_world_size() > 1):
        return value
    said = [value]
    spread.broadcast_object_list(said, src=0)
    return int(said[0])
