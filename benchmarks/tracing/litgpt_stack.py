"""Traces litgpt's own model and losses, as its `finetune_lora` and `finetune_full` run them in bf16-true on one GPU."""

import contextlib
from dataclasses import dataclass
from typing import Any

import torch
from tracing.meter import Meter, tracing
from tracing.nf4 import quantise
from tracing.transformers_stack import watch
from tracing.widths import Widths

PARTS = {"qv": ("query", "value"), "all": ("query", "key", "value", "projection", "mlp", "head")}


@dataclass(frozen=True)
class Setup:
    """What one trace trains, and how; `model` is a name of litgpt's list, or None for the widths given."""

    method: str = "lora"
    targets: str = "qv"
    rank: int = 7
    dropout: float = 0.05
    saves_input: bool = True
    scale_bytes: float = 4 / 64
    mlp: str = "LLaMAMLP"
    norm: str = "RMSNorm"
    parallel: bool = False
    shared_norm: bool = False
    model: str | None = None
    steps: int = 2
    accumulate: int = 2


def config_of(widths: Widths, setup: Setup) -> Any:
    """litgpt's configuration, with or without adapters."""
    if setup.method == "full":
        from litgpt.config import Config
    else:
        from litgpt.lora import Config
    options: dict[str, Any] = {}
    if setup.method != "full":
        options = {"lora_r": setup.rank, "lora_alpha": 16, "lora_dropout": setup.dropout}
        options |= {f"lora_{part}": part in PARTS[setup.targets] for part in PARTS["all"]}
    if setup.model:
        return Config.from_name(setup.model, **options)
    return Config(
        name="",
        block_size=widths.length,
        vocab_size=widths.vocab,
        padded_vocab_size=widths.vocab,
        n_layer=widths.layers,
        n_head=widths.heads,
        n_query_groups=widths.key_heads,
        head_size=widths.head_dim,
        n_embd=widths.hidden,
        intermediate_size=widths.ffn,
        rotary_percentage=1.0,
        parallel_residual=setup.parallel,
        shared_attention_norm=setup.shared_norm,
        bias=False,
        norm_class_name=setup.norm,
        mlp_class_name=setup.mlp,
        **options,
    )


@contextlib.contextmanager
def defaults(dtype: torch.dtype) -> Any:
    """Makes new tensors of this type by default, as Fabric does around a model's making and its forward."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    yield
    torch.set_default_dtype(before)


def model_of(widths: Widths, setup: Setup) -> Any:
    """The model without data, frozen and quantised as the set-up says."""
    if setup.method == "full":
        from litgpt.model import GPT
    else:
        from litgpt.lora import GPT, mark_only_lora_as_trainable
    with defaults(torch.bfloat16), torch.device("meta"):
        model = GPT(config_of(widths, setup))
        if setup.method != "full":
            mark_only_lora_as_trainable(model)
        if setup.method == "qlora":
            quantise(model, (), setup.scale_bytes, setup.saves_input, torch.float16)
    return model


def trace(widths: Widths, setup: Setup) -> Meter:
    """Runs the fine-tuning loop: chunked head, 32-bit logits from Fabric, chunked loss, foreach AdamW."""
    from litgpt.utils import chunked_cross_entropy

    meta = model_of(widths, setup)
    with tracing() as meter:
        model = meta.to_empty(device="cpu")
        model.max_seq_length = widths.length
        model.cos, model.sin = model.rope_cache(device="cpu")
        model.train()
        watch(list(model.transformer.h), meter)
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(trained, foreach=True)
        tokens = torch.zeros(widths.batch, widths.length, dtype=torch.long, device="cpu")
        for step in range(setup.steps):
            for part in range(setup.accumulate):
                meter.phase = f"forward {step}.{part}"
                with defaults(torch.bfloat16):
                    logits = model(tokens, **({} if setup.method == "full" else {"lm_head_chunk_size": 128}))
                if setup.method == "full":
                    logits = logits.float()
                    loss = chunked_cross_entropy(logits[..., :-1, :], tokens[..., 1:])
                else:
                    logits = [chunk.float() for chunk in logits]
                    logits[-1] = logits[-1][..., :-1, :]
                    loss = chunked_cross_entropy(logits, tokens[..., 1:])
                meter.phase = f"loss backward {step}.{part}"
                (loss / setup.accumulate).backward()
            meter.phase = f"step {step}"
            optimizer.step()
            optimizer.zero_grad()
    return meter
