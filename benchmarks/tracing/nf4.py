# ruff: noqa: D102 - methods of torch keep the names and meanings that torch gives them
"""A stand-in for bitsandbytes' 4-bit linear layer: the memory of its packed weight, its copies and what it saves."""

from typing import Any

import torch
from torch import nn


class MatMul4Bit(torch.autograd.Function):
    """Forward and backward each unpack the weight to the type of the input; old versions also keep the input.

    https://github.com/bitsandbytes-foundation/bitsandbytes/blob/0.42.0/bitsandbytes/autograd/_functions.py
    """

    @staticmethod
    def forward(ctx, x, packed, shape, saves_input, unpacked):  # type: ignore[no-untyped-def]
        whole = torch.empty(shape, dtype=unpacked, device=x.device).to(x.dtype)
        ctx.shape, ctx.unpacked = shape, unpacked
        ctx.kept = (x, packed) if saves_input else (None, packed)
        return torch.nn.functional.linear(x, whole)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        whole = torch.empty(ctx.shape, dtype=ctx.unpacked, device=gradient.device).to(gradient.dtype)
        return gradient @ whole, None, None, None, None


class Linear4bit(nn.Linear):
    """Holds 0.5 B per weight and its scales; computes in bf16 whatever it is given, and answers in the input's type.

    `scale_bytes` per weight: 4/64 plain, 1/64 + 4/(64 x 256) with double quantisation. `unpacked` is the type that the
    weight had when it was quantised: where it differs from the input's, the unpacked weight is there twice.
    """

    def __init__(self, linear: nn.Linear, scale_bytes: float, saves_input: bool, unpacked: torch.dtype) -> None:
        super().__init__(linear.in_features, linear.out_features, bias=False, device="meta")
        size = linear.in_features * linear.out_features
        self.weight = nn.Parameter(torch.empty(size // 2, dtype=torch.uint8, device="meta"), requires_grad=False)
        scales = torch.empty(round(size * scale_bytes), dtype=torch.uint8, device="meta")
        self.register_buffer("scales", scales)
        self.compute_dtype, self.saves_input, self.unpacked = torch.bfloat16, saves_input, unpacked

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        given = x.dtype
        with torch.autocast("cpu", enabled=False):
            shape = (self.out_features, self.in_features)
            out = MatMul4Bit.apply(x.to(self.compute_dtype), self.weight, shape, self.saves_input, self.unpacked)
        return out.to(given)


def adapted() -> type[Any]:
    """PEFT's adapter over a 4-bit layer: it clones the layer's answer, and casts its input only without autocast."""
    from peft.tuners.lora.layer import Linear

    class Adapted(Linear):
        def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
            result = self.base_layer(x).clone()
            name = self.active_adapters[0]
            given, converts = result.dtype, not torch.is_autocast_cpu_enabled()
            if converts:
                x = self._cast_input_dtype(x, self.lora_A[name].weight.dtype)
            out = self.lora_B[name](self.lora_A[name](self.lora_dropout[name](x))) * self.scaling[name]
            return result + (out.to(given) if converts else out)

    return Adapted


DOUBLE = 1 / 64 + 4 / (64 * 256)


def quantise(
    model: Any,
    keep: tuple[str, ...] = (),
    scale_bytes: float = DOUBLE,
    saves_input: bool = False,
    unpacked: torch.dtype = torch.bfloat16,
) -> None:
    """Replaces every linear layer of the model, except those named in `keep`, in place."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and not any(part in name for part in keep):
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], Linear4bit(module, scale_bytes, saves_input, unpacked))
