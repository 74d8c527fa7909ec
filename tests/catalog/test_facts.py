"""The catalog finds what it knows by any of its names, and refuses the rest with near names."""

from collections import Counter
from datetime import date

import pytest

from tunecase import catalog
from tunecase.catalog import prices as book
from tunecase.errors import InputError


def test_wages_and_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wage is found or unknown, a price stale when marked or older than 180 days; cards are in the book's digest."""
    found = catalog.wage("Data Scientist")
    assert found.low < found.likely < found.high
    assert catalog.wage("astronaut") is None
    price = next(p for p in catalog.lowest_prices("spot") if p.gpu == "H100" and p.provider == "runpod")
    assert price.date == "2026-04-12"
    assert not price.is_stale(date(2026, 10, 9))
    assert price.is_stale(date(2026, 10, 10))
    assert next(p for p in catalog.lowest_prices() if p.stale).is_stale(date(2020, 1, 1))
    monthly = next(p for p in catalog.lowest_prices() if p.date == "2025-09")
    assert not monthly.is_stale(date(2026, 2, 28))
    assert monthly.is_stale(date(2026, 3, 1))
    whole = catalog.price_book()
    for name in ("prices/accelerators", "prices/instances", "prices/providers"):
        monkeypatch.setattr(book, "PRICE_TABLES", tuple(one for one in book.PRICE_TABLES if one != name))
        book.price_book.cache_clear()
        assert whole != book.price_book()
        monkeypatch.undo()
        book.price_book.cache_clear()
    assert whole == book.price_book()


def test_names_prices_and_measured_runs() -> None:
    """Aliases are names, unknown training prices stay unknown, and each card counts its measured runs."""
    names = catalog.names()
    assert {"gpu", "model", "metric", "lower metric", "objective"} == set(names)
    assert "NVIDIA L4" in names["gpu"]
    assert "HuggingFaceTB/SmolLM2-135M" in names["model"]
    by_model = {row.model: row for row in catalog.hosted()}
    assert by_model["ft:gpt-4o-2024-08-06"].train_usd_per_mtok == 25
    assert by_model["ft:gpt-4.1-2025-04-14"].train_usd_per_mtok is None
    runs = Counter(row["gpu"] for row in catalog.read_table("training_runs"))
    assert [] == [card.name for card in catalog.gpus() if card.training_runs != runs[card.name]]
    assert {"cdna2", "cdna3", "cdna4"}.isdisjoint(catalog.measured_generations())


def test_what_cards_and_instances_tell() -> None:
    """Rates by their units, links by their reach, GPUs however a bill spells the instance; one row for each type."""
    for card in catalog.gpus():
        assert card.bf16 == catalog.can(card, "bf16")
        assert (card.peak_fp8_tflops > 0) == catalog.can(card, "fp8")
        assert catalog.can(card, "fp16")
        assert catalog.can(card, "fp32")
    for card in catalog.gpus():
        assert (card.peak_fp4_tflops > 0) == (card.generation in ("blackwell", "cdna4")), card.name
        assert card.product_fp4_tflops <= card.peak_fp4_tflops
        assert card.peak_fp4_tflops >= 1.99 * card.peak_fp8_tflops or not card.peak_fp4_tflops
    domains = {"GB200": 72, "H100": 8, "MI300X": 8, "H200-NVL": 4, "H100-NVL": 2, "RTX4090": 1}
    assert domains == {name: catalog.gpu(name).domain_cards for name in domains}
    for card in catalog.gpus():
        assert (card.domain_cards == 1) == (card.interconnect == "pcie"), card.name
    found = [(provider, name, catalog.instance(provider, name)) for provider, name, *_ in INSTANCES]
    assert list(INSTANCES) == [(provider, name, one.gpu, one.gpu_count) for provider, name, one in found if one]
    # No GPU, a card attached on demand, a part of a card, another provider's name.
    cases = [
        ("aws", "m5.large"),
        ("gcp", "n1-highmem-8"),
        ("azure", "NV6ads_A10_v5"),
        ("gcp", "g5.4xlarge"),
        ("aws", ""),
    ]
    assert [] == [case for case in cases if catalog.instance(*case) is not None]
    seen = {(one.provider, one.instance) for one in catalog.instances()}
    assert len(seen) == len(catalog.instances())
    for one in catalog.instances():
        assert one.gpu == catalog.gpu(one.gpu).name
        assert catalog.provider(one.provider) is not None
        assert 1 <= one.gpu_count <= 16


def test_what_is_known_is_found_by_name_or_alias_in_any_case() -> None:
    """The names that clouds and drivers print; case, blanks, hyphens and underscores do not tell cards apart."""
    names = ("A100-80GB", "a100-80gb", "NVIDIA A100-SXM4-80GB", "A100 80GB", "A100-80")
    assert {"A100-80GB"} == {catalog.gpu(name).name for name in names}
    assert {"RTX4090"} == {catalog.gpu(name).name for name in ("RTX4090", "rtx-4090", "RTX 4090", "rtx_4090")}
    assert catalog.gpu("H100").peak_bf16_tflops == 989
    model = catalog.model("smollm2-135m")
    assert ("HuggingFaceTB/SmolLM2-135M", 30, 576, True) == (model.name, model.layers, model.hidden, model.tied)
    assert (True, "lower") == (catalog.metric("accuracy").binomial, catalog.metric("loss").direction)
    unknown = {"A100-90GB": "A100-80GB", "A100": "A100-40GB or A100-80GB"}
    for find, wrong, near in (
        *((catalog.gpu, *each) for each in unknown.items()),
        (catalog.metric, "acuracy", "accuracy"),
    ):
        with pytest.raises(InputError) as error:
            find(wrong)
        assert near in error.value.problems[0].fix


INSTANCES = (
    ("aws", "g5.4xlarge", "A10G", 1), ("Amazon Web Services", "P5.48XLARGE", "H100", 8),
    ("Microsoft", "Standard_NC24ads_A100_v4", "A100-80GB", 1), ("azure", "NC24ads A100 v4", "A100-80GB", 1),
    ("Oracle", "BM.GPU.A100-v2.8", "A100-80GB", 8), ("Google Cloud", "a2-highgpu-8g", "A100-40GB", 8),
    ("", "g6e.xlarge", "L40S", 1),
)  # fmt: skip
