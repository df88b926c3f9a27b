"""The export files of other systems: one product a file, each with where its columns are told."""
