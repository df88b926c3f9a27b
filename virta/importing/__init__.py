"""Moving in: people and their standing, brought from another system's own export files."""
