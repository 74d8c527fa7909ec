"""The command `prices`: what the price book holds, by tier, with source, date and age; catalogs taken over."""

from pathlib import Path
from typing import Annotated

from tunecase.cli.options import (
    AsJson,
    Force,
    Today,
    day_of,
    in_folder,
    named,
    nearest_project,
    panel,
    print_record,
    variable_project,
)

which_option = panel("Which prices")
whose_option = panel("Whose")
catalog_option = panel("Take over a catalog")

Kind = Annotated[str, which_option(help="gpu, hosted, label, wage or api.")]
GpuOf = Annotated[str, which_option("--gpu", help="A GPU, e.g. H100.")]
Tier = Annotated[str, which_option(help="marketplace, neocloud or hyperscaler.")]
Terms = Annotated[str, which_option(help="on_demand, spot or reserved.")]
Region = Annotated[str, which_option(help="A provider's region, e.g. eu-central-1.")]
ProviderOf = Annotated[str, which_option("--provider", help="A provider, e.g. aws.")]
ModelOf = Annotated[str, which_option("--model", help="With --kind api or hosted: the model, e.g. gpt-4o-mini.")]
UpdateFrom = Annotated[
    Path | None, catalog_option("--update", help="SkyPilot's vms.csv (v8, v9) or a CSV of gpuhunt, on this machine.")
]
DatedOn = Annotated[str, catalog_option("--date", help="The catalog's day; else that in its name, or its last change.")]
To = Annotated[Path | None, catalog_option(help="Write here; else PROVIDER-list-prices.csv beside the project file.")]
Of = Annotated[
    Path | None,
    whose_option("--project", "-p", help="A project file: its currency and its own prices; $TUNECASE_PROJECT."),
]


def prices(
    kind: Kind = "",
    gpu: GpuOf = "",
    tier: Tier = "",
    terms: Terms = "",
    region: Region = "",
    provider: ProviderOf = "",
    model: ModelOf = "",
    update: UpdateFrom = None,
    dated: DatedOn = "",
    to: To = None,
    force: Force = False,
    project: Of = None,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """What do GPUs, hosted training, labels and people cost, by whom and as of when?

    Alone it prints the lowest, middle and highest hour of each GPU by tier; a filter lists single prices.

    `--update FILE` takes over a catalog that lies on this machine: the lowest
    price of each card, terms and region is written beside the project, as a
    list price of the catalog's day. `prices: THAT-FILE` in the project file
    puts them before the shipped tables. No file is replaced without --force.

    Examples: tunecase prices --gpu H100 --terms spot · tunecase prices --kind api --model gpt-4o-mini

    tunecase prices --update ~/.sky/catalogs/v8/lambda/vms.csv --date 2026-11-20
    """
    from tunecase import flow
    from tunecase.prices import PricesAsked

    case = variable_project() if project is None else None
    project = named(case) if case else project and in_folder(project)
    if update is None:
        _check_alone(dated, to)
        question = PricesAsked(kind, gpu, tier, terms, region, provider, model)
        print_record("prices", flow.prices(question, day_of(today), project), json)
    else:
        taken = flow.UpdateAsked(update, dated, to, force)
        print_record("updated", flow.update_prices(taken, day_of(today), project or nearest_project()), json)


def _check_alone(dated: str, to: Path | None) -> None:
    """Refuses what belongs to `--update` without it."""
    from tunecase.errors import Problem, refuse_any

    fix = "add --update FILE, or leave it out"
    alone = [name for name, given in (("--date", dated), ("--to", to)) if given]
    refuse_any(Problem(name, "no catalog beside it", "--update FILE", fix) for name in alone)
