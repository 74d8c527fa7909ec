"""Texts for machines."""

from tunecase.data.detectors.programs import is_formal, is_program


def test_programs_are_told_from_prose():
    """Code, a script and markup are programs; prose around a fence is none."""
    programs = ["#!/bin/sh\nls", "def f(x):\n    return g(x)\n", "```\nls -la\n```"]
    prose = ["Call it so:\n```\nf(1)\n```\nand wait.", "The card has expired; bring it back.", "He said (twice) no."]
    assert [[True] * 3, [False] * 3] == [list(map(is_program, texts)) for texts in (programs, prose)]


def test_commands_and_formulas_are_formal():
    """Signs tell them."""
    assert [True, True, False] == list(map(is_formal, ["ls -la $HOME | wc -l", "x_1 = y^2 + 3", "A plain sentence."]))
