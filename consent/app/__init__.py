"""The consent service over HTTP."""
