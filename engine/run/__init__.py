"""The loops that feed the core: inbox, runner, simulation."""
