"""`python -m tests.bench --returns 100`: what returns and pages cost, as ratios of one run."""

import argparse
import os
import shutil
import sys
from pathlib import Path

import django


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure calls per return and list pages.")
    parser.add_argument("--returns", type=int, default=100)
    parser.add_argument("--history", type=int, default=1_000_000, help="returns behind the pages")
    parser.add_argument("--only", choices=("calls", "pairs", "pages", "desk", "history", "credits"))
    parser.add_argument("--orders", type=int, default=100_000, help="generated orders to credit")
    parser.add_argument("--cases", type=int, default=10_000, help="planted exceptions")
    parser.add_argument("--healed", type=int, help="of them by one alias; else a tenth")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - after setup
    from django.db import connection  # noqa: PLC0415 - after setup

    from returnsbridge import memory  # noqa: PLC0415 - after setup
    from tests import rows  # noqa: PLC0415 - after setup

    memory.settle()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    try:
        bad = _calls(options.returns) if options.only in (None, "calls") else 0
        if options.only in (None, "pairs"):
            bad += _pairs(options.returns)
        if options.only in (None, "pages"):
            _pages()
            rows.remove_all()
        if options.only in (None, "desk"):
            bad += _desk(options.cases, options.healed)
            rows.remove_all()
        if options.only in (None, "history"):
            _history(options.history)
        if options.only in (None, "credits"):
            bad += _credits(options.orders)
    finally:
        connection.close()
        _remove_database()
    return 1 if bad else 0


def _calls(returns: int) -> int:
    """Print the load in each weather with one, two and eight workers; how many runs were bad."""
    from tests import rows  # noqa: PLC0415 - after setup
    from tests.bench import calls, mix  # noqa: PLC0415 - after setup
    from tests.faults import stage  # noqa: PLC0415 - after setup

    theatre = stage.build()
    kinds = [mix.kind_of(number) for number in range(returns)]
    say(f"{returns} returns in the mix of a season; all in one process, simulated ERP included")
    say(f"{'faults':>7} {'workers':>8} {'per minute':>13} {'ERP calls':>9} {'per return':>11}")
    bad, base = 0, 0.0
    for rate in (0, 0.01, 0.05):
        for workers in (1, 2, 8):
            theatre.reset()
            calls.widen(theatre.world)
            done = calls.run(theatre.world, kinds=kinds, fault_rate=rate, workers=workers)
            base = base or done.per_minute
            say(
                f"{rate:>7.0%} {workers:>8} {_speed(done.per_minute, base) if not rate else '':>13}"
                f" {done.erp_calls:>9} {done.erp_calls / returns:>11.3f}"
                f"  efficiency {float(done.efficiency):.3f}  lost {done.lost}"
                f"  doubled {done.doubled}"
            )
            for failure in done.failures:
                say(f"        {failure}")
            bad += bool(done.lost or done.doubled or done.failures)
            if workers == 1:
                _reasons(done.calls, returns)
    rows.remove_all()
    return bad


def _speed(per_minute: float, base: float) -> str:
    """Only in calm weather: with faults the time goes into empty rounds of the virtual clock."""
    return f"{per_minute:.0f} x{per_minute / base:.2f}"


def _reasons(counted, returns: int) -> None:
    for (operation, reason), count in sorted(counted.items()):
        say(f"        {operation:<28} {reason:<10} {count / returns:.3f} per return")


def _pairs(returns: int) -> int:
    """Print what each pair costs when returns come together; how many runs were bad or too dear."""
    from tests import rows  # noqa: PLC0415 - after setup
    from tests.bench import pair_costs  # noqa: PLC0415 - after setup

    say("")
    say("Calls per return of each pair; straight: no goods by way of quarantine")
    bad = 0
    for size in sorted({1, 10, returns}):
        say(f"{size} plain return{'s' if size > 1 else ''} between two polls, all in one process")
        say(
            f"{'pair':<30} {'a minute':>8} {'documents':>9} {'platform':>8} {'ERP':>6}"
            f" {'reads':>6} {'writes':>6} {'proofs':>6}"
        )
        for way in pair_costs.ways():
            done = pair_costs.run(way, returns=size)
            _pair(done)
            bad += bool(done.lost or done.doubled or done.over())
            rows.remove_all()
    return bad


def _pair(done) -> None:
    erp, platform = done.way.pair.erp, done.way.pair.platform
    shares = (done.reads, done.writes, done.proofs)
    say(
        f"{done.way.name:<30} {done.per_minute:>8.0f} {done.documents / done.returns:>9.2f}"
        f" {done.per_return(platform):>8} {done.per_return(erp):>6}"
        f" {' '.join(f'{count / done.returns:>6.2f}' for count in shares)}"
        f"  lost {done.lost}  doubled {done.doubled}"
    )
    for system, most in done.limits().items():
        verdict = "OVER" if system in done.over() else "within"
        say(f"        {system} {done.per_return(system)} a return, {verdict} its limit of {most}")
    for (system, reason), count in sorted(done.parts.items()):
        say(f"        {system:<12} {reason:<10} {count / done.returns:.3f} per return")


def _pages() -> None:
    from tests.bench import pages  # noqa: PLC0415 - after setup

    say("")
    say("List pages; times are ratios to page 1 of the same list with ten rows")
    costs = pages.measure()
    base = {cost.page: cost.seconds for cost in costs if cost.rows == pages.SIZES[0]}
    first = {(cost.page, cost.rows): cost.seconds for cost in costs if not cost.depth}
    for cost in sorted(costs, key=lambda cost: (cost.page, cost.rows, cost.depth)):
        where = f"after {cost.depth:,}" if cost.depth else "page 1"
        say(
            f"{cost.page:<11} {cost.rows:>7,} rows  {where:<12} {cost.queries:>3} queries"
            f"  x{cost.seconds / base[cost.page]:.2f}  {cost.seconds * 1000:.0f} ms"
            f"  to page 1 of its size x{cost.seconds / first[cost.page, cost.rows]:.2f}"
        )


def _desk(cases: int, healed: int | None) -> int:
    """Print the queue beside itself at 100 exceptions, and what an act on many kept."""
    from tests.bench import desk  # noqa: PLC0415 - after setup

    healed = healed or cases // 10
    groups, batch = max(cases // 50, 8), min(healed // 2, 500)
    say("")
    say(f"{cases:,} planted exceptions in {groups} causes; the queue's first page, server time")
    done = desk.play(cases=cases, groups=groups, healed=healed, batch=batch)
    pages = (("100", done.few), ("before", done.many), ("during", done.during))
    for name, page in (*pages, ("after", done.after)):
        say(
            f"{name:>10} {page.seconds * 1000:>5.0f} ms x{page.seconds / done.few.seconds:.2f}"
            f"  of this process {page.cpu * 1000:>5.0f} ms x{page.cpu / done.few.cpu:.2f}"
            f"  {page.statements} statements"
        )
    for name, cost, number in (
        ("tried on history", done.trying, healed),
        ("healed", done.healing, healed),
        ("asked for and taken back", done.taking_back, batch),
    ):
        say(
            f"{number:,} {name}: {cost.seconds:.0f} s, {cost.cpu:.0f} s of this process,"
            f" {cost.statements / number:.0f} statements each"
        )
    say(f"one alias: foreseen {done.foreseen}, healed {done.healed:,}, {done.credited} GBP")
    say(f"taken back {done.taken_back} of {batch} documents asked for again")
    for each in done.wrong[:10]:
        say(f"        {each}")
    late = max(done.many.seconds, done.during.seconds, done.after.seconds) > 0.15
    return len(done.wrong) + late


def _history(returns: int) -> None:
    from tests import rows  # noqa: PLC0415 - after setup
    from tests.bench import scale  # noqa: PLC0415 - after setup

    say("")
    say(f"Pages at {returns:,} returns and {returns * 5:,} messages, written by COPY; server time")
    few = {cost.name: cost for cost in scale.measure(min(10_000, returns))}
    rows.remove_all()
    say(
        f"{'page':<28} {'queries':>7} {'p50':>8} {'p95':>8}"
        f" {'to 10,000':>10} {'stock admin':>12} {'ratio':>7}"
    )
    for cost in scale.measure(returns):
        rival = f"{cost.rival * 1000:>9.0f} ms x{cost.rival / cost.median:<6.1f}"
        say(
            f"{cost.name:<28} {cost.queries:>7} {cost.median * 1000:>5.0f} ms"
            f" {cost.p95 * 1000:>5.0f} ms x{cost.median / few[cost.name].median:>9.2f}"
            f" {rival if cost.rival else ''}"
        )


def _credits(orders: int) -> int:
    """Print what crediting costs; how many orders broke a promise."""
    from tests.bench import reversals  # noqa: PLC0415 - after setup

    say("")
    say("Credits of generated orders, every unit returned in random parts; rules only, no database")
    run = reversals.play(orders)
    say(
        f"{run.orders:,} orders, {run.credits:,} credit lines, {run.per_second:,.0f} a second,"
        f" {len(run.wrong)} orders wrong {list(run.wrong[:10]) or ''}"
    )
    base = reversals.long_order(1_000, 2)
    for lines, returns in ((1_000, 20), (1_000, 200), (2_000, 200)):
        cost = reversals.long_order(lines, returns) / base
        say(f"{lines:,} lines after {returns} returns: x{cost:.2f} of 1,000 lines after 2")
    return len(run.wrong) + _pennies(orders)


def _pennies(orders: int) -> int:
    """Print what drafting and explaining whole credits costs; how many orders broke a promise."""
    from tests.bench import pennies  # noqa: PLC0415 - after setup

    run = pennies.play(orders)
    say(
        f"{run.orders:,} orders in {run.returns:,} returns drafted and explained,"
        f" {run.per_second:,.0f} returns a second, {run.unexplained:,} with an unexplained rest,"
        f" {len(run.wrong)} orders wrong {list(run.wrong[:10]) or ''}"
    )
    return len(run.wrong)


def _remove_database() -> None:
    from returnsbridge import embedded  # noqa: PLC0415 - after setup

    data_dir = Path(os.environ["RETURNSBRIDGE_DATA_DIR"])
    embedded.remove(data_dir)
    shutil.rmtree(data_dir, ignore_errors=True)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
