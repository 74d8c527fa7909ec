"""The command `books`: plan against actual."""

from tunecase.terminal import HERE, AsJson, ProjectFile, Seed, Today, finish, open_project


def books(project: ProjectFile = HERE, seed: Seed = 0, json: AsJson = False, today: Today = None) -> None:
    """Plan against actual, line by line."""
    from tunecase import flow

    finish("books", flow.books(open_project(project, seed, today)), json)
