# ruff: noqa: D102 - methods of torch keep the names and meanings that torch gives them
"""Stand-ins for Liger's fused kernels: what each keeps for the backward pass, and what it writes in place.

https://github.com/linkedin/Liger-Kernel/tree/v0.4.2/src/liger_kernel/ops
"""

import contextlib
import importlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch


class Norm(torch.autograd.Function):
    """Keeps its input and one number per token; the gradient is written over the incoming one."""

    @staticmethod
    def forward(ctx, x, weight):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(x, weight, torch.empty(x.shape[:-1], dtype=torch.float32, device=x.device))
        return torch.empty_like(x)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        return gradient, torch.empty_like(ctx.saved_tensors[1])


class SwiGlu(torch.autograd.Function):
    """Keeps the two inputs, and writes their gradients over them."""

    @staticmethod
    def forward(ctx, gate, up):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(gate, up)
        return torch.empty_like(gate)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        return ctx.saved_tensors


class Loss(torch.autograd.Function):
    """Logits a chunk at a time, their gradient taken through the head at once: T x h and, if trained, V x h remain."""

    @staticmethod
    def forward(ctx, hidden, weight):  # type: ignore[no-untyped-def]
        tokens, wide = hidden.shape
        parts = -(-weight.shape[0] // wide)
        chunk = 1 << (max(-(-tokens // parts), 1) - 1).bit_length()
        weight_gradient = torch.zeros_like(weight) if weight.requires_grad else None
        gradient = torch.zeros_like(hidden)
        losses = torch.zeros(tokens, dtype=torch.float32, device=hidden.device)
        for start in range(0, tokens, chunk):
            logits = (hidden[start : start + chunk] @ weight.t()).float()
            logits = logits.to(hidden.dtype)
            scaled = logits * 1.0
            gradient[start : start + chunk] = scaled @ weight
            if weight_gradient is not None:
                torch.addmm(weight_gradient, logits.t(), hidden[start : start + chunk], out=weight_gradient)
        ctx.save_for_backward(gradient, weight_gradient)
        return losses.sum()

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        return ctx.saved_tensors


def causal_forward(self: Any, input_ids: Any = None, labels: Any = None, **kwargs: Any) -> Any:
    """A causal model's forward with the fused loss, which shifts and copies the hidden states first."""
    hidden = self.model(input_ids=input_ids).last_hidden_state
    shifted = hidden[..., :-1, :].contiguous().view(-1, hidden.shape[-1])
    weight = self.lm_head.weight
    if weight.dtype != shifted.dtype and torch.is_autocast_cpu_enabled():
        weight, shifted = weight.to(torch.bfloat16), shifted.to(torch.bfloat16)
    return SimpleNamespace(loss=Loss.apply(shifted, weight))


@contextlib.contextmanager
def fused(family: str, parts: tuple[str, ...]) -> Iterator[None]:
    """Replaces parts of a family of transformers: "norm", "rope", "mlp" and "loss"."""
    module = importlib.import_module(f"transformers.models.{family}.modeling_{family}")
    prefix = next(name[: -len("RMSNorm")] for name in vars(module) if name.endswith("RMSNorm"))
    swaps = {
        "norm": (getattr(module, f"{prefix}RMSNorm"), "forward", lambda self, x: Norm.apply(x, self.weight)),
        "mlp": (
            getattr(module, f"{prefix}MLP", None),  # a mixture has experts instead
            "forward",
            lambda self, x: self.down_proj(SwiGlu.apply(self.gate_proj(x), self.up_proj(x))),
        ),
        "rope": (module, "apply_rotary_pos_emb", lambda q, k, cos, sin, **kwargs: (q, k)),
        "loss": (getattr(module, f"{prefix}ForCausalLM"), "forward", causal_forward),
    }
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.enter_context(mock.patch.object(*swaps[part]))
        yield
