"""Issues tokens and agent credentials."""

import datetime
import re

from octokube.runtime.errors import UserError
from octokube_hub.identity.secret import AGENT_PREFIX, TOKEN_PREFIX, draw_id, draw_secret, hash_secret
from octokube_hub.policy import Ceiling, Subject
from octokube_hub.store import AgentCredentials, Token, Tokens

DEFAULT_TOKEN_LIFE = datetime.timedelta(days=90)
MAX_DESCRIPTION = 200
_CLUSTER = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


async def issue_token(
    tokens: Tokens,
    subject: str,
    *,
    now: datetime.datetime,
    description: str = "",
    expires_at: datetime.datetime | None = None,
    ceiling: Ceiling | None = None,
) -> tuple[Token, str]:
    """Makes a token and returns it with its secret, which is not kept. Raises UserError for bad input."""
    try:
        Subject(subject)
    except ValueError as error:
        raise UserError(f"{subject!r} can't have a token; write user:NAME or service:NAME") from error
    if len(description) > MAX_DESCRIPTION:
        raise UserError(f"the description has {len(description)} characters; use at most {MAX_DESCRIPTION}")
    expires_at = expires_at or now + DEFAULT_TOKEN_LIFE
    if expires_at <= now:
        raise UserError("the token would have expired already; give an instant in the future")
    ceiling = ceiling or Ceiling()
    for cluster in sorted(ceiling.clusters):
        if not _CLUSTER.fullmatch(cluster):
            raise UserError(f"{cluster!r} is no name of a cluster; a token is for clusters by name, not by pattern")
    secret = draw_secret(TOKEN_PREFIX)
    clusters = tuple(sorted(ceiling.clusters))
    token = Token(draw_id(), subject, description, now, expires_at, None, ceiling.is_read_only, clusters)
    await tokens.add(token, hash_secret(secret))
    return token, secret


async def issue_agent_credential(
    credentials: AgentCredentials, cluster: str, *, now: datetime.datetime
) -> tuple[str, str]:
    """Makes a credential for one cluster's agent; its id and its secret, which is not kept. Raises UserError."""
    if not _CLUSTER.fullmatch(cluster):
        raise UserError(
            f"{cluster!r} is no name for a cluster; use lower-case letters, digits and hyphens, at most 63, "
            "such as prod-eu"
        )
    id, secret = draw_id(), draw_secret(AGENT_PREFIX)
    await credentials.add(id, cluster, hash_secret(secret), now)
    return id, secret
