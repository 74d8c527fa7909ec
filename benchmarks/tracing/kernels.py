# ruff: noqa: D102 - methods of torch keep the names and meanings that torch gives them
"""Stand-ins for kernels that need a card: each keeps and takes the memory of the real one and computes nothing."""

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch


class Flash(torch.autograd.Function):
    """Keeps q, k, v, the output and one 32-bit log-sum per head and token.

    Backward takes the gradients, a 32-bit accumulator of dq, and, where key heads are shared, dk and dv once per
    query head: https://github.com/Dao-AILab/flash-attention/blob/v2.7.0/csrc/flash_attn/flash_api.cpp (mha_bwd).
    """

    @staticmethod
    def forward(ctx, q, k, v):  # type: ignore[no-untyped-def]
        out = torch.empty_like(q)
        sums = torch.empty(q.shape[0], q.shape[2], q.shape[1], dtype=torch.float32, device=q.device)
        ctx.save_for_backward(q, k, v, out, sums)
        return out

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        q, k, v, _, sums = ctx.saved_tensors
        accumulated = torch.empty_like(q, dtype=torch.float32)
        rows = torch.empty_like(sums)
        gradients = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        shared = (torch.empty_like(q), torch.empty_like(q)) if q.shape[2] != k.shape[2] else ()
        del accumulated, rows, shared
        return gradients


def flash(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Attention over (batch, length, heads, head_dim); the kernel takes 16 bits, any stride, and copies none."""
    if q.dtype == torch.float32 and torch.is_autocast_cpu_enabled():
        q, k, v = (tensor.to(torch.bfloat16) for tensor in (q, k, v))
    return Flash.apply(q, k, v)


def transformers_flash(module, query, key, value, mask, **kwargs):  # type: ignore[no-untyped-def]
    """The signature of transformers' attention functions."""
    return flash(*(tensor.transpose(1, 2) for tensor in (query, key, value))), None


def transformers_sdpa_shared(module, query, key, value, mask, **kwargs):  # type: ignore[no-untyped-def]
    """As scaled_dot_product_attention is called by transformers where it repeats the key heads first."""
    times = query.shape[1] // key.shape[1]
    key, value = (t[:, :, None].expand(-1, -1, times, -1, -1).reshape(query.shape) for t in (key, value))
    return transformers_flash(module, query, key, value, mask)


def torch_sdpa(query, key, value, *args, enable_gqa=False, **kwargs):  # type: ignore[no-untyped-def]
    """Stands in for torch.nn.functional.scaled_dot_product_attention with its flash kernel."""
    return flash(*(tensor.transpose(1, 2) for tensor in (query, key, value))).transpose(1, 2)


class Dropout(torch.autograd.Function):
    """The fused dropout of CUDA keeps one byte per element: aten::native_dropout."""

    @staticmethod
    def forward(ctx, x):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(torch.empty_like(x, dtype=torch.bool))
        return torch.empty_like(x)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        return torch.empty_like(gradient)


def dropout(x: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> torch.Tensor:
    """Stands in for torch.nn.functional.dropout."""
    return Dropout.apply(x) if p and training else x


@contextlib.contextmanager
def stand_ins() -> Iterator[None]:
    """Puts the stand-ins in torch's place."""
    functional = torch.nn.functional
    with (
        mock.patch.object(functional, "scaled_dot_product_attention", torch_sdpa),
        mock.patch.object(functional, "dropout", dropout),
    ):
        yield
