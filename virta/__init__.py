"""The composition root: settings, wiring, commands. Imports everything; nothing imports it."""
