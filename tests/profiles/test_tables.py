from __future__ import annotations

import sqlalchemy as sa

from shoal.profiles import tables
from shoal.store.database import connect, metadata


def test_tables_can_be_made_on_postgresql(postgresql_url):
    database = connect(postgresql_url)
    with database.write() as connection:
        metadata.create_all(connection)
        names = sa.inspect(connection).get_table_names()
        metadata.drop_all(connection)
    database.close()
    assert {tables.identity_keys.name, tables.merge_log.name, tables.proposals.name} <= set(names)
