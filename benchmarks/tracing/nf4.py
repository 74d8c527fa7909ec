"""A stand-in for bitsandbytes' 4-bit linear layer: the memory of its packed weight, its copies and what it saves."""

from typing import Any

import torch
from torch import nn


class MatMul4Bit(torch.autograd.Function):
    """Forward and backward each unpack the weight to the type of the input; only the packed weight is saved.

    https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/bitsandbytes/autograd/_functions.py
    """

    @staticmethod
    def forward(ctx, x, packed, shape):  # type: ignore[no-untyped-def]
        whole = torch.empty(shape, dtype=x.dtype, device=x.device)
        ctx.shape = shape
        ctx.save_for_backward(packed)
        return torch.nn.functional.linear(x, whole)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        whole = torch.empty(ctx.shape, dtype=gradient.dtype, device=gradient.device)
        return gradient @ whole, None, None


class Linear4bit(nn.Module):
    """Holds 0.5 B per weight and its scales; computes in bf16 whatever it is given, and answers in the input's type.

    `scale_bytes` per weight: 4/64 plain, 1/64 + 4/(64 x 256) with double quantisation.
    """

    def __init__(self, linear: nn.Linear, scale_bytes: float) -> None:
        super().__init__()
        size = linear.weight.numel()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.packed = nn.Parameter(torch.empty(size // 2, dtype=torch.uint8, device="meta"), requires_grad=False)
        scales = torch.empty(round(size * scale_bytes), dtype=torch.uint8, device="meta")
        self.packed_scales = nn.Parameter(scales, requires_grad=False)
        self.shape = (linear.out_features, linear.in_features)
        self.compute_dtype = torch.bfloat16

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        given = x.dtype
        with torch.autocast("cpu", enabled=False):
            out = MatMul4Bit.apply(x.to(self.compute_dtype), self.packed, self.shape)
        return out.to(given)


def quantise(model: Any, keep: tuple[str, ...] = (), scale_bytes: float = 1 / 64 + 4 / (64 * 256)) -> None:
    """Replaces every linear layer of the model, except those named in `keep`, in place."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and not any(part in name for part in keep):
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], Linear4bit(module, scale_bytes))
