"""Tables of a file written anew, so that nothing of what was deleted is on any page.

SQLite overwrites a row as it is deleted (`secure_delete`). But when a page was split before, the rows that
moved to the other half stayed behind it, in the part of the page that counts as free, and nothing overwrites
them there until that part is wanted (rebuildPage() in SQLite's btree.c). A page that is freed is overwritten
whole; so what lives is copied, all pages of a table are freed, and it is put back in order.

The copy stands in the same file meanwhile, for a temporary table would go through a file elsewhere, which
nobody overwrites. So would what SQLite notes to take back one statement of several, which it does where one
may fail alone (here all fails, or nothing does) and for a table that is dropped with rows in it. The copy has
the same columns and indexes, for then whole rows are copied as they lie, in order; what is sorted would go
through such a file, too."""

import re

from consent.store.statement import Driver

OF_PEOPLE = (
    *("subjects", "standings", "requests", "wishes", "evidence", "reports", "imported", "former"),
    *("holds", "held", "doubts"),
)
"""The tables whose rows go when somebody is erased."""

_LAID_OUT = (
    "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC"
)


def write_anew(driver: Driver, table: str) -> None:
    """Do that with one table, in one transaction; the rows stay as they are. Raises `sqlite3.Error`, and then
    nothing was done."""
    driver.execute("BEGIN IMMEDIATE")
    try:
        for kind, name, made in driver.execute(_LAID_OUT, (table,)).fetchall():
            driver.execute(_copied(kind, name, table, made))
        driver.execute(f'INSERT OR ROLLBACK INTO main."living" SELECT * FROM main."{table}"')
        driver.execute(f'DELETE FROM main."{table}"')
        driver.execute(f'INSERT OR ROLLBACK INTO main."{table}" SELECT * FROM main."living"')
        driver.execute('DELETE FROM main."living"')
        driver.execute('DROP TABLE main."living"')
        driver.commit()
    except BaseException:
        driver.rollback()
        raise


def _copied(kind: str, name: str, table: str, made: str) -> str:
    """The statement by which a table, or an index of it, was made, for the copy."""
    found, columns = made.split("(", 1)
    if kind == "table":
        found = 'CREATE TABLE "living" '
    else:
        unique = "UNIQUE " if re.match(r"CREATE\s+UNIQUE", found, re.IGNORECASE) else ""
        found = f'CREATE {unique}INDEX "living {name}" ON "living" '
    return f"{found}({columns}"
