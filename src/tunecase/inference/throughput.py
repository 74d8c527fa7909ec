"""How fast one replica answers at a load, or why that cannot be said."""

from dataclasses import dataclass, fields
from functools import cache

from tunecase import catalog
from tunecase.inference.bands import band
from tunecase.inference.engines import Engine, engine
from tunecase.inference.refusals import refused
from tunecase.inference.setup import Load, Rate, Refusal, Setup
from tunecase.inference.steps import Constants, input_seconds, parts, request_seconds, step_seconds
from tunecase.inference.work import room, work_of

# Sequences in flight at the end of a burst.
TAIL_SEQUENCES = 1.0
BOUND_BY = {
    "input": "the input's products",
    "reading": "memory bandwidth",
    "computing": "the output's products",
    "overheads": "overheads of the engine",
    "sums": "links between cards",
}


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds of a replica at a batch: one request's input alone, a decode step, one request's share of the replica."""

    input_s: float
    step_s: float
    request_s: float
    bound_by: str


@cache
def constants() -> Constants:
    """The constants of serving_constants.csv, fitted on published runs."""
    rows = catalog.read_table("serving_constants")
    values = {row["name"].replace(" ", "_").replace("-", "_"): float(row["value"]) for row in rows}
    return Constants(**{f.name: values[f.name] for f in fields(Constants)})


def rate(setup: Setup, load: Load, at: Constants | None = None) -> Rate | Refusal:
    """How fast one replica answers at a load.

        requests/s = 1 / (t_input + output x t_step / batch),    batch = min(concurrency, memory, engine's cap)

    Args:
        setup: the replica.
        load: lengths [tokens], concurrency [requests in flight], kind.
        at: constants in place of those of the table.
    Returns: medians with the 80% band, or the reason why nothing can be said.

    Example:
        >>> from tunecase import catalog
        >>> from tunecase.inference import served
        >>> at_16 = rate(Setup(served("llama-3.1-8b"), catalog.gpu("H100")), Load(1000, 300, 16))
        >>> at_16.in_flight, at_16.low < 1 < at_16.high
        (16, True)

    Source: `steps`; serving_constants.csv.
    Leaves out the queue before a replica, cold starts, and speculative decoding.
    """
    refusal = refused(setup, load)
    running = engine(setup.engine)
    if refusal is not None or running is None:
        return refusal or Refusal(f"the engine {setup.engine!r} is not known", "name another engine")
    used = at or constants()
    most = room(setup, load, running)
    batch = most.most if load.concurrency is None else min(load.concurrency, most.most)
    times = _times(setup, load, running, batch, used)
    requests = 1 / times.request_s
    if load.kind == "burst" and load.concurrency is not None:
        tail = _times(setup, load, running, TAIL_SEQUENCES, used)
        count = load.concurrency
        requests = count / (count * times.request_s + used.burst_tail * load.output_tokens * tail.step_s)
    left = _left_by_adapters() if setup.adapters else 1.0
    sure = band(setup, load, scarce=most.scarce and batch >= most.in_memory)
    return Rate(
        requests_per_s=requests * left,
        output_tokens_per_s=requests * left * load.output_tokens,
        in_flight=batch,
        most_in_flight=most.most,
        prefill_s=times.input_s / left,
        step_s=times.step_s / left,
        low=sure.low,
        high=sure.high,
        bound_by=BOUND_BY[times.bound_by],
        widened=sure.widened,
    )


def _times(setup: Setup, load: Load, running: Engine, batch: float, at: Constants) -> _Times:
    work = work_of(setup, load, running, batch)
    alone = work_of(setup, load, running, 1.0)
    shares = parts(work, at)
    return _Times(
        input_s=input_seconds(alone, at) * setup.pipeline,
        step_s=step_seconds(work, at) * setup.pipeline,
        request_s=request_seconds(work, at),
        bound_by=max(shares, key=lambda name: shares[name]),
    )


@cache
def _left_by_adapters() -> float:
    return float(catalog.read_table("serving_adapters")[0]["value"])
