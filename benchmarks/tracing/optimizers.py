# ruff: noqa: D102 - methods of torch keep the names and meanings that torch gives them
"""Optimizers by name: real ones of torch, and stand-ins for those that need a card."""

from typing import Any

import torch


class Adam8bit(torch.optim.Optimizer):
    """Two states of one byte per parameter, with two 32-bit scales per 256; updates in place.

    https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/bitsandbytes/optim/optimizer.py
    """

    def __init__(self, weights: Any, block: int = 256) -> None:
        super().__init__(weights, {})
        self.block = block

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for weight in (w for group in self.param_groups for w in group["params"]):
            state = self.state[weight]
            if not state:
                large = weight.numel() >= 4096
                for name in ("first", "second"):
                    state[name] = torch.zeros_like(weight, dtype=torch.uint8 if large else torch.float32)
                    if large:
                        state[f"{name} scale"] = torch.zeros(-(-weight.numel() // self.block), device=weight.device)


def optimizer_of(name: str, weights: list[Any]) -> Any:
    """The optimizer of a name, over these weights."""
    if name == "adam-8bit":
        return Adam8bit(weights)
    if name == "adafactor":
        from transformers.optimization import Adafactor

        return Adafactor(weights, scale_parameter=False, relative_step=False, lr=1e-4)
    kind, _, mode = name.partition("-")
    options: dict[str, Any] = {"foreach": mode == "foreach"}
    if mode == "fused":
        options = {"fused": True}
    return {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[kind](weights, lr=1e-4, **options)
