"""Answers of a causal language model to test rows: the likeliest choice, or greedy text.

Needs torch and transformers alone, so it also runs as a script in the environment of another trainer:

    python answering.py run.json ADAPTER_OR_MODEL_FOLDER

It lays out the prompts of test.jsonl as run.json says and writes answers.jsonl, and a last line of metrics.jsonl.
"""

import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Path_ = tuple[int, ...]


def likeliest(
    net: Any, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[int]], *, pad: int, at_once: int = 16
) -> tuple[list[int], list[float]]:
    """The likeliest choice after each prompt, and its probability among all choices.

        P(choice | prompt) = product over the places where choices part of softmax(logits of the ways)[its way]

    Args:
        net: a causal language model.
        prompts, choices: token ids; a choice ends in the token that ends an answer, so that one may begin another.
        pad: a token for the left of shorter prompts, which is masked.
        at_once: rows per pass.
    Returns: per prompt, the position of the best choice and its probability, 0 to 1.

    A way's probability bounds that of all choices beyond it, so the search follows the likeliest way: one pass per
    prompt where choices part at their first token, a few more otherwise. The rule is that of the trainer "lora".
    """
    ways = _ways(choices)
    root = _branching(ways, ())
    if root not in ways:  # nothing to choose
        return [0] * len(prompts), [1.0] * len(prompts)
    names = [tuple(choice) for choice in choices]
    open_ways: dict[int, list[tuple[float, Path_]]] = {i: [(0.0, root)] for i in range(len(prompts))}
    best: dict[int, tuple[float, Path_]] = {}
    while open_ways:
        likely = {i: max(some) for i, some in open_ways.items()}
        for i, (nats, path) in likely.items():
            if path in names and not ways.get(path):
                best[i] = nats, path
                del open_ways[i]
        rows = {i: [*prompts[i], *likely[i][1]] for i in open_ways}
        for i, logits in _next_logits(net, rows, pad, at_once):
            open_ways[i].remove(likely[i])
            open_ways[i] += _gone_on(ways, likely[i], logits)
    ended = [best[i] for i in range(len(prompts))]
    return [names.index(path) for _, path in ended], [min(1.0, math.exp(nats)) for nats, _ in ended]


def _gone_on(ways: Mapping[Path_, set[int]], way: tuple[float, Path_], logits: Any) -> list[tuple[float, Path_]]:
    """Where a way goes on from its branching, with the log probability of each."""
    nats, path = way
    branches = sorted(ways[path])
    shares = logits[branches].log_softmax(-1).tolist()
    return [(nats + share, _branching(ways, (*path, token))) for token, share in zip(branches, shares, strict=True)]


def own_nats(
    net: Any, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[int]], own: Sequence[int], *, pad: int
) -> float:
    """Mean of -log P(own choice | prompt) over prompts, by the rule of `likeliest` [nats]."""
    ways, taken = _ways(choices), []
    for i, k in enumerate(own):
        path = tuple(choices[k])
        taken += [(i, path[:j], path[j]) for j in range(len(path)) if len(ways[path[:j]]) > 1]
    total = 0.0
    rows = {place: [*prompts[i], *path] for place, (i, path, _) in enumerate(taken)}
    for place, logits in _next_logits(net, rows, pad):
        _, path, token = taken[place]
        branches = sorted(ways[path])
        total -= float(logits[branches].log_softmax(-1)[branches.index(token)])
    return total / len(own)


def text_nats(
    net: Any, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]], *, at_once: int = 8
) -> float:
    """Mean of -log P(token | all before) over the tokens of the answers [nats]."""
    import torch

    total, order = 0.0, sorted(range(len(prompts)), key=lambda i: len(prompts[i]) + len(answers[i]))
    for some in _parts(order, at_once):
        rows = [[*prompts[i], *answers[i]] for i in some]
        longest = max(map(len, rows))
        tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=net.device)
        seen = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=net.device)
        with torch.inference_mode():
            logits = net(input_ids=tokens, attention_mask=seen).logits.float()
        for row, i in enumerate(some):
            start, end = len(prompts[i]), len(prompts[i]) + len(answers[i])
            shares = logits[row, start - 1 : end - 1].log_softmax(-1)
            total -= float(shares.gather(1, tokens[row, start:end, None]).sum())
    return total / max(1, sum(map(len, answers)))


def written(
    net: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], *, most_tokens: int, pad: int, at_once: int = 8
) -> list[str]:
    """Greedy text after each prompt, without special tokens, blanks around it taken off."""
    import torch

    answers: dict[int, str] = {}
    for some in _parts(sorted(range(len(prompts)), key=lambda i: len(prompts[i])), at_once):
        tokens, seen = _padded([prompts[i] for i in some], pad, net.device)
        with torch.inference_mode():
            out = net.generate(
                input_ids=tokens, attention_mask=seen, max_new_tokens=most_tokens, do_sample=False, pad_token_id=pad
            )
        for i, row in zip(some, out, strict=True):
            answers[i] = str(tokenizer.decode(row[tokens.shape[1] :], skip_special_tokens=True)).strip()
    return [answers[i] for i in range(len(prompts))]


def pad_token(tokenizer: Any) -> int:
    """A token to fill rows with; it is masked, so any will do."""
    for token in (tokenizer.pad_token_id, tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    return 0


def check_adapter(folder: Path) -> None:
    """Raises ValueError for an adapter that is not safetensors: peft reads other formats in ways that can run code."""
    if not (folder / "adapter_model.safetensors").is_file():
        raise ValueError(f"{folder} holds no adapter_model.safetensors; save the adapter as safetensors")


def _ways(choices: Sequence[Sequence[int]]) -> Mapping[Path_, set[int]]:
    """The tokens that go on from each path on the way to a choice."""
    ways: dict[Path_, set[int]] = {}
    for choice in choices:
        for i, token in enumerate(choice):
            ways.setdefault(tuple(choice[:i]), set()).add(token)
    return ways


def _branching(ways: Mapping[Path_, set[int]], path: Path_) -> Path_:
    """The next path from here at which choices part, or the end of the one choice that is left."""
    while len(ways.get(path, ())) == 1:
        (token,) = ways[path]
        path = (*path, token)
    return path


def _next_logits(net: Any, rows: Mapping[int, Sequence[int]], pad: int, at_once: int = 16) -> Iterator[tuple[int, Any]]:
    """Logits of the token after each row, in float32, with the row's key; short rows first."""
    import torch

    for keys in _parts(sorted(rows, key=lambda key: len(rows[key])), at_once):
        tokens, seen = _padded([rows[key] for key in keys], pad, net.device)
        places = (seen.cumsum(1) - 1).clamp(min=0)
        with torch.inference_mode():
            logits = net(input_ids=tokens, attention_mask=seen, position_ids=places, logits_to_keep=1).logits
        yield from zip(keys, logits[:, -1].float(), strict=True)


def _padded(rows: Sequence[Sequence[int]], pad: int, device: Any) -> tuple[Any, Any]:
    import torch

    longest = max(map(len, rows))
    tokens = torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows], device=device)
    seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=device)
    return tokens, seen


def _parts(some: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(some), size):
        yield some[start : start + size]


def main(run_path: Path, weights: str) -> None:
    """Answers a run's test rows with an adapter or a whole model, and says how long it took."""
    folder, run = run_path.parent, json.loads(run_path.read_text(encoding="utf-8"))
    tokenizer, net = _loaded(run["model"], weights)
    rows = [json.loads(line) for line in (folder / run["test"]).read_text(encoding="utf-8").split("\n") if line]
    started, layout = time.perf_counter(), run["layout"]
    prompts = [tokenizer(layout["before"] + row["prompt"].strip() + layout["after"])["input_ids"] for row in rows]
    lines: list[dict[str, Any]]
    if run["choices"]:
        named = [tokenizer(layout["lead"] + choice, add_special_tokens=False)["input_ids"] for choice in run["choices"]]
        choices = [[*tokens, tokenizer.eos_token_id] for tokens in named]
        best, sure = likeliest(net, prompts, choices, pad=pad_token(tokenizer))
        lines = [{"answer": run["choices"][k], "confidence": c} for k, c in zip(best, sure, strict=True)]
    else:
        most = run["settings"].get("answer_tokens", 128)
        texts = written(net, tokenizer, prompts, most_tokens=most, pad=pad_token(tokenizer))
        lines = [{"answer": text} for text in texts]
    with (folder / run["answers"]).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    with (folder / run["metrics"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"answer_s": time.perf_counter() - started}) + "\n")


def _loaded(model: str, weights: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    adapted = (Path(weights) / "adapter_config.json").exists()
    name = model if adapted else weights
    tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    net: Any = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, trust_remote_code=False, use_safetensors=True)
    if adapted:
        from peft import PeftModel

        check_adapter(Path(weights))
        net = PeftModel.from_pretrained(net, weights)
    return tokenizer, net.to(device).eval()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
