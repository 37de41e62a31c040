"""Times are shown in the reader's time zone and with their hours."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from keys import texts, times
from keys.rights import make
from keys.times import make_clock

SUMMER = datetime(2027, 7, 9, 22, 4, 5, tzinfo=UTC)


class TestATime:
    def test_is_in_utc_without_a_reader(self) -> None:
        assert times.exact_time(SUMMER) == "9 Jul 2027, 22:04 UTC"

    def test_is_in_the_zone_and_the_hours_of_its_reader(self) -> None:
        with times.use(make_clock("Europe/Madrid", 24)):
            assert times.exact_time(SUMMER) == "10 Jul 2027, 00:04 CEST"
            assert times.exact_time_to_the_second(SUMMER) == "10 Jul 2027, 00:04:05 CEST"
        with times.use(make_clock("America/New_York", 12)):
            assert times.exact_time(SUMMER) == "9 Jul 2027, 6:04 PM EDT"
            assert times.utc_time(SUMMER) == "9 Jul 2027, 22:04:05 UTC"

    def test_names_a_zone_without_an_abbreviation_by_its_distance(self) -> None:
        with times.use(make_clock("America/Sao_Paulo", 24)):
            assert times.time_of_day(SUMMER) == "19:04 UTC-03"

    def test_is_in_the_language_of_its_reader(self) -> None:
        with translation.override("es"), times.use(make_clock("America/Bogota", 12)):
            assert times.exact_time(SUMMER) == "9 jul 2027, 5:04 PM UTC-05"

    def test_is_near_or_far_on_the_clock_of_its_reader(self) -> None:
        with times.use(make_clock("Europe/Madrid", 24)):
            assert texts.short_date(SUMMER, now=SUMMER - timedelta(hours=1)) == "10 July, 00:04 CEST"
            assert texts.short_date(SUMMER, now=SUMMER - timedelta(days=3)) == "10 July"
            assert texts.short_date(SUMMER, now=SUMMER - timedelta(days=300)) == "10 July 2027"

    @pytest.mark.parametrize(
        "zone",
        [
            "",
            "Mars/Olympus",
            "America",
            "../../etc/passwd",
            "/etc/passwd",
            "zone.tab",
            "a\0b",
            "\ud800",
            "x" * 5000,
        ],
        ids=repr,
    )
    def test_is_in_utc_if_the_zone_does_not_exist(self, zone: str) -> None:
        with times.use(make_clock(zone, None)):
            assert times.exact_time(SUMMER) == "9 Jul 2027, 22:04 UTC"


class TestTheEndOfADay:
    def test_is_that_of_the_reader(self) -> None:
        with times.use(make_clock("America/New_York", 24)):
            assert times.end_of_day(date(2027, 7, 9)) == datetime(2027, 7, 10, 3, 59, 59, tzinfo=UTC)

    @pytest.mark.parametrize("zone", ["", "America/New_York", "Pacific/Kiritimati"])
    @pytest.mark.parametrize("day", [date.min, date.max])
    def test_is_a_time_on_every_clock(self, zone: str, day: date) -> None:
        with times.use(make_clock(zone, 24)):
            end = times.end_of_day(day)
            assert end.tzinfo is UTC
            for reader in ("Europe/Madrid", "America/New_York"):
                with times.use(make_clock(reader, 24)):
                    assert str(end.year)[:3] in times.exact_time(end)


class TestWhatAKeyCanDo:
    def test_speaks_of_you_to_its_holder_alone(self) -> None:
        everything = make()
        assert texts.describe_rights(everything, now=SUMMER) == "Can do everything as you; never expires."
        assert (
            texts.describe_rights(everything, now=SUMMER, holder="Carla Ruiz")
            == "Can do everything as Carla Ruiz; never expires."
        )

    def test_names_the_holder_in_every_part(self) -> None:
        changes = make(
            scopes_wanted=["messages:write", "messages:edit", "messages:delete", "status:write"],
            channels={"a" * 24: "ops"},
        )
        for language in ("en", "es"):
            with translation.override(language):
                sentence = texts.describe_rights(changes, now=SUMMER, holder="Carla Ruiz")
            assert "you" not in sentence
            assert "tu" not in sentence.split()
            assert "Carla Ruiz" in sentence
