"""What a transaction works with: the log, the vault, subjects, tokens, the published policy."""
