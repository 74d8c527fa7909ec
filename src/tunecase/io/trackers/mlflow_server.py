"""MLflow's tracking server, asked over its REST interface for experiments, runs and histories of metrics alone."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.io.servers import Bounds, NoReplyError, exchange, split_address
from tunecase.io.trackers.run import TOTAL_S, InFull, Room, Series, Tracked, chosen, moment, number_or_nan, point, short
from tunecase.quantities import duration, one_line

API = "/api/2.0/mlflow"
PAGE = 200
TIMEOUT_S = 20.0  # of one reply
MOST_BYTES = 8 * 2**20  # of one reply: 200 runs of 40 kB each, or the history of 80,000 steps
JSON = {"Content-Type": "application/json"}
NOT_MLFLOW = "give the address of an MLflow tracking server, http://host:port"


class Server:
    """One tracking server. Its address is checked when it is made, before anything is asked.

    Follows no redirect. Leaves out servers that want a password or a token.
    """

    def __init__(self, address: str, in_full: InFull, room: Room) -> None:
        parts = split_address(address)
        if parts is None:
            got = repr(one_line(address.rpartition("@")[2], 100))
            raise InputError(Problem("the address", got, "an http or https address", NOT_MLFLOW))
        if parts.username or parts.password:
            fix = "start a server without a password on this machine, or name its database or folder"
            raise InputError(Problem("the address", "a name or password in it", "a plain address", fix))
        self.base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self.named = experiment_in(parts.fragment)
        self.in_full, self.room = in_full, room
        self.until = time.monotonic() + TOTAL_S

    def experiments(self, experiment: str) -> dict[str, list[Tracked]]:
        """The runs of the experiment asked for, else of the one that the address names, else of all."""
        listed = [one for one in self._pages("experiments", {}) if self.room.takes("experiments")]
        names = {self._text(one, "experiment_id"): self._text(one, "name") for one in listed}
        runs: dict[str, list[Tracked]] = {name: [] for name in names.values()}
        numbers = chosen(names, experiment or self.named)
        for number, name in names.items():
            if number in numbers:
                runs[name] += self.room.whole(self._runs(number))
        return runs

    def _runs(self, experiment: str) -> Iterator[Tracked]:
        for run in self._pages("runs", {"experiment_ids": [experiment]}):
            if not self.room.takes("runs"):
                return
            info, data = self._object(run, "info"), self._object(run, "data")
            key = self._text(info, "run_id") or self._text(info, "run_uuid")
            tags = self._texts(data, "tags")
            yield Tracked(
                name=self._text(info, "run_name") or tags.get("mlflow.runName") or key,
                status=self._text(info, "status"),
                facts=self._texts(data, "params"),
                scores={name: self._series(key, name, last) for name, last in self._metrics(data).items()},
                key=key,
                began=self._moment(info, "start_time"),
                ended=self._moment(info, "end_time"),
                tags=tags,
            )

    def _series(self, run: str, metric: str, last: Mapping[str, Any]) -> Series:
        """Every step of a metric that is read in full, in the order of step, then time; of others the last value."""
        if not self.in_full(metric):
            return [point(self.base, metric, last.get("step"), last["value"])]
        path = f"/metrics/get-history?run_id={quote(run, safe='')}&metric_key={quote(metric, safe='')}"
        rows = [one for one in self._pairs(self._ask(path), "metrics") if self.room.takes("values")]
        timed = [
            (*point(self.base, metric, one.get("step"), one["value"]), number_or_nan(one.get("timestamp") or 0))
            for one in rows or [last]
        ]
        return [(step, value) for step, value, _ in sorted(timed, key=lambda at: (at[0], at[2]))]

    def _metrics(self, data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        pairs = self._pairs(data, "metrics")
        return {short(one["key"]): one for one in pairs if self.room.takes("values")}

    def _texts(self, data: Mapping[str, Any], part: str) -> dict[str, str]:
        pairs = self._pairs(data, part)
        return {short(one["key"]): short(one["value"]) for one in pairs if self.room.takes("values")}

    def _pages(self, what: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """What the server lists, page after page, until there is no more room. Raises TunecaseError without an end."""
        token, seen = "", {""}
        while not self.room.cut:
            page = {"page_token": token} if token else {}
            answer = self._ask(f"/{what}/search", {**body, "max_results": PAGE, **page})
            listed = self._objects(answer, what)
            yield from listed
            token = answer.get("next_page_token") or ""
            if not isinstance(token, str):
                self._refuse("next_page_token", token, "text")
            if not token:
                return
            if not listed or token in seen:
                why = f"{self.base} lists {what} without end: a page without any, or one that was given before"
                raise TunecaseError(f"{why}\nFix: ask who keeps the server, or name its database or folder")
            seen.add(token)

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """One question. Raises TunecaseError where the server does not answer, or not as MLflow does."""
        left_s = self.until - time.monotonic()
        if left_s <= 0:
            raise self._late()
        sent = None if body is None else json.dumps(body).encode()
        try:
            reply = exchange(f"{self.base}{API}{path}", Bounds(min(TIMEOUT_S, left_s), MOST_BYTES), JSON, sent)
        except NoReplyError as error:
            if time.monotonic() >= self.until:
                raise self._late() from None
            fix = "start the server (`mlflow server`), or name its folder or database"
            raise TunecaseError(f"{self.base} does not answer: {error}\nFix: {fix}") from None
        if reply.status != 200:
            raise TunecaseError(f"{self.base} answers {reply.reason}\nFix: {NOT_MLFLOW}")
        try:
            answer = reply.json()
        except ValueError:
            raise self._strange(f"{path.partition('?')[0]} cannot be read as JSON") from None
        return answer if isinstance(answer, dict) else self._refuse("the answer", answer, "an object")

    def _late(self) -> TunecaseError:
        why = f"{self.base} could not be read within {duration(TOTAL_S)}"
        return TunecaseError(f"{why}\nFix: name one experiment with --experiment, or its database or folder")

    def _strange(self, why: str) -> TunecaseError:
        return TunecaseError(f"{self.base} does not answer as MLflow does: {why}\nFix: {NOT_MLFLOW}")

    def _refuse(self, where: str, got: Any, wanted: str) -> Any:
        raise self._strange(f"{where} is {one_line(repr(got), 60)}, wanted {wanted}")

    def _object(self, holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = holder.get(name)
        return {} if value is None else value if isinstance(value, dict) else self._refuse(name, value, "an object")

    def _objects(self, holder: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
        value = holder.get(name)
        listed: list[dict[str, Any]] = [] if value is None else value
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            self._refuse(name, value, "a list of objects")
        return listed

    def _pairs(self, holder: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
        """Those of a list that have a key and a value: MLflow leaves out a value that is empty."""
        return [one for one in self._objects(holder, name) if one.get("key") is not None and "value" in one]

    def _text(self, holder: Mapping[str, Any], name: str) -> str:
        value = holder.get(name)
        if value is None:
            return ""
        is_right = isinstance(value, str | int) and not isinstance(value, bool)
        return short(value) if is_right else self._refuse(name, value, "text")

    def _moment(self, holder: Mapping[str, Any], name: str) -> datetime | None:
        value = holder.get(name)
        found = None if isinstance(value, bool) else moment(value)
        return self._refuse(name, value, "milliseconds since 1970") if value and found is None else found


def experiment_in(fragment: str) -> str:
    """The experiment's number in the address of its page; empty for another page.

    Example:
        >>> experiment_in("/experiments/7/runs/a"), experiment_in("/models")
        ('7', '')
    """
    parts = unquote(fragment).strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0] == "experiments" else ""
