"""The hub: keeps a replica of every cluster and serves each subscriber what policy allows."""

from octokube.runtime.tls13 import keep_to_tls13

keep_to_tls13()  # before anything of this package imports gRPC
