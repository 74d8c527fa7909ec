"""The command `prices`: what the price book holds, by tier, with source, date and age."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import AsJson, Today, day_of, print_record

WHICH, WHOSE = "Which prices", "Whose"

Kind = Annotated[str, typer.Option(help="gpu, hosted, label, wage or api.", rich_help_panel=WHICH)]
GpuOf = Annotated[str, typer.Option("--gpu", help="A GPU, e.g. H100.", rich_help_panel=WHICH)]
Tier = Annotated[str, typer.Option(help="marketplace, neocloud or hyperscaler.", rich_help_panel=WHICH)]
Terms = Annotated[str, typer.Option(help="on_demand, spot or reserved.", rich_help_panel=WHICH)]
Region = Annotated[str, typer.Option(help="A provider's region, e.g. eu-central-1.", rich_help_panel=WHICH)]
ProviderOf = Annotated[str, typer.Option("--provider", help="A provider, e.g. aws.", rich_help_panel=WHICH)]
ModelOf = Annotated[
    str, typer.Option("--model", help="With --kind api or hosted: the model, e.g. gpt-4o-mini.", rich_help_panel=WHICH)
]
Of = Annotated[
    Path | None,
    typer.Option("--project", "-p", help="A project file: its currency and its own prices.", rich_help_panel=WHOSE),
]


def prices(
    kind: Kind = "",
    gpu: GpuOf = "",
    tier: Tier = "",
    terms: Terms = "",
    region: Region = "",
    provider: ProviderOf = "",
    model: ModelOf = "",
    project: Of = None,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """What do GPUs, hosted training, labels and people cost, by whom and as of when?

    Alone it prints the lowest, middle and highest hour of each GPU by tier; a filter lists single prices.

    Examples: tunecase prices --gpu H100 --terms spot · tunecase prices --kind api --model gpt-4o-mini
    """
    from tunecase import flow
    from tunecase.prices import PricesAsked

    asked = PricesAsked(kind, gpu, tier, terms, region, provider, model)
    print_record("prices", flow.prices(asked, day_of(today), project), json)
