"""The living workload of the demo cluster."""

from octokube_demo.workload.director import Workload

__all__ = ["Workload"]
