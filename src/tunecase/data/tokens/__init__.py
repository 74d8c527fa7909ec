"""How many tokens the rows have, with the model's own tokenizer and chat template."""

from tunecase.data.tokens.counting import Counter, estimated
from tunecase.data.tokens.rows import find_tokenizer

__all__ = ["Counter", "estimated", "find_tokenizer"]
