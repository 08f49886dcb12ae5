"""Rows on disk as Parquet: what ``datasets.load_dataset("parquet", ...)`` opens and TRL takes.

``messages`` and ``tools`` are lists of JSON values (``datasets.Json()``): inferred structs would merge keys across
tools, turn int into float and lose null against missing. The other columns of a row are JSON values too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from genesis.errors import RecordError

LISTS = ("messages", "tools")
ROWS_PER_GROUP = 10_000


def write_parquet(rows: Iterable[dict[str, Any]], path: str | Path, columns: Sequence[str]) -> int:
    """Write rows, whole or not at all, and return how many; the same rows give the same bytes.

    ``columns`` names ``id``, ``messages``, ``tools`` and others; a row may lack the others (null).
    Raises RecordError where the disk refuses.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = Path(path)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    schema = pa.schema([(name, _arrow_type(name)) for name in columns], metadata=_metadata(columns))
    count = 0
    try:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for chunk in _chunks(rows):
                writer.write_table(pa.table([_column(name, chunk) for name in columns], schema=schema))
                count += len(chunk)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RecordError(f"{file}: cannot be written: {error.strerror}") from error
    return count


def read_parquet(path: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file that :func:`write_parquet` wrote, JSON decoded. Raises RecordError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(path)
        for batch in source.iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                yield {name: _decoded(name, value) for name, value in row.items()}
    except (OSError, pa.ArrowException, msgspec.DecodeError) as error:
        raise RecordError(f"{path}: not a data set of this workbench: {error}") from error


def _arrow_type(name: str) -> Any:
    import pyarrow as pa

    if name == "id":
        return pa.string()
    return pa.list_(pa.json_()) if name in LISTS else pa.json_()


def _metadata(columns: Sequence[str]) -> dict[bytes, bytes]:
    """Return the schema metadata in which ``datasets`` finds its features."""
    json_value = {"_type": "Json"}
    features: dict[str, Any] = {}
    for name in columns:
        if name == "id":
            features[name] = {"dtype": "string", "_type": "Value"}
        else:
            features[name] = {"feature": json_value, "_type": "List"} if name in LISTS else json_value
    return {b"huggingface": msgspec.json.encode({"info": {"features": features}})}


def _column(name: str, rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    if name == "id":
        return pa.array([row["id"] for row in rows], pa.string())
    if name in LISTS:
        texts = pa.array([[_encoded(item) for item in row.get(name) or ()] for row in rows], pa.list_(pa.string()))
        return texts.cast(pa.list_(pa.json_()))
    return pa.array([_encoded(row[name]) if row.get(name) is not None else None for row in rows], pa.string()).cast(
        pa.json_()
    )


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _decoded(name: str, value: Any) -> Any:
    if name == "id" or value is None:
        return value
    if name in LISTS:
        return [msgspec.json.decode(item) for item in value]
    return msgspec.json.decode(value)


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == ROWS_PER_GROUP:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
