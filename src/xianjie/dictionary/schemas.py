"""Tables and Parquet files of an entity: their columns and types, from the dictionary."""

from __future__ import annotations

import pyarrow as pa
import sqlglot

from xianjie.dictionary.model import Entity

ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "BOOLEAN": pa.bool_(),
}


def create_table_sql(entity: Entity, table: str = "", dialect: str = "duckdb") -> str:
    """`CREATE TABLE` for the rows of an entity, under its table's name or `table`.

    Without constraints: a missing or doubtful value is told by checks, not refused by the table.
    """
    columns = ", ".join(f'"{name}" {field.storage}' for name, field in entity.fields.items())
    return _in_dialect(f'CREATE TABLE "{table or entity.table}" ({columns})', dialect)


def empty_relation_sql(entity: Entity, dialect: str = "duckdb") -> str:
    """A query with the entity's columns and types and no row, for data that hold no such table."""
    columns = ", ".join(f'CAST(NULL AS {field.storage}) AS "{name}"' for name, field in entity.fields.items())
    return _in_dialect(f"SELECT {columns} WHERE false", dialect)


def arrow_schema(entity: Entity) -> pa.Schema:
    """The Parquet schema of an entity; each column carries label, unit, code list and sensitivity as metadata."""
    return pa.schema(
        [
            pa.field(
                name,
                ARROW[field.storage],
                metadata={
                    key: value
                    for key, value in {
                        "zh": field.zh,
                        "unit": field.unit,
                        "codes": field.codes,
                        "sensitivity": field.sensitivity,
                    }.items()
                    if value
                },
            )
            for name, field in entity.fields.items()
        ],
        metadata={"entity": entity.entity, "zh": entity.zh},
    )


def _in_dialect(sql: str, dialect: str) -> str:
    return sql if dialect == "duckdb" else sqlglot.transpile(sql, read="duckdb", write=dialect)[0]
