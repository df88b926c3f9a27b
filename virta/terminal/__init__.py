"""What stands on a terminal: colours, how far the work is, tables."""
