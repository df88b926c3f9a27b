"""The language server: what `virta check`, `virta fmt` and the reference know, for editors, as one types.

Each feature is a file with a function from a `Snapshot` (a project as it is in the editor right now) to the
protocol's types; `server.py` connects them.
"""
