"""What auditors take away, one format a file."""
