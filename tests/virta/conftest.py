"""So that the tests of the rooms below find what stands here, also when they are run alone."""
