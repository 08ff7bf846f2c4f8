"""The one metadata, its naming convention, and how closed vocabularies are written as CHECK."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from sqlalchemy import ARRAY, CheckConstraint, DateTime, MetaData, Text
from sqlalchemy.orm import DeclarativeBase

PARTITIONS = 16
"""Of every table that grows with licenses or verifications; hash of the key, so it can shard."""

PARTS = "parts"
"""The schema of the partitions: out of sight of queries, and of the comparison of migrations."""


class Base(DeclarativeBase):
    """Rows. They have columns and no behaviour, and no relationships that could load behind us."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text()),
    }


def one_of(column: str, words: Iterable[Enum]) -> CheckConstraint:
    """The column holds one of these values."""
    return CheckConstraint(f"{column} IN ({words_of(words)})", name=column)


def some_of(column: str, words: Iterable[Enum]) -> CheckConstraint:
    """The array holds at least one of these values, and no other."""
    sql = f"{column} <@ ARRAY[{words_of(words)}] AND cardinality({column}) > 0"
    return CheckConstraint(sql, name=column)


def in_order(first: str, last: str) -> CheckConstraint:
    """A window has an inside; an open end is NULL."""
    return CheckConstraint(f"{first} < {last}", name=f"{first}_{last}")


def words_of(words: Iterable[Enum]) -> str:
    """As SQL lists them."""
    return ", ".join(f"'{word.value}'" for word in words)
