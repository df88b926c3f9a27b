"""Releases: what a folder holds made ready to run, and what runs."""
