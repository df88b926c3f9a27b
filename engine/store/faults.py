"""What can be wrong with the engine's database.

StoreFault         it cannot be used
└── StoreInUse     another process runs this project's engine
"""


class StoreFault(Exception):
    """The database cannot be used; the message says why and what to do."""


class StoreInUse(StoreFault):
    """Another process runs this project's engine."""
