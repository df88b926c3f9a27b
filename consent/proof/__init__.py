"""What an auditor checks without us: leaves, trees, checkpoints, exports. Pure; no store, no network."""
