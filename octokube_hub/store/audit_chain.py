"""Chains audit records by hashes, so that a changed or missing one shows."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

START = ""
"""What comes before the first record."""
_FIELDS = ("id", "at", "subject", "action", "target", "outcome", "rule", "policy_revision", "window", "message")


@dataclass(frozen=True, slots=True)
class Finding:
    """``fault`` says where the chain breaks; empty: it holds. ``head`` is the newest hash: note it elsewhere."""

    records: int
    head: str
    fault: str = ""


def hash_of(row: Mapping[str, Any], former: str) -> str:
    """SHA-256 over a record and the hash before it. Records from before there were questions have none in it."""
    question = [row["question"]] if row["question"] else []
    content = json.dumps(
        [former, *(row[name] for name in _FIELDS), *question], ensure_ascii=True, separators=(",", ":")
    )
    return hashlib.sha256(content.encode()).hexdigest()


def follow(rows: Iterable[Mapping[str, Any]], anchor: tuple[int, str], head: str = "") -> Finding:
    """Checks records in order of id, from behind the newest pruned one.

    Guarantee: an edited record, and one missing between two others or at the beginning, is found; with ``head``, a hash
    noted earlier, also that the log has lost its end or was written anew since then. Not guaranteed: anything about who
    can write the file and compute every later hash again; that is what noting heads elsewhere is for.
    """
    id, former = anchor
    count = 0
    is_head_seen = head in ("", former)
    for row in rows:
        if row["id"] != id + 1:
            return Finding(count, former, f"records {id + 1} to {row['id'] - 1} are missing")
        id = row["id"]
        expected = hash_of(row, former)
        if row["hash"] != expected:
            return Finding(count, former, f"record {id} is not what was recorded")
        former = expected
        is_head_seen = is_head_seen or former == head
        count += 1
    if not is_head_seen:
        return Finding(count, former, f"the head {head} is not in the log: its end is missing, or it was written anew")
    return Finding(count, former)
