"""Traces transformers with PEFT: the loop of its Trainer, with bf16 autocast on."""

import contextlib
from dataclasses import dataclass
from typing import Any

import torch
from tracing import kernels, liger
from tracing.meter import Meter, tracing
from tracing.nf4 import Linear4bit, adapted, quantise
from tracing.optimizers import optimizer_of
from tracing.widths import Widths

TARGETS = {
    "qv": ["q_proj", "v_proj"],
    "attention": ["q_proj", "k_proj", "v_proj", "o_proj"],
    "all": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}


@dataclass(frozen=True)
class Setup:
    """What one trace trains, and how."""

    method: str = "full"
    targets: str = "all"
    dropout: float = 0.0
    checkpointing: bool = False
    reentrant: bool = False
    weights: torch.dtype = torch.bfloat16
    autocast: bool = True
    prepared: bool = False
    adapters: torch.dtype = torch.float32
    attention: str = "fused"
    family: str = "llama"
    optimizer: str = "adamw-foreach"
    steps: int = 2
    accumulate: int = 1
    kernels: tuple[str, ...] = ()


def model_of(widths: Widths, setup: Setup) -> Any:
    """The model of a family with these widths, without data."""
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register("fused", kernels.transformers_flash)
    ALL_ATTENTION_FUNCTIONS.register("fused-shared", kernels.transformers_sdpa_shared)
    experts = {"num_local_experts": 5, "num_experts_per_tok": 2} if setup.family == "mixtral" else {}
    config = AutoConfig.for_model(
        setup.family,
        vocab_size=widths.vocab,
        hidden_size=widths.hidden,
        intermediate_size=widths.ffn,
        num_hidden_layers=widths.layers,
        num_attention_heads=widths.heads,
        num_key_value_heads=widths.key_heads,
        head_dim=widths.head_dim,
        sliding_window=None,
        pad_token_id=0,
        tie_word_embeddings=False,
        **experts,
    )
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, attn_implementation=setup.attention)
    return model.to(setup.weights)


def dressed(model: Any, widths: Widths, setup: Setup) -> Any:
    """The model with adapters, its base quantised and prepared as the set-up says."""
    if setup.method == "full":
        return model
    from peft import LoraConfig, get_peft_model

    for weight in model.parameters():
        weight.requires_grad = False
    if setup.method == "qlora":
        quantise(model, keep=("lm_head",))
        if setup.prepared:
            for name, weight in model.named_parameters():
                if "weight" in name and weight.dtype != torch.uint8:
                    weight.data = weight.data.float()
    with torch.device("meta"):
        lora = LoraConfig(
            r=widths.rank,
            target_modules=TARGETS[setup.targets],
            lora_dropout=setup.dropout,
            task_type="CAUSAL_LM",
        )
        lora._register_custom_module({Linear4bit: adapted()})
        model = get_peft_model(model, lora)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.to(setup.adapters)
    return model


def trace(widths: Widths, setup: Setup) -> Meter:
    """Runs the training loop on fake tensors and returns the log."""
    meta = dressed(model_of(widths, setup), widths, setup)
    with liger.fused(setup.family, setup.kernels), tracing() as meter:
        model = meta.to_empty(device="cpu")
        model.train()
        model.config.use_cache = False
        if setup.checkpointing:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": setup.reentrant})
            if setup.method != "full":
                model.enable_input_require_grads()
        watch(decoder_layers(model), meter)
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        optimizer = optimizer_of(setup.optimizer, trained)
        tokens = torch.zeros(widths.batch, widths.length, dtype=torch.long, device="cpu")
        for step in range(setup.steps):
            for part in range(setup.accumulate):
                meter.phase = f"forward {step}.{part}"
                context = torch.autocast("cpu", torch.bfloat16) if setup.autocast else contextlib.nullcontext()
                with context:
                    loss = model(input_ids=tokens, labels=tokens).loss
                meter.phase = f"loss backward {step}.{part}"
                loss.backward()
                del loss
            meter.phase = f"step {step}"
            optimizer.step()
            optimizer.zero_grad()
    return meter


def decoder_layers(model: Any) -> list[Any]:
    """The stack of decoder layers: the longest module list."""
    return list(max((m for m in model.modules() if isinstance(m, torch.nn.ModuleList)), key=len))


def watch(layers: list[Any], meter: Meter) -> None:
    """Sets the meter's phase when the backward pass enters the last layer, and when it leaves it."""

    def entered(module: Any, args: Any, output: Any) -> None:
        hidden = output[0] if isinstance(output, tuple) else output
        if torch.is_grad_enabled() and hidden.requires_grad:
            hidden.register_hook(lambda grad: named("layer backward"))

    def left(module: Any, args: Any) -> None:
        if torch.is_grad_enabled() and args[0].requires_grad:
            args[0].register_hook(lambda grad: named("other layers backward"))

    def named(phase: str) -> None:
        meter.phase = f"{phase} {meter.phase.split()[-1]}"

    layers[-1].register_forward_hook(entered)
    layers[-1].register_forward_pre_hook(left)
