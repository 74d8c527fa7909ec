"""The settings of one config.json, read with every problem gathered."""

import json
import reprlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file

# No dimension of a model comes near; a file that says more would only keep the machine busy.
MOST = 100_000_000
MOST_FILE_BYTES = 20_000_000
# Each layer is looked at; no model is near this deep.
MOST_LAYERS = 10_000
COPY = "copy the value from the model's own config.json"


class Settings:
    """Reads fields of one config.json and gathers every problem."""

    def __init__(self, config: Mapping[str, Any], where: str, problems: list[Problem] | None = None) -> None:
        self.config, self.where = config, where
        self.problems: list[Problem] = [] if problems is None else problems
        self._own: dict[int, list[dict[str, Any]]] = {}
        self._indices: dict[str, frozenset[int]] = {}
        self._lists: dict[tuple[str, type], list[Any]] = {}

    def add(self, field: str, got: str, wanted: str, fix: str) -> None:
        """Notes one problem of a field: the first, of which others may only follow."""
        place = f"{self.where}: {field}"
        if all(problem.where != place for problem in self.problems):
            self.problems.append(Problem(place, got, wanted, fix))

    def raw(self, key: str) -> Any:
        """What stands under a key (`attn_config.kv_n_heads` looks one level down); None where nothing does."""
        value: Any = self.config
        for step in key.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def given(self, *keys: str) -> bool:
        """Whether something stands under one of the keys."""
        return any(self.raw(key) not in (None, "auto") for key in keys)

    def of_layer(self, layer: int, layers: int) -> "Settings":
        """The settings of one layer: numbers listed per layer, and what `per_layer_config` says of it."""
        own = self._of_layers(layers)
        return Settings({**self.config, **own[layer]}, self.where, self.problems) if layer < len(own) else self

    def differs(self, layer: int, layers: int, keys: Collection[str]) -> tuple[tuple[str, str], ...]:
        """What a layer has of its own under some keys, comparable."""
        own = self._of_layers(layers)[layer:] or [{}]
        return tuple((key, shown(value)) for key, value in own[0].items() if key in keys)

    def _of_layers(self, layers: int) -> list[dict[str, Any]]:
        """What each layer has of its own; empty where no layer has anything."""
        if layers not in self._own:
            lists = [(k, v) for k, v in self.config.items() if isinstance(v, list) and len(v) == layers and _numbers(v)]
            stated: Any = self.raw("per_layer_config") if layers <= MOST_LAYERS else None
            single = {int(key): value for key, value in stated.items()} if _numbered(stated) else {}
            each = range(layers if lists or single else 0)
            self._own[layers] = [{key: value[i] for key, value in lists} | single.get(i, {}) for i in each]
        return self._own[layers]

    def whole(self, keys: tuple[str, ...], default: int | None = None) -> int:
        """The whole number under the first key that is present: at least 1, or at least 0 where there is a default.

        "auto" is as good as absent where there is a default. Returns 0 and notes a problem otherwise.
        """
        key = next((key for key in keys if self.given(key)), None)
        least = 1 if default is None else 0
        wanted = f"a whole number, {least} to {MOST}"
        if key is None:
            if default is None:
                self.add(keys[0], "nothing", wanted, f"add {keys[0]} to the file")
            return default or 0
        value = self.raw(key)
        if not _is_number(value) or not least <= value <= MOST or value != int(value):
            self.add(key, shown(value), wanted, COPY)
            return 0
        return int(value)

    def flag(self, key: str, default: bool) -> bool:
        """A yes or no; the default when absent, a problem when it is something else."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.add(key, shown(value), "true or false", COPY)
            return default
        return value

    def indices(self, key: str) -> frozenset[int]:
        """A list of layer numbers; empty when absent, a problem when it is something else."""
        if key not in self._indices:
            self._indices[key] = frozenset(self.sequence(key, int))
        return self._indices[key]

    def sequence(self, key: str, kind: type) -> list[Any]:
        """A list of words or of whole numbers; empty when absent, a problem when it is something else."""
        if (key, kind) not in self._lists:
            self._lists[key, kind] = self._read_list(key, kind)
        return self._lists[key, kind]

    def _read_list(self, key: str, kind: type) -> list[Any]:
        value, wanted = self.raw(key), "a list of words" if kind is str else "a list of layer numbers"
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            self.add(key, shown(value), wanted, COPY)
            return []
        return value


def shown(value: Any) -> str:
    """A value of a file in few letters, however deep it is."""
    return reprlib.repr(value)[:80]


def _numbered(value: Any) -> bool:
    """Whether a value is a mapping from layer numbers to settings."""
    numbers = isinstance(value, Mapping) and all(str(key).isdecimal() and len(str(key)) <= 5 for key in value)
    return numbers and all(isinstance(own, Mapping) for own in value.values())


def _numbers(value: list[Any]) -> bool:
    return all(_is_number(item) for item in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_json(path: Path) -> dict[str, Any]:
    """A config.json as it stands. Raises InputError when it is not a JSON object in UTF-8."""
    fix = "give the config.json that lies beside the weights"
    refuse_any(no_file(path, "a config.json in JSON and UTF-8", fix))
    if path.stat().st_size > MOST_FILE_BYTES:
        got = f"{path.stat().st_size:,} bytes"
        raise InputError(Problem(str(path), got, f"a config.json of at most {MOST_FILE_BYTES:,}", fix))
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        got = "too many levels" if isinstance(error, RecursionError) else str(error)[:200]
        raise InputError(Problem(str(path), got, "a config.json in JSON and UTF-8", fix)) from error
    if not isinstance(config, dict):
        raise InputError(Problem(str(path), type(config).__name__, "a JSON object", fix))
    return config
