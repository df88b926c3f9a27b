"""What is brought in before a command does its work: checking flows needs no database and no mail server."""

import subprocess
import sys
from pathlib import Path

STARTER = Path(__file__).parents[2] / "virta" / "starter"
CHECK = """
import sys
from virta.command import main
sys.argv = ["virta", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    assert ended.code in (0, None), ended.code
heavy = {"sqlalchemy", "starlette", "uvicorn", "prometheus_client", "alembic", "aiosmtpd", "psycopg"}
print(sorted(heavy & set(sys.modules)))
"""


def brought_in(*arguments: str) -> str:
    """The last line of the command above."""
    run = subprocess.run(
        [sys.executable, "-c", CHECK, *arguments], capture_output=True, text=True, check=True, timeout=120
    )
    return run.stdout.splitlines()[-1]


def test_a_check_brings_in_no_database() -> None:
    """SQLAlchemy alone costs as much as all else that a check needs."""
    assert brought_in("check", str(STARTER)) == "[]"


def test_the_overview_brings_in_nothing() -> None:
    """It is a table."""
    assert brought_in("--help") == "[]"
