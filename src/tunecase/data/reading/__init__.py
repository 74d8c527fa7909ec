"""Reads data files row by row, whatever their format and shape; a bad row never spoils its file."""

from tunecase.data.reading.blocks import block_lines, blocks, files_of, raw_records, read_block, read_rows
from tunecase.data.reading.chat import simple_calls
from tunecase.data.reading.detection import detect
from tunecase.data.reading.documents import document_files, read_passages
from tunecase.data.reading.kinds import (
    MOST_READ,
    Task,
    kind_of,
    looks_like_classes,
    metric_for,
    repeat_like_classes,
    task_of,
)
from tunecase.data.reading.load import columns_to_name, detect_beside, load
from tunecase.data.reading.other_splits import link_beside, own_test, test_beside
from tunecase.data.reading.pieces import pieces, read_piece
from tunecase.data.reading.rows import Layout, Row, Table, prompt_of
from tunecase.data.reading.sources import Source, Stream, encoding_of, open_stream, source_of
from tunecase.data.reading.splitting import split_file
from tunecase.data.reading.vetting import batch_rows
from tunecase.data.reading.writing import Writer
