"""Makes flags and environment variables of a dataclass of limits, so that each has one name everywhere."""

from collections.abc import Callable, Iterator
from dataclasses import Field, field, fields
from typing import Any, TypeVar

import click

from octokube.runtime.errors import UserError

T = TypeVar("T")


def limit(default: Any, help: str) -> Any:
    """A field of such a dataclass: what applies unless it is set, and a sentence about it."""
    return field(default=default, metadata={"help": help})


def limit_options(kind: type[Any], *, prefix: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds ``--stream-limit`` and ``{prefix}STREAM_LIMIT`` to a command for the field ``stream_limit``, and so on."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for each in reversed(list(_fields(kind))):
            option = click.option(
                _flag(each),
                envvar=f"{prefix}{each.name.upper()}",
                type=type(each.default),
                default=each.default,
                show_default=True,
                help=each.metadata["help"],
            )
            command = option(command)
        return command

    return add


def read_limits(kind: type[T], options: dict[str, Any]) -> T:
    """Takes the limits out of what was given to a command."""
    return kind(**{each.name: options.pop(each.name) for each in _fields(kind)})


def check_limits(limits: Any) -> None:
    """Raises UserError, one sentence, for the first that lets nothing through."""
    for each in _fields(type(limits)):
        if getattr(limits, each.name) <= 0:
            raise UserError(f"{_flag(each)} has to be above 0; leave it out for the default")


def _fields(kind: type[Any]) -> Iterator[Field[Any]]:
    yield from fields(kind)


def _flag(each: Field[Any]) -> str:
    return f"--{each.name.replace('_', '-')}"
