"""Reads and writes files of the world: tables, YAML, whole files, and the stores of experiment trackers."""

from tunecase.io.csv_tables import EXAMPLE, MOST, read_number, read_table, read_text, whole_number
from tunecase.io.whole_files import digest, new_folder, write_whole
from tunecase.io.yaml_lines import MOST_BYTES, Lines, put, read_value, read_yaml

__all__ = [
    "EXAMPLE", "MOST", "MOST_BYTES", "Lines", "digest", "new_folder", "put", "read_number", "read_table", "read_text",
    "read_value", "read_yaml", "whole_number", "write_whole",
]  # fmt: skip
