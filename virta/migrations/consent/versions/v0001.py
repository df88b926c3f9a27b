"""The tables of the first release. For a new store they are made at once; this brings an empty one there."""

from virta.migrations.statements import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them all."""
    run_file("consent", revision)
