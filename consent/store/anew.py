"""Tables of a file written anew, so that nothing of what was deleted is on any page.

SQLite overwrites a row as it is deleted (`secure_delete`). But when a page was split before, the rows that
moved to the other half stayed behind it, in the part of the page that counts as free, and nothing overwrites
them there until that part is wanted (rebuildPage() in SQLite's btree.c). A page that is freed is overwritten
whole; so what lives is taken out, all pages of a table are freed, and it is put back in order."""

from collections.abc import Iterable

from consent.store.statement import Driver

OF_PEOPLE = (
    *("subjects", "standings", "requests", "wishes", "evidence", "reports", "imported", "former"),
    *("holds", "held"),
)
"""The tables whose rows go when somebody is erased."""

_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"


def write_anew(driver: Driver, tables: Iterable[str]) -> None:
    """Do that, in one transaction; the rows stay as they are. Raises `sqlite3.Error`, and then nothing was
    done."""
    driver.execute("BEGIN IMMEDIATE")
    try:
        for table in tables:
            indexes = driver.execute(_INDEXES, (table,)).fetchall()
            for name, _ in indexes:  # one that is made at the end lies in order too
                driver.execute(f'DROP INDEX "{name}"')
            driver.execute(f'CREATE TEMP TABLE living AS SELECT * FROM main."{table}"')
            driver.execute(f'DELETE FROM main."{table}"')
            driver.execute(f'INSERT INTO main."{table}" SELECT * FROM temp.living')
            driver.execute("DROP TABLE temp.living")
            for _, made in indexes:
                driver.execute(made)
        driver.commit()
    except BaseException:
        driver.rollback()
        raise
