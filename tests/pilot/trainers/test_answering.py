"""Answers are the likeliest choice by the trainer's own rule, or greedy text."""

import math
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.pilot.trainers.tiny import save_tiny_model
from tunecase.pilot.trainers import answering

pytestmark = pytest.mark.needs("train")
PROMPTS = [[5, 6, 7], [9], [1, 2, 3, 4, 5, 6, 7, 8], [5, 6]]
END = 256
CHOICES = [[10, 11, END], [10, 12, END], [20, END], [10, END], [20, 30, 31, END]]


@cache
def net() -> Any:
    """A tiny network of random weights."""
    from transformers import AutoModelForCausalLM

    folder = save_tiny_model(Path(mkdtemp(prefix="tunecase-tiny-")))
    return AutoModelForCausalLM.from_pretrained(folder).eval()


def slow_shares(prompt: list[int]) -> list[float]:
    """Every choice's probability, one forward per place: the definition."""
    import torch

    shares = []
    for choice in CHOICES:
        nats = 0.0
        for i, token in enumerate(choice):
            ways = sorted({other[i] for other in CHOICES if other[:i] == choice[:i] and len(other) > i})
            with torch.no_grad():
                logits = net()(torch.tensor([[*prompt, *choice[:i]]])).logits[0, -1]
            nats += float(logits[ways].log_softmax(-1)[ways.index(token)])
        shares.append(math.exp(nats))
    return shares


def test_the_best_choice_is_the_definitions() -> None:
    """The search finds the choice that reading all of them would, with its probability; padding changes nothing."""
    best, sure = answering.likeliest(net(), PROMPTS, CHOICES, pad=0, at_once=3)
    for prompt, chosen, share in zip(PROMPTS, best, sure, strict=True):
        shares = slow_shares(prompt)
        assert pytest.approx(1.0) == sum(shares)
        assert shares.index(max(shares)) == chosen
        assert pytest.approx(max(shares), abs=1e-5) == share


def test_loss_of_the_own_choice() -> None:
    """The mean loss is that of the definition."""
    own = [0, 1, 2, 4]
    wanted = sum(-math.log(slow_shares(p)[k]) for p, k in zip(PROMPTS, own, strict=True)) / 4
    assert pytest.approx(wanted, abs=1e-5) == answering.own_nats(net(), PROMPTS, CHOICES, own, pad=0)


def test_loss_of_free_answers() -> None:
    """The mean loss per token does not depend on how rows are batched."""
    answers = [[3, END], [4, 5, 6, END], [END], [7, END]]
    one = answering.text_nats(net(), PROMPTS, answers, at_once=1)
    assert pytest.approx(one, abs=1e-5) == answering.text_nats(net(), PROMPTS, answers, at_once=4)
    assert 4 < one < 7  # near that of a guess among 258


def test_one_choice_is_certain() -> None:
    """Where there is nothing to choose nothing is computed."""
    assert ([0, 0], [1.0, 1.0]) == answering.likeliest(None, [[1], [2]], [[5, END]], pad=0)


def test_greedy_text_does_not_depend_on_the_batch() -> None:
    """Padding on the left changes no answer."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(net().config._name_or_path)
    alone = [answering.written(net(), tokenizer, [prompt], most_tokens=5, pad=0)[0] for prompt in PROMPTS]
    assert alone == answering.written(net(), tokenizer, PROMPTS, most_tokens=5, pad=0)


def test_other_formats_than_safetensors_are_refused(tmp_path: Path) -> None:
    """A model or an adapter that is read by unpickling could run code, so neither is read."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    whole, adapter = save_tiny_model(tmp_path / "whole"), tmp_path / "adapter"
    get_peft_model(AutoModelForCausalLM.from_pretrained(whole), LoraConfig(target_modules=["q_proj"])).save_pretrained(
        adapter, safe_serialization=True
    )
    assert answering._loaded(str(whole), str(adapter))[1]
    (adapter / "adapter_model.safetensors").unlink()
    torch.save({}, adapter / "adapter_model.bin")
    with pytest.raises(ValueError, match=r"no adapter_model\.safetensors"):
        answering._loaded(str(whole), str(adapter))
    torch.save(net().state_dict(), whole / "pytorch_model.bin")
    (whole / "model.safetensors").unlink()
    with pytest.raises(OSError, match="safetensors"):
        answering._loaded(str(whole), str(whole))
