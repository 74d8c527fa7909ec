"""The set-ups that a run may have where not everything was stated, with the share of runs that are set up so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tunecase import catalog
from tunecase.compute.recipe import CHOICES, Recipe
from tunecase.quantities import np

POINTS = 16  # set-ups drawn
STRIDES = (1, 3, 5, 7, 9, 11, 13, 15)  # odd, so that each choice meets every point once
USUAL = "usual"  # a value: whatever the framework does by itself


@dataclass(frozen=True, slots=True)
class Way:
    """One set-up that a run may have: its share of all such runs, 0 to 1, and what it takes for each unsaid choice."""

    share: float
    recipe: Recipe
    taken: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Habit:
    """A row of catalog/tables/habits.csv: the share of runs that settle a choice in one way where nobody says how."""

    framework: str
    method: str
    cards: str
    choice: str
    value: str
    share: float
    source: str
    date: str

    def holds(self, framework: str, method: str, cards: str) -> bool:
        """True where the row speaks of such a run; `cards` is one or several."""
        return all(
            said in ("*", is_)
            for said, is_ in ((self.framework, framework), (self.method, method), (self.cards, cards))
        )


def _cards(recipe: Recipe) -> str:
    return "one" if np.max(recipe.gpus) == 1 else "several"


def ways(recipe: Recipe, unsaid: Collection[str], points: int = POINTS) -> tuple[Way, ...]:
    """The set-ups that a run may have, likeliest first; the run as it is where everything was stated.

    Each choice is taken at evenly spaced points of its shares, in an order of its own, so that every value that is not
    rare is there in its share. The framework comes first, the others follow what its runs do, independently.

    Args:
        recipe: the run, unsaid fields at their defaults; sizes may be arrays.
        unsaid: names of CHOICES that nobody stated.
        points: set-ups that are drawn; equal ones are joined.
    Returns: the ways; their shares add up to 1.
    Source: catalog/tables/habits.csv. Leaves out that choices go together (who saves memory in one way does in others).
    """
    if not unsaid:
        return (Way(1.0, recipe),)
    drawn: dict[tuple[tuple[str, str], ...], list[Any]] = {}
    for point in range(points):
        taken = _taken(recipe, unsaid, point, points)
        drawn.setdefault(tuple(taken), []).append(point)
    found = [Way(len(of) / points, _set_up(recipe, taken, unsaid), taken) for taken, of in drawn.items()]
    return tuple(sorted(found, key=lambda way: -way.share))


def said(recipe: Recipe, choice: str) -> list[Recipe]:
    """The run with one unsaid choice stated, in each of the ways that runs of its framework settle it."""
    left = recipe.unsaid - {choice}
    kept = [recipe.but(unsaid=left)]
    for value, _ in _shares(choice, recipe.framework, recipe.method, _cards(recipe)):
        run = _set_up(recipe, [(choice, value)], recipe.unsaid).but(unsaid=left)
        if run not in kept:
            kept.append(run)
    return kept


def _taken(recipe: Recipe, unsaid: Collection[str], point: int, points: int) -> list[tuple[str, str]]:
    """What is taken for each unsaid choice at one point: its value at an evenly spaced share."""
    taken: list[tuple[str, str]] = []
    framework, cards = recipe.framework, _cards(recipe)
    for number, choice in enumerate(CHOICES):
        shares = _shares(choice, framework, recipe.method, cards) if choice in unsaid else ()
        if not shares:
            continue
        place = (point * STRIDES[number] + number) % points
        value = _at((place + 0.5) / points, shares)
        if choice == "framework":
            framework = value.removeprefix("framework=")
        taken.append((choice, value))
    return taken


def _at(part: float, shares: Sequence[tuple[str, float]]) -> str:
    """The value that lies at a part of all shares."""
    seen = 0.0
    for value, share in shares:
        seen += share
        if part < seen:
            return value
    return shares[-1][0]


def _set_up(recipe: Recipe, taken: Iterable[tuple[str, str]], unsaid: Collection[str]) -> Recipe:
    for choice, value in taken:
        if choice == "framework":
            recipe = _as_in(recipe, value.removeprefix("framework="), unsaid)
        else:
            recipe = _changed(recipe, value)
    return recipe


@cache
def _shares(choice: str, framework: str, method: str, cards: str) -> tuple[tuple[str, float], ...]:
    """(value, share) of a choice: from the rows of that framework, else from those of any."""
    of = catalog.of_any_year(framework)
    rows = [row for row in _habits() if row.choice == choice and row.holds(of, method, cards)]
    rows = [row for row in rows if row.framework != "*"] or rows
    whole = sum(row.share for row in rows)
    return tuple((row.value, row.share / whole) for row in rows)


def _changed(recipe: Recipe, value: str) -> Recipe:
    """The run with a value of the table, `field=value;field=value`; a length is a share of the longest allowed."""
    if value == USUAL:
        return recipe
    changes: dict[str, Any] = dict(part.split("=", 1) for part in value.split(";"))
    if "sequence_tokens" in changes:
        changes["sequence_tokens"] = recipe.sequence_tokens * float(changes["sequence_tokens"])
    return recipe.but(**changes)


def _as_in(recipe: Recipe, name: str, unsaid: Collection[str]) -> Recipe:
    """The run in another framework, whose own defaults hold for what else is unsaid."""
    if name == recipe.framework:
        return recipe
    one, framework = _cards(recipe) == "one", catalog.framework(name)
    usual: Mapping[str, str] = {
        "checkpointing": framework.checkpointing_one if one else framework.checkpointing_several,
        "masters": framework.masters_one if one else framework.masters_several,
        "optimizer": framework.optimizer,
        "loss": framework.loss,
        "kernels": framework.kernels,
    }
    open_ = {field for choice in unsaid for field in CHOICES[choice]}
    if recipe.precision == "fp16" and recipe.method == "full":
        open_.discard("masters")  # loss scaling needs 32-bit masters everywhere
    return recipe.but(framework=name, **{field: value for field, value in usual.items() if field in open_})


@cache
def _habits() -> tuple[_Habit, ...]:
    rows = catalog.read_table("habits")
    return tuple(_Habit(**{**row, "share": float(row["share"])}) for row in rows)  # type: ignore[arg-type]
