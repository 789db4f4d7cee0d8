"""The rules, on a clock that a test moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gitinsight.github import pace as rules
from gitinsight.github.limits import Budget, Verdict
from gitinsight.github.pace import BucketState, Outcome, Pace, PrincipalState, Reason
from gitinsight.settings import GitHubSettings

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RESET = NOW + timedelta(minutes=30)
DEFAULT = Pace.of(GitHubSettings())


class Desk:
    """One principal and one bucket, and somebody who asks."""

    def __init__(self, pace: Pace, *, bucket: str = "core", kind: str = "user") -> None:
        self.pace = pace
        self.principal = PrincipalState(kind)  # type: ignore[arg-type]
        self.bucket = BucketState(bucket)
        self.now = NOW

    def wait(self) -> tuple[float, Reason] | None:
        found = rules.blocked(self.principal, self.bucket, self.pace, self.now)
        return None if found is None else ((found[0] - self.now).total_seconds(), found[1])

    def ask(
        self, verdict: Verdict = Verdict.ANSWERED, *, milliseconds: int = 0, jitter: float = 0,
        **told: object,
    ) -> None:  # fmt: skip
        slot = rules.take(self.principal, self.bucket, self.pace, self.now)
        self.settle(slot, Outcome(verdict, milliseconds, **told), jitter)  # type: ignore[arg-type]

    def settle(self, slot: rules.Slot, outcome: Outcome, jitter: float = 0) -> None:
        rules.settle(
            self.principal, self.bucket, self.pace, self.now, slot=slot, outcome=outcome,
            jitter=jitter,
        )  # fmt: skip

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def sent_within(self, seconds: float, *, milliseconds: int = 0) -> list[datetime]:
        """When requests go, one after the other and as fast as is allowed."""
        sent, end = [], self.now + timedelta(seconds=seconds)
        while True:
            while (wait := self.wait()) is not None:
                self.pass_by(wait[0])
            if self.now >= end:
                return sent
            sent.append(self.now)
            self.pass_by(milliseconds / 1000)
            self.ask(milliseconds=milliseconds)


def most_in_a_minute(sent: list[datetime]) -> int:
    minute = timedelta(minutes=1)
    return max(sum(start <= one < start + minute for one in sent) for start in sent)


@pytest.mark.parametrize(("bucket", "limit"), [("core", 900), ("graphql", 2_000)])
def test_no_minute_sees_more_requests_than_githubs_limit(bucket: str, limit: int) -> None:
    sent = Desk(replace(DEFAULT, seconds_per_minute=0), bucket=bucket).sent_within(150)

    assert 0.8 * limit <= most_in_a_minute(sent) < limit


@pytest.mark.parametrize(("bucket", "limit"), [("core", 90), ("graphql", 60)])
def test_no_minute_takes_more_of_githubs_time_than_its_limit(bucket: str, limit: int) -> None:
    desk = Desk(replace(DEFAULT, requests_per_minute=0, in_flight=20), bucket=bucket)
    sent: list[datetime] = []
    while desk.now < NOW + timedelta(minutes=3):
        if desk.wait() is not None:
            desk.pass_by(0.1)
            continue
        sent.append(desk.now)
        desk.ask(milliseconds=1_000)  # as if many were on their way at once

    assert 0.7 * limit <= most_in_a_minute(sent) <= limit + 1


def test_a_rule_that_is_switched_off_holds_nobody_up() -> None:
    desk = Desk(Pace())

    for _ in range(5_000):
        assert desk.wait() is None
        desk.ask(milliseconds=1_000)


def test_a_timeout_is_charged_double() -> None:
    answered, timed_out = Desk(DEFAULT, bucket="graphql"), Desk(DEFAULT, bucket="graphql")

    answered.ask(milliseconds=10_000)
    timed_out.ask(Verdict.TIMED_OUT, milliseconds=10_000)

    assert answered.bucket.busy_until == NOW + timedelta(seconds=12.5)
    assert timed_out.bucket.busy_until == NOW + timedelta(seconds=25)


def test_what_is_typical_is_charged_in_advance_and_settled_after() -> None:
    desk = Desk(DEFAULT, bucket="graphql")
    desk.ask(milliseconds=4_000)
    before = desk.bucket.busy_until

    slot = rules.take(desk.principal, desk.bucket, desk.pace, desk.now)
    charged = desk.bucket.busy_until
    desk.settle(slot, Outcome(Verdict.ANSWERED, 1_000))

    assert before is not None
    assert charged == before + timedelta(seconds=5)
    assert desk.bucket.busy_until == before + timedelta(seconds=1.25)


def test_as_many_are_on_their_way_as_are_allowed_and_a_killed_one_frees_its_place() -> None:
    desk = Desk(Pace(in_flight=2))
    for _ in range(2):
        rules.take(desk.principal, desk.bucket, desk.pace, desk.now)

    assert desk.wait() == (pytest.approx(0.05), Reason.IN_FLIGHT)
    desk.pass_by(91)
    assert desk.wait() is None


@pytest.mark.parametrize(
    ("kind", "remaining", "is_held"),
    [
        ("user", 501, False), ("user", 500, True), ("user", 0, True),
        ("installation", 1, False), ("installation", 0, True), ("anonymous", 1, False),
    ],
)  # fmt: skip
def test_a_users_reserve_is_kept_until_the_window_ends(
    kind: str, remaining: int, *, is_held: bool
) -> None:
    desk = Desk(DEFAULT, kind=kind)

    desk.ask(budget=Budget("core", remaining, RESET, 5_000), date=NOW)

    wait = desk.wait()
    assert (wait is not None) == is_held
    if wait is not None:
        assert wait == (1_800, Reason.RESERVE if remaining else Reason.USED_UP)
        desk.pass_by(1_800)
        assert desk.wait() is None


def test_only_githubs_clock_says_when_a_window_ends() -> None:
    desk = Desk(DEFAULT)
    skewed = timedelta(minutes=10)

    desk.ask(budget=Budget("core", 0, RESET + skewed, 5_000), date=NOW + skewed)

    assert desk.wait() == (1_800, Reason.USED_UP)


@pytest.mark.parametrize(
    ("second", "kept"),
    [
        (Budget("core", 70, RESET, 100), 60),
        (Budget("core", 50, RESET, 100), 50),
        (Budget("core", 99, RESET + timedelta(hours=1), 100), 99),
        (Budget("core", 10, RESET - timedelta(hours=1), 100), 60),
        (Budget("search", 3, RESET, 100), 59),
        (None, 59),
    ],
    ids=["overtaken", "newer", "new-window", "old-window", "another-bucket", "no-headers"],
)
def test_answers_that_overtake_each_other_leave_the_smaller_rest_of_one_window(
    second: Budget | None, kept: int
) -> None:
    desk = Desk(DEFAULT)

    desk.ask(budget=Budget("core", 60, RESET, 100), date=NOW)
    desk.ask(budget=second, date=NOW)

    assert desk.bucket.remaining == kept


def test_a_pause_that_github_asks_for_holds_for_every_bucket() -> None:
    desk = Desk(DEFAULT)
    desk.ask(Verdict.TOLD, seconds=30, jitter=0.5)

    other = rules.blocked(desk.principal, BucketState("graphql"), desk.pace, desk.now)

    assert desk.wait() == (30.5, Reason.TOLD)
    assert other == (NOW + timedelta(seconds=30.5), Reason.TOLD)


@pytest.mark.parametrize(("jitter", "seconds"), [(0, 31), (1, 35)])
def test_a_bucket_that_is_used_up_holds_up_nothing_else(jitter: float, seconds: float) -> None:
    desk = Desk(DEFAULT)
    desk.ask(Verdict.USED_UP, seconds=30, jitter=jitter)

    other = rules.blocked(desk.principal, BucketState("graphql"), desk.pace, desk.now)

    assert desk.wait() == (seconds, Reason.USED_UP)
    assert other is None


def test_a_secondary_limit_doubles_its_wait_and_halves_what_is_on_its_way() -> None:
    desk = Desk(Pace(in_flight=8))
    waits, places = [], []
    for _ in range(6):
        desk.ask(Verdict.SECONDARY)
        wait = desk.wait()
        assert wait is not None
        assert wait[1] is Reason.SECONDARY
        waits.append(wait[0])
        places.append(desk.principal.concurrency)
        desk.pass_by(wait[0])

    assert waits == [60, 120, 240, 480, 900, 900]
    assert places == [4, 2, 1, 1, 1, 1]


def test_several_answers_of_one_hit_are_one_hit() -> None:
    desk = Desk(Pace(in_flight=4))
    slots = [rules.take(desk.principal, desk.bucket, desk.pace, desk.now) for _ in range(4)]

    for slot in slots:
        desk.settle(slot, Outcome(Verdict.SECONDARY, 10))

    assert desk.wait() == (60, Reason.SECONDARY)
    assert desk.principal.concurrency == 2


def test_places_are_earned_back_by_answers_and_the_wait_begins_anew() -> None:
    desk = Desk(Pace(in_flight=4))
    desk.ask(Verdict.SECONDARY)
    desk.pass_by(60)

    for _ in range(12):
        desk.ask()
    earned = desk.principal.concurrency
    for _ in range(12):
        desk.ask()

    assert earned == pytest.approx(3.2)
    assert (desk.principal.concurrency, desk.principal.penalty_seconds) == (None, 0)


def test_a_second_401_disables_for_an_hour_and_an_answer_clears_the_first() -> None:
    desk = Desk(DEFAULT)
    desk.ask(Verdict.REJECTED)
    desk.ask()
    desk.ask(Verdict.REJECTED)
    assert not rules.is_rejected(desk.principal, desk.now)

    desk.ask(Verdict.REJECTED)
    assert rules.is_rejected(desk.principal, desk.now)

    desk.pass_by(3_601)
    assert not rules.is_rejected(desk.principal, desk.now)
    assert desk.wait() is None
    desk.ask(Verdict.REJECTED)
    assert rules.is_rejected(desk.principal, desk.now)
