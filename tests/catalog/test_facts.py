"""The catalog finds what it knows by any of its names, and refuses the rest with near names."""

from collections import Counter
from datetime import date

import pytest

from tunecase import catalog
from tunecase.catalog import prices as book
from tunecase.errors import InputError


def test_a_gpu_is_found_by_name_or_alias_in_any_case() -> None:
    """The names that clouds and drivers print."""
    for name in ("A100-80GB", "a100-80gb", "NVIDIA A100-SXM4-80GB", "A100 80GB"):
        assert catalog.gpu(name).name == "A100-80GB"
    assert catalog.gpu("H100").peak_bf16_tflops == 989


def test_a_model_is_found_by_name_or_alias() -> None:
    """With its dimensions as numbers."""
    model = catalog.model("smollm2-135m")
    assert model.name == "HuggingFaceTB/SmolLM2-135M"
    assert (model.layers, model.hidden, model.tied) == (30, 576, True)


def test_a_metric_is_found_with_its_direction() -> None:
    """Loss is better when lower."""
    assert catalog.metric("accuracy").binomial
    assert catalog.metric("loss").direction == "lower"


@pytest.mark.parametrize(
    ("find", "wrong", "near"),
    [(catalog.gpu, "A100-80", None), (catalog.gpu, "A100-90GB", "A100-80GB"), (catalog.metric, "acuracy", "accuracy")],
)
def test_an_unknown_name_is_refused_with_near_names(find: object, wrong: str, near: str | None) -> None:
    """An alias is known; a slip of the pen is answered."""
    assert callable(find)
    if near is None:
        assert find(wrong)
        return
    with pytest.raises(InputError) as error:
        find(wrong)
    assert near in error.value.problems[0].fix


def test_a_wage_is_found_or_unknown() -> None:
    """No wage is invented for a role that the tables do not hold."""
    found = catalog.wage("Data Scientist")
    assert found is not None
    assert found.low < found.likely < found.high
    assert catalog.wage("astronaut") is None


def test_a_price_is_stale_when_marked_or_older_than_180_days() -> None:
    """A date without a day counts from the first."""
    price = next(p for p in catalog.lowest_prices("spot") if p.gpu == "H100" and p.provider == "runpod")
    assert price.date == "2026-04-12"
    assert not price.is_stale(date(2026, 10, 9))
    assert price.is_stale(date(2026, 10, 10))
    assert next(p for p in catalog.lowest_prices() if p.stale).is_stale(date(2020, 1, 1))
    monthly = next(p for p in catalog.lowest_prices() if p.date == "2025-09")
    assert not monthly.is_stale(date(2026, 2, 28))
    assert monthly.is_stale(date(2026, 3, 1))


def test_the_price_book_is_a_digest_that_stays() -> None:
    """Sixty-four hexadecimal digits, the same when asked again."""
    assert len(catalog.price_book()) == 64
    assert catalog.price_book() == catalog.price_book()


def test_the_price_book_covers_what_a_contract_is_read_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cards behind an accelerator's or an instance's name: without their tables it is another digest."""
    whole = catalog.price_book()
    for name in ("prices/accelerators", "prices/instances", "prices/providers"):
        monkeypatch.setattr(book, "PRICE_TABLES", tuple(one for one in book.PRICE_TABLES if one != name))
        book.price_book.cache_clear()
        assert whole != book.price_book()
        monkeypatch.undo()
        book.price_book.cache_clear()
    assert whole == book.price_book()


def test_names_hold_every_alias() -> None:
    """What a project file may write."""
    names = catalog.names()
    assert {"gpu", "model", "metric", "lower metric", "objective"} == set(names)
    assert "NVIDIA L4" in names["gpu"]
    assert "HuggingFaceTB/SmolLM2-135M" in names["model"]


def test_hosted_prices_leave_unknown_training_prices_unknown() -> None:
    """None where no two sources agree."""
    by_model = {row.model: row for row in catalog.hosted()}
    assert by_model["ft:gpt-4o-2024-08-06"].train_usd_per_mtok == 25
    assert by_model["ft:gpt-4.1-2025-04-14"].train_usd_per_mtok is None


def test_a_card_can_what_its_units_can() -> None:
    """bf16 as the table says, fp8 where there is an 8-bit peak, 16 and 32 bit everywhere."""
    for card in catalog.gpus():
        assert card.bf16 == catalog.can(card, "bf16")
        assert (card.peak_fp8_tflops > 0) == catalog.can(card, "fp8")
        assert catalog.can(card, "fp16")
        assert catalog.can(card, "fp32")


@pytest.mark.parametrize("name", ["RTX4090", "rtx-4090", "RTX 4090", "rtx_4090"])
def test_names_are_read_whatever_their_blanks(name: str) -> None:
    """Case, blanks, hyphens and underscores do not tell cards apart."""
    assert "RTX4090" == catalog.gpu(name).name


def test_half_a_name_lists_what_it_begins() -> None:
    """Of a name that several cards begin with, each is offered."""
    with pytest.raises(InputError, match="A100-40GB or A100-80GB"):
        catalog.gpu("A100")


@pytest.mark.parametrize(
    ("provider", "name", "gpu", "count"),
    [
        ("aws", "g5.4xlarge", "A10G", 1),
        ("Amazon Web Services", "P5.48XLARGE", "H100", 8),
        ("Microsoft", "Standard_NC24ads_A100_v4", "A100-80GB", 1),
        ("azure", "NC24ads A100 v4", "A100-80GB", 1),
        ("Oracle", "BM.GPU.A100-v2.8", "A100-80GB", 8),
        ("Google Cloud", "a2-highgpu-8g", "A100-40GB", 8),
        ("", "g6e.xlarge", "L40S", 1),
    ],
)
def test_an_instance_tells_its_gpus_however_a_bill_spells_it(provider: str, name: str, gpu: str, count: int) -> None:
    """Case, blanks, underscores and the provider's other names do not matter."""
    found = catalog.instance(provider, name)
    assert found is not None
    assert (gpu, count) == (found.gpu, found.gpu_count)


def test_an_instance_that_does_not_say_its_gpus_is_unknown() -> None:
    """No GPU, a card attached on demand, a part of a card, another provider's name."""
    cases = [
        ("aws", "m5.large"),
        ("gcp", "n1-highmem-8"),
        ("azure", "NV6ads_A10_v5"),
        ("gcp", "g5.4xlarge"),
        ("aws", ""),
    ]
    assert [] == [(provider, name) for provider, name in cases if catalog.instance(provider, name) is not None]


def test_instances_hold_known_gpus_of_known_providers_once() -> None:
    """One row for each provider and type, whole cards only."""
    seen = {(one.provider, one.instance) for one in catalog.instances()}
    assert len(seen) == len(catalog.instances())
    for one in catalog.instances():
        assert one.gpu == catalog.gpu(one.gpu).name
        assert catalog.provider(one.provider) is not None
        assert 1 <= one.gpu_count <= 16


def test_measured_runs_are_those_of_the_table():
    """Each card counts its rows of training_runs.csv, so that a card without one says so."""
    runs = Counter(row["gpu"] for row in catalog.read_table("training_runs"))
    assert {card.name: card.training_runs for card in catalog.gpus()} == {
        card.name: runs[card.name] for card in catalog.gpus()
    }
    assert {"cdna2", "cdna3", "cdna4"}.isdisjoint(catalog.measured_generations())


def test_four_bit_rates_stand_where_the_generation_has_the_units():
    """Blackwell and CDNA 4 have them, at least twice the 8-bit rate and sustained below the peak."""
    for card in catalog.gpus():
        assert (card.peak_fp4_tflops > 0) == (card.generation in ("blackwell", "cdna4")), card.name
        assert card.product_fp4_tflops <= card.peak_fp4_tflops
        assert card.peak_fp4_tflops >= 1.99 * card.peak_fp8_tflops or not card.peak_fp4_tflops


def test_domains_say_how_far_the_fast_link_reaches():
    """A rack of 72, a board of eight, two or four bridged cards; a card on PCIe stands alone."""
    domains = {"GB200": 72, "H100": 8, "MI300X": 8, "H200-NVL": 4, "H100-NVL": 2, "RTX4090": 1}
    assert domains == {name: catalog.gpu(name).domain_cards for name in domains}
    for card in catalog.gpus():
        assert (card.domain_cards == 1) == (card.interconnect == "pcie"), card.name
