"""A stand-in for flash attention: it keeps and takes the memory of the CUDA kernel and computes nothing."""

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
    """Attention over (batch, length, heads, head_dim)."""
    return Flash.apply(q.contiguous(), k.contiguous(), v.contiguous())


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
