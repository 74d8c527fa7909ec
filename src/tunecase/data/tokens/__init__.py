"""How many tokens the rows have, with the model's own tokenizer and chat template."""

from tunecase.data.tokens.counting import Counter, why_uncounted
from tunecase.data.tokens.estimation import estimate
from tunecase.data.tokens.rows import find_tokenizer
