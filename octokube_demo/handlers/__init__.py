"""The HTTP handlers of the simulated kube-apiserver."""
