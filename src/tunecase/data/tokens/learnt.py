"""What is learnt once of a file and its tokenizer, and handed to all processes that count a part of it."""

from dataclasses import dataclass
from pathlib import Path

from tunecase.data.tokens.chat_layout import Layout, Template


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the first rows of a file teach about counting it, for all who count a part of it.

    Args:
        path, file_bytes: see Counter.
        fast: True where the fast counter agreed with the reference.
        template: the chat template; None where there is none or it is not used, for which `refused` is the reason.
        layouts: of the runs of roles that were met.
        checked, differed: how many texts were counted both ways, and how many of them differently.
    """

    path: Path
    file_bytes: int
    fast: bool
    template: Template | None
    refused: str
    layouts: dict[tuple[str, ...], Layout | None]
    checked: int
    differed: int
