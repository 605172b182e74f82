import datetime

import pytest

from reintegration.ingest.dates import (
    AMBIGUOUS,
    IMPOSSIBLE,
    NO_TIME,
    find_order,
    half_converted,
    parse_date,
    parse_moment,
)

MARCH_5 = datetime.date(2019, 3, 5)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("2019-03-05", "dmy"),
        ("2019/3/5", "mdy"),
        ("2019-03-05T10:22:00.000+01:00", "mixed"),
        ("2019-03-05 23:59:00", "mixed"),
        ("20190305", "dmy"),
        ("05/03/2019", "dmy"),
        ("5.3.19", "dmy"),
        ("03/05/2019", "mdy"),
        ("05/03/2019 10:22", "dmy"),
        ("19-03-05", "ymd"),
        ("43529", "dmy"),
        ("43529.75", "dmy"),
        ("5 mars 2019", "mdy"),
        ("05-Mar-19", "mdy"),
        ("March 5, 2019", "dmy"),
        ("5 marzo 2019", "mixed"),
    ],
)
def test_many_ways_to_write_one_day(text, order):
    assert parse_date(text, order) == MARCH_5


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("31/02/2019", "dmy"),
        ("12/25/2019", "dmy"),
        ("00/00/2019", "dmy"),
        ("2019-13-01", "dmy"),
        ("05/03/1900", "dmy"),
        ("05/03/2019", "ymd"),
        ("soon", "dmy"),
        ("5 foo 2019", "dmy"),
        ("99", "dmy"),
    ],
)
def test_impossible_days_are_none(text, order):
    assert parse_date(text, order) is IMPOSSIBLE


def test_with_mixed_orders_only_clear_dates_are_read():
    assert parse_date("25/03/2019", "mixed") == datetime.date(2019, 3, 25)
    assert parse_date("03/25/2019", "mixed") == datetime.date(2019, 3, 25)
    assert parse_date("03/03/2019", "mixed") == datetime.date(2019, 3, 3)
    assert parse_date("03/05/2019", "mixed") is AMBIGUOUS
    assert parse_date("31/02/2019", "mixed") is IMPOSSIBLE


def test_a_number_is_a_day_only_where_excel_counts_days():
    assert parse_date("43529", "dmy", serials=False) is IMPOSSIBLE


def test_the_order_is_found_only_when_the_dates_leave_no_doubt():
    assert find_order(["25/03/2019", "03/05/2019"]) == "dmy"
    assert find_order(["03/25/2019", "03/05/2019"]) == "mdy"
    assert find_order(["2019-03-05", "25/03/2019"]) == "mixed"  # nothing to guess
    assert find_order(["03/05/2019", "04/05/2019"]) is None
    assert find_order(["25/03/2019", "03/25/2019", "03/05/2019"]) is None
    # One clear date among many unclear ones is more likely a slip than the rule.
    assert (
        find_order(["25/03/2019", *[f"{d:02}/0{m}/2019" for d in (1, 2) for m in (4, 5, 6)]])
        is None
    )


def test_dates_that_a_spreadsheet_half_converted_are_noticed():
    meant = [f"{day:02}/05/2019" for day in range(1, 29)]
    damaged = [f"2019-{text[:2]}-05" if int(text[:2]) <= 12 else text for text in meant]
    assert half_converted(damaged)
    assert not half_converted(meant)
    assert not half_converted([f"2019-05-{day:02}" for day in range(1, 29)])
    assert not half_converted([*damaged, "2019-05-25"])  # a day above 12 was converted too
    assert not half_converted(damaged[6:20])  # too few to tell


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2019-03-05T10:22:31.123+01:00", (10, 22, 31)),
        ("2019-03-05T10:22:31Z", (10, 22, 31)),
        ("2019-03-05 10:22:31", (10, 22, 31)),
        ("2019-03-05 10:22", (10, 22, 0)),
        ("05/03/2019 10:22:31", (10, 22, 31)),
        ("5.3.2019, 9:05", (9, 5, 0)),
        ("05/03/2019 10h22", (10, 22, 0)),
        ("5 mars 2019 10:22", (10, 22, 0)),
        ("05-Mar-2019 10:22:31 PM", (22, 22, 31)),
        ("Mar 5, 2019 12:05 a.m.", (0, 5, 0)),
        ("43529.75", (18, 0, 0)),
        ("2019-03-05T10:22:31.123456789", (10, 22, 31)),
    ],
)
def test_moments_are_what_the_clock_showed(text, time):
    assert parse_moment(text, "dmy") == datetime.datetime(2019, 3, 5, *time)


def test_what_is_no_moment():
    assert parse_moment("2019-03-05", "dmy") is NO_TIME
    assert parse_moment("43529", "dmy") is NO_TIME
    assert parse_moment("2019-03-05 25:00", "dmy") is IMPOSSIBLE
    assert parse_moment("2019-02-30T10:00:00", "dmy") is IMPOSSIBLE
    assert parse_moment("1970-01-01T00:00:00.000Z", "dmy") is IMPOSSIBLE
    assert parse_moment("03/05/2019 10:00", "mixed") is AMBIGUOUS
    assert parse_moment("soon", "dmy") is IMPOSSIBLE
    assert parse_moment("43529.75", "dmy", serials=False) is IMPOSSIBLE
