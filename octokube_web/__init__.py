"""The gateway: turns one websocket into a person's streams, and serves the page. It decides nothing about access."""

from octokube.runtime.tls13 import keep_to_tls13

keep_to_tls13()  # before anything of this package imports gRPC
