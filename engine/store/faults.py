"""What can be wrong with the engine's database.

StoreFault         it cannot be used
├── StoreInUse     another process runs this project's engine
└── StoreWaits     nothing can be written for now; the same may go later
    └── NoRoom     for its disk is full
"""


class StoreFault(Exception):
    """The database cannot be used; the message says why and what to do."""


class StoreInUse(StoreFault):
    """Another process runs this project's engine."""


class StoreWaits(StoreFault):
    """Nothing was written, and nothing is lost: somebody else holds the database, or its disk fails."""


class NoRoom(StoreWaits):
    """The disk is full, or the database may not grow."""
