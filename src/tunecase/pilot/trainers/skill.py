"""General skill before and after a fine-tune: short questions with one right and three wrong answers, by likelihood."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from tunecase import catalog
from tunecase.pilot.trainers import layers, prompts

# Something must stand before the first token of a question; it is the same for all.
BEFORE = "Complete the sentence.\n\n"


@cache
def questions() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each question with its answers, the right one first.

    Example:
        >>> questions()[0]
        ('The capital of France is', ('Paris', 'London', 'Rome', 'Berlin'))
    """
    return tuple(
        (row["question"], tuple(row[name] for name in ("right", "wrong_1", "wrong_2", "wrong_3")))
        for row in catalog.read_table("skill_questions")
    )


def right(network: layers.Network, tokenizer: Any) -> tuple[bool, ...]:
    """Of each question whether its right answer is the likeliest of its four.

        P(answer | question) as for classes: over the tokens by which the four answers differ

    Args:
        network: with its adapters as they are; lower layers are kept like those of any text.

    Source: the questions are skill_questions.csv. Leaves out everything that forty easy questions do not ask:
    a loss is told with its interval over the questions, and no loss that is seen is no proof of none.
    """
    import torch

    before = tuple(tokenizer(BEFORE, add_special_tokens=False)["input_ids"])
    made = []
    for question, answers in questions():
        paths = [tuple(tokenizer(f" {answer}", add_special_tokens=False)["input_ids"]) for answer in answers]
        tree = prompts.classes(answers, paths, tokenizer.eos_token_id)
        made.append((tree, tree.row(tuple(tokenizer(question, add_special_tokens=False)["input_ids"]))))
    found: dict[int, bool] = {}
    with torch.no_grad():
        for pack in network.packs(before, [row for _, row in made]):
            logits = network.logits(before, [made[i][1] for i in pack])
            first = 0
            for i in pack:
                tree, row = made[i]
                part = logits[first : first + len(row.wanted), list(tree.columns)]
                found[i] = tree.shares(part[None])[0].argmax().item() == 0
                first += len(row.wanted)
    return tuple(found[i] for i in range(len(made)))


def compared(before: Sequence[bool], after: Sequence[bool]) -> dict[str, float | int]:
    """What a Result says of the same questions before and after: both shares right, and how many changed sides.

    Example:
        >>> compared([True, True, False], [True, False, False])["skill_lost_rows"]
        1
    """
    pairs = list(zip(before, after, strict=True))
    return {
        "skill_before": sum(before) / len(pairs),
        "skill_after": sum(after) / len(pairs),
        "skill_rows": len(pairs),
        "skill_lost_rows": sum(was and not now for was, now in pairs),
        "skill_won_rows": sum(now and not was for was, now in pairs),
    }
