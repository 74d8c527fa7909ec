"""Every row of every table has a source, a date and a plausible value for its unit."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from tunecase import catalog
from tunecase.prices.gpu import Reach

TABLES = Path(catalog.__file__).parent / "tables"
NAMES = sorted(path.relative_to(TABLES).with_suffix("").as_posix() for path in TABLES.rglob("*.csv"))
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
ISO = re.compile(r"^20[012]\d-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$")

# Low and high end of what is believable, by the end of a column's name: a slip of the decimal point falls outside.
PLAUSIBLE = {
    "usd_per_gpu_hour": (0.02, 25),
    "usd_per_mtok": (0.01, 200),
    "memory_gib": (8, 300),
    "usable_gb": (8, 320),
    "peak_bf16_tflops": (20, 5_000),
    "bandwidth_tb_per_s": (0.2, 20),
    "params": (1e7, 2e12),
    "layers": (4, 200),
    "hidden": (64, 20_000),
    "context": (0, 2e7),
    "vocab": (1_000, 400_000),
}


def rows_of_every_table() -> list[tuple[str, dict[str, str]]]:
    """Every row with the name of its table."""
    return [(name, row) for name in NAMES for row in catalog.read_table(name)]


def test_every_row_has_a_source_and_an_iso_date() -> None:
    """A year and a month at least, no cell too many and none missing; no table is empty."""
    rows = rows_of_every_table()
    assert set(NAMES) == {name for name, _ in rows}
    broken = [(name, row) for name, row in rows if None in row or None in row.values()]
    assert [] == broken
    assert [] == [(name, row) for name, row in rows if not row["source"].strip() or not ISO.match(row["date"])]


def test_every_number_is_plausible_for_its_unit() -> None:
    """By the unit that ends the column's name."""
    odd = []
    for name, row in rows_of_every_table():
        for column, value in row.items():
            unit = next((unit for unit in PLAUSIBLE if column == unit or column.endswith(f"_{unit}")), None)
            if unit and value and not PLAUSIBLE[unit][0] <= float(value) <= PLAUSIBLE[unit][1]:
                odd.append((name, column, row))
    assert [] == odd


def test_no_row_stands_twice_and_no_cell_has_stray_spaces() -> None:
    """A copied row would count a provider twice."""
    rows = [(name, *row.values()) for name, row in rows_of_every_table()]
    assert [] == [row for row, count in Counter(rows).items() if count > 1]
    assert [] == [row for row in rows if any(cell != cell.strip() for cell in row)]


@pytest.mark.parametrize("kind", ["gpu", "model", "metric"])
def test_names_and_aliases_are_unique(kind: str) -> None:
    """One name means one thing, in any case of letters."""
    items: tuple[catalog.Gpu | catalog.Model | catalog.Metric, ...]
    items = {"gpu": catalog.gpus(), "model": catalog.models(), "metric": catalog.metrics()}[kind]  # type: ignore[assignment]
    names = [n for item in items for n in {a.casefold() for a in (item.name, *getattr(item, "aliases", ()))}]
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_peaks_are_dense_not_sparse() -> None:
    """Release sheets print the sparse figure, twice as high."""
    dense = {"A100-80GB": 312, "H100": 989, "H200": 989, "B200": 2_250, "L40S": 362, "L4": 121, "RTX4090": 165.2}
    for name, peak in dense.items():
        assert catalog.gpu(name).peak_bf16_tflops == pytest.approx(peak, rel=0.01)


def test_cards_of_one_chip_share_their_peak() -> None:
    """Memory differs, the arithmetic does not."""
    for one, other in (("A100-40GB", "A100-80GB"), ("H100", "H200"), ("V100-16GB", "V100-32GB")):
        assert catalog.gpu(one).peak_bf16_tflops == catalog.gpu(other).peak_bf16_tflops


def test_gpu_prices_name_known_gpus_once_per_provider_terms_and_region() -> None:
    """A spot price lies at or below the price on demand, within a tenth; the table stays small."""
    seen = Counter((price.gpu, price.provider, price.terms, price.region) for price in catalog.gpu_prices())
    assert max(seen.values()) == 1
    assert len(catalog.gpu_prices()) <= 400
    dear = {(price.gpu, price.provider): price.usd_per_gpu_hour for price in catalog.lowest_prices()}
    for price in catalog.gpu_prices():
        assert catalog.gpu(price.gpu).name == price.gpu
        known = catalog.provider(price.provider)
        assert known is not None
        assert known.tier == price.tier
        assert price.tier in ("marketplace", "neocloud", "hyperscaler")
        assert price.terms in ("on_demand", "spot")
        if price.terms == "spot":
            assert price.usd_per_gpu_hour <= 1.1 * dear[price.gpu, price.provider]


def test_known_defects_stay_out_of_the_prices() -> None:
    """Placeholders of absent cards, cards without a source, a part of a card sold as one, a price that was replaced."""
    for price in catalog.gpu_prices():
        assert not (price.provider == "runpod" and price.usd_per_gpu_hour == 0.5)
        assert price.provider not in ("mithril", "digitalocean", "hotaisle")
        assert (price.gpu, price.provider) != ("A10", "azure")
        assert (price.gpu, price.provider, price.usd_per_gpu_hour) != ("A100-80GB", "oci", 4.0)


def test_every_provider_has_one_tier() -> None:
    """Marketplaces are vast.ai and runpod, hyperscalers aws, azure, gcp and oci."""
    tiers = {(price.provider, price.tier) for price in catalog.gpu_prices()}
    assert len(tiers) == len({provider for provider, _ in tiers})
    assert {p for p, tier in tiers if tier == "marketplace"} == {"vast.ai", "runpod"}
    assert {p for p, tier in tiers if tier == "hyperscaler"} == {"aws", "azure", "gcp", "oci"}


def test_prices_on_demand_span_the_known_range() -> None:
    """Lowest and highest of one minimum per provider, old prices left out."""
    spans = {
        "T4": (0.51, 0.53), "L4": (0.39, 0.95), "A100-40GB": (0.51, 3.67), "A100-80GB": (0.93, 5.07),
        "H100": (1.54, 10.55), "H200": (1.82, 7.91), "L40S": (0.60, 1.86), "B200": (3.13, 14.24),
    }  # fmt: skip
    current = [price for price in catalog.lowest_prices() if not price.stale]
    prices = {gpu: [price.usd_per_gpu_hour for price in current if price.gpu == gpu] for gpu in spans}
    assert spans == {gpu: (round(min(of), 2), round(max(of), 2)) for gpu, of in prices.items()}


def collected() -> list[dict[str, str]]:
    """The summary of what was collected, where it lies beside the repository."""
    path = SHARED / "gpu_prices_summary.csv"
    if not path.exists():
        pytest.skip("skipped: ../shared/data/gpu_prices_summary.csv not found")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_gpu_prices_agree_with_the_collected_summary() -> None:
    """Provider by provider, on demand and spot."""
    summary = {(row["gpu"].upper(), row["provider"]): row for row in collected()}
    for terms, column in (("on_demand", "min_usd_gpu_h"), ("spot", "spot_min_usd_gpu_h")):
        for price in catalog.lowest_prices(terms):
            row = summary[(price.gpu.upper(), price.provider)]
            assert price.usd_per_gpu_hour == pytest.approx(float(row[column]), abs=0.001)
            assert price.stale == (row["stale"] == "yes")


def test_the_table_of_lowest_middle_and_highest_prices_is_that_of_what_was_collected() -> None:
    """By card and tier, one minimum per provider, prices of 2025 only left out."""
    cards = [
        "T4", "L4", "A10G", "L40S", "V100-16GB", "A100-40GB", "A100-80GB", "H100", "H200", "B200", "RTX4090",
        "RTXPRO6000",
    ]  # fmt: skip
    tiers = {provider.name: provider.tier for provider in catalog.providers()}
    wanted: dict[tuple[str, str], list[float]] = {
        (gpu, tier): [] for gpu in cards for tier in ("marketplace", "neocloud", "hyperscaler")
    }
    ours = {place: list[float]() for place in wanted}
    for row in collected():
        if row["stale"] != "yes" and row["gpu"] in cards:
            wanted[row["gpu"], tiers[row["provider"]]].append(float(row["min_usd_gpu_h"]))
    for price in catalog.lowest_prices():
        if not price.stale and price.gpu in cards:
            ours[price.gpu, price.tier].append(price.usd_per_gpu_hour)
    assert {place: Reach.of(of) for place, of in wanted.items()} == {place: Reach.of(of) for place, of in ours.items()}


@pytest.mark.parametrize(
    ("gpu", "providers", "low", "middle", "high", "tiers", "spot"),
    [
        ("T4", 3, 0.51, 0.53, 0.53, (None, None, 0.53), 0.15),
        ("L4", 4, 0.39, 0.76, 0.95, (0.39, 0.95, 0.76), 0.22),
        ("A100-80GB", 14, 0.93, 2.40, 5.07, (1.06, 1.75, 4.34), 0.45),
        ("H100", 13, 1.54, 3.30, 10.55, (1.77, 2.95, 8.49), 0.80),
        ("H200", 6, 1.82, 3.54, 7.91, (2.70, 3.50, 7.91), 1.19),
        ("B200", 6, 3.13, 5.50, 14.24, (4.31, 5.50, 14.24), 1.71),
    ],
)
def test_the_price_table_is_the_published_one(
    gpu: str, providers: int, low: float, middle: float, high: float, tiers: tuple[float | None, ...], spot: float
) -> None:
    """Providers, lowest, median and highest, the median of each tier, the lowest spot price, to the cent."""
    rows = [p for p in catalog.lowest_prices() if p.gpu == gpu and not p.stale]
    found = Reach.of([p.usd_per_gpu_hour for p in rows])
    assert found is not None
    assert providers == found.providers
    assert pytest.approx((low, middle, high), abs=0.0051) == (found.low, found.middle, found.high)
    for tier, median in zip(("marketplace", "neocloud", "hyperscaler"), tiers, strict=True):
        there = Reach.of([p.usd_per_gpu_hour for p in rows if p.tier == tier])
        assert pytest.approx(median, abs=0.0051) == (there.middle if there else None)
    spots = [p.usd_per_gpu_hour for p in catalog.lowest_prices("spot") if p.gpu == gpu]
    assert pytest.approx(spot, abs=0.0051) == min(spots)


def test_wages_rise_from_low_to_high_and_pay_a_living() -> None:
    """8 to 250 USD per loaded hour."""
    for wage in catalog.wages():
        assert 8 <= wage.low <= wage.likely <= wage.high <= 250


def test_label_prices_rise_and_have_at_least_one_number() -> None:
    """A row without a number says nothing."""
    for price in catalog.label_prices():
        numbers = [n for n in (price.low, price.likely, price.high) if n is not None]
        assert numbers
        assert numbers == sorted(numbers)
        assert 0 < numbers[0] <= numbers[-1] <= 200
        assert price.unit


def test_defaults_are_named_once_and_say_why() -> None:
    """Each with a reason and a source."""
    fields = [default.field for default in catalog.defaults()]
    assert len(fields) == len(set(fields))
    assert all(default.why and default.value for default in catalog.defaults())


def test_models_have_consistent_dimensions() -> None:
    """Key-value heads divide heads; experts are chosen among experts."""
    for model in catalog.models():
        assert model.heads % model.kv_heads == 0
        assert model.active_experts <= model.experts or model.experts == 0
        assert model.ffn >= model.hidden / 4


def test_the_curve_library_packs_one_number_for_each_size() -> None:
    """Sizes rise, and scores, runs and spreads are as many; every curve names unit, licence and direction."""
    rows = catalog.read_table("curve_library")
    assert len({row["curve"] for row in rows}) == len(rows) == 273
    for row in rows:
        sizes = [int(cell) for cell in row["n"].split()]
        assert sizes == sorted(set(sizes))
        assert sizes[0] >= 0
        assert {len(row[name].split()) for name in ("score", "runs", "sd")} == {len(sizes)}
        assert all(int(cell) >= 1 for cell in row["runs"].split())
        assert all(cell == "-" or 0 <= float(cell) < 50 for cell in row["sd"].split())
        assert row["licence"] in ("Apache-2.0", "MIT")
        assert row["direction"] in ("higher", "lower")
        assert row["group"] in ("loss", "metric", "other")
        assert row["unit"]


def test_the_curve_tables_are_small() -> None:
    """The library and what is drawn from it stay below 400 kB each."""
    for name in ("curve_library", "curve_lessons", "curve_calibration"):
        assert (TABLES / f"{name}.csv").stat().st_size < 400_000


def test_lessons_come_from_curves_of_the_library() -> None:
    """Each lesson's curve, unit and later size stand there, and it looks ahead."""
    known = {row["curve"]: row for row in catalog.read_table("curve_library")}
    for row in catalog.read_table("curve_lessons"):
        curve = known[row["curve"]]
        assert row["unit"] == curve["unit"]
        assert {row["last"], row["n"]} <= set(curve["n"].split())
        assert 1.9 <= int(row["n"]) / int(row["last"]) <= 300
        assert (row["bounded"] == "1") == (curve["bounded"] == "yes")
        assert (row["language_model"] == "1") == (curve["group"] != "other")
