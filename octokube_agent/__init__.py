"""Keeps a hub equal to one Kubernetes cluster, projected and redacted, over one outbound connection."""
