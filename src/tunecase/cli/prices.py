"""The command `prices`: what the price book holds, by tier, with source, date and age."""

from pathlib import Path
from typing import Annotated

from tunecase.cli.options import AsJson, Today, day_of, panel, print_record

which_option = panel("Which prices")
whose_option = panel("Whose")

Kind = Annotated[str, which_option(help="gpu, hosted, label, wage or api.")]
GpuOf = Annotated[str, which_option("--gpu", help="A GPU, e.g. H100.")]
Tier = Annotated[str, which_option(help="marketplace, neocloud or hyperscaler.")]
Terms = Annotated[str, which_option(help="on_demand, spot or reserved.")]
Region = Annotated[str, which_option(help="A provider's region, e.g. eu-central-1.")]
ProviderOf = Annotated[str, which_option("--provider", help="A provider, e.g. aws.")]
ModelOf = Annotated[str, which_option("--model", help="With --kind api or hosted: the model, e.g. gpt-4o-mini.")]
Of = Annotated[Path | None, whose_option("--project", "-p", help="A project file: its currency and its own prices.")]


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

    question = PricesAsked(kind, gpu, tier, terms, region, provider, model)
    print_record("prices", flow.prices(question, day_of(today), project), json)
