"""From the nodes of a project without errors to the graph that the engine runs."""
