"""What a training peer reads and answers: one run per line of JSON in, one answer per line out."""

import contextlib
import json
import sys
from collections.abc import Callable

GB_PER_GIB = 2**30 / 1e9


def serve(answer: Callable[[dict], dict]) -> None:
    """Answers every run on standard input; what the tool refuses is answered with the reason."""
    for line in sys.stdin:
        row = json.loads(line)
        try:
            with contextlib.redirect_stdout(sys.stderr):  # tools may print; the answers must stay alone
                found = answer(row)
        except Exception as error:  # noqa: BLE001  whatever stops a tool is its answer to this run
            found = {"reason": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps({"id": row["id"], **found}), flush=True)


def config(row: dict) -> dict:
    """The run's model as its config.json would say it."""
    found = {
        "model_type": row.get("architecture", "llama"),
        "hidden_size": row["hidden"],
        "num_hidden_layers": row["layers"],
        "num_attention_heads": row["heads"],
        "num_key_value_heads": row["kv_heads"],
        "head_dim": row["head_dim"],
        "intermediate_size": row["ffn"],
        "vocab_size": row["vocab"],
        "tie_word_embeddings": row["tied"],
    }
    if row.get("experts"):
        found |= {"num_local_experts": row["experts"], "num_experts_per_tok": row["active_experts"]}
    return found


def whole_on_each(row: dict) -> None:
    """Refuses runs whose states are split over cards, for tools that know one card; a copy on each card is one card."""
    if row["gpus"] > 1 and row["sharding"] not in ("none", "ddp"):
        raise ValueError("the tool knows one GPU only")
