"""The command `sources`: where should more rows come from?"""

from tunecase.cli.options import HERE, AsJson, ProjectFile, Seed, Today, finish, open_project


def sources(project: ProjectFile = HERE, seed: Seed = 0, json: AsJson = False, today: Today = None) -> None:
    """Where should more rows come from? Each source's price, time and risk for the plan's next step.

    Example: `tunecase sources`.

    What the project file does not name is priced from the tables, and marked. A row is worth as many labelled rows as
    it teaches like: `tunecase pilot --source NAME --rows FILE` measures it, `tunecase label --trial 100` the minutes.
    """
    from tunecase import flow

    opened = open_project(project, seed, today)
    finish("sources", flow.sources(opened), json, case=opened)
