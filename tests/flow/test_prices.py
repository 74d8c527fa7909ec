"""A catalog becomes a file of list prices of its day, which the project can use; nothing is replaced unasked."""

import os
from datetime import date
from pathlib import Path

import pytest

from tests.making import case_folder
from tests.projects import written
from tunecase.errors import InputError
from tunecase.flow import UpdateAsked, open_case, update_prices
from tunecase.prices import Basis, gpu_hour, read_contracts
from tunecase.quantities import Worlds
from tunecase.records import PricesUpdated

TODAY = date(2026, 11, 27)
SKY = (
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone,"
    "Arch,LocalDiskType,NVMeSupported,LocalDiskSize,LocalDiskCount\n"
    "m5,,,2.0,8.0,,0.096,0.02,us-east-1,use1-az1,x86_64,,False,,\n"
    "p5,H100,8.0,192,2048,{},55.04,20.8,us-east-1,use1-az1,x86_64,ssd,True,3800,8\n"
    "p5,H100,8.0,192,2048,{},60.00,,eu-west-1,euw1-az1,x86_64,ssd,True,3800,8\n"
    "g5,A10G,4.0,48,192,{},5.672,,us-east-1,use1-az1,x86_64,,False,,\n"
    "inf2,Inferentia,1,4,16,{},0.76,,us-east-1,use1-az1,x86_64,,False,,\n"
)
HUNT = (
    "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags,cpu_arch,"
    "provider_data\n"
    "a2,us-east1,3.67,12,85,1,A100,40.0,False,,nvidia,,x86,{}\n"
    "a2u,us-east1,5.07,12,170,1,A100,80.0,False,,nvidia,,x86,{}\n"
    "a2u,us-east1,2.53,12,170,1,A100,80.0,True,,nvidia,,x86,{}\n"
    "nvl,us-east1,6.98,40,320,1,H100,94.0,False,,nvidia,,x86,{}\n"
    "e2,us-east1,0.1,2,8,0,,,False,,,,x86,{}\n"
)


def updated(folder: Path, name: str, text: str, **asked: object) -> PricesUpdated:
    """What comes of a catalog of that name beside a project in this folder."""
    source = folder / "catalogs" / name
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text, encoding="utf-8")
    return update_prices(UpdateAsked(source, **asked), TODAY, folder / "tunecase.yaml")  # type: ignore[arg-type]


def test_a_catalog_of_skypilot_becomes_list_prices_of_its_day(tmp_path: Path) -> None:
    """The lowest hour of each card, terms and region; its provider is its folder; what is not known is told."""
    found = updated(tmp_path, "aws/vms.csv", SKY, day="2026-11-20")
    assert ("aws", "SkyPilot", 4, 2) == (found.provider, found.catalog, found.prices, found.cards)
    assert ("2026-11-20", "--date", False) == (found.date, found.dated_by, found.stale)
    assert str(tmp_path / "aws-list-prices.csv") == found.file
    assert ("accelerators that the tables do not know, in 1 row of vms.csv: Inferentia",) == found.notes
    rows = read_contracts(Path(found.file), {"USD": 1.0}, TODAY).rows
    prices = {(row.gpu, row.terms, row.region): row.base_per_unit for row in rows}
    assert 6.88 == prices["H100", "on_demand", "us-east-1"]
    assert 2.6 == prices["H100", "spot", "us-east-1"]
    assert 1.418 == prices["A10G", "on_demand", "us-east-1"]
    assert all(row.listed and row.provider == "aws" for row in rows)


def test_a_catalog_of_gpuhunt_tells_cards_apart_by_their_memory(tmp_path: Path) -> None:
    """An A100 of 40 and one of 80 GB; an H100 of 94 GB is another card than that of the tables."""
    found = updated(tmp_path, "gcp.csv", HUNT, day="2026-11-20")
    rows = read_contracts(Path(found.file), {"USD": 1.0}, TODAY).rows
    prices = {(row.gpu, row.terms): row.base_per_unit for row in rows}
    wanted = {("A100-40GB", "on_demand"): 3.67, ("A100-80GB", "on_demand"): 5.07, ("A100-80GB", "spot"): 2.53}
    assert wanted == prices
    assert "H100" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "day", "dated", "by"),
    [
        ("aws.csv", "2026-11-01", "2026-11-01", "--date"),
        ("aws-20261102.csv", "", "2026-11-02", "its name, aws-20261102.csv"),
        ("2026-11-03/aws.csv", "", "2026-11-03", "its name, 2026-11-03"),
        ("aws.csv", "", "2026-10-05", "the day the file was last changed"),
    ],
)
def test_the_day_is_the_user_s_else_the_name_s_else_that_of_the_last_change(
    name: str, day: str, dated: str, by: str, tmp_path: Path
) -> None:
    """And it is told which."""
    source = tmp_path / "catalogs" / name
    source.parent.mkdir(parents=True)
    source.write_text(HUNT, encoding="utf-8")
    noon = 1_791_201_600  # 2026-10-05
    os.utime(source, (noon, noon))
    found = update_prices(UpdateAsked(source, day), TODAY, tmp_path / "tunecase.yaml")
    assert (dated, True) == (found.date, found.dated_by.startswith(by))


def test_a_list_price_drifts_where_a_contract_holds(tmp_path: Path) -> None:
    """Both are old: what was agreed stays, what anybody paid then has moved."""
    for basis, low, high in (("list", 0.84, 1.35), ("contract", 1.0, 1.0)):
        path = tmp_path / f"{basis}.csv"
        path.write_text(f"gpu,usd,date,provider,basis\nH100,2,2026-01-01,acme,{basis}\n", encoding="utf-8")
        own = read_contracts(path, {"USD": 1.0}, TODAY)
        at = Basis(written("", tmp_path), TODAY, Worlds(0, 20_000), contracts=own.rows)
        hour = gpu_hour("H100", at)
        assert [pytest.approx(2 * low, rel=0.02), pytest.approx(2 * high, rel=0.02)] == [
            float(sorted(hour.draws)[round(share * 19_999)]) for share in (0.05, 0.95)
        ]
        assert f"the {basis} price of a H100 hour is of 2026-01-01" in hour.note


def test_the_written_file_is_read_by_the_project(tmp_path: Path) -> None:
    """Before the shipped tables; the update tells the line to write, and that it is in use."""
    path = case_folder(tmp_path)
    found = updated(path.parent, "nebius/vms.csv", SKY, day="2026-11-20")
    assert ("", False) == (found.in_use, found.is_in_use)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"prices: {Path(found.file).name}\n")
    hour = gpu_hour("H100", open_case(path, today=TODAY).basis(200))
    assert ("nebius",) == hour.providers
    again = updated(path.parent, "nebius/vms.csv", SKY, day="2026-11-21", force=True)
    assert again.is_in_use


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    """A file that is there stays; with force it is replaced, but never the catalog or the project file."""
    updated(tmp_path, "gcp.csv", HUNT, day="2026-11-20")
    with pytest.raises(InputError, match="a file that is there already"):
        updated(tmp_path, "gcp.csv", HUNT, day="2026-11-21")
    assert "2026-11-21" == updated(tmp_path, "gcp.csv", HUNT, day="2026-11-21", force=True).date
    (tmp_path / "tunecase.yaml").write_text("name: x\ndata: {rows: 10, tokens_per_row: 10}\n", encoding="utf-8")
    for place in ("tunecase.yaml", "catalogs/gcp.csv"):
        with pytest.raises(InputError, match="a file that this case needs"):
            updated(tmp_path, "gcp.csv", HUNT, day="2026-11-21", force=True, to=tmp_path / place)


NONE = [
    (SKY.replace("Arch", "Currency"), "", "vms.csv:1: Currency: a column that this catalog is not known to have"),
    (HUNT.replace("gpu_vendor", "monthly"), "", "vms.csv:1: monthly"),
    ("a,b\n1,2\n", "", "the columns a, b"),
    ("gpu_name,gpu_count,price\nH100,1,2\n", "", "has besides: spot"),
    ("gpu,usd,date\nH100,2,2026-01-01\n", "", "a file of your own prices"),
    ("", "", "an empty file"),
    (SKY.replace("55.04", "-1"), "", "vms.csv:3: Price"),
    (HUNT.replace("False,,nvidia", "maybe,,nvidia"), "", "True or False"),
    (SKY, "2026-13-01", "the day of the prices"),
    (SKY, "2027-01-01", "a day up to 2026-11-27"),
]


def test_what_is_no_catalog_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    """Where, got, wanted and fix; nothing is written."""
    for text, day, words in NONE:
        with pytest.raises(InputError) as error:
            updated(tmp_path, "aws/vms.csv", text, day=day)
        told = "; ".join(f"{one.where}: {one.got}: {one.wanted}: {one.fix}" for one in error.value.problems)
        assert words in told
    assert not (tmp_path / "aws-list-prices.csv").exists()


def test_a_day_without_hyphens_is_written_with_them(tmp_path: Path) -> None:
    """The file that was written can be read."""
    found = updated(tmp_path, "gcp.csv", HUNT, day="20261120")
    assert "2026-11-20" == found.date
    assert {"2026-11-20"} == {row.date for row in read_contracts(Path(found.file), {"USD": 1.0}, TODAY).rows}


def test_a_price_keeps_its_digits(tmp_path: Path) -> None:
    """However small; a third of a machine's price is written to nine of them."""
    found = updated(tmp_path, "gcp.csv", HUNT.replace("3.67,12,85,1", "1e-7,12,85,1").replace("5.07", "0.0000017"))
    assert {"0.0000001", "0.0000017"} <= set(Path(found.file).read_text("utf-8").replace("\n", ",").split(","))
    third = updated(tmp_path, "aws.csv", SKY.replace("H100,8.0", "H100,3.0"))
    assert "18.3466667" in Path(third.file).read_text("utf-8")


def test_no_cell_of_a_catalog_becomes_a_formula(tmp_path: Path) -> None:
    """Neither a region nor the name of the file; both are still text."""
    found = updated(tmp_path, "=HYPERLINK(1).csv", SKY.replace("eu-west-1,euw1", "=1+1,euw1"), to=tmp_path / "out.csv")
    text = Path(found.file).read_text("utf-8")
    assert ",'=1+1," in text
    assert not [cell for cell in text.replace("\n", ",").split(",") if cell.startswith("=")]


def test_a_file_of_the_same_name_elsewhere_is_not_in_use(tmp_path: Path) -> None:
    """The project reads another file."""
    path = case_folder(tmp_path)
    (path.parent / "own").mkdir()
    first = updated(path.parent, "gcp.csv", HUNT, day="2026-11-20", to=path.parent / "own" / "prices.csv")
    assert not first.is_in_use
    with path.open("a", encoding="utf-8") as file:
        file.write("prices: own/prices.csv\n")
    assert not updated(path.parent, "gcp.csv", HUNT, day="2026-11-20", to=path.parent / "prices.csv").is_in_use
    again = updated(path.parent, "gcp.csv", HUNT, day="2026-11-21", to=path.parent / "own" / "prices.csv", force=True)
    assert again.is_in_use
