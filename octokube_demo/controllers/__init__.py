"""What a cluster does by itself whatever runs in it: definitions, garbage, namespaces, pod termination."""
