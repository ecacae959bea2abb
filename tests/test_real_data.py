"""Real input that others made, with the figures they published, on both backends.

AdventureWorks is Microsoft's sample company; the bank calls are a Portuguese bank's, by Moro, Cortez and Rita.
"""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli import Desk, new_desk
from tests.google_server import GoogleServer
from tests.google_team import ROBOT, desk_at

pytestmark = pytest.mark.realdata

# The published figures are of an edition whose dates lie 2,160 days earlier.
BACK = timedelta(days=2160)
AS_OF = "2008-12-31"
PUBLISHED = {
    "2005": (32567.92, 35000, -2432.08),
    "2006": (406620.07, 455000, -48379.93),
    "2007": (515622.91, 544000, -28377.09),
    "2008": (281123.55, 271000, 10123.55),
}


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by column title."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def labels(day: date) -> list[str]:
    """The labels of the five periods that hold a day, told by the calendar alone."""
    year, week, _ = day.isocalendar()
    return [str(day), f"{year}-W{week:02}", f"{day:%Y-%m}", f"{day.year}-Q{(day.month + 2) // 3}", f"{day.year}"]


def exported(desk: Desk, as_of: str) -> list[dict[str, Any]]:
    """The rollups as other tools get them."""
    rows: list[dict[str, Any]] = desk.ok("export", "rollups", "--format", "json", "--as-of", as_of).json
    return rows


def agree(naive: dict[tuple[str, str], float], rollups: dict[tuple[str, str], float]) -> None:
    """Every sum of the naive recomputation is in the rollups, and every other rollup is 0."""
    assert set(naive) <= set(rollups)
    for key, actual in rollups.items():
        assert actual == pytest.approx(naive.get(key, 0), abs=1e-6), key


# ---- AdventureWorks -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sales:
    """A desk with every order in its log; the salespeople in its People tab, and the orders, moved back."""

    desk: Desk
    people: frozenset[str]
    orders: list[dict[str, str]]


@contextmanager
def desk_on(backend: str, folder: Path) -> Iterator[Desk]:
    """A desk with a local workbook, or with a spreadsheet that somebody shared."""
    if backend == "local":
        yield new_desk(folder)
        return
    with GoogleServer() as server:
        yield desk_at(folder, server, server.create_spreadsheet("Goals", "ann@example.com", {ROBOT: "writer"}))


@pytest.fixture(scope="module", params=["local", "google"])
def sales(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sales]:
    """Every order as a logged activity, every quota as a dated target, synced.

    On Google only three salespeople are in People, because the local server takes its time: all others' orders are
    problem rows there.
    """
    orders = table(data / "adventureworks" / "orders.csv")
    for order in orders:
        order["OrderDate"] = str(date.fromisoformat(order["OrderDate"]) - BACK)
    quotas = [
        (quota["BusinessEntityID"], quarter_of(quota["QuotaDate"]), quota["SalesQuota"])
        for quota in table(data / "adventureworks" / "quotas.csv")
    ]
    everybody = {order["SalesPersonID"] for order in orders} | {who for who, *_ in quotas}
    people = frozenset(everybody if request.param == "local" else {"274", "275", "276"})
    with desk_on(request.param, tmp_path_factory.mktemp("sales") / "desk") as desk:
        desk.ok("create", "--year", "2005", *(f"--person={who}" for who in sorted(people)))
        desk.ok("import", desk.csv("a.csv", ["Activity"], [["Order won"]]), "--tab", "Activities")
        goal = desk.csv("g.csv", ["Goal", "Measured by", "Of"], [["Revenue", "Order won", "amount"]])
        desk.ok("import", goal, "--tab", "Goals")
        quota_file = desk.csv("q.csv", ["Who", "Period", "Target"], quotas)
        assert "163 added" in desk.ok("import", quota_file, "--tab", "Targets", "--set", "Name=Revenue").out
        file = desk.csv("orders.csv", list(orders[0]), [list(order.values()) for order in orders])
        mapping = [
            "--map=Date=OrderDate",
            "--map=Who=SalesPersonID",
            "--map=Amount=TotalDue",
            "--set=Activity=Order won",
        ]
        assert desk.ok("import", file, *mapping, "--json").json["added"] == 3806
        assert desk.ok("import", file, *mapping, "--json").json["added"] == 0
        desk.ok("sync", "--as-of", AS_OF)
        yield Sales(desk, people, orders)


def quarter_of(quota_date: str) -> str:
    """The label of the quarter that a quota is for, moved back: they begin on its first day then."""
    return labels(datetime.fromisoformat(quota_date).date() - BACK)[3]


def test_sales_against_quota_as_published(sales: Sales) -> None:
    """Salesperson 274's sales, quota and difference of each year, to the cent."""
    found = {
        row["period"]: (round(row["actual"], 2), row["target"], round(row["actual"] - row["target"], 2))
        for row in exported(sales.desk, AS_OF)
        if (row["person"], row["kind"], row["name"], row["cadence"]) == ("274", "goal", "Revenue", "year")
    }
    assert found == PUBLISHED


def test_sales_agree_with_a_naive_recomputation(sales: Sales) -> None:
    """Ten lines over the CSV give the same sum of amounts for every person and period of every cadence."""
    naive: dict[tuple[str, str], float] = defaultdict(float)
    for order in sales.orders:
        for label in labels(date.fromisoformat(order["OrderDate"])):
            naive[order["SalesPersonID"], label] += float(order["TotalDue"])
    goals = [row for row in exported(sales.desk, AS_OF) if row["kind"] == "goal"]
    naive = {key: amount for key, amount in naive.items() if key[0] in sales.people}
    agree(naive, {(row["person"], row["period"]): row["actual"] for row in goals})
    quarters, years = ([r for r in goals if r["cadence"] == c and r["target"]] for c in ("quarter", "year"))
    assert sum(r["target"] for r in quarters) == pytest.approx(sum(r["target"] for r in years))


def test_a_second_sync_of_the_sales_writes_nothing(sales: Sales) -> None:
    """Also with 3,806 rows over four years; each is accepted or refused, none forgotten."""
    said = sales.desk.ok("sync", "--as-of", AS_OF, "--json").json
    assert (said["written"], said["added"], said["rows"]) == ({}, 0, 3806)
    assert said["accepted"] == sum(order["SalesPersonID"] in sales.people for order in sales.orders)


# ---- bank calls ---------------------------------------------------------------------------------------------------

LAST_CALL = "2010-11-17"


def test_bank_calls_in_one_sitting(data: Path, tmp_path: Path) -> None:
    """45,211 calls, 5,289 of them sales: logged, synced and exported, with the published totals and a naive count."""
    calls = table(data / "bank-calls" / "calls.csv")
    evening = datetime(2010, 11, 17, 20, tzinfo=UTC)
    desk = new_desk(tmp_path)
    desk.ok("create", "--year", "2008", "--person", "Bank", at=evening)
    activities = desk.csv(
        "a.csv", ["Activity", "Target", "Every"], [["Call", 50, "working day"], ["Sale", 5, "week"]]
    )
    desk.ok("import", activities, "--tab", "Activities", at=evening)
    sales = desk.csv("sales.csv", list(calls[0]), [list(call.values()) for call in calls if call["y"] == "yes"])
    desk.ok("import", data / "bank-calls" / "calls.csv", "--set", "Activity=Call", at=evening)
    desk.ok("import", sales, "--set", "Activity=Sale", at=evening)
    said = json.loads(desk.ok("sync", "--strict", "--json", at=evening).out)
    assert (said["rows"], said["accepted"]) == (45_211 + 5_289, 45_211 + 5_289)
    rows = exported(desk, LAST_CALL)

    total = {
        name: sum(r["actual"] for r in rows if (r["name"], r["cadence"]) == (name, "year"))
        for name in ("Call", "Sale")
    }
    assert total == {"Call": 45_211, "Sale": 5_289}
    assert sum(r["actual"] for r in rows if r["name"] == "Call" and r["period"][4:] == "-05") == 13_766

    naive: Counter[tuple[str, str]] = Counter()
    for call in calls:
        for label in labels(date.fromisoformat(call["date"])):
            naive["Call", label] += 1
            naive["Sale", label] += call["y"] == "yes"
    agree(dict(naive), {(row["name"], row["period"]): row["actual"] for row in rows})
