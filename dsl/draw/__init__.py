"""Flows as drawings, in three notations."""
