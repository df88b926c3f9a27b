"""What becomes of people's data by time alone, one subject a file."""
