"""What the compiler knows of the files in `templates/`."""
