"""Names the marker that stands in place of every secret."""

REDACTED = "(redacted)"
"""Always the same, so that it tells neither length nor whether two secrets are equal."""
