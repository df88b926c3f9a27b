"""A house, with its clock and its consent service."""

from furnished import anyio_backend, clock, house, service, store

__all__ = ["anyio_backend", "clock", "house", "service", "store"]
