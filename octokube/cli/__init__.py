"""The `octokube` command, and the one place that composes agent, hub and gateway into one process."""

from octokube.runtime.tls13 import keep_to_tls13

keep_to_tls13()  # before anything of this package imports gRPC
