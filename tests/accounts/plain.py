"""What may not stand where everybody reads: terms, ids, fields' paths and short money."""

import re
from collections.abc import Collection

BANNED = re.compile(
    r"\bP(10|50|80|90)\b|percentile|quantile|posterior|\bprior\b|\bBeta\b|stochastic|expected value|\blevers?\b"
    r"|\bprobes?\b|n-gram|\bunknowns\b|quarantined?\b(?!\.jsonl)|kappa|\bworlds?\b|redefine|\bpii\b|n_max"
    r"|rows at hand|\bmend|share of variance|\b[PSD]\d{1,2}\b|\b\d+(\.\d+)?[kM]\b",
)
SNAKE = re.compile(r"\b[a-z]+_[a-z_]+\b")


def breaches(text: str, names: Collection[str] = ()) -> list[str]:
    """The banned words of a text, and its names of code outside commands that are no `names` of the user's data."""
    lines = [line for line in text.splitlines() if "tunecase " not in line]
    code = [name for name in SNAKE.findall("\n".join(lines)) if name not in names]
    return [found.group() for found in BANNED.finditer(text)] + code
