"""One table says what each operation asks of Kubernetes, and a role can be made from it."""

import pytest

from octokube.runtime.errors import UserError
from octokube_agent.operations.ceiling import ALL, ESCALATE, READ_ONLY
from octokube_agent.operations.executor import FAMILIES
from octokube_agent.operations.kubernetes_rights import METHODS, RIGHTS, rules_for


def allowed(rules: list[dict[str, list[str]]]) -> set[tuple[str, str, str]]:
    """(verb, resource, group) of each thing that the rules allow."""
    return {
        (verb, resource, group)
        for rule in rules
        for verb in rule["verbs"]
        for resource in rule["resources"]
        for group in rule["apiGroups"]
    }


def test_every_operation_stands_in_the_table_once() -> None:
    assert set(RIGHTS) == {*ALL, ESCALATE}
    assert rules_for([ESCALATE]) == []


@pytest.mark.parametrize("operation", ALL)
def test_each_subresource_that_a_target_may_name_is_in_the_operations_rights(operation: str) -> None:
    named = {right.subresource for right in RIGHTS[operation]}
    assert set(FAMILIES[operation].subresources) <= named


@pytest.mark.parametrize("operation", ALL)
def test_no_operation_asks_by_a_verb_that_the_agent_has_no_request_for(operation: str) -> None:
    for right in RIGHTS[operation]:
        assert set(right.verbs) <= set(METHODS)


@pytest.mark.parametrize("operation", sorted(READ_ONLY))
def test_reading_needs_no_verb_that_writes(operation: str) -> None:
    assert {verb for verb, _, _ in allowed(rules_for([operation], ["*"]))} <= {"get", "list"}


def test_a_shell_needs_both_verbs_by_which_servers_know_a_websocket() -> None:
    assert allowed(rules_for(["exec"])) == {("get", "pods", ""), ("get", "pods/exec", ""), ("create", "pods/exec", "")}


def test_types_of_a_group_and_all_types_become_wildcards() -> None:
    assert rules_for(["get"], ["*.apps"]) == [{"apiGroups": ["apps"], "resources": ["*"], "verbs": ["get"]}]
    assert rules_for(["get"], ["*"]) == [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]}]


def test_impersonation_is_a_right_of_its_own() -> None:
    assert ("impersonate", "groups", "") in allowed(rules_for([], is_impersonating=True))
    assert rules_for([]) == []


@pytest.mark.parametrize("type", ["pod*", "pods.*", "", "p?ds", "[a]"])
def test_a_pattern_that_kubernetes_has_no_word_for_is_refused(type: str) -> None:
    with pytest.raises(UserError, match="can't name"):
        rules_for(["get"], [type])


def test_an_unknown_operation_has_no_rules() -> None:
    with pytest.raises(UserError, match="unknown operation 'proxy'"):
        rules_for(["proxy"])
