"""The set-ups that a run may have where not everything was stated, with the share of runs that are set up so."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tunecase import catalog
from tunecase.compute.recipe import Recipe

CHOICES = {  # each choice that a run may leave unsaid, and the fields of Recipe that it settles
    "framework": ("framework",),
    "checkpointing": ("checkpointing",),
    "optimizer": ("optimizer",),
    "kernels": ("loss", "kernels"),
    "attention": ("attention",),
    "masters": ("masters",),
    "base": ("base",),
    "length": ("sequence_tokens",),
}
MOST = 12  # ways weighed; of more combinations the likeliest count
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

    def holds(self, framework: str, recipe: Recipe) -> bool:
        """True where the row speaks of such a run."""
        cards = "one" if _most_cards(recipe) == 1 else "several"
        return all(
            said in ("*", is_)
            for said, is_ in ((self.framework, framework), (self.method, recipe.method), (self.cards, cards))
        )

    @property
    def narrow(self) -> int:
        """How much the row states: the framework weighs most."""
        return 4 * (self.framework != "*") + 2 * (self.method != "*") + (self.cards != "*")


def _most_cards(recipe: Recipe) -> int:
    import numpy as np

    return int(np.max(recipe.gpus))


def ways(recipe: Recipe, unsaid: Collection[str], most: int = MOST) -> tuple[Way, ...]:
    """The set-ups that a run may have, likeliest first; the run as it is where everything was stated.

    The framework is drawn first, then every other choice from what runs of that framework do, independently.

    Args:
        recipe: the run, unsaid fields at their defaults; sizes may be arrays.
        unsaid: names of CHOICES that nobody stated.
        most: ways kept; their shares are scaled to 1.
    Returns: the ways.
    Source: catalog/tables/habits.csv. Leaves out that choices go together (who saves memory in one way does in others).
    """
    found = [Way(1.0, recipe)]
    if "framework" in unsaid:
        found = [
            Way(share, _as_in(recipe, name, unsaid), (("framework", name),))
            for name, share in _shares("framework", recipe.framework, recipe)
        ]
    for choice in CHOICES:
        if choice in unsaid and choice != "framework":
            found = [more for way in found for more in _settled(way, choice)]
            found = sorted(found, key=lambda way: -way.share)[: 4 * most]
    kept = sorted(found, key=lambda way: -way.share)[:most]
    whole = sum(way.share for way in kept)
    return tuple(Way(way.share / whole, way.recipe, way.taken) for way in kept)


def _settled(way: Way, choice: str) -> list[Way]:
    """A way with one more choice settled, in each of the ways that runs of its framework do."""
    shares = _shares(choice, way.recipe.framework, way.recipe)
    if not shares:
        return [way]
    return [
        Way(way.share * share, _changed(way.recipe, value), (*way.taken, (choice, value))) for value, share in shares
    ]


def _shares(choice: str, framework: str, recipe: Recipe) -> list[tuple[str, float]]:
    """(value, share) of a choice, from the rows that state most of such a run."""
    rows = [row for row in _habits() if row.choice == choice and row.holds(framework, recipe)]
    most = max((row.narrow for row in rows), default=0)
    rows = [row for row in rows if row.narrow == most]
    whole = sum(row.share for row in rows)
    return [(row.value, row.share / whole) for row in rows]


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
    one, framework = _most_cards(recipe) == 1, catalog.framework(name)
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
