"""How the stores of older versions are brought to the present one: a folder for each store, a file for each
step, each with its number and that of the one before, as Alembic reads them."""
