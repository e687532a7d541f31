"""Finds the type that a person means by a word such as "po", "deploy", "Deployment" or "widgets.example.com"."""

from collections.abc import Iterable

from octokube.runtime.errors import UserError
from octokube.v1 import resource_pb2


def find_type(word: str, types: Iterable[resource_pb2.ResourceType]) -> resource_pb2.ResourceType:
    """The one type that ``word`` names, among those that the caller may see.

    Exact names win over plurals, plurals over singulars and kinds, those over short names; the core group wins within a
    rank, as in kubectl. Raises UserError when nothing fits, in the same words whether or not such a type exists.
    """
    wanted = word.lower()
    ranked: list[tuple[int, str, resource_pb2.ResourceType]] = []
    for candidate in types:
        plural = candidate.type.partition(".")[0]
        ranks = [
            candidate.type == wanted,
            plural == wanted,
            wanted in (candidate.singular, candidate.kind.lower()),
            wanted in candidate.short_names,
        ]
        if any(ranks):
            ranked.append((ranks.index(True), candidate.group, candidate))
    if not ranked:
        raise UserError(
            f"no type {word!r} is visible to you: either it does not exist or the policy shows you nothing of it; "
            "octokube get --types lists what you can see",
            exit_code=1,
        )
    return min(ranked, key=lambda item: item[:2])[2]
