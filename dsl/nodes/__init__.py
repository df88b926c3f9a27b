"""What was read, as written: one kind of node for each thing that a project can say, with its place."""
