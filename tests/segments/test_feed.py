"""The change feed in the database."""

import pyarrow as pa
import pytest

from shoal.core.time import Instant
from shoal.segments import feed
from shoal.segments import tables as _tables  # noqa: F401
from shoal.store.database import connect, metadata, sqlite_url


@pytest.fixture
def database(tmp_path):
    found = connect(sqlite_url(tmp_path / "feed.db"))
    with found.write() as connection:
        metadata.create_all(connection)
    yield found
    found.close()


def rows(*told):
    columns = list(zip(*told, strict=True)) if told else [[] for _ in feed.SCHEMA]
    return pa.table(
        [pa.array(list(column), field.type) for column, field in zip(columns, feed.SCHEMA, strict=True)],
        schema=feed.SCHEMA,
    )


FIRST = rows((10, 1, "a", 1, True, "event"), (11, 2, "b", 3, False, "time"), (11, 3, "a", 1, True, "people"))
SECOND = rows((12, 1, "a", 1, False, "time"))


def test_numbers_go_on(database):
    with database.write() as connection:
        assert feed.newest(connection) == 0
        assert feed.append(connection, FIRST, Instant(20)) == 3
        assert feed.append(connection, rows(), Instant(21)) == 3
        assert feed.append(connection, SECOND, Instant(22)) == 4
    with database.read() as connection:
        found, until = feed.read(connection)
    assert [one.number for one in found] == [1, 2, 3, 4]
    assert until == 4
    assert found[1] == feed.Told(2, Instant(11), Instant(20), 2, "b", 3, False, "time")


@pytest.mark.parametrize("after", range(5))
@pytest.mark.parametrize("most", [1, 2, 100])
def test_any_cursor_misses_nothing(database, after, most):
    with database.write() as connection:
        feed.append(connection, FIRST, Instant(20))
        feed.append(connection, SECOND, Instant(22))
        seen = []
        while True:
            found, until = feed.read(connection, after=after, most=most)
            assert len(found) <= most
            seen += [one.number for one in found]
            if until == after:
                break
            after = until
    assert seen == list(range(5 - len(seen), 5))


def test_of_some_segments(database):
    with database.write() as connection:
        feed.append(connection, FIRST, Instant(20))
        found, until = feed.read(connection, segments=["b"])
    assert ([one.subscriber for one in found], until) == ([2], 3)


def test_what_is_forgotten_takes_no_number_with_it(database):
    with database.write() as connection:
        feed.append(connection, FIRST, Instant(20))
        feed.append(connection, SECOND, Instant(22))
        assert feed.forget(connection, Instant(100)) == 1
        assert (feed.oldest(connection), feed.newest(connection)) == (4, 4)
        assert feed.append(connection, SECOND, Instant(101)) == 5


NOW = Instant(1_790_000_000_000)
FAR = 179_000_000_000_000


@pytest.mark.parametrize("told", [FIRST, rows()])
def test_after_a_leap_no_number_is_given_that_the_original_may_give(database, told):
    with database.write() as connection:
        known = feed.append(connection, told, Instant(20))
        assert feed.leap(connection, NOW) == feed.newest(connection) == FAR
        assert feed.oldest(connection) == 1
        assert feed.read(connection, after=known + 40) == ([], FAR), "a reader of what the original told later"
        assert feed.count(connection, known) == 0
        assert feed.append(connection, SECOND, Instant(22)) == FAR + 1
        for after in (known, known + 40, FAR):
            found, until = feed.read(connection, after=after)
            assert [each.number for each in found] == [until] == [FAR + 1]
            assert feed.count(connection, after) == 1
        assert feed.count(connection, 0) == known + 1


def test_leaps_follow_each_other(database):
    with database.write() as connection:
        first = feed.leap(connection, NOW)
        again = feed.leap(connection, NOW)  # the clock stood still, or went back
        assert again > first
        assert feed.append(connection, SECOND, Instant(22)) == again + 1
        assert [each.number for each in feed.read(connection)[0]] == [again + 1]
