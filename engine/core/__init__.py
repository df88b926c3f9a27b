"""The rules by which one contact walks through graphs. Pure: no clock, no randomness, no I/O."""
