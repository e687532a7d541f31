"""The `octokube` command, and the one place that composes agent, hub and gateway into one process."""
