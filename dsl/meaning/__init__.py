"""What the names, values and conditions of a project mean, and whether they fit together."""
