"""A project's folder: what stands in it, read, understood and written."""
