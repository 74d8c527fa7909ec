"""Reads and writes files of the world: tables, YAML, whole files, and the stores of experiment trackers."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.io.chromium import PDF_MARK, find_chromium, pdf_of
    from tunecase.io.csv_tables import (
        EXAMPLE, MOST, as_it_was, no_formula, read_number, read_table, read_text, whole_number,
    )  # fmt: skip
    from tunecase.io.folders import digest, new_folder
    from tunecase.io.nested_values import plain_fields, yaml_text
    from tunecase.io.outputs import Output, check_outputs, write_outputs, write_whole
    from tunecase.io.parts import part_beside
    from tunecase.io.places import is_own_file, no_file
    from tunecase.io.row_numbers import read_row_numbers, row_numbers_digest, write_row_list, write_row_numbers
    from tunecase.io.yaml_lines import MOST_BYTES, Lines, put, read_value, read_yaml

loads_late(__name__)
