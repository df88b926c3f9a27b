"""One command a file. A command returns its exit code: 0 fine, 1 findings, 2 usage or a broken project."""
