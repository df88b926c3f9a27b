"""The next version of Virta, whose engine has one more migration."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from virta.keeping import upgrading

NEXT = '''"""One more column, and one more table."""
import os
from alembic import op
revision, down_revision = "0002", "0001"

def upgrade():
    op.execute("ALTER TABLE note ADD COLUMN more VARCHAR")
    if "CUT_SHORT" in os.environ:
        os.kill(os.getpid(), 9)
    op.execute("{second}")
'''
SOUND, FAULTY = "CREATE TABLE further (id INTEGER)", "CREATE TABLE note (id INTEGER)"

LATER = """
from pathlib import Path
from alembic.script import ScriptDirectory
import engine.store.version
import virta.commands.restore
import virta.commands.upgrade
from virta.keeping import crossing, upgrading
def steps(store): return ScriptDirectory(str(Path({migrations!r}) / store))
for module in (virta.commands.restore, virta.commands.upgrade, crossing, upgrading):
    module.steps = steps
engine.store.version.HEAD = "0002"
"""
"""What makes a process one of the next version's."""


def write_further(tmp_path: Path, second: str = SOUND) -> Path:
    """All migrations, and one more of the engine's store."""
    to = tmp_path / "migrations"
    shutil.copytree(Path(upgrading.__file__).parents[1] / "migrations", to)
    (to / "engine" / "versions" / "v0002.py").write_text(NEXT.format(second=second), "utf-8")
    return to


def later(migrations: Path) -> str:
    """The words by which a process becomes one of that version."""
    return LATER.format(migrations=str(migrations))


def run_later(migrations: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command of that version, in a process of its own."""
    program = f"{later(migrations)}\nimport sys\nfrom virta.command import run\nsys.exit(run(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        env=os.environ | environment,
        capture_output=True,
        check=False,
        text=True,
    )
