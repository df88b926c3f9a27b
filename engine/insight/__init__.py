"""What came of it all: figures read from the journal. Only reads."""
