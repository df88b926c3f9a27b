"""Running a project day by day: orders to the engine, and what a doctor finds."""
