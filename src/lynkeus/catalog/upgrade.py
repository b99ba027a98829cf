"""Run the migrations. Only an old schema imports this module, because importing Alembic takes long."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, update

from lynkeus.catalog import schema

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, *, target: str = "head") -> None:
    """Migrate the database to a schema, inside the connection's open transaction.

    Args:
        connection: In a writing transaction.
        target: Alembic's name of the schema.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
    number = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    connection.execute(update(schema.meta).values(schema_version=int(number)))
