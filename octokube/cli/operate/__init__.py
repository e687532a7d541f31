"""What a person does to a cluster from the command line, through the hub."""
