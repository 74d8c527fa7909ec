"""The terminal face: words to verbs, nothing else; records are printed by show/, or as JSON with --json."""

from tunecase.cli.entry import main
