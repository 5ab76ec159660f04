"""Measures POST and GET beside their yardsticks, interleaved, and writes the tables into the documentation.

python -m bench.run post --database sqlite --rounds 3 --seconds 5 --write
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import datasette_peer, postgres, service
from bench.load import Load, Target
from bench.sample import (
    MONTHS,
    months,
    questions,
    reporting_units,
    service_posts,
    tutorial_posts,
    write_lines,
)
from bench.servers import Server, free_port, running, uvicorn
from bench.table import Goal, publish, table

POST_MONTHS = 357
FASTEST = 8000
"""Requests a second that prepared POSTs must last for."""

GOALS: Mapping[str, Mapping[str, Goal]] = {
    "post-sqlite": {"Yuebao": Goal(4, spread=4)},
    "post-postgresql": {"Yuebao": Goal(2)},
    "get-sqlite": {
        "Yuebao, a province, unchanged": Goal(8),
        "Yuebao, a province, 304": Goal(8),
        "Yuebao, a province, one report changed": Goal(1),
        "Yuebao, the nation, unchanged": Goal(8),
        "Yuebao, the nation, 304": Goal(8),
        "Yuebao, the nation, one report changed": Goal(1),
    },
}
"""What each table is measured for: with sign-in, checks, version, audit and figures, against its yardstick."""

NATION = "000000"

KEPT_MONTHS = 12
"""Months whose sums are asked again and again."""

CHANGED = {"one report changed": ("one_changed", 1), "computed": ("all_changed", KEPT_MONTHS)}
"""What happened between two questions: who makes the service that finds it so (bench.uncached), and of how many months
it is asked. Reports come in for one month at a time."""


@dataclass(frozen=True)
class Plan:
    """What to run, and where its files go."""

    rounds: int
    seconds: int
    connections: Sequence[int]
    with_service: bool
    database: str
    folder: Path

    @property
    def posts(self) -> int:
        """How many new reports one contender may need."""
        return self.rounds * self.seconds * len(self.connections) * FASTEST


def measure(targets: Sequence[Target], plan: Plan) -> dict[tuple[str, int], list[Load]]:
    """Rounds in turn, each beginning with another contender, so that a slow minute hits all of them."""
    results: dict[tuple[str, int], list[Load]] = {
        (target.name, connections): [] for connections in plan.connections for target in targets
    }
    for number in range(plan.rounds):
        turn = number % len(targets)
        for connections in plan.connections:
            for target in [*targets[turn:], *targets[:turn]]:
                load = target.drive(connections=connections, seconds=plan.seconds)
                if load.exhausted:
                    raise RuntimeError(f"prepared requests for {target.name} ran out: raise FASTEST")
                print(f"round {number + 1}, {connections:>3} conns, {target.name}: {load}", flush=True)
                results[target.name, connections].append(load)
    return results


@contextmanager
def post_targets(plan: Plan) -> Iterator[list[Target]]:
    """The tutorial's endpoint and ours on databases of the same kind, equally durable."""
    units, periods = reporting_units(), months(POST_MONTHS)
    with ExitStack() as stack:
        home = stack.enter_context(postgres.server()) if plan.database == "postgresql" else None
        url = postgres.database(home, "tutorial") if home else f"sqlite:///{plan.folder / 'tutorial.sqlite3'}"
        port = free_port()
        server = stack.enter_context(
            running(
                "tutorial",
                uvicorn("bench.tutorial_sqlmodel:app", port),
                port=port,
                ready="/ready",
                folder=plan.folder,
                env={"DATABASE_URL": url},
            )
        )
        lines = write_lines(plan.folder / "tutorial.txt", tutorial_posts(units, periods), plan.posts)
        json_body = {"Content-Type": "application/json"}
        targets = [Target("FastAPI + SQLModel, as taught", server, lines, "POST", json_body, once=True)]
        if plan.with_service:
            ours = postgres.database(home, "yuebao") if home else ""
            running_service = stack.enter_context(service.start_service(plan.folder, ours))
            lines = write_lines(plan.folder / "service.txt", service_posts(units, periods), plan.posts)
            targets.append(service.posts(running_service, lines))
        yield targets


@contextmanager
def get_targets(plan: Plan) -> Iterator[list[Target]]:
    """Datasette and the service over the same 340 units and 120 months, asked for sums of provinces and of all."""
    units, periods = reporting_units(), months(MONTHS)
    parents = sorted({unit.parent for unit in units})
    with ExitStack() as stack:
        datasette_peer.build(plan.folder, units, periods)
        port = free_port()
        command = datasette_peer.command(plan.folder, port)
        ready = "/-/versions.json"
        server = stack.enter_context(
            running("datasette", command, port=port, ready=ready, folder=plan.folder)
        )
        asked = {
            "a province": questions(datasette_peer.QUESTION, parents, periods[-KEPT_MONTHS:]),
            "the nation": questions(datasette_peer.NATION, [NATION], periods[-KEPT_MONTHS:]),
        }
        targets = [
            Target(f"Datasette, {of}", server, write_lines(plan.folder / f"datasette {of}.txt", lines))
            for of, lines in asked.items()
        ]
        if plan.with_service:
            home = stack.enter_context(postgres.server()) if plan.database == "postgresql" else None
            ours = postgres.database(home, "yuebao") if home else ""
            running_service = stack.enter_context(service.start_service(plan.folder, ours))
            service.prepare_service_reports(running_service, plan.folder, units, periods)
            changed = {
                name: stack.enter_context(service.start_uncached(plan.folder, ours, factory))
                for name, (factory, _) in CHANGED.items()
            }
            for of, units_of in {"a province": parents, "the nation": [NATION]}.items():
                targets += _questions_to(running_service, changed, plan.folder, of, units_of, periods)
        for target in targets:
            target.drive(connections=4, seconds=1)  # what is kept is kept from now on
        yield targets


def _questions_to(
    ours: service.Service,
    changed: Mapping[str, Server],
    folder: Path,
    of: str,
    units: Sequence[str],
    periods: Sequence[str],
) -> list[Target]:
    """The same sums unchanged (kept), unchanged and known to the client (304), and after changes."""
    asked = list(questions(service.QUESTION, units, periods[-KEPT_MONTHS:]))
    if_changed = {**ours.reading, "If-None-Match": ours.entity_tag(asked[0])}
    every, one = write_lines(folder / f"{of}.txt", asked), write_lines(folder / f"{of} once.txt", asked[:1])
    targets = [
        Target(f"Yuebao, {of}, unchanged", ours.server, every, headers=ours.reading),
        Target(f"Yuebao, {of}, 304", ours.server, one, headers=if_changed),
    ]
    for name, (_, number) in CHANGED.items():
        lines = write_lines(folder / f"{of} {name}.txt", asked[-number * len(units) :])
        targets.append(Target(f"Yuebao, {of}, {name}", changed[name], lines, headers=ours.reading))
    return targets


def _yardsticks(targets: Sequence[Target]) -> dict[str, str]:
    """Datasette's answer to the same question, by the middle of the names; else the first of all."""
    peers = [target.name for target in targets if target.name.startswith("Datasette, ")]
    return {t.name: peer for t in targets for peer in peers if peer.partition(", ")[2] in t.name}


TARGETS = {"post": post_targets, "get": get_targets}
CONNECTIONS: Mapping[str, Sequence[int]] = {"post": (1, 16), "get": (16,)}


def main() -> None:
    """Run what was asked for and print it; `--write` puts it into docs/performance.md too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=[*TARGETS, "all"], default="all")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", help="default: 1 and 16, for sums 16")
    parser.add_argument("--yardstick-only", action="store_true", help="do not start the service")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    given = parser.parse_args()
    chosen = list(TARGETS) if given.what == "all" else [given.what]
    if given.write and not {f"{what}-{given.database}" for what in chosen} <= GOALS.keys():
        parser.error("docs/performance.md has no table for this: measure it without --write")
    for what in chosen:
        with tempfile.TemporaryDirectory(prefix="yuebao-bench-") as folder:
            plan = Plan(
                given.rounds,
                given.seconds,
                given.connections or CONNECTIONS[what],
                not given.yardstick_only,
                given.database,
                Path(folder),
            )
            with TARGETS[what](plan) as targets:
                goals = GOALS.get(f"{what}-{given.database}", {})
                text = table(measure(targets, plan), goals, _yardsticks(targets))
        print(f"\n{text}\n")
        if given.write:
            publish(f"{what}-{given.database}", text)


if __name__ == "__main__":
    main()
