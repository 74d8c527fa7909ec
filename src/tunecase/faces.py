"""The face that this process speaks through, and the face of a room whose parts are loaded when first asked for."""

import ast
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

FaceCode = Literal["terminal", "app", "agent", "python"]


def _refuses(ledger: Path, entries: Any) -> Mapping[str, str]:
    raise RuntimeError("an agent's process that asks no person writes no money")


@dataclass(slots=True)
class Speaks:
    """The face of this process: set once, where one begins, for whatever opens a ledger.

    Args:
        code: what every entry says of how it came.
        permit: asks a person before an agent writes money, given the ledger's file and all entries that are written at
            once; returns what they say of the person, and raises TunecaseError where nobody permits them.
    """

    code: FaceCode = "python"
    permit: Callable[[Path, Any], Mapping[str, str]] = _refuses


FACE = Speaks()


def loads_late(name: str) -> None:
    """Makes the package `name` load what its file imports under `if TYPE_CHECKING` when it is first asked for.

    A command asks for one part of a room: to load them all took half a second of every start.
    """
    sys.modules[name].__class__ = _Face


class _Face(ModuleType):
    """A package that finds its names in the imports that its file holds for type checkers."""

    @cached_property
    def _places(self) -> dict[str, tuple[str, str]]:
        """(module, name there) of each name."""
        source = self.__spec__.loader.get_source(self.__name__)  # type: ignore[union-attr]
        if source is None:
            raise ImportError(f"{self.__name__} names its parts in its source, which is not here: install it whole")
        tree = ast.parse(source)
        blocks = [node.body for node in tree.body if isinstance(node, ast.If)]
        imports = [node for body in blocks for node in body if isinstance(node, ast.ImportFrom)]
        return {name.asname or name.name: (node.module or "", name.name) for node in imports for name in node.names}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._places:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module, there = self._places[name]
        value = import_module(f"{module}.{there}") if module == self.__name__ else getattr(import_module(module), there)
        super().__setattr__(name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._places})

    def __setattr__(self, name: str, value: Any) -> None:
        # A module that is loaded becomes an attribute of its package, and must not hide the function of its name.
        if not isinstance(value, ModuleType) or self._places.get(name, (self.__name__,))[0] == self.__name__:
            super().__setattr__(name, value)
