"""An encoder of any architecture that the transformers library knows, such as ModernBERT or DeBERTa, through torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.pilot.trainers import machine
from tunecase.quantities import Numbers

MOST_POSITIONS = 1_000_000  # a tokenizer that knows no limit says 1e30


class TorchEncoder:
    """An encoder as its library loads it, on the GPU where there is one; nothing is fetched, no code of its own runs.

    Args:
        folder: config, tokenizer and *.safetensors.
        most_tokens: longer texts lose their end; never more than the encoder has positions for.
    Raises: InputError where the library cannot read it; MissingExtraError without the library.
    """

    at_once = 1  # torch spreads one batch over the cores by itself

    def __init__(self, folder: Path, most_tokens: int) -> None:
        import torch

        self.device = machine.device()
        self.tokenizer, self.net = _loaded(folder)
        self.net.to(self.device).eval()
        self._torch = torch
        limits = [most_tokens, self.tokenizer.model_max_length, _positions(self.net.config)]
        self.longest = int(min(limit for limit in limits if 0 < limit < MOST_POSITIONS))

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of each text's tokens, at most `longest` of them."""
        encoded = self.tokenizer(list(texts), truncation=True, max_length=self.longest, padding=False)
        return [list(ids) for ids in encoded["input_ids"]]

    def hidden(self, batch: Sequence[Sequence[int]]) -> "tuple[Numbers, Numbers]":
        """The last layer's output (texts, tokens, width) for a batch of texts, and the mask of their tokens."""
        with self._torch.no_grad():
            states, mask = self.states(batch)
        return states.float().cpu().numpy(), mask.float().cpu().numpy()

    def states(self, batch: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """As `hidden`, as tensors that a loss can be traced back through."""
        longest, padding = max(map(len, batch)), self.tokenizer.pad_token_id or 0
        numbers = self._torch.tensor([[*tokens, *[padding] * (longest - len(tokens))] for tokens in batch])
        mask = self._torch.tensor([[1] * len(tokens) + [0] * (longest - len(tokens)) for tokens in batch])
        numbers, mask = numbers.to(self.device), mask.to(self.device)
        return self.net(input_ids=numbers, attention_mask=mask).last_hidden_state, mask


def _loaded(folder: Path) -> tuple[Any, Any]:
    with machine.quiet():
        from transformers import AutoModel, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            net: Any = AutoModel.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="float32"
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            fix = "save model and tokenizer anew with save_pretrained(folder), or update transformers"
            got = str(error).strip().splitlines()[0]
            raise InputError(Problem(f"encoder {folder}", got, "a model that transformers reads", fix)) from error
    return tokenizer, net


def _positions(config: Any) -> int:
    """The most tokens that a config gives positions for; RoBERTa's begin behind the padding token's number."""
    most = int(getattr(config, "max_position_embeddings", 0) or 0)
    shifted = config.model_type in ("roberta", "xlm-roberta", "camembert", "mpnet")
    return most - (config.pad_token_id or 0) - 1 if most and shifted else most
