"""Virtual RBAC: who may see and do what, decided from a directory of files."""

from octokube_hub.policy.ceiling import Ceiling
from octokube_hub.policy.engine import PolicyEngine
from octokube_hub.policy.loading import load_policy
from octokube_hub.policy.policyset import Decision, PolicySet
from octokube_hub.policy.problems import PolicyAlarm, PolicyError, Problem
from octokube_hub.policy.rows import Row
from octokube_hub.policy.scope import Scope
from octokube_hub.policy.selector import Selector
from octokube_hub.policy.subjects import AccessRequest, Subject

__all__ = [
    "AccessRequest",
    "Ceiling",
    "Decision",
    "PolicyAlarm",
    "PolicyEngine",
    "PolicyError",
    "PolicySet",
    "Problem",
    "Row",
    "Scope",
    "Selector",
    "Subject",
    "load_policy",
]
