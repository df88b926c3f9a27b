"""The way of a mail: asked for, judged, claimed, settled, and what is told of it later."""
