"""Scenarios: tests of flows, from the parser's tree to what is played."""
