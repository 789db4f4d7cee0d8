"""Weekly series eight weeks on, or the reason why nothing can be said of them.

A series is forecast by the method that a back-test finds best: at six origins, eight weeks apart,
each method is asked as it would have been then. Seasonal naive is what a year before was; where
nothing beats it, nothing is forecast. Errors are told as MASE (Hyndman and Koehler, "Another look
at measures of forecast accuracy", 2006): the mean absolute error over that of the seasonal naive
before the origin.

Intervals are split conformal: the errors of all origins before, horizon by horizon, each divided by
(level + 1/2) to the power of 0.8, because busy series err more, though not by as much as they are
busier.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

DEFINITION, ACCURACY = "forecasts@1", "forecast-accuracy@1"
HORIZON_WEEKS = 8
SMOOTHING, MOVING_AVERAGE, SEASONAL_NAIVE = (
    "exponential_smoothing", "moving_average", "seasonal_naive",
)  # fmt: skip
_WINDOW_WEEKS = 8  # of the moving average
_YEAR_WEEKS = 52
_LEAST_WEEKS = 26
"""Fewer tell no method how much to forget."""
_ORIGINS = 6
_LEAST_ACTIVE = 0.1
"""Of the weeks; where less happens, only the average is asked."""
_MARGIN = 0.95
"""What is shown is better than the seasonal naive by a twentieth."""
_WEIGHTS = (0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65)
"""How much of the newest week goes into the level."""
_FORGET = 0.99
"""How much an error counts beside that of a week later where weights are compared."""
_ERRORS = 200  # origins whose errors make the interval
_POWER = 0.8

Weeks = Sequence[float | None]
"""One value a week, the oldest first; None where it is not known, or where there is none."""


@dataclass(frozen=True, slots=True)
class Step:
    """``horizon_weeks`` counts from the last week that is known, which 1 follows."""

    horizon_weeks: int
    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """``mase`` is below 1 where the method beats what the seasonal naive did before;
    ``coverage_80_ratio`` the share of weeks that lay in their interval, null without one.
    """

    method: str
    origins_count: int
    mase: float
    coverage_80_ratio: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """``method`` is None where nothing is forecast, and ``reason`` says why; it also says why the
    moving average is shown and nothing better.
    """

    method: str | None
    reason: str | None
    steps: list[Step]
    accuracy: list[Accuracy]


def forecast(weeks: Weeks) -> Forecast:
    """Eight weeks on, and nothing of a shorter series than 34 weeks. No step is below 0 where no
    week was: the stars that a counter has lost are.
    """
    known = [one for one in weeks if one is not None]
    if len(weeks) < _LEAST_WEEKS + HORIZON_WEEKS or len(known) < _LEAST_WEEKS:
        return Forecast(None, "too_short", [], [])
    if len(set(known)) == 1:
        return Forecast(None, "never_changes", [], [])
    if all(one is None for one in weeks[-HORIZON_WEEKS:]):
        return Forecast(None, "not_known_lately", [], [])
    quiet = sum(one != 0 for one in known) < _LEAST_ACTIVE * len(known)
    average = MovingAverage(weeks)
    methods: list[Method] = [average] if quiet else [Smoothing(weeks), average]
    accuracy = back_test(weeks, [*methods, SeasonalNaive(weeks)])
    if not accuracy:  # the year before is repeated without any error
        return Forecast(None, "nothing_beats_the_year_before", [], [])
    mase = {one.method: one.mase for one in accuracy}
    best = min(methods, key=lambda one: mase[one.name])
    if mase[best.name] > _MARGIN * mase[SEASONAL_NAIVE]:
        return Forecast(None, "nothing_beats_the_year_before", [], accuracy)
    why = None
    if best.name == MOVING_AVERAGE:
        why = "too_quiet" if quiet else "nothing_beats_the_average"
    return Forecast(best.name, why, best.steps(len(weeks)), accuracy)


def back_test(weeks: Weeks, methods: "Sequence[Method]") -> list[Accuracy]:
    """Each method at up to six origins; nothing where none has weeks that are known behind it, or
    an error of the year before to compare with.
    """
    scales = {
        origin: scale
        for number in range(_ORIGINS, 0, -1)
        if (origin := len(weeks) - number * HORIZON_WEEKS) >= _LEAST_WEEKS
        and any(one is not None for one in weeks[origin : origin + HORIZON_WEEKS])
        and (scale := _scale(weeks, origin))
    }
    return [_judged(weeks, method, scales) for method in methods] if scales else []


def _judged(weeks: Weeks, method: "Method", scales: dict[int, float]) -> Accuracy:
    errors, covered = [], []
    for origin, scale in scales.items():
        come = weeks[origin : origin + HORIZON_WEEKS]
        values = method.values(origin)
        errors.append(
            fmean(
                abs(one - told) for one, told in zip(come, values, strict=True) if one is not None
            )
            / scale
        )
        covered += [
            step.low_80 <= one <= step.high_80
            for step, one in zip(method.steps(origin), come, strict=False)
            if one is not None
        ]
    coverage = fmean(covered) if covered else None
    return Accuracy(method.name, len(scales), fmean(errors), coverage)


def _scale(weeks: Weeks, origin: int) -> float:
    """The mean absolute error of the seasonal naive before ``origin``; 0 where there is none."""
    lag = _YEAR_WEEKS if origin >= _YEAR_WEEKS + HORIZON_WEEKS else 1
    errors = [
        abs(later - earlier)
        for earlier, later in zip(weeks[: origin - lag], weeks[lag:origin], strict=True)
        if earlier is not None and later is not None
    ]
    return fmean(errors) if errors else 0.0


class Method:
    """Asked at an origin, a method knows the weeks before it and nothing else."""

    name: str

    def __init__(self, weeks: Weeks) -> None:
        self.weeks = weeks

    def values(self, origin: int) -> list[float]:
        raise NotImplementedError

    def steps(self, origin: int) -> list[Step]:
        raise NotImplementedError


class SeasonalNaive(Method):
    """What was a year before; the last week where that is not known."""

    name = SEASONAL_NAIVE

    def values(self, origin: int) -> list[float]:
        last = next((one for one in reversed(self.weeks[:origin]) if one is not None), 0.0)
        found = (origin + ahead - _YEAR_WEEKS for ahead in range(HORIZON_WEEKS))
        before = [self.weeks[one] if one >= 0 else None for one in found]
        return [last if one is None else one for one in before]

    def steps(self, origin: int) -> list[Step]:  # noqa: ARG002 - what nobody is shown has none
        return []


class _Level(Method):
    """One level for all eight weeks, with what it erred by at each origin before."""

    def levels(self, origin: int) -> Sequence[float]:
        """The level at each origin up to this one, as it is reckoned now."""
        raise NotImplementedError

    def values(self, origin: int) -> list[float]:
        return [self.levels(origin)[origin]] * HORIZON_WEEKS

    def steps(self, origin: int) -> list[Step]:
        levels = self.levels(origin)
        level = levels[origin]
        spread = _spread(level)
        least = 0.0 if all(one is None or one >= 0 for one in self.weeks[:origin]) else -math.inf
        found = []
        for ahead in range(HORIZON_WEEKS):
            first = max(_LEAST_WEEKS, origin - ahead - _ERRORS)
            errors = sorted(
                (come - levels[one]) / _spread(levels[one])
                for one in range(first, origin - ahead)
                if (come := self.weeks[one + ahead]) is not None
            )
            if not errors:
                return []
            low_95, low_80, high_80, high_95 = (
                max(level + spread * _quantile(errors, share), least)
                for share in (0.025, 0.1, 0.9, 0.975)
            )
            found.append(Step(ahead + 1, level, low_80, high_80, low_95, high_95))
        return found


class MovingAverage(_Level):
    """The mean of the last eight weeks."""

    name = MOVING_AVERAGE

    def __init__(self, weeks: Weeks) -> None:
        super().__init__(weeks)
        self._levels = [0.0]
        for end in range(1, len(weeks) + 1):
            recent = [one for one in weeks[max(end - _WINDOW_WEEKS, 0) : end] if one is not None]
            self._levels.append(fmean(recent) if recent else self._levels[-1])

    def levels(self, origin: int) -> Sequence[float]:  # noqa: ARG002 - nothing is chosen
        return self._levels


class Smoothing(_Level):
    """Simple exponential smoothing with the weight whose eight weeks erred least so far."""

    name = SMOOTHING

    def __init__(self, weeks: Weeks) -> None:
        super().__init__(weeks)
        self._by_weight = [list(_smoothed(weeks, weight)) for weight in _WEIGHTS]
        self._chosen = self._choices()

    def levels(self, origin: int) -> Sequence[float]:
        return self._by_weight[self._chosen[origin]]

    def _choices(self) -> list[int]:
        """The weight by origin: what it erred by is known of origins eight weeks before."""
        summed = [0.0] * len(_WEIGHTS)
        chosen = [_WEIGHTS.index(0.1)] * (len(self.weeks) + 1)
        for known in range(_LEAST_WEEKS + HORIZON_WEEKS, len(self.weeks) + 1):
            judged = known - HORIZON_WEEKS
            come = [one for one in self.weeks[judged:known] if one is not None]
            if come:
                mean = fmean(come)
                summed = [
                    _FORGET * before + abs(mean - levels[judged])
                    for before, levels in zip(summed, self._by_weight, strict=True)
                ]
            chosen[known] = summed.index(min(summed))
        return chosen


def _smoothed(weeks: Weeks, weight: float) -> Iterable[float]:
    """The level before each week and after the last."""
    first = [one for one in weeks[: _LEAST_WEEKS // 2] if one is not None]
    level = fmean(first) if first else 0.0
    yield level
    for one in weeks:
        if one is not None:
            level += weight * (one - level)
        yield level


def _spread(level: float) -> float:
    return math.pow(abs(level) + 0.5, _POWER)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two that it lies between."""
    place = share * (len(ordered) - 1)
    low, part = int(place), place % 1
    return ordered[low] + part * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])
