"""The parts of the page under its first screen, as the report takes them."""

from tunecase.accounts.parts import evidence, money

__all__ = ["evidence", "money"]
