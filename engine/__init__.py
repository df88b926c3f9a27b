"""People walking through graphs."""
