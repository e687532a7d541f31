"""Prints services, endpoints, ingresses and network policies."""

from octokube_agent.projection.columns.reading import (
    AGE,
    Cell,
    Object,
    Printer,
    count,
    created,
    items,
    joined,
    labels,
    number,
    part,
    text,
    word,
)


def _service(obj: Object) -> tuple[Cell, ...]:
    spec = part(obj, "spec")
    ports = [_service_port(port) for port in items(spec, "ports")]
    return (
        word(spec, "type") or "ClusterIP",
        word(spec, "clusterIP") or "<none>",
        _external_address(obj),
        joined(ports),
        created(obj),
        labels(part(spec, "selector")),
    )


def _service_port(port: Object) -> str:
    node_port = count(port, "nodePort")
    shown = f"{count(port, 'port')}:{node_port}" if node_port else str(count(port, "port"))
    return f"{shown}/{word(port, 'protocol') or 'TCP'}"


def _external_address(obj: Object) -> str:
    spec = part(obj, "spec")
    type = word(spec, "type")
    if type == "ExternalName":
        return word(spec, "externalName")
    addresses = [str(address) for address in items(spec, "externalIPs")]
    if type == "LoadBalancer":
        balanced = _balancers(obj)
        return joined([*balanced, *addresses], none="<pending>")
    return joined(addresses)


def _balancers(obj: Object) -> list[str]:
    return [word(item, "ip") or word(item, "hostname") for item in items(obj, "status", "loadBalancer", "ingress")]


def _endpoints(obj: Object) -> tuple[Cell, ...]:
    pairs = []
    for subset in items(obj, "subsets"):
        addresses = [word(address, "ip") for address in items(subset, "addresses")]
        ports = [count(port, "port") for port in items(subset, "ports")]
        pairs += [f"{address}:{port}" for port in ports for address in addresses] if ports else addresses
    return joined(pairs, limit=3), created(obj)


def _endpoint_slice(obj: Object) -> tuple[Cell, ...]:
    addresses = [address for endpoint in items(obj, "endpoints") for address in items(endpoint, "addresses")]
    return (
        word(obj, "addressType"),
        joined((word(port, "port") for port in items(obj, "ports")), limit=3, none="<unset>"),
        joined(addresses, limit=3, none="<unset>"),
        created(obj),
    )


def _ingress(obj: Object) -> tuple[Cell, ...]:
    annotations = part(obj, "metadata", "annotations")
    has_tls = bool(items(obj, "spec", "tls"))
    return (
        word(obj, "spec", "ingressClassName") or str(annotations.get("kubernetes.io/ingress.class", "<none>")),
        joined((word(rule, "host") for rule in items(obj, "spec", "rules")), limit=3, none="*"),
        joined(_balancers(obj), none=""),
        "80, 443" if has_tls else "80",
        created(obj),
    )


def _ingress_class(obj: Object) -> tuple[Cell, ...]:
    parameters = part(obj, "spec", "parameters")
    named = ".".join(filter(None, (word(parameters, "kind"), word(parameters, "apiGroup"))))
    return (
        word(obj, "spec", "controller"),
        f"{named}/{word(parameters, 'name')}" if parameters else "<none>",
        created(obj),
    )


PRINTERS = {
    "services": Printer(
        (
            text("Type"),
            text("Cluster-IP"),
            text("External-IP"),
            text("Port(s)"),
            AGE,
            text("Selector", wide=True),
        ),
        _service,
    ),
    "endpoints": Printer((text("Endpoints"), AGE), _endpoints),
    "endpointslices.discovery.k8s.io": Printer(
        (text("AddressType"), text("Ports"), text("Endpoints"), AGE), _endpoint_slice
    ),
    "ingresses.networking.k8s.io": Printer(
        (text("Class"), text("Hosts"), text("Address"), text("Ports"), AGE), _ingress
    ),
    "ingressclasses.networking.k8s.io": Printer((text("Controller"), text("Parameters"), AGE), _ingress_class),
    "networkpolicies.networking.k8s.io": Printer(
        (text("Pod-Selector"), number("Ingress Rules", wide=True), number("Egress Rules", wide=True), AGE),
        lambda obj: (
            labels(part(obj, "spec", "podSelector")),
            len(items(obj, "spec", "ingress")),
            len(items(obj, "spec", "egress")),
            created(obj),
        ),
    ),
}
