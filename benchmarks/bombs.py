"""What a small file that unpacks to gigabytes, or nests without end, costs an audit: memory, seconds, what is said.

    python benchmarks/bombs.py [--only WORD] [--limit-s 60] [--source FOLDER]

Every file is made here, at most 1 MB large but for two, and audited by `tunecase audit FILE` in a process of its own;
a bill is read by `tunecase spend import focus FILE --dry-run`.
Memory is what all its processes hold together (shared pages counted in parts), sampled 50 times a second, or the most
that one of them held, if that is more. An audit passes with at most 500 MB, an exit code of 0, 1 or 2, and no
traceback. The last line is one JSON object.

What flatters: the machine's address space is bounded to 6 GB a process, so that a bomb that goes off does no harm.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
MOST_MB, MOST_BYTES, MOST_ADDRESS_BYTES = 500, 1_000_000, 6_000_000_000
SAMPLED_S = 0.02
Maker = Callable[[Path], None]


def _parquet(
    path: Path, columns: dict, rows_a_group: int = 1 << 20, groups: int = 1, metadata: dict | None = None
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(columns).replace_schema_metadata(metadata)
    with pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=9) as writer:
        for _ in range(groups):
            writer.write_table(table, row_group_size=rows_a_group)


def _arrow(path: Path, arrays: list, batches: int = 1, names: str = "ab", packed: bool = True) -> None:
    import pyarrow as pa

    batch = pa.RecordBatch.from_arrays(arrays, names=list(names[: len(arrays)]))
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 9) if packed else None)
    with pa.ipc.new_stream(path, batch.schema, options=options) as writer:
        for _ in range(batches):
            writer.write_batch(batch)


def _words(rows: int) -> list[str]:
    return [f"question {at % 10}" for at in range(rows)]


def parquet_one_value(path: Path) -> None:
    """One text of 10,000 characters, a million times."""
    import pyarrow as pa

    same = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), ["x" * 10_000])
    _parquet(path, {"input": same, "output": same})


def parquet_long_cell(path: Path) -> None:
    """One cell of 200 MB."""
    import pyarrow as pa

    _parquet(path, {"input": pa.array(["x" * 200_000_000]), "output": ["y"]})


def parquet_long_list(path: Path) -> None:
    """One row with a list of 25 million zeros of eight bytes."""
    import numpy as np
    import pyarrow as pa

    many = pa.ListArray.from_arrays(pa.array([0, 25_000_000], pa.int32()), pa.array(np.zeros(25_000_000, np.int64)))
    _parquet(path, {"input": many, "output": ["y"]})


def parquet_nulls(path: Path) -> None:
    """A billion rows of nothing."""
    import pyarrow as pa

    _parquet(path, {"input": pa.nulls(50_000_000)}, 50_000_000, 20)


def parquet_number_of_rows(path: Path) -> None:
    """A footer that says 2^62 rows."""
    _parquet(path, {"input": _words(54_321), "output": _words(54_321)})
    data = path.read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - size], data[-8 - size : -8]
    footer = footer.replace(b"\x16" + _varint(2 * 54_321), b"\x16" + _varint(2 << 62), 1)
    path.write_bytes(body + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


BILLED = {
    "BilledCost": "1.5", "EffectiveCost": "1.5", "ListCost": "1.5", "ContractedCost": "1.5", "BillingCurrency": "USD",
    "BillingAccountId": "1", "ChargeCategory": "Usage", "ChargeDescription": "an hour", "ProviderName": "AWS",
    "ChargePeriodStart": "2026-11-02 08:00:00", "ChargePeriodEnd": "2026-11-02 09:00:00",
    "ConsumedQuantity": "1.0", "ConsumedUnit": "Hours", "ServiceCategory": "Compute", "ServiceName": "Compute",
    "ResourceId": "i-1", "ResourceType": "instance", "RegionId": "us-east-1", "SkuId": "S1",
}  # fmt: skip


def bill_footer(path: Path) -> None:
    """A bill with 1 GB of bytes in a column, of which its footer tells only a few."""
    import pyarrow.parquet as pq

    _parquet(path, {**{name: [text] * 1_000 for name, text in BILLED.items()}, "x_Note": [b"x" * 1_000_000] * 1_000})
    told = pq.ParquetFile(path).metadata.row_group(0).total_byte_size
    data, true = path.read_bytes(), _varint(2 * told)
    size = int.from_bytes(data[-8:-4], "little")
    small = bytes([0x80 | 100] + [0x80] * (len(true) - 2) + [0])
    path.write_bytes(data[: -8 - size] + data[-8 - size :].replace(true, small))


def parquet_columns(path: Path) -> None:
    """As many columns as 1 MB holds."""
    _parquet(path, {f"c{at}": [1] for at in range(2_500)})


def parquet_metadata(path: Path) -> None:
    """Metadata of 900 KB, nested 400,000 deep."""
    _parquet(path, {"input": _words(9), "output": _words(9)}, metadata={"huggingface": "[" * 200_000 + "]" * 200_000})


def parquet_deep(path: Path) -> None:
    """Lists in lists, 1,000 deep."""
    import pyarrow as pa

    kind = pa.int8()
    for _ in range(1_000):
        kind = pa.list_(kind)
    _parquet(path, {"input": pa.array([None], kind), "output": ["y"]})


def parquet_nested(path: Path) -> None:
    """Maps and structs of one text of 100,000 characters, 100,000 times."""
    import pyarrow as pa

    same = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 100_000])
    inner = pa.StructArray.from_arrays([same, same], ["a", "b"])
    lists = pa.ListArray.from_arrays(pa.array(range(100_001), pa.int32()), inner)
    _parquet(path, {"input": lists, "output": ["y"] * 100_000})


def parquet_wide(path: Path) -> None:
    """Numbers of a million bytes, each zero, in 1,000 rows."""
    import pyarrow as pa

    wide = pa.array([b"\0" * 1_000_000] * 1_000, pa.binary(1_000_000))
    _parquet(path, {"input": wide, "output": ["y"] * 1_000})


def arrow_zeros(path: Path) -> None:
    """A batch of 1.5 GB of zeros, packed."""
    import numpy as np
    import pyarrow as pa

    _arrow(path, [pa.array(np.zeros(150_000_000, np.int64)), pa.array(np.zeros(150_000_000, np.int8))])


def arrow_dictionary(path: Path) -> None:
    """One text of a million characters, in a dictionary, in 1,000,000 rows."""
    import pyarrow as pa

    same = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), ["x" * 1_000_000])
    _arrow(path, [same, same])


def arrow_views(path: Path) -> None:
    """A million views of one text of 100,000 characters."""
    import pyarrow as pa

    view = (100_000).to_bytes(4, "little") + b"x" * 4 + bytes(8)
    buffers = [None, pa.py_buffer(view * 1_000_000), pa.py_buffer(b"x" * 100_000)]
    many = pa.Array.from_buffers(pa.string_view(), 1_000_000, buffers)
    _arrow(path, [many, many])


def arrow_list_views(path: Path) -> None:
    """100,000 views of one list of 100,000 numbers."""
    import pyarrow as pa

    values, rows = pa.array([0] * 100_000, pa.int8()), 100_000
    offsets, sizes = pa.array([0] * rows, pa.int32()), pa.array([100_000] * rows, pa.int32())
    _arrow(path, [pa.ListViewArray.from_arrays(offsets, sizes, values), pa.array(["y"] * rows)])


def arrow_runs(path: Path) -> None:
    """One run of two billion equal texts."""
    import pyarrow as pa

    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2_000_000_000], pa.int32()), ["x" * 1_000])
    _arrow(path, [runs, runs])


def arrow_nulls(path: Path) -> None:
    """2^41 rows of nothing."""
    import pyarrow as pa

    nothing = pa.Array.from_buffers(pa.null(), (1 << 31) - 1, [None])
    _arrow(path, [nothing, nothing], batches=1_000, packed=False)


def arrow_empty_lists(path: Path) -> None:
    """A billion lists of no element."""
    import pyarrow as pa

    kind, nothing = pa.list_(pa.int8(), 0), pa.array([], pa.int8())
    empty = pa.FixedSizeListArray.from_buffers(kind, 1 << 30, [None], children=[nothing])
    _arrow(path, [empty, pa.Array.from_buffers(pa.null(), 1 << 30, [None])], packed=False)


def arrow_extension(path: Path) -> None:
    """A registered extension type around 100 million numbers."""
    import numpy as np
    import pyarrow as pa

    kind = pa.bool8()
    many = pa.ExtensionArray.from_storage(kind, pa.array(np.zeros(300_000_000, np.int8)))
    _arrow(path, [many, many])


def arrow_batches(path: Path) -> None:
    """60 batches of 16 MB each."""
    import numpy as np
    import pyarrow as pa

    _arrow(path, [pa.array(np.zeros(1_000_000, np.int64))] * 2, batches=60)


def _zipped(path: Path, line: bytes, times: int, last: bytes = b"") -> None:
    piece = line * max(1, (1 << 20) // len(line))
    with gzip.open(path, "wb", 9) as file:
        for _ in range(times * len(line) // len(piece)):
            file.write(piece)
        file.write(last)


def gz_rows(path: Path) -> None:
    """900 MB of equal rows."""
    _zipped(path, json.dumps({"input": "x" * 900, "output": "y"}).encode() + b"\n", 960_000)


def gz_small_rows(path: Path) -> None:
    """9 million equal rows of 27 bytes."""
    _zipped(path, b'{"input":"q","output":"a"}\n', 9_000_000)


def gz_csv_rows(path: Path) -> None:
    """40 million equal rows of four bytes."""
    with gzip.open(path, "wb", 9) as file:
        file.write(b"input,output\n")
        for _ in range(160):
            file.write(b"q,a\n" * 250_000)


def gz_line(path: Path) -> None:
    """256 MB on one line."""
    _zipped(path, b"x", 256_000_000)


def gz_blanks(path: Path) -> None:
    """900 MB of line ends."""
    _zipped(path, b"\n", 900_000_000)


def gz_csv(path: Path) -> None:
    """A quoted field of 256 MB."""
    with gzip.open(path, "wb", 9) as file:
        file.write(b'a,b\n"')
        for _ in range(256):
            file.write(b"x" * 1_000_000)


def gz_in_gz(path: Path) -> None:
    """10 GB packed twice."""
    inner = gzip.compress(b"\0" * (1 << 28), 9)
    path.write_bytes(gzip.compress(inner * 40, 9))


def zst_window(path: Path) -> None:
    """2.7 GB with a window of 2 GB."""
    _zstandard(path, 2_700, {"window_log": 31, "enable_long_distance_matching": 1})


def zst_rows(path: Path) -> None:
    """2.7 GB of equal rows."""
    _zstandard(path, 2_700, {})


def _zstandard(path: Path, megabytes: int, options: dict) -> None:
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd

    line = json.dumps({"input": "x" * 900, "output": "y"}).encode() + b"\n"
    piece = line * (1_000_000 // len(line))
    given = {getattr(zstd.CompressionParameter, name): value for name, value in options.items()}
    packer = zstd.ZstdCompressor(options=given or None)
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(packer.compress(piece))
        file.write(packer.flush())


def json_brackets(path: Path) -> None:
    """A million brackets."""
    path.write_bytes(b"[" * 500_000 + b"]" * 500_000)


def json_objects(path: Path) -> None:
    """Objects in objects, 150,000 deep."""
    path.write_bytes(b'{"a":' * 150_000 + b"1" + b"}" * 150_000)


def jsonl_brackets(path: Path) -> None:
    """A good row, and one with a million brackets."""
    path.write_bytes(b'{"input":"a","output":"b"}\n{"input":' + b"[" * 490_000 + b"]" * 490_000 + b"}\n")


def jsonl_keys(path: Path) -> None:
    """A row of 80,000 keys."""
    path.write_bytes(json.dumps({f"k{at}": at for at in range(60_000)}).encode() + b"\n")


def csv_columns(path: Path) -> None:
    """Half a million columns without a name."""
    path.write_bytes(b"a,b" + b"," * 499_000 + b"\n" + b"," * 499_000 + b"\n")


def csv_quoted(path: Path) -> None:
    """One quoted field of 1 MB."""
    path.write_bytes(b'a,b\n"' + b"x\n" * 490_000)


def csv_quotes(path: Path) -> None:
    """A million quotes."""
    path.write_bytes(b"a,b\n" + b'"' * 990_000)


def txt_lines(path: Path) -> None:
    """Tokens and tags without a blank line."""
    path.write_bytes(b"a O\n" * 249_000)


BOMBS: tuple[tuple[Maker, str], ...] = (
    *((make, ".parquet") for make in (
        parquet_one_value, parquet_long_cell, parquet_long_list, parquet_nulls, parquet_number_of_rows,
        parquet_columns, parquet_metadata, parquet_deep, parquet_nested, parquet_wide, bill_footer)),
    *((make, ".arrow") for make in (
        arrow_zeros, arrow_dictionary, arrow_views, arrow_list_views, arrow_runs, arrow_nulls, arrow_empty_lists,
        arrow_extension, arrow_batches)),
    *((make, ".jsonl.gz") for make in (gz_rows, gz_small_rows, gz_line, gz_blanks, gz_in_gz)),
    (gz_csv, ".csv.gz"), (gz_csv_rows, ".csv.gz"), (zst_window, ".jsonl.zst"), (zst_rows, ".jsonl.zst"),
    (json_brackets, ".json"), (json_objects, ".json"), (jsonl_brackets, ".jsonl"), (jsonl_keys, ".jsonl"),
    (csv_columns, ".csv"), (csv_quoted, ".csv"), (csv_quotes, ".csv"), (txt_lines, ".txt"),
)  # fmt: skip


def made(make: Maker, ending: str, folder: Path) -> Path:
    """The file of a bomb; it is made in a process of its own, which gives its memory back."""
    path = folder / f"{make.__name__}{ending}"
    code = f"import bombs, pathlib; bombs.{make.__name__}(pathlib.Path({str(path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=True, preexec_fn=_bounded)
    return path


def audited(path: Path, limit_s: float, source: Path = SOURCE) -> dict:
    """One audit of a file: its bytes, peak memory [MB], seconds, exit code (None: out of time), and what it said."""
    words = ["audit", str(path)]
    if path.name.startswith("bill"):
        (path.parent / "train.jsonl").write_text('{"input":"a","output":"b"}\n')
        (path.parent / "tunecase.yaml").write_text("name: bill\ndata: {train: train.jsonl}\n")
        words = ["spend", "import", "focus", str(path), "--dry-run"]
    command = [sys.executable, "-m", "tunecase", *words]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=path.parent, stdout=said, stderr=said, stdin=subprocess.DEVNULL, env=environment,
            start_new_session=True,
            preexec_fn=_bounded,
        )  # fmt: skip
        peak_kb, code = 0, None
        while (seconds := time.perf_counter() - start) < limit_s:
            peak_kb = max(peak_kb, _held_kb(process.pid))
            if (code := process.poll()) is not None:
                break
            time.sleep(SAMPLED_S)
        if code is None:
            os.killpg(process.pid, 9)
            process.wait()
        said.seek(0)
        told = " ".join(said.read().split())
    passed = code in (0, 1, 2) and peak_kb / 1e3 <= MOST_MB and "Traceback" not in told
    return {
        "name": path.name, "bytes": path.stat().st_size, "peak_mb": round(peak_kb / 1e3), "seconds": round(seconds, 1),
        "exit_code": code, "passed": passed, "said": told[:300],
    }  # fmt: skip


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESS_BYTES, MOST_ADDRESS_BYTES))


def _held_kb(root: int) -> int:
    """What the processes of a session hold together, or the most that one of them ever held, if that is more [kB]."""
    together, alone = 0, 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int((place / "stat").read_text().rpartition(")")[2].split()[3]) != root:
                continue
            together += _field(place / "smaps_rollup", "Pss:")
            alone = max(alone, _field(place / "status", "VmHWM:"))
        except (OSError, IndexError, ValueError):
            continue
    return max(together, alone)


def _field(path: Path, name: str) -> int:
    return next((int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith(name)), 0)


def main() -> None:
    """Makes each bomb, audits it, and prints a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="bombs whose name holds this word")
    parser.add_argument("--limit-s", type=float, default=60)
    parser.add_argument("--source", type=Path, default=SOURCE, help="the folder with the package")
    asked = parser.parse_args()
    rows = []
    print(f"{'file':32} {'bytes':>9} {'peak MB':>8} {'s':>6} {'exit':>5}  said")
    with tempfile.TemporaryDirectory(prefix="bombs-") as folder:
        for make, ending in BOMBS:
            if asked.only not in make.__name__:
                continue
            path = made(make, ending, Path(folder))
            row = audited(path, asked.limit_s, asked.source)
            path.unlink()
            rows.append(row)
            told = row["said"].replace(str(path.parent), "")[:90]
            held = f"{row['bytes']:9,} {row['peak_mb']:8,} {row['seconds']:6} {row['exit_code']!s:>5}"
            print(f"{row['name']:32} {held}  {told}", flush=True)
    worst = max(rows, key=lambda row: row["peak_mb"], default={})
    print(json.dumps({
        "bombs": len(rows), "passed": sum(row["passed"] for row in rows), "worst_mb": worst.get("peak_mb"),
        "failed": [row["name"] for row in rows if not row["passed"]],
        "too_large": [row["name"] for row in rows if row["bytes"] > MOST_BYTES],
        "longest_s": max((row["seconds"] for row in rows), default=None),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
