"""The settings of one config.json, read with every problem gathered."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem

# No dimension of a model comes near; a file that says more would only keep the machine busy.
MOST = 100_000_000
COPY = "copy the value from the model's own config.json"


class Settings:
    """Reads fields of one config.json and gathers every problem."""

    def __init__(self, config: Mapping[str, Any], where: str) -> None:
        self.config, self.where = config, where
        self.problems: list[Problem] = []

    def add(self, field: str, got: str, wanted: str, fix: str) -> None:
        """Notes one problem."""
        problem = Problem(f"{self.where}: {field}", got, wanted, fix)
        if problem not in self.problems:
            self.problems.append(problem)

    def raw(self, key: str) -> Any:
        """What stands under a key (`attn_config.kv_n_heads` looks one level down); None where nothing does."""
        value: Any = self.config
        for step in key.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def given(self, *keys: str) -> bool:
        """Whether something stands under one of the keys."""
        return any(self.raw(key) is not None for key in keys)

    def whole(self, keys: tuple[str, ...], default: int | None = None) -> int:
        """The whole number under the first key that is present: at least 1, or at least 0 where there is a default.

        A list of equal numbers, one per layer, counts as that number. Returns 0 and notes a problem otherwise.
        """
        key = next((key for key in keys if self.raw(key) is not None), None)
        least = 1 if default is None else 0
        wanted = f"a whole number, {least} to {MOST}"
        if key is None:
            if default is None:
                self.add(keys[0], "nothing", wanted, f"add {keys[0]} to the file")
            return default or 0
        value = _single(self.raw(key))
        if not _is_number(value) or not least <= value <= MOST or value != int(value):
            self.add(key, repr(value)[:80], wanted, COPY)
            return 0
        return int(value)

    def flag(self, key: str, default: bool) -> bool:
        """A yes or no; the default when absent, a problem when it is something else."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.add(key, repr(value)[:80], "true or false", COPY)
            return default
        return value

    def indices(self, key: str) -> frozenset[int]:
        """A list of layer numbers; empty when absent, a problem when it is something else."""
        return frozenset(self._listed(key, int, "a list of layer numbers"))

    def words(self, key: str) -> tuple[str, ...]:
        """A list of words, each once; empty when absent, a problem when it is something else."""
        return tuple(dict.fromkeys(self._listed(key, str, "a list of words")))

    def _listed(self, key: str, kind: type, wanted: str) -> list[Any]:
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            self.add(key, repr(value)[:80], wanted, COPY)
            return []
        return value


def _single(value: Any) -> Any:
    """The number that a list repeats for each layer; anything else as it is."""
    repeated = isinstance(value, list) and value and all(item == value[0] for item in value)
    return value[0] if repeated else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_json(path: Path) -> dict[str, Any]:
    """A config.json as it stands. Raises InputError when it is not a JSON object in UTF-8."""
    fix = "give the config.json that lies beside the weights"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(Problem(str(path), str(error)[:200], "a config.json in JSON and UTF-8", fix)) from error
    if not isinstance(config, dict):
        raise InputError(Problem(str(path), type(config).__name__, "a JSON object", fix))
    return config
