"""The graph in words again."""
