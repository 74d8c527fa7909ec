"""How texts end."""

from tunecase.data.detectors.endings import Ending, ending


def test_endings_are_told_apart():
    """Prose that stops short is cut; lists, commands and formulas end on any word."""
    assert ENDINGS == [(text, ending(text)) for text, _ in ENDINGS]


ENDINGS = [
    ("The bridge was opened in the spring of that year, and", Ending.CUT),
    ("The bridge was opened in the spring when they", Ending.CUT), ("It is done. 🎉", Ending.WHOLE),
    ("Here they are:\n1. Paris\n2. Rome is the capital city of Italy", Ending.OPEN),
    ("#!/bin/sh\nfind . -type f -name a -print", Ending.OPEN), ("(210 - 32) * 5 / 9 = 98.9 C", Ending.OPEN),
    ("[10 min] Status check of the whole big team", Ending.CUT), ('{"name": "Anna", "age": ', Ending.UNCLOSED),
    ("print(sum(x for x in range(", Ending.UNCLOSED),
]  # fmt: skip
