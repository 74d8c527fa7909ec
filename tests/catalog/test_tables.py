"""Every row of every table has a source, a date and a plausible value for its unit."""

import csv
import math
import re
from collections import Counter
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from tunecase import catalog
from tunecase.prices.gpu import Reach

TABLES = Path(catalog.__file__).parent / "tables"
NAMES = sorted(path.relative_to(TABLES).with_suffix("").as_posix() for path in TABLES.rglob("*.csv"))
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
DAY = date(2026, 11, 27)  # on which the table was last renewed
ISO = re.compile(r"^20[012]\d-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$")

# Low and high end of what is believable, by the end of a column's name: a slip of the decimal point falls outside.
PLAUSIBLE = {
    "usd_per_gpu_hour": (0.02, 25), "usd_per_mtok": (0.002, 200), "memory_gib": (8, 300), "usable_gb": (8, 320),
    "peak_bf16_tflops": (15, 5_000), "bandwidth_tb_per_s": (0.2, 20), "params": (1e7, 2e12), "layers": (4, 200),
    "hidden": (64, 20_000), "context": (0, 2e7), "vocab": (1_000, 400_000),
}  # fmt: skip


def rows_of_every_table() -> list[tuple[str, dict[str, str]]]:
    """Every row with the name of its table."""
    return [(name, row) for name in NAMES for row in catalog.read_table(name)]


def test_rows_and_numbers_are_sound() -> None:
    """Each has a source, an ISO date and plausible numbers, stands once and without stray spaces; names are unique."""
    rows = rows_of_every_table()
    assert set(NAMES) == {name for name, _ in rows}
    broken = [(name, row) for name, row in rows if None in row or None in row.values()]
    assert [] == broken
    assert [] == [(name, row) for name, row in rows if not row["source"].strip() or not ISO.match(row["date"])]
    odd = []
    for name, row in rows_of_every_table():
        for column, value in row.items():
            unit = next((unit for unit in PLAUSIBLE if column == unit or column.endswith(f"_{unit}")), None)
            if unit and value and not PLAUSIBLE[unit][0] <= float(value) <= PLAUSIBLE[unit][1]:
                odd.append((name, column, row))
    assert [] == odd
    rows = [(name, *row.values()) for name, row in rows_of_every_table()]
    assert [] == [row for row, count in Counter(rows).items() if count > 1]
    assert [] == [row for row in rows if any(cell != cell.strip() for cell in row)]
    for items in (catalog.gpus(), catalog.models(), catalog.metrics()):
        names = [n for item in items for n in {a.casefold() for a in (item.name, *getattr(item, "aliases", ()))}]
        assert [name for name, count in Counter(names).items() if count > 1] == []


def test_gpu_prices_are_those_of_known_cards() -> None:
    """Once per provider, terms and region, spot below on demand; MI300X everywhere; known defects stay out."""
    seen = Counter((price.gpu, price.provider, price.terms, price.region) for price in catalog.gpu_prices())
    assert max(seen.values()) == 1
    assert len(catalog.gpu_prices()) <= 500
    dear = {(price.gpu, price.provider): price.usd_per_gpu_hour for price in catalog.lowest_prices()}
    for price in catalog.gpu_prices():
        assert catalog.gpu(price.gpu).name == price.gpu
        known = catalog.provider(price.provider)
        assert known.tier == price.tier
        assert price.tier in ("marketplace", "neocloud", "hyperscaler")
        assert price.terms in ("on_demand", "spot", "reserved")
        assert (price.terms == "reserved") == bool(price.commitment)
        if price.terms == "spot":
            assert price.usd_per_gpu_hour <= 1.1 * dear.get((price.gpu, price.provider), math.inf)
    unmeasured = {card.name for card in catalog.gpus() if not card.training_runs}
    priced = {price.gpu for price in catalog.gpu_prices()}
    assert {"MI300X", "MI325X", "MI350X", "MI355X", "H100-NVL", "H200-NVL", "GB200", "GB300"} <= unmeasured & priced
    assert 3 == len({price.tier for price in catalog.gpu_prices() if price.gpu == "MI300X"})
    for price in catalog.gpu_prices():
        assert not (price.provider == "runpod" and price.usd_per_gpu_hour == 0.5)
        assert price.provider not in ("mithril", "hotaisle", "daytona", "lium", "modal", "fireworks")
        assert (price.gpu, price.provider) not in (("A10", "azure"), ("B200", "primeintellect"), ("H200", "gmicloud"))
    tiers = {(price.provider, price.tier) for price in catalog.gpu_prices()}
    assert len(tiers) == len({provider for provider, _ in tiers})
    markets = {"vast.ai", "runpod", "akash", "salad", "sfcompute", "spheron", "tensordock"}
    assert {p for p, tier in tiers if tier == "marketplace"} == markets
    assert {p for p, tier in tiers if tier == "hyperscaler"} == {"aws", "azure", "gcp", "oci"}


def test_gpu_prices_are_those_that_were_collected() -> None:
    """New ones to a hundredth of a cent, older ones as their summary, all as the published table; CC BY is named."""
    rows = [price for price in catalog.gpu_prices() if "gpu-rental-prices" in price.source]
    assert rows
    assert all("gpurentalprices.com, CC BY 4.0" in row.source and "@" in row.source for row in rows)
    held = collected("gpu_prices_2026.csv")
    seen = {(row["date"], row["terms"], round(float(row["usd_per_gpu_h"]), 4)) for row in held}
    new = [price for price in catalog.gpu_prices() if price.date > "2026-05" and "cloudprice" not in price.source]
    assert len(new) > 150
    assert [] == [p for p in new if (p.date, p.terms, round(p.usd_per_gpu_hour, 4)) not in seen]
    summary = {(row["gpu"].upper(), row["provider"]): row for row in collected("gpu_prices_summary.csv")}
    for terms, column in (("on_demand", "min_usd_gpu_h"), ("spot", "spot_min_usd_gpu_h")):
        for price in catalog.lowest_prices(terms):
            if price.date < "2026-05":
                row = summary[(price.gpu.upper(), price.provider)]
                assert price.usd_per_gpu_hour == pytest.approx(float(row[column]), abs=0.001)
                assert price.stale == (row["stale"] == "yes")
    for gpu, providers, low, middle, high, tiers, spot in PUBLISHED:
        rows = [p for p in catalog.lowest_prices() if p.gpu == gpu and not p.is_stale(DAY)]
        found = Reach.of([p.usd_per_gpu_hour for p in rows])
        assert providers == found.providers
        assert pytest.approx((low, middle, high), abs=0.0051) == (found.low, found.middle, found.high)
        for tier, median in zip(("marketplace", "neocloud", "hyperscaler"), tiers, strict=True):
            there = Reach.of([p.usd_per_gpu_hour for p in rows if p.tier == tier])
            assert pytest.approx(median, abs=0.0051) == (there.middle if there else None)
        spots = [p.usd_per_gpu_hour for p in catalog.lowest_prices("spot") if p.gpu == gpu and not p.is_stale(DAY)]
        assert pytest.approx(spot, abs=0.0051) == min(spots, default=None)


def collected(name: str) -> list[dict[str, str]]:
    """What was collected, where it lies beside the repository."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"skipped: ../shared/data/{name} not found")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_defaults_models_and_wages_hold_together() -> None:
    """Defaults stand once with a reason, heads divide heads, wages lie between 8 and 250 USD an hour."""
    fields = [default.field for default in catalog.defaults()]
    assert len(fields) == len(set(fields))
    assert all(default.why and default.value for default in catalog.defaults())
    for model in catalog.models():
        assert model.heads % model.kv_heads == 0
        assert model.active_experts <= model.experts or model.experts == 0
        assert model.ffn >= model.hidden / (8 if model.experts else 4)
    for price in catalog.label_prices():
        numbers = [n for n in (price.low, price.likely, price.high) if n is not None]
        assert numbers
        assert numbers == sorted(numbers)
        assert 0 < numbers[0] <= numbers[-1] <= 200
        assert price.unit
    for wage in catalog.wages():
        assert 8 <= wage.low <= wage.likely <= wage.high <= 250
    dense = {"A100-80GB": 312, "H100": 989, "H200": 989, "B200": 2_250, "L40S": 362, "L4": 121, "RTX4090": 165.2}
    for name, peak in dense.items():
        assert catalog.gpu(name).peak_bf16_tflops == pytest.approx(peak, rel=0.01)
    for one, other in (("A100-40GB", "A100-80GB"), ("H100", "H200"), ("V100-16GB", "V100-32GB")):
        assert catalog.gpu(one).peak_bf16_tflops == catalog.gpu(other).peak_bf16_tflops


def test_curves_and_lessons() -> None:
    """One number for each rising size; every curve names unit, licence and direction, every lesson its curve."""
    rows = catalog.read_table("curve_library")
    assert len({row["curve"] for row in rows}) == len(rows) > 273
    for row in rows:
        sizes = [int(cell) for cell in row["n"].split()]
        assert sizes == sorted(set(sizes))
        assert sizes[0] >= 0
        assert {len(row[name].split()) for name in ("score", "runs", "sd")} == {len(sizes)}
        assert all(int(cell) >= 1 for cell in row["runs"].split())
        assert all(cell == "-" or 0 <= float(cell) < 50 for cell in row["sd"].split())
        assert row["licence"] in ("Apache-2.0", "MIT", "CC-BY-4.0", "none stated")
        assert row["sealed"] in ("yes", "no")
        assert row["direction"] in ("higher", "lower")
        assert row["group"] in ("loss", "metric", "other")
        assert row["unit"]
    known = {row["curve"]: row for row in catalog.read_table("curve_library")}
    for row in catalog.read_table("curve_lessons"):
        curve = known[row["curve"]]
        assert row["unit"] == curve["unit"]
        assert {row["last"], row["n"]} <= set(curve["n"].split())
        assert 1.9 <= int(row["n"]) / int(row["last"]) <= 300
        assert (row["bounded"] == "1") == (curve["bounded"] == "yes")
        assert (row["language_model"] == "1") == (curve["group"] != "other")


ROLLOUTS = catalog.read_table("rollout_runs")
WORDS = {
    "objective": {"grpo", "rloo", "ppo"},
    "method": {"full", "lora", "qlora"},
    "sampler": {"colocated", "separate", "hf", ""},
    "reference": {"yes", "no", ""},
    "reward": {"function", "model", "judge", "code"},
    "overlap": {"yes", "no", ""},
}
COUNTS = (
    *("gpus", "sampler_gpus", "prompts_per_step", "group_size", "prompt_tokens", "completion_tokens_mean"),
    *("completion_tokens_limit", "updates_per_rollout", "steps"),
)
SPANS = ("seconds_per_step", "sampling_seconds", "training_seconds", "hours")


def rollouts_with(*columns: str) -> list[tuple[str, tuple[float, ...]]]:
    """Ids of reinforcement runs that state every one of some columns, and the numbers there."""
    rows = [row for row in ROLLOUTS if all(row[column] for column in columns)]
    return [(row["id"], tuple(float(row[column]) for column in columns)) for row in rows]


def test_reinforcement_runs_hold_together() -> None:
    """Known words, numbers that agree with each other, and half of the publishers sealed by their name."""
    numbers = [(row["id"], c, float(row[c])) for row in ROLLOUTS for c in (*COUNTS, *SPANS) if row[c]]
    assert [] == [row["id"] for row in ROLLOUTS if not row["licence"] or not (row["seconds_per_step"] or row["hours"])]
    assert [] == [(row["id"], c) for row in ROLLOUTS for c, words in WORDS.items() if row[c] not in words]
    assert [] == [(name, c) for name, c, n in numbers if n <= 0 or (c in COUNTS and n != int(n))]
    assert [] == [row["id"] for row in ROLLOUTS if row["gpu"] and row["gpu"] != "A100" and not catalog.gpu(row["gpu"])]
    assert [] == [name for name, (own, all_cards) in rollouts_with("sampler_gpus", "gpus") if own >= all_cards]
    assert [] == [row["id"] for row in ROLLOUTS if row["sampler_gpus"] and row["sampler"] != "separate"]
    assert [] == [row["id"] for row in ROLLOUTS if row["objective"] == "grpo" and row["group_size"] == "1"]
    lengths = rollouts_with("completion_tokens_mean", "completion_tokens_limit")
    assert [] == [name for name, (mean, limit) in lengths if mean > limit]
    parts = rollouts_with("sampling_seconds", "training_seconds", "seconds_per_step")
    assert [] == [name for name, (sampling, training, whole) in parts if sampling + training > whole]
    held = rollouts_with("steps", "seconds_per_step", "hours")
    assert [] == [name for name, (steps, seconds, hours) in held if not 0.95 < 3600 * hours / (steps * seconds) < 1.5]
    drawn = {row["id"]: sha256(row["publisher"].encode()).digest()[0] % 2 == 0 for row in ROLLOUTS}
    assert [] == [row["id"] for row in ROLLOUTS if (row["sealed"] == "yes") != drawn[row["id"]]]
    assert len({row["publisher"] for row in ROLLOUTS if row["sealed"] == "no"}) >= 3


def test_untuned_cases_say_what_their_scores_say() -> None:
    """Each stands once, in known words; scores lie on their scale and agree with the verdict."""
    rows, cases = catalog.read_table("untuned_cases"), catalog.untuned_cases()
    known = {
        "way": {"prompt", "retrieval", "prompt_and_retrieval", "hosted_model"},
        "tried_first": {"yes", "no", "not stated"},
        "within_two_points": {"yes", "no"},
        "read_again": {"yes", "no"},
        "found": {"search", "collection"},
    }
    assert [] == [(row["id"], name) for row in rows for name, words in known.items() if row[name] not in words]
    assert len(rows) == len({row["id"] for row in rows}) == len({(case.who, case.task) for case in cases})
    dates = {row["published"] for row in rows} - {"not stated"}
    assert [] == [day for day in dates if not re.match(r"20[12]\d(-\d\d){0,2}$", day)]
    for case in cases:
        assert (case.untuned is None) == (case.tuned is None)
        if case.untuned is not None and case.tuned is not None:
            whole = 5 if case.unit == "rating_of_5" else 1
            assert 0 < min(case.untuned, case.tuned) <= max(case.untuned, case.tuned) <= whole
            assert case.within_two_points == (round((case.tuned - case.untuned) / whole, 6) <= 0.02), case
        assert case.within_two_points or case.unit != "parity"
        assert case.untuned is None or case.unit not in ("parity", "ranking")


def test_untuned_cases_are_counted() -> None:
    """Those found by searches and those of the collection add up to all of them; of no cases nothing is counted."""
    every, *parts = (catalog.untuned_count(catalog.untuned_cases(found)) for found in (None, "search", "collection"))
    assert every == tuple(map(sum, zip(*parts, strict=True)))
    assert (20, 10, 4, 46) == every
    assert (0, 0, 0, 0) == catalog.untuned_count(())


PUBLISHED = (
    ("T4", 4, 0.15, 0.52, 0.53, (0.15, None, 0.53), 0.15),
    ("L4", 6, 0.44, 0.76, 1.00, (0.49, 0.92, 0.76), None),
    ("A100-80GB", 19, 1.09, 1.80, 5.07, (1.43, 2.04, 4.05), 0.68),
    ("H100", 26, 1.99, 3.23, 12.29, (2.64, 3.25, 10.53), 0.94),
    ("H200", 18, 3.14, 4.89, 10.60, (4.62, 4.38, 10.30), 2.51),
    ("L40S", 14, 0.73, 1.56, 3.50, (0.79, 1.57, 2.68), 0.74),
    ("B200", 12, 4.00, 7.25, 14.24, (5.98, 6.69, 14.12), 3.20),
)
