"""Checks of meaning, one subject a file: each is a function from a project to findings."""
