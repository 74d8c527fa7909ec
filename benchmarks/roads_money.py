"""Scores the advice: its regret beside other policies', its money, its verdicts, the race, cleaning, promises."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from roads_answers import ENDS, STAKES
from roads_curves import HERE, Curve, Key, Told, Walked, read_rows
from roads_rivals import RIVALS, Game, Outcome, outcomes
from roads_score import Pair, Table, by_source

PLANTED = 0.1  # of all labels
CRUMB = 0.05  # of the rows at hand
HAIR = 0.005  # of a score
PROMISES, CLEANING = HERE / "roads_promises.csv", HERE / "roads_cleaning.csv"
ADVICE = {"ship": "ship", "stop": "stop", "fix first": "stop", "redefine": "stop", "pilot": "pilot first"}
MET, SHORT = "shipped, meets the target", "shipped, misses it"
SPARED, IN_VAIN = "nothing was worth buying: stopped at once", "nothing was worth buying: stopped after buying"
UNSHOWN = "not shipped, though the model at hand meets the target"
RERUN = "it was worth more rows: ended at repeated runs of the pilot"
LEFT = "it was worth more rows: stopped before"
WRONG = (UNSHOWN, RERUN, LEFT)
VERDICTS = ("ship", "go on", "pilot first", "stop")


@dataclass(frozen=True)
class Road:
    """One road with its stakes, and what everybody came to on it."""

    walk: Walked
    game: Game
    ends: Mapping[str, Outcome]

    @property
    def source(self) -> str:
        """Who published the rows."""
        return self.game.curve.publisher

    @property
    def advice(self) -> str:
        """The first advice, in four classes."""
        return ADVICE.get(self.walk.advice, "go on")

    def regret(self, name: str) -> float:
        """What a policy lost against the best in hindsight [USD]."""
        return self.game.oracle - self.ends[name].utility

    def right(self, name: str) -> bool:
        """Whether it shipped what meets the target at no more than its worth, or spent nothing where none was due."""
        end = self.ends[name]
        return end.utility >= 0 if end.shipped else self.game.oracle <= 0 and not end.spent

    def misses(self, name: str) -> bool:
        """Whether it shipped what truly misses the target."""
        end = self.ends[name]
        return end.shipped and self.game.curve.true(end.rows) < self.walk.target


def roads_of(walks: Sequence[Walked], curves: Mapping[Key, Curve]) -> list[Road]:
    """Every road of a curve that is there, with what the rivals came to."""
    made = []
    for walk in walks:
        curve = curves.get((walk.task, walk.learner, walk.part))
        if curve is not None and curve.digest == walk.digest:
            game = Game(curve, walk.target, walk.value, walk.price)
            made.append(Road(walk, game, dict(outcomes(walk, curve))))
    return made


def regrets(roads: Sequence[Road]) -> tuple[Table, dict[str, Any]]:
    """Each policy's regret as a share of the target's worth, its gap to ours, and in dollars by what is at stake."""
    rows, figures = [], {}
    for name in ("ours", *RIVALS):
        share = by_source((r.source, r.regret(name) / r.walk.value) for r in roads)
        gap = by_source((r.source, (r.regret(name) - r.regret("ours")) / r.walk.value) for r in roads)
        right = by_source((r.source, float(r.right(name))) for r in roads)
        misses = sum(r.misses(name) for r in roads)
        dollars = [
            by_source((r.source, r.regret(name)) for r in roads if (r.walk.value, r.walk.price) == stakes)
            for stakes in STAKES
        ]
        figures[name] = {"regret": share.figures(), "gap": gap.figures(), "right": right.figures()} | {
            "misses": misses, "usd": [None if math.isnan(one.mean) else round(one.mean) for one in dollars]
        }  # fmt: skip
        told = "" if name == "ours" else gap.words("+.3f")
        cells = ("–" if math.isnan(one.mean) else f"{one.mean:,.0f}" for one in dollars)
        rows.append([name, share.words(".3f"), told, right.words(), str(misses), *cells])
    stakes = (f"{value / 1000:g}k at {price:g}" for value, price in STAKES)
    return Table(("policy", "regret / worth", "above ours", "ended right", "shipped short", *stakes), rows), figures


def lost_by_source(roads: Sequence[Road], rival: str) -> dict[str, tuple[float, float]]:
    """Mean regret as a share of the worth on each source's roads: ours, and a rival's."""
    groups: dict[str, list[Road]] = defaultdict(list)
    for road in roads:
        groups[road.source].append(road)
    return {
        source: (_lost_by("ours", own), _lost_by(rival, own)) for source, own in groups.items()
    }  # fmt: skip


def _lost_by(name: str, roads: Sequence[Road]) -> float:
    return sum(road.regret(name) / road.walk.value for road in roads) / len(roads)


def best_rival(figures: Mapping[str, Any]) -> str:
    """The rival of the least regret, picked on these very roads."""
    return min(RIVALS, key=lambda name: figures[name]["regret"]["mean"])


def confusions(roads: Sequence[Road]) -> tuple[Table, dict[str, Any]]:
    """The first advice against what was right in hindsight, in roads."""
    counts = Counter((road.advice, road.game.best) for road in roads)
    truths = ("ship", "go on", "stop")
    rows = [
        [said, *(str(counts[said, true]) for true in truths), str(sum(counts[said, true] for true in truths))]
        for said in VERDICTS
    ]
    figures = {f"{said} / {true}": counts[said, true] for said in VERDICTS for true in truths if counts[said, true]}
    return Table(("advised first", *(f"right: {true}" for true in truths), "roads"), rows), figures


def ended(road: Road) -> str:
    """How a road ended, by what was right in hindsight."""
    end, game = road.ends["ours"], road.game
    meets = game.curve.true(end.rows) >= game.target
    if end.shipped:
        return MET if meets else SHORT
    if game.oracle <= 0:
        return IN_VAIN if end.spent else SPARED
    if meets:
        return UNSHOWN
    return RERUN if road.walk.steps.rpartition(" ")[2].startswith("pilot") else LEFT


def endings(roads: Sequence[Road], rival: str) -> tuple[Table, dict[str, Any]]:
    """How the roads ended, and how much of all regret such roads bring, in shares of the worth: ours, and a rival's."""
    rows, figures = [], {}
    for name in (MET, SHORT, SPARED, IN_VAIN, *WRONG):
        some = [road for road in roads if ended(road) == name]
        share = by_source((road.source, float(ended(road) == name)) for road in roads)
        spent = sum(road.walk.spent for road in some) / len(some) if some else 0.0
        parts = [
            by_source((r.source, (ended(r) == name) * r.regret(of) / r.walk.value) for r in roads).mean
            for of in ("ours", rival)
        ]
        figures[name] = {"roads": len(some), "share": share.figures(), "regret": [round(part, 4) for part in parts]}
        rows.append([name, str(len(some)), share.words(), f"{spent:,.0f}", *(f"{part:.3f}" for part in parts)])
    header = ("ended", "roads", "share", "spent, mean USD", "adds to our regret", f'to that of "{rival}"')
    return Table(header, rows), figures


def reasons(roads: Sequence[Road]) -> dict[str, int]:
    """What stands behind roads that went wrong: targets met by a hair, little at stake, rounds for hardly any rows."""
    unshown, left = ([road for road in roads if ended(road) == name] for name in (UNSHOWN, LEFT))
    over = [road.game.curve.true(road.walk.end_rows) - road.walk.target for road in unshown]
    grown = [grew for road in roads if (grew := _growth(road.walk))]
    return {
        "unshown": len(over), "near": sum(one < HAIR for one in over), "left": len(left),
        "least": sum(road.walk.value == min(value for value, _ in STAKES) for road in left),
        "bought": len(grown), "small": sum(min(grew) < 1 + CRUMB for grew in grown),
    }  # fmt: skip


def _growth(walk: Walked) -> list[float]:
    """How many times the rows at hand each purchase of a road made them."""
    sizes = [*(int(step.rpartition("@")[2]) for step in walk.steps.split()), walk.end_rows]
    return [after / before for before, after in itertools.pairwise(sizes) if after > before]


def money(roads: Sequence[Road]) -> tuple[Table, dict[str, Any]]:
    """What the roads cost against the 80% band told at the start, where anything was to be bought."""
    rows, figures = [], {}
    for part in ("1/16", "1/4"):
        some = [road for road in roads if road.game.curve.part == part and road.walk.advice not in ENDS]
        if not some:
            continue
        where = [(road.source, _place(road.walk)) for road in some]
        shares = {name: by_source((s, float(at == name)) for s, at in where) for name in ("inside", "below", "above")}
        ratio = by_source((road.source, road.walk.spent / max(road.walk.money_mid, 1.0)) for road in some)
        figures[part] = {name: mean.figures() for name, mean in shares.items()} | {"ratio": ratio.figures()}
        rows.append([part, str(len(some)), *(one.words() for one in shares.values()), ratio.words()])
    return Table(("from", "roads", "inside", "cost less", "cost more", "spent / middle"), rows), figures


def _place(walk: Walked) -> str:
    slack = 0.01 * walk.money_mid + 1  # what is told holds cents of compute that nobody pays here
    if walk.spent < walk.money_low - slack:
        return "below"
    return "above" if walk.spent > walk.money_high + slack else "inside"


def races(found: Sequence[Pair]) -> tuple[Table, dict[str, Any]]:
    """The learner that led at the pilot, by its score and by its forecast, against the best at all rows."""
    held: dict[tuple[str, str, int], dict[str, tuple[Told, Curve]]] = defaultdict(dict)
    for one, curve in found:
        if one.mid is not None and curve.learner != "floor":
            held[curve.task, curve.part, curve.rows][curve.learner] = (one, curve)
    rows, figures = [], {}
    for part in ("1/16", "1/4"):
        races = [some for (_, of, _), some in held.items() if of == part and len(some) > 1]
        for name, by in (("score at the pilot", _score_of), ("forecast", _mid_of)):
            lost = [(next(iter(some.values()))[1].publisher, _lost(some, by)) for some in races]
            if lost:
                won, regret = by_source((s, float(x <= 0)) for s, x in lost), by_source(lost)
                figures[f"{part}, {name}"] = {"won": won.figures(), "regret": regret.figures()}
                rows.append([part, name, str(len(lost)), won.words(), regret.words(".4f")])
    return Table(("from", "chosen by", "races", "the best was chosen", "score lost"), rows), figures


def _score_of(pair: tuple[Told, Curve]) -> float:
    return pair[1].last


def _mid_of(pair: tuple[Told, Curve]) -> float:
    return pair[0].mid or 0.0


def _lost(some: Mapping[str, tuple[Told, Curve]], by: Callable[[tuple[Told, Curve]], float]) -> float:
    chosen = max(some.values(), key=by)
    return max(curve.final for _, curve in some.values()) - chosen[1].final


def promises(path: Path = PROMISES, sources: Mapping[str, str] = MappingProxyType({})) -> tuple[Table, dict[str, Any]]:
    """Coverage promised on one half of the test rows, and what the other half did, by the share that may be wrong.

    Args:
        path: the table of promises.
        sources: the publisher of each task; a task that is not named counts as its own.
    """
    groups: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in read_rows(path):
        groups[row["error_asked"]].append(row)
    rows, figures = [], {}
    for asked, some in sorted(groups.items()):
        given = [row for row in some if float(row["share_promised"] or 0) > 0]
        source = [sources.get(row["task"], row["task"]) for row in given]
        wrong = [float(row["error_answered"] or 0) for row in given]
        kept = by_source((s, float(x <= float(asked))) for s, x in zip(source, wrong, strict=True))
        off = [float(row["share_answered"]) - float(row["share_promised"]) for row in given]
        share = by_source(zip(source, off, strict=True))
        figures[asked] = {"asked": len(some), "given": len(given), "kept": kept.figures(), "share_off": share.figures()}
        rows.append([f"{float(asked):.0%}", str(len(some)), str(len(given)), kept.words(), share.words("+.3f")])
    return Table(("wrong, at most", "asked", "promised", "kept", "share answered less promised"), rows), figures


def cleaning(path: Path = CLEANING) -> tuple[Table, dict[str, Any]]:
    """What cleaning brought in score, by kind of wrong labels, against the gain promised where one was."""
    groups: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in read_rows(path):
        groups[row["kind"]].append(row)
    rows, figures = [], {}
    for kind, some in sorted(groups.items()):
        gains = [float(row["score_after"]) - float(row["score_before"]) for row in some]
        told = [(row, gain) for row, gain in zip(some, gains, strict=True) if row["gain_promised_low"] and row["high"]]
        inside = sum(float(row["gain_promised_low"]) <= gain <= float(row["high"]) for row, gain in told)
        found = [float(row["planted_found"]) / (PLANTED * int(row["rows"])) for row in some if "planted" in kind]
        better, mean = sum(gain > 0 for gain in gains), sum(gains) / len(gains)
        figures[kind] = {
            "runs": len(some), "better": better, "mean": round(mean, 4), "promised": len(told), "inside": inside
        }  # fmt: skip
        rows.append([
            kind, str(len(some)), f"{sum(found) / len(found):.0%}" if found else "–", f"{better} of {len(gains)}",
            f"{mean:+.3f}", f"{min(gains):+.3f} to {max(gains):+.3f}", f"{inside} of {len(told)}" if told else "none",
        ])  # fmt: skip
    header = (
        "wrong labels", "tasks and learners", "planted found", "better", "mean gain", "gains", "promised gain held"
    )  # fmt: skip
    return Table(header, rows), figures
