"""An entity's table in an engine and in Parquet has the dictionary's columns and types."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xianjie.dictionary import dictionary
from xianjie.dictionary.schemas import arrow_schema, create_table_sql, empty_relation_sql
from xianjie.engines import open_engine

ENTITIES = list(dictionary().entities.values())


def test_a_created_table_has_the_columns_and_types_of_the_dictionary() -> None:
    with open_engine() as engine:
        for entity in ENTITIES:
            engine.run(create_table_sql(entity))
            assert engine.columns(entity.table) == dictionary().columns(entity.entity)


def test_an_empty_relation_has_the_same_columns_and_no_row(tmp_path: Path) -> None:
    with open_engine() as engine:
        for entity in ENTITIES:
            engine.run(f'CREATE VIEW "{entity.table}" AS {empty_relation_sql(entity)}')
            assert engine.columns(entity.table) == dictionary().columns(entity.entity)
            assert engine.value(f'SELECT count(*) FROM "{entity.table}"') == 0
            path = tmp_path / f"{entity.table}.parquet"
            assert engine.write_parquet(f'SELECT * FROM "{entity.table}"', path) == 0
            assert pq.read_schema(path).equals(arrow_schema(entity))


@pytest.mark.parametrize(
    ("entity", "field", "kind"),
    [
        ("income", "amount", pa.int64()),
        ("person", "birth_date", pa.date32()),
        ("person", "id_no", pa.string()),
        ("household", "region_code", pa.string()),
        ("monitoring", "removed", pa.bool_()),
        ("house", "area_m2", pa.float64()),
    ],
)
def test_money_is_whole_fen_dates_are_dates_numbers_of_papers_are_text(entity: str, field: str, kind: Any) -> None:
    assert arrow_schema(dictionary().entities[entity]).field(field).type == kind


def test_a_parquet_file_says_what_its_columns_mean(tmp_path: Path) -> None:
    schema = arrow_schema(dictionary().entities["employment"])
    pq.write_table(schema.empty_table(), tmp_path / "employments.parquet")
    pay = pq.read_schema(tmp_path / "employments.parquet").field("monthly_pay")
    assert pay.metadata[b"zh"].decode() == "月工资"
    assert pay.metadata[b"unit"] == b"fen/month"
    assert pay.metadata[b"sensitivity"] == b"personal"


def test_spark_gets_its_own_type_names() -> None:
    entity = dictionary().entities["income"]
    assert "VARCHAR" not in create_table_sql(entity, dialect="spark")
    assert "CAST(NULL AS STRING) AS `income_id`" in empty_relation_sql(entity, dialect="spark")
