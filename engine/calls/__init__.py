"""Webhooks: what flows tell other programs, signed, in order, until it was taken or has to be given up."""
