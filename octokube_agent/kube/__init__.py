"""The one door to the Kubernetes API: configuration, credentials, transport, discovery."""
