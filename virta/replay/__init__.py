"""Visitors' acts done on a running system, as people would do them, and what came of it."""
