"""Bills for tests: rows of FOCUS in any version, written as CSV or Parquet."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tunecase.books.importers.charge import SpendAsked
from tunecase.project import Rate

SAMPLE = Path(__file__).parents[3] / ".." / "shared" / "data" / "focus_sample_1.0.csv"
TODAY = date(2026, 11, 24)
RATES = (Rate(currency="EUR", value=1.05, date=date(2026, 1, 2)),)
ROW = {
    "BilledCost": "1.624", "EffectiveCost": "1.2", "BillingAccountId": "1", "BillingCurrency": "USD",
    "ChargeCategory": "Usage", "ChargeClass": "NULL",
    "ChargeDescription": "$1.624 per On Demand Linux g5.4xlarge Instance Hour",
    "ChargePeriodStart": "2026-11-02 08:00:00", "ChargePeriodEnd": "2026-11-02 09:00:00", "ConsumedQuantity": "1.0",
    "ConsumedUnit": "Hours", "ListUnitPrice": "1.624", "ProviderName": "AWS", "RegionId": "us-east-1",
    "ResourceId": "i-1", "ResourceType": "instance", "ServiceCategory": "Compute",
    "ServiceName": "Amazon Elastic Compute Cloud", "SkuId": "S1", "Tags": '{"application": "tickets"}',
}  # fmt: skip


def row(**changes: str | None) -> dict[str, str]:
    """One hour of a GPU machine; a column that is None goes."""
    return {name: text for name, text in {**ROW, **changes}.items() if text is not None}


def in_version(version: str, **changes: str | None) -> dict[str, str]:
    """The same row as a later version of FOCUS writes it."""
    more: dict[str, str | None] = {}
    if version >= "1.1":
        more |= {
            "SkuMeter": "Compute hours",
            "SkuPriceDetails": '{"InstanceType": "g5.4xlarge"}',
            "CapacityReservationId": "",
        }
    if version >= "1.2":
        more |= {"InvoiceId": "inv-7", "PricingCurrency": "USD", "BillingAccountType": "Account"}
    if version >= "1.3":
        more |= {"ServiceProviderName": "AWS", "HostProviderName": "AWS", "AllocatedTags": "{}"}
    if version >= "1.4":
        more |= {"ProviderName": None, "PublisherName": None}
    return row(**{**more, **changes})


def as_csv(path: Path, rows: Sequence[Mapping[str, str]], delimiter: str = ",") -> Path:
    """The rows as a CSV file with the columns of all of them."""
    columns = list(dict.fromkeys(name for one in rows for name in one))
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=delimiter, restval="NULL", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def as_parquet(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """The rows as Parquet with typed columns: decimals, moments with a zone, a map of tags."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tunecase.books.importers.cells import moment_of, text_of

    def typed(name: str, text: str) -> Any:
        plain = text_of(text)
        if not plain:
            return None
        if name.endswith(("Cost", "Quantity", "Price")):
            return Decimal(plain)
        if name.endswith(("Start", "End")):
            return moment_of(plain)
        return list(json.loads(plain).items()) if name == "Tags" else plain

    columns = list(dict.fromkeys(name for one in rows for name in one))
    arrays = {}
    for name in columns:
        values = [typed(name, one.get(name, "")) for one in rows]
        kind = pa.map_(pa.string(), pa.string()) if name == "Tags" else None
        arrays[name] = pa.array(values, kind)
    pq.write_table(pa.table(arrays), path)
    return path


def asked(**changes: Any) -> SpendAsked:
    """What is asked where nothing special is."""
    return SpendAsked(**{"today": TODAY, "currency": "USD", "rates": RATES, **changes})
