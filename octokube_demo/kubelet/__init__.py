"""A simulated kubelet: container logs, and a small shell behind exec."""

from octokube_demo.kubelet.server import KubeletServer, self_signed_context

__all__ = ["KubeletServer", "self_signed_context"]
