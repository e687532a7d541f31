"""A simulated kubelet: container logs, and a small shell behind exec."""

from octokube_demo.kubelet.server import KubeletServer

__all__ = ["KubeletServer"]
