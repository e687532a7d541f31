"""Describes one type as the agent serves it."""

import enum
from dataclasses import dataclass


class ColumnKind(enum.Enum):
    """How a cell is read and drawn; the numbers are those of the contract's ColumnKind."""

    TEXT = 1
    NUMBER = 2
    TIME = 3
    STATUS = 4
    BOOLEAN = 5


class TypeCondition(enum.Enum):
    """How complete the agent's copy of a type is; the numbers are those of the contract's TypeCondition."""

    LOADING = 1
    SYNCED = 2
    FORBIDDEN = 3
    FAILING = 4


@dataclass(frozen=True, slots=True)
class Column:
    """One cell position of every row of a type."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    priority: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True)
class ServedType:
    """A type with its columns and its condition. ``reason`` is one sentence when the condition is not SYNCED."""

    name: str
    group: str
    version: str
    kind: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    singular: str = ""
    columns: tuple[Column, ...] = ()
    condition: TypeCondition = TypeCondition.LOADING
    reason: str = ""
