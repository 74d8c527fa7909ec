"""What training stacks hold in memory, traced from their own code: coefficients for the tables of memory.

    python benchmarks/trace_memory.py [--only WORD]

Real training code runs on fake tensors (shapes without data) on the CPU and every live storage is logged. The widths
of the small model never coincide, so each storage's size says which tensor it is, and the coefficients are counted, not
fitted. Kernels that need a card (flash attention, 4-bit matrices, Liger, fused dropout) are stand-ins written from
their sources; what they hold is therefore read, not run. Needs torch, transformers and peft; litgpt where installed.
No published run is read here. The last line is one JSON object.
"""

import argparse
import importlib.util
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

NEEDS = ("torch", "transformers", "peft")


def stacks() -> Iterator[tuple[str, Callable[[Any], Any], str]]:
    """Name, trace and "step.micro-batch" of each stack."""
    import torch
    from tracing import transformers_stack as hf

    fused = ("norm", "rope", "mlp", "loss")
    setups = {
        "full": hf.Setup(),
        "full, checkpointing": hf.Setup(checkpointing=True),
        "full, fp32 masters": hf.Setup(weights=torch.float32),
        "full, fp32 masters, checkpointing": hf.Setup(weights=torch.float32, checkpointing=True),
        "full, eager attention": hf.Setup(attention="eager"),
        "full, eager attention, checkpointing": hf.Setup(attention="eager", checkpointing=True),
        "full, repeated key heads": hf.Setup(attention="fused-shared"),
        "full, Liger, checkpointing": hf.Setup(checkpointing=True, kernels=fused),
        "full, Liger": hf.Setup(kernels=fused),
        "lora qv": hf.Setup("lora", targets="qv"),
        "lora all": hf.Setup("lora"),
        "lora all, dropout": hf.Setup("lora", dropout=0.05),
        "lora qv, checkpointing": hf.Setup("lora", targets="qv", checkpointing=True),
        "lora attention, checkpointing": hf.Setup("lora", targets="attention", checkpointing=True),
        "lora all, checkpointing": hf.Setup("lora", checkpointing=True),
        "lora all, reentrant": hf.Setup("lora", checkpointing=True, reentrant=True),
        "lora all, dropout, checkpointing": hf.Setup("lora", dropout=0.05, checkpointing=True),
        "lora all, bf16 adapters": hf.Setup("lora", adapters=torch.bfloat16, checkpointing=True),
        "lora all, Liger, checkpointing": hf.Setup("lora", checkpointing=True, kernels=fused),
        "lora all, fp32 base": hf.Setup("lora", weights=torch.float32),
        "lora all, fp32 base, checkpointing": hf.Setup("lora", weights=torch.float32, checkpointing=True),
        "lora all, fp32 base, Liger": hf.Setup("lora", weights=torch.float32, kernels=fused),
        "lora all, fp32 base, Liger, checkpointing": hf.Setup(
            "lora", weights=torch.float32, checkpointing=True, kernels=fused
        ),
        "qlora all": hf.Setup("qlora"),
        "qlora all, dropout": hf.Setup("qlora", dropout=0.05),
        "qlora all, checkpointing": hf.Setup("qlora", checkpointing=True),
        "qlora all, bf16 adapters, checkpointing": hf.Setup("qlora", adapters=torch.bfloat16, checkpointing=True),
        "qlora all, prepared": hf.Setup("qlora", prepared=True),
        "qlora all, prepared, checkpointing": hf.Setup("qlora", prepared=True, checkpointing=True),
        "qlora all, prepared, reentrant": hf.Setup("qlora", prepared=True, checkpointing=True, reentrant=True),
        "gemma full": hf.Setup(family="gemma"),
        "qwen3 full": hf.Setup(family="qwen3"),
        "mixtral full": hf.Setup(family="mixtral"),
        "mixtral lora attention": hf.Setup("lora", targets="attention", family="mixtral"),
        "mixtral lora attention, checkpointing": hf.Setup(
            "lora", targets="attention", family="mixtral", checkpointing=True
        ),
    }
    for name, setup in setups.items():
        yield f"transformers: {name}", lambda widths, setup=setup: hf.trace(widths, setup), "1.0"
    if importlib.util.find_spec("litgpt"):
        yield from litgpt_stacks()


def litgpt_stacks() -> Iterator[tuple[str, Callable[[Any], Any], str]]:
    """litgpt's recipes on one GPU, gated and not, at their second micro-batch."""
    from tracing import litgpt_stack as lit

    plain = {"mlp": "GptNeoxMLP", "norm": "LayerNorm", "parallel": True, "shared_norm": True}
    setups = {
        "full": lit.Setup("full"),
        "lora qv": lit.Setup(),
        "lora all": lit.Setup(targets="all"),
        "lora qv, NeoX layer": lit.Setup(**plain),
        "lora all, NeoX layer": lit.Setup(targets="all", **plain),
        "qlora qv, input kept": lit.Setup("qlora"),
        "qlora all, input kept": lit.Setup("qlora", targets="all"),
        "qlora qv": lit.Setup("qlora", saves_input=False),
        "qlora qv, NeoX layer, input kept": lit.Setup("qlora", **plain),
    }
    for name, setup in setups.items():
        yield f"litgpt: {name}", lambda widths, setup=setup: lit.trace(widths, setup), "1.1"


def written(found: dict[str, Any]) -> Iterator[str]:
    """The coefficients of one stack as lines."""
    yield f"  kept per layer {found['kept']}"
    yield f"  end of forward beyond it {found['end of forward']}  weights {found['end of forward weights']}"
    for phase in ("forward", "loss backward", "layer backward", "other layers backward"):
        for operator, features, weights in found[phase]:
            yield f"  {phase:22} {features}  weights {weights}  at {operator}"


def main() -> int:
    """Traces every stack, or those whose name holds --only."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="trace only stacks whose name holds this")
    asked = parser.parse_args()
    missing = [name for name in NEEDS if not importlib.util.find_spec(name)]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed")
        print(json.dumps({"benchmark": "trace_memory", "skipped": missing}))
        return 0
    warnings.filterwarnings("ignore")
    from importlib.metadata import version

    from tracing.measure import coefficients
    from tracing.widths import Widths

    began, out = time.perf_counter(), {}
    for name, trace, step in stacks():
        if asked.only not in name:
            continue
        found = coefficients(trace, Widths(), step)
        print(name, *written(found), sep="\n", flush=True)
        out[name] = {key: found[key] for key in ("kept", "end of forward", "loss backward", "layer backward")}
    versions = {name: version(name) for name in (*NEEDS, "litgpt") if importlib.util.find_spec(name)}
    seconds = round(time.perf_counter() - began, 1)
    print(json.dumps({"benchmark": "trace_memory", "versions": versions, "seconds": seconds, "stacks": out}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
