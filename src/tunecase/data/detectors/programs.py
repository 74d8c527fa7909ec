"""Whether one text is written for a machine: code, a command, a query, markup or a formula."""

import re

from tunecase.data.domains import looks_like_code

LEAST_SIGNS, SIGN_SHARE = 2, 0.025  # signs of code, and how many for each character
_SINGLE = "{}=;|$\\_~^"  # signs of one character
_SIGN = re.compile(rf"[{re.escape(_SINGLE)}]|\w[\[(]| [<>] | --?[a-z]")
_OTHER_SIGNS = ("(", "[", " < ", " > ", " -")  # one of them in each sign of more than one character
_ANY_SIGN = re.compile(r"[(){}=<>;`$|\\_*]")  # a text without any of them is prose, and is told so at once
_HINT = re.compile(r"[(){}\[=<>;`$|\\_~^*]|#!| -")  # a sign of either kind
_FENCED = re.compile(r"```.*?```", re.DOTALL)


def is_program(text: str) -> bool:
    """True for a text that a machine reads: code, a query, a script, markup; code fenced off in prose is passed over.

    Example:
        >>> is_program("#!/bin/sh\\nls"), is_program("Call it so:\\n```\\nf(1)\\n```\\nand wait for the answer.")
        (True, False)
    """
    if not _ANY_SIGN.search(text):
        return text.startswith("#!")
    rest = (_FENCED.sub("", text) if "```" in text else text).strip()
    return not rest or rest.startswith(("#!", "```")) or looks_like_code(rest)


def is_formal(text: str) -> bool:
    """True for a program, and for a command or a formula: a text with many signs that prose does without.

    Example:
        >>> is_formal('find "$folder" -type f -name "*.log"'), is_formal("It costs 5 (five) pounds; pay at the door.")
        (True, False)
    """
    return _HINT.search(text) is not None and (_has_many_signs(text) or is_program(text))


def _has_many_signs(text: str) -> bool:
    """Whether the signs are enough; they are told apart only where counting single characters does not decide."""
    enough = max(LEAST_SIGNS, SIGN_SHARE * len(text))
    signs = sum(map(text.count, _SINGLE))
    if signs >= enough:
        return True
    return signs + sum(map(text.count, _OTHER_SIGNS)) >= enough and len(_SIGN.findall(text)) >= enough
