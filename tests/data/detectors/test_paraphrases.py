"""Rewrites among programs: nothing is said where programs of one file find one another as often as the test."""

import random

from tunecase.data.detectors.likeness import Example
from tunecase.data.detectors.paraphrases import match

STEPS = ("load", "resize", "rotate", "filter", "sharpen", "crop", "invert", "blur", "save", "count", "merge", "scale")


def program(at: int) -> Example:
    """One of many programs that call the same made-up library for another purpose."""
    draw = random.Random(at)
    first, second, third = draw.sample(STEPS, 3)
    size = draw.randint(2, 90)
    return Example(
        f"def {first}_then_{second}_{at}(image, size={size}):\n"
        f"    model = pixels.hub.load('{first}', size={size})\n"
        f"    for part in model.{second}(image):\n"
        f"        model.{third}(part, size)\n"
        "    return model.result(image)"
    )


def test_programs_of_one_library_are_no_rewrites_of_one_another() -> None:
    """Random parts of one file name no pair: their own rows lie as near as what is found."""
    found = match([program(at) for at in range(60)], [program(at) for at in range(60, 300)])
    assert [] == found.pairs.tolist()
    assert not found.separable
