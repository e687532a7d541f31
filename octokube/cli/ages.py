"""Says how old something is the way kubectl does."""

# (limit in seconds, unit, seconds per unit, sub-unit, seconds per sub-unit): below the limit, whole units and the
# remainder in sub-units. Source: k8s.io/apimachinery/pkg/util/duration HumanDuration.
_STEPS = (
    (120, "s", 1, "", 0),
    (600, "m", 60, "s", 1),
    (3 * 3600, "m", 60, "", 0),
    (8 * 3600, "h", 3600, "m", 60),
    (48 * 3600, "h", 3600, "", 0),
    (8 * 86400, "d", 86400, "h", 3600),
    (2 * 365 * 86400, "d", 86400, "", 0),
    (8 * 365 * 86400, "y", 365 * 86400, "d", 86400),
)


def human_age(seconds: float) -> str:
    """``5s``, ``3m20s``, ``2d4h`` … for an age in seconds; ``0s`` for what a clock skew puts in the future."""
    whole = max(0, int(seconds))
    for limit, unit, size, sub_unit, sub_size in _STEPS:
        if whole < limit:
            units, rest = divmod(whole, size)
            sub_units = rest // sub_size if sub_size else 0
            return f"{units}{unit}" + (f"{sub_units}{sub_unit}" if sub_units else "")
    return f"{whole // (365 * 86400)}y"
