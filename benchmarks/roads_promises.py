"""What a promise of an error made on one half of the test rows was worth on the other half.

The answers of the backtest's runs are split once, by a seed: on one half `promise` says from which confidence on
answers may go out so that no more than the asked share is wrong, the other half shows what then happens. All runs of a
task share its test rows, so that the rows of the table hang together within a task.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tunecase.pilot import Answers
from tunecase.pilot.scoring import promise

ERRORS = (0.02, 0.05, 0.10)
SPLIT_SEED = 23
COLUMNS = (
    "task", "learner", "part", "n", "draw", "error_asked", "share_promised", "error_promised_bound", "share_answered",
    "error_answered", "test_rows",
)  # fmt: skip


def promised(answers: Answers) -> Iterator[dict[str, Any]]:
    """For each error that is asked, what one half promises and what the other did.

    Where nothing is promised the shares are 0 and no error is told. `test_rows` are those of the second half. Answers
    without confidences promise nothing at all.
    """
    if answers.confidences is None:
        return
    right, sure = np.array(answers.row_scores) >= 1, np.array(answers.confidences)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(right))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    for error in ERRORS:
        told = promise(error, right[first].tolist(), sure[first].tolist())
        given = sure[second] >= told.threshold if told.threshold is not None else np.zeros(len(second), bool)
        wrong = f"{np.mean(~right[second][given]):.5f}" if given.any() else ""
        yield {
            "error_asked": error, "share_promised": f"{told.coverage or 0.0:.5f}",
            "error_promised_bound": "" if told.coverage is None else f"{told.bound:.5f}",
            "share_answered": f"{given.mean():.5f}", "error_answered": wrong, "test_rows": len(second),
        }  # fmt: skip
