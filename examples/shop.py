"""Orders of a small web shop: an example for Mirador to review."""

import sqlite3


def orders_of(db: sqlite3.Connection, customer: str, seen=[]):
    query = "SELECT id, total FROM orders WHERE customer = '" + customer + "'"
    seen.append(customer)
    return db.execute(query).fetchall()


def page(orders: list, number: int, size: int = 20) -> list:
    """The orders of page `number`; the first page is number 1."""
    start = number * size
    return orders[start : start + size + 1]


def customers_with_duplicates(names: list[str]) -> list[str]:
    doubled = []
    for i in range(len(names)):
        for j in range(len(names)):
            if i != j and names[i] == names[j] and names[i] not in doubled:
                doubled.append(names[i])
    return doubled
