"""aiconfigurator-core's output tokens per second and card, for questions as JSON lines on standard input.

Settings: continuous batching at the run's own concurrency, 8,192 tokens of input a step, the database of the run's
version where it has one, else its newest. Weights in 16 bit, 8 bit (fp8 with blocks for mixtures of experts) or NVFP4.
"""

import json
import logging
import sys

from aiconfigurator_core.sdk import common, config
from aiconfigurator_core.sdk.backends.factory import get_backend
from aiconfigurator_core.sdk.models import check_is_moe, get_model
from aiconfigurator_core.sdk.perf_database import get_database, get_latest_database_version, get_supported_databases

SYSTEMS = {
    "H100": "h100_sxm", "H200": "h200_sxm", "B200": "b200_sxm", "B300": "b300_sxm", "GB200": "gb200", "GB300": "gb300",
    "A100-80GB": "a100_sxm", "A100-40GB": "a100_sxm", "A100-PCIE-80GB": "a100_pcie", "H100-PCIE": "h100_pcie",
    "L40S": "l40s", "L4": "l4", "A30": "a30", "RTXPRO6000": "rtx_pro_6000_server",
}  # fmt: skip
ENGINES = {"tensorrt-llm": "trtllm", "vllm": "vllm", "sglang": "sglang"}
MODELS = {
    "meta-llama/Llama-3.1-8B": "meta-llama/Meta-Llama-3.1-8B",
    "meta-llama/Meta-Llama-3-8B": "meta-llama/Meta-Llama-3.1-8B",
    "meta-llama/Llama-3.1-70B": "meta-llama/Meta-Llama-3.1-70B",
    "meta-llama/Llama-3.3-70B-Instruct": "meta-llama/Meta-Llama-3.1-70B",
    "meta-llama/Meta-Llama-3-70B": "meta-llama/Meta-Llama-3.1-70B",
    "meta-llama/Llama-3.1-405B": "meta-llama/Meta-Llama-3.1-405B",
    "MiniMaxAI/MiniMax-M2": "MiniMaxAI/MiniMax-M2.5",
    "mistralai/Mixtral-8x22B-Instruct-v0.1": "mistralai/Mixtral-8x22B-v0.1",
}
# Its names of weights, for matrices and for experts, in the order in which they are tried; None: the checkpoint's own.
WEIGHTS = {
    "bf16": (("bfloat16", "bfloat16"),),
    "fp16": (("bfloat16", "bfloat16"),),
    "fp8": (("fp8_block", "fp8_block"), ("fp8", "fp8")),
    "fp4": (("nvfp4", "nvfp4"), (None, None)),
    "int8": (("int8_wo", "int8_wo"),),
    "int4": (("int4_wo", "int4_wo"),),
}
INPUT_TOKENS_A_STEP = 8192


def answer(asked: dict) -> dict:
    """Tokens per second and card, or why there is none."""
    system, engine = SYSTEMS.get(asked["card"]), ENGINES.get(asked["engine"])
    if system is None or engine is None:
        return {"why": "no data of this card or engine"}
    if asked["concurrency"] is None:
        return {"why": "the load has no concurrency"}
    versions = get_supported_databases().get(system, {}).get(engine, [])
    if not versions:
        return {"why": "no data of this engine on this card"}
    exact = asked["version"] in versions
    database = get_database(system, engine, asked["version"] if exact else get_latest_database_version(system, engine))
    batch = max(1, round(asked["concurrency"]))
    load = config.RuntimeConfig(batch_size=batch, isl=asked["input_tokens"], osl=asked["output_tokens"])
    model = MODELS.get(asked["model"], asked["model"])
    ways = WEIGHTS[asked["precision"]][:: 1 if check_is_moe(model) else -1]
    failed = None
    for gemm, experts in ways:
        try:
            return {"tokens_per_s_per_card": tokens(asked, model, (gemm, experts), (engine, database, load))}
        except Exception as refusal:  # noqa: BLE001 - data of these weights are missing, in many ways
            failed = refusal
    raise failed


def tokens(asked: dict, model: str, weights: tuple, run: tuple) -> float:
    """Its output tokens per second and card with weights of some kind."""
    (gemm, experts), (engine, database, load) = weights, run
    settings = config.ModelConfig(
        tp_size=asked["tensor"],
        moe_tp_size=asked["tensor"],
        moe_ep_size=1,
        gemm_quant_mode=common.GEMMQuantMode[gemm] if gemm else None,
        moe_quant_mode=common.MoEQuantMode[experts] if experts and check_is_moe(model) else None,
    )
    summary = get_backend(engine).run_agg(
        get_model(model, settings, engine), database, load, ctx_tokens=max(INPUT_TOKENS_A_STEP, asked["input_tokens"])
    )
    return float(summary.get_result_dict()["tokens/s/gpu"])


def main() -> None:
    """One answer a line, in the order of the questions."""
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        try:
            found = answer(json.loads(line))
        except Exception as failed:  # noqa: BLE001 - its refusals are of many kinds
            found = {"why": f"{type(failed).__name__}: {str(failed)[:80]}"}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
