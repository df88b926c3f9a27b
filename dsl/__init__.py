"""The Virta language: text → findings → graph. Pure: no files, no clock, no network."""
