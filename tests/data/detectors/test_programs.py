"""Texts for machines."""

import time

import pytest

from tunecase.data.detectors import personal, secrets
from tunecase.data.detectors.endings import ending
from tunecase.data.detectors.programs import is_formal, is_program


def test_programs_are_told_from_prose():
    """Code, a script and markup are programs, prose around a fence is none; signs tell commands and formulas."""
    programs = ["#!/bin/sh\nls", "def f(x):\n    return g(x)\n", "```\nls -la\n```"]
    prose = ["Call it so:\n```\nf(1)\n```\nand wait.", "The card has expired; bring it back.", "He said (twice) no."]
    assert [[True] * 3, [False] * 3] == [list(map(is_program, texts)) for texts in (programs, prose)]
    assert [True, True, False] == list(map(is_formal, ["ls -la $HOME | wc -l", "x_1 = y^2 + 3", "A plain sentence."]))


@pytest.mark.slow
@pytest.mark.parametrize("judge", [is_program, is_formal, ending, secrets.kinds_of, personal.kinds_of])
def test_twice_the_text_takes_no_more_than_about_twice_the_time(judge):
    """Nothing grows with the square of a text: eight times as long takes less than 24 times, not 64."""
    for piece in ("f(a_key: b) [1] ", "\n\n  word ", "select a, token = ", "x_1.y-2:33 ", "function f( "):
        short, long = (piece * pieces + "and" for pieces in (200, 1_600))
        assert _seconds(judge, long) < 24 * _seconds(judge, short) + 0.01, piece


def _seconds(judge, text):
    def once():
        start = time.process_time()
        judge(text)
        return time.process_time() - start

    return min(once() for _ in range(3))
