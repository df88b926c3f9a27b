"""What a new version of a project would change for the people who are under way."""
