"""May this mail go out, and how do we know? Imports none of the other packages."""
