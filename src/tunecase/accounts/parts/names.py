"""What people call the ways to give the answers, and the steps that money can buy."""

from tunecase.accounts.words import capital, plain_words
from tunecase.records import Alternative

WAYS: dict[str, str] = {
    "today": "As today",
    "n_grams": "A small word-count model",
    "encoder": "A small text encoder",
    "encoder_tuned": "A small text encoder, tuned",
    "nearest": "The most similar example",
    "decision": "A decision model",
    "prompt_hosted": "A prompt to a hosted model",
    "prompt_open": "A prompt to an open model",
    "retrieval": "A prompt with facts looked up",
    "tune_small": "A small model, tuned",
    "tune_large": "A large model, tuned",
}  # fmt: skip

STEPS: dict[str, str] = {
    "ship": "Put to use what there is",
    "when_sure": "Let it answer where it is sure",
    "fine_tune": "Train the model",
    "label": "Buy labels first",
    "other_sources": "Make or buy more examples first",
    "clean": "Have doubtful labels reviewed first",
    "tune": "Search for better settings",
    "bigger_model": "Train the next bigger model",
    "test_set": "Label more test items",
    "redefine": "Settle for a lower target",
    "stop": "Stop here",
}  # fmt: skip


def way_title(way: Alternative) -> str:
    """A way to give the answers, as people call it."""
    return WAYS.get(way.name) or capital(plain_words(way.action))


def step_title(lever: str, *, larger: bool = False) -> str:
    """A step that money can buy, as people call it; `larger` where the model to be trained was not itself piloted."""
    if larger and lever == "fine_tune":
        return "Train the larger model"
    return STEPS.get(lever) or capital(plain_words(lever.replace("_", " ")))
