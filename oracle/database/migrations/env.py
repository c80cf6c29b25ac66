"""Alembic's way in: applies the steps that a database lacks, on the connection that it is given."""

from alembic import context

VERSION_TABLE = "oracle_migrations"  # Optuna has an alembic_version of its own in the same database

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # SQLite too undoes a step that fails
)
with context.begin_transaction():
    context.run_migrations()
