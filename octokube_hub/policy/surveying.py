"""Lists who may do what at an instant."""

from dataclasses import dataclass
from datetime import datetime

from octokube_hub.policy.people import Person, Reach, list_people, rules_in_force
from octokube_hub.policy.places import Place, find_places, verbs_at
from octokube_hub.policy.policyset import PolicySet


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may do to one object."""

    who: Person
    place: Place
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """``is_complete`` false: something may be allowed on objects without an example."""

    access: tuple[Access, ...]
    is_complete: bool


def survey(policy: PolicySet, at: datetime, places: tuple[Place, ...] | None = None) -> Survey:
    """Everything that anybody may do, to these objects or to an example for each combination of rules."""
    people, (policy,) = list_people(policy)
    reach = Reach(policy)
    found: list[Access] = []
    is_complete = True
    for person in people:
        asked = places
        if asked is None:
            rules = rules_in_force(policy, reach, person.subject, at)
            allows = frozenset(rule for rule in rules if rule.effect == "allow")
            examples = find_places(sorted(rules, key=lambda rule: rule.digest), allows)
            asked, is_complete = tuple(sorted(examples.places)), is_complete and examples.is_complete
        scope = policy.scope(person.subject, at)
        found.extend(Access(person, place, allowed) for place in asked if (allowed := verbs_at(scope, place)))
    return Survey(tuple(found), is_complete)
