"""What checking one report costs: ours, the same rules run one by one, and plain Python as the floor.

python -m bench.bench_rules prints microseconds per report, the best of several interleaved rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cel

from app.domain.checks import Facts, Previous, UnitFacts, check
from app.domain.form import FormVersion, builtin_forms, load_form
from app.domain.period import Period
from app.domain.rule import checks_of
from bench.plain_rules import failing

ROUNDS, REPEATS = 9, 300
NUMBERS = (1, 4, 4, 3, 15, 15, 3, 1, 202, 10, 20, 2, 1, 336, 290)
EARLIER = (1, 4, 4, 3, 15, 15, 5, 4, 200, 10, 9, 1, 1, 318, 280)
COVERED = {"prefectures_mobilized": 1, "counties_mobilized": 4, "townships_mobilized": 15}


def main() -> None:
    """Print the table."""
    form, _ = load_form(builtin_forms()[0])
    assert form is not None
    conditions = [c.condition for rule in form.rules for c in checks_of(rule)]
    facts, nested = _facts(form), _nested(form)
    whole = cel.compile(f"[{','.join(f'({source})' for source in conditions)}]")
    single = [cel.compile(source) for source in conditions]
    assert check(form, facts) == failing(facts) == []
    assert whole.execute(nested) == [program.execute(nested) for program in single] == [True] * len(single)
    cases: dict[str, Callable[[], object]] = {
        "plain Python, by hand (floor)": lambda: failing(facts),
        "app: one program over one list": lambda: check(form, facts),
        "CEL: one program over maps": lambda: whole.execute(nested),
        "CEL: one program per rule": lambda: [program.execute(nested) for program in single],
    }
    print(f"{len(conditions)} checks of {form.id}, microseconds per report, best of {ROUNDS} x {REPEATS}")
    best = _timed(cases)
    floor = best["plain Python, by hand (floor)"]
    for name, seconds in best.items():
        print(f"  {name:34} {seconds * 1e6:8.1f}  {seconds / floor:7.1f} x")


def _timed(cases: dict[str, Callable[[], object]]) -> dict[str, float]:
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(ROUNDS):
        for name, run in cases.items():
            start = time.perf_counter()
            for _ in range(REPEATS):
                run()
            best[name] = min(best[name], (time.perf_counter() - start) / REPEATS)
    return best


def _facts(form: FormVersion) -> Facts:
    return Facts(
        period=Period(2015, 5),
        unit=UnitFacts("prefecture", 4, 15),
        figures=dict(zip(form.codes, NUMBERS, strict=True)),
        supplements={"coop_orgs_new": 2},
        previous=Previous(Period(2015, 4), dict(zip(form.codes, EARLIER, strict=True))),
        ledger_flow=True,
        coverage=COVERED,
    )


def _nested(form: FormVersion) -> dict[str, object]:
    """The same facts as a map of maps, the way CEL is usually fed."""
    return {
        "c": dict(zip(form.codes, NUMBERS, strict=True)),
        "p": dict(zip(form.codes, EARLIER, strict=True)),
        "x": {"coop_orgs_new": 2},
        "e": COVERED,
        "u": {"level": "prefecture", "counties": 4, "townships": 15},
        "t": {"first": False, "gap": False, "same_year": True, "unchanged": False},
        "l": {"flow": True},
    }


if __name__ == "__main__":
    main()
