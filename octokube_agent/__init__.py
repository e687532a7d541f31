"""Keeps a hub equal to one Kubernetes cluster, projected and redacted, over one outbound connection."""

from octokube.runtime.tls13 import keep_to_tls13

keep_to_tls13()  # before anything of this package imports gRPC
