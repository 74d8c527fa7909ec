"""The command `fit`: does one training run fit, on what, how long, at what price?"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from tunecase.cli.options import (
    AsJson,
    Seed,
    Today,
    ask_full,
    day_of,
    finish,
    is_full,
    nearest_project,
    open_project,
    panel,
    variable_project,
)
from tunecase.cli.piped import piped

amount_option = panel("How much, by when, at what price")
setup_option = panel("The set-up")
sampling_option = panel("Sampled answers (reinforcement learning, as grpo)")
proof_option = panel("What it rests on")
MEASURED_HELP = (
    "A trainer_state.json of the set-up asked about, or a CSV of runs with the columns model, method, n_gpus, "
    "peak_mem_gb_per_gpu or tokens_per_s_per_gpu, and as far as known gpu, seq_len, micro_batch, framework, "
    "precision, grad_ckpt, sharding, mem_unit, mem_stat: the prediction learns from it."
)


COMMAND = "behind the dashes"


class BehindDashes(TyperCommand):
    """A command whose words behind -- are none of its own arguments, although one of those may be left out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the words before the dashes; those behind them are kept for what they are handed on to."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[COMMAND], args = args[at + 1 :], args[:at]
        return super().parse_args(ctx, args)


def _behind_dashes(context: typer.Context, given: list[str] | None) -> list[str]:
    return [*(given or ()), *context.meta.get(COMMAND, ())]


def fit(
    model: Annotated[
        str,
        typer.Argument(
            help="A model's name, its config.json, or a configuration that trains it (axolotl, TRL, …); "
            "the run of the project's bill when left out."
        ),
    ] = "",
    to_run: Annotated[
        list[str] | None,
        typer.Argument(help="What --probe runs: -- python train.py.", metavar="-- COMMAND", callback=_behind_dashes),
    ] = None,
    method: Annotated[str | None, typer.Option(help="lora, qlora or full; all weighed when left out.")] = None,
    seq: Annotated[str | None, typer.Option(help="Longest sample in tokens; 2048 when left out.")] = None,
    batch: Annotated[str | None, typer.Option(help="Samples on one GPU at once; searched when left out.")] = None,
    gpu: Annotated[list[str] | None, typer.Option(help="The GPU, or several with commas; all with a price.")] = None,
    gpus: Annotated[
        list[str] | None, typer.Option(help="How many, or several: 1,2,4 or 1-8; up to 64 weighed when left out.")
    ] = None,
    card_memory: Annotated[
        str | None, typer.Option(help="Memory of one card, e.g. 20GB or 20GiB: of --gpu, or of a card of your own.")
    ] = None,
    tier: Annotated[str | None, amount_option(help="marketplace, neocloud or hyperscaler.")] = None,
    price: Annotated[str | None, amount_option(help="Your own price of one card's hour in USD.")] = None,
    tokens: Annotated[str | None, amount_option(help="Tokens trained on, over all epochs, e.g. 5M.")] = None,
    examples: Annotated[str | None, amount_option(help="Samples, in place of tokens.")] = None,
    epochs: Annotated[str | None, amount_option(help="Passes over the samples.")] = None,
    lengths: Annotated[
        Path | None,
        amount_option(help="Token lengths (CSV of tokens,count; JSONL), or the data file; - reads standard input."),
    ] = None,
    packing: Annotated[bool, amount_option("--packing", help="Short samples are joined into full rows.")] = False,
    padding: Annotated[bool, amount_option("--padding", help="Short samples are padded to the longest.")] = False,
    deadline: Annotated[str | None, amount_option(help="When it must have ended, e.g. '6 h'.")] = None,
    spot: Annotated[bool, amount_option("--spot", help="Spot cards, interruptions counted.")] = False,
    framework: Annotated[str | None, setup_option(help="Its defaults are taken: axolotl, torchtune, litgpt, …")] = None,
    adapter: Annotated[str | None, setup_option(help="lora, dora, vera, loha, ia3, …; lora when left out.")] = None,
    rank: Annotated[str | None, setup_option(help="LoRA rank; 16 when left out.")] = None,
    targets: Annotated[str | None, setup_option(help="all, attention, qv, or names of modules.")] = None,
    objective: Annotated[str | None, setup_option(help="sft, dpo, grpo, …; sft when left out.")] = None,
    prompts: Annotated[str | None, sampling_option(help="Prompts of one step; 32 when left out.")] = None,
    group_size: Annotated[str | None, sampling_option(help="Answers to a prompt; usual if left out.")] = None,
    completion: Annotated[str | None, sampling_option(help="Tokens after which an answer is cut.")] = None,
    completion_mean: Annotated[str | None, sampling_option(help="Tokens of a mean answer.")] = None,
    prompt_tokens: Annotated[str | None, sampling_option(help="Tokens of a prompt.")] = None,
    steps: Annotated[str | None, sampling_option(help="Steps, in place of tokens or examples.")] = None,
    updates: Annotated[str | None, sampling_option(help="Training passes over each answer; usual.")] = None,
    sampler: Annotated[
        str | None, sampling_option(help="colocated, separate (own cards, overlapped), in-turn, or generate.")
    ] = None,
    sampler_gpus: Annotated[str | None, sampling_option(help="How many of the GPUs only sample.")] = None,
    engine_share: Annotated[str | None, sampling_option(help="Of a card's memory, of a colocated engine.")] = None,
    engine_sleeps: Annotated[
        bool, sampling_option("--engine-sleeps", help="It gives its memory back while training.")
    ] = False,
    reference: Annotated[str | None, sampling_option(help="yes or no: a frozen reference model.")] = None,
    reward_params: Annotated[str | None, sampling_option(help="Parameters of a reward model, e.g. 7B.")] = None,
    reward_seconds: Annotated[str | None, sampling_option(help="Seconds to judge or run one answer.")] = None,
    global_batch: Annotated[str | None, setup_option(help="Samples of one optimizer step over all GPUs.")] = None,
    accumulation: Annotated[str | None, setup_option(help="Micro-batches of one optimizer step.")] = None,
    optimizer: Annotated[str | None, setup_option(help="adamw, adamw_8bit, paged_adamw_8bit, adafactor, …")] = None,
    precision: Annotated[str | None, setup_option(help="bf16, fp16, fp32 or fp8.")] = None,
    attention: Annotated[str | None, setup_option(help="flash (sdpa too) or eager.")] = None,
    loss: Annotated[str | None, setup_option(help="whole, chunked, fused (Liger), …")] = None,
    kernels: Annotated[str | None, setup_option(help="eager, fused (Liger, Unsloth) or compiled.")] = None,
    masters: Annotated[str | None, setup_option(help="Trained weights of a full fine-tune: 16-bit or 32-bit.")] = None,
    base: Annotated[str | None, setup_option(help="Frozen base of LoRA as loaded: 16-bit or 32-bit.")] = None,
    checkpointing: Annotated[str | None, setup_option(help="none, selective, full or offloaded.")] = None,
    sharding: Annotated[str | None, setup_option(help="ddp, zero1, zero2, zero3 or fsdp; searched.")] = None,
    offload: Annotated[str | None, setup_option(help="none, optimizer or all.")] = None,
    context_parallel: Annotated[str | None, setup_option(help="GPUs that share one long sample.")] = None,
    towers: Annotated[str | None, setup_option(help="What reads images or sound: frozen, trained or left-out.")] = None,
    frozen_layers: Annotated[str | None, setup_option(help="Blocks at the bottom that do not learn.")] = None,
    accelerate: Annotated[Path | None, setup_option(help="An accelerate or DeepSpeed file beside the model's.")] = None,
    measured: Annotated[Path | None, proof_option(help=MEASURED_HELP)] = None,
    probe: Annotated[
        bool, proof_option("--probe", help="Measure three steps on this machine's card first, and answer from them.")
    ] = False,
    explain: Annotated[bool, proof_option("--explain", help="Every term, and measured runs that are near.")] = False,
    project: Annotated[
        Path | None, proof_option("--project", "-p", help="A case that keeps what was measured; $TUNECASE_PROJECT.")
    ] = None,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Does a training run fit, on what, how long does it take, what does it cost?

    With a model no project file is needed, and what is left out is searched: GPU, count, micro-batch, sharding,
    checkpointing, method. Without a model it is the run of the project's bill: its card, method, rows and lengths.
    Example: `tunecase fit llama-3.1-8b --gpu A100-80GB --tokens 5M`.
    """
    from tunecase import flow

    explain = explain or is_full()
    if explain:
        ask_full()
    packed = "both" if packing and padding else True if packing else False if padding else None
    words: dict[str, Any] = {
        "method": method, "sequence_tokens": seq, "micro_batch": batch, "rank": rank, "targets": targets,
        "adapter": adapter,
        "framework": framework, "objective": objective, "optimizer": optimizer, "precision": precision,
        "attention": attention, "loss": loss, "checkpointing": checkpointing, "sharding": sharding,
        "offload": offload, "frozen_layers": frozen_layers, "accumulation": accumulation, "packing": packed,
        "global_batch": global_batch, "train_tokens": tokens, "examples": examples, "epochs": epochs,
        "prompts": prompts, "group_size": group_size,
        "completion_tokens": completion, "completion_mean": completion_mean, "prompt_tokens": prompt_tokens,
        "steps": steps, "updates": updates, "sampler": sampler, "sampler_gpus": sampler_gpus,
        "engine_share": engine_share, "engine_sleeps": engine_sleeps or None, "reference": reference,
        "reward_params": reward_params, "reward_seconds": reward_seconds,
        "context_parallel": context_parallel, "kernels": kernels, "masters": masters, "base": base,
        "towers": towers and towers.replace("-", " "),
    }  # fmt: skip
    case = project or variable_project()
    if case is None and not model and (near := nearest_project()).is_file():
        case = near
    opened = open_project(case, seed, today) if case else None
    with piped(lengths) as sizes:
        question = flow.FitAsked(
            model, words, gpu or (), gpus or (), deadline, spot, tier, sizes, accelerate, measured, explain, price,
            probe=probe, command=to_run or (), card_memory=card_memory,
        )  # fmt: skip
        record = flow.fit(question, seed, day_of(today), opened)
    finish("fit", record, json)
