"""Scenarios played: the tests of flows that a marketer writes, on the engine and the gate of production."""
