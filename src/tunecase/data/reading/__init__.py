"""Reads data files row by row, whatever their format and shape; a bad row never spoils its file."""

from tunecase.data.reading.blocks import block_lines, blocks, files_of, raw_records, read_block, read_rows
from tunecase.data.reading.detection import detect
from tunecase.data.reading.documents import document_files, read_passages
from tunecase.data.reading.holding import hold_out
from tunecase.data.reading.kinds import kind_of, looks_like_classes, repeat_like_classes
from tunecase.data.reading.load import load
from tunecase.data.reading.rows import Layout, Row, Table, prompt_of
from tunecase.data.reading.sources import (
    LEAST_BOMB_BYTES,
    MOST_RATIO,
    Source,
    Stream,
    encoding_of,
    open_stream,
    source_of,
)
from tunecase.data.reading.writing import Writer

__all__ = [
    "LEAST_BOMB_BYTES", "MOST_RATIO", "Layout", "Row", "Source", "Stream", "Table", "Writer", "block_lines", "blocks",
    "detect", "document_files", "encoding_of", "files_of", "hold_out", "kind_of", "load", "looks_like_classes",
    "open_stream", "prompt_of", "raw_records", "read_block", "read_passages", "read_rows", "repeat_like_classes",
    "source_of",
]  # fmt: skip
