"""Prints Kubernetes RBAC roles and bindings."""

from octokube_agent.projection.columns.reading import (
    AGE,
    Cell,
    Object,
    Printer,
    created,
    items,
    joined,
    number,
    part,
    text,
    word,
)


def _role(obj: Object) -> tuple[Cell, ...]:
    return len(items(obj, "rules")), created(obj)


def _binding(obj: Object) -> tuple[Cell, ...]:
    role = part(obj, "roleRef")
    subjects: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in items(obj, "subjects"):
        name = word(subject, "name")
        kind = word(subject, "kind")
        subjects.setdefault(kind, []).append(
            f"{word(subject, 'namespace')}/{name}" if kind == "ServiceAccount" else name
        )
    return (
        f"{word(role, 'kind')}/{word(role, 'name')}",
        created(obj),
        joined(subjects["User"], none=""),
        joined(subjects["Group"], none=""),
        joined(subjects["ServiceAccount"], none=""),
    )


_ROLE = Printer((number("Rules"), AGE), _role)
_BINDING = Printer(
    (text("Role"), AGE, text("Users", wide=True), text("Groups", wide=True), text("ServiceAccounts", wide=True)),
    _binding,
)

PRINTERS = {
    "roles.rbac.authorization.k8s.io": _ROLE,
    "clusterroles.rbac.authorization.k8s.io": _ROLE,
    "rolebindings.rbac.authorization.k8s.io": _BINDING,
    "clusterrolebindings.rbac.authorization.k8s.io": _BINDING,
}
