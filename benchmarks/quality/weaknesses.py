"""Which CWE numbers mean the same mistake, and which ones the rules of others are about."""

import re

FAMILIES = (
    frozenset({77, 78, 88}),  # commands
    frozenset({89, 564, 943}),  # queries
    frozenset({79, 80, 83, 86, 87, 116}),  # pages
    frozenset({22, 23, 24, 35, 36, 73, 99}),  # paths
    frozenset({94, 95, 96, 1336}),  # code and templates
    frozenset({502, 915}),  # objects made from data
    frozenset({601}),  # redirects
    frozenset({611, 776, 827}),  # XML
    frozenset({90}),  # LDAP
    frozenset({91, 643}),  # XPath
    frozenset({93, 113, 117}),  # lines of headers and logs
    frozenset({918, 441}),  # requests on behalf of others
    frozenset({400, 770, 1333}),  # resources
    frozenset({259, 321, 522, 798}),  # secrets in code
    frozenset({295, 297, 599}),  # certificates
    frozenset({326, 327, 328, 916}),  # weak cryptography
    frozenset({330, 331, 335, 338}),  # guessable numbers
    frozenset({476, 690}),  # nothing where something is expected
    frozenset({703, 754, 755, 390, 391, 396}),  # errors nobody sees
)
"""A finding about one member is right about a case that is labelled with another: tools and those
who label differ in how deep they go into the tree of CWE. Numbers in no family stand alone."""

_BY_NUMBER = {number: family for family in FAMILIES for number in family}
_NUMBER = re.compile(r"CWE[-\s_]?(\d{1,5})", re.IGNORECASE)

_RUFF = {
    22: ("S202",),
    78: ("S102", "S307", "S404", "S601", "S602", "S603", "S604", "S605", "S606", "S607", "S609"),
    79: ("S308", "S702", "S703", "S704"),
    89: ("S608", "S610", "S611"),
    94: ("S201", "S612", "S701"),
    20: ("S310", "S313", "S314", "S315", "S316", "S317", "S318", "S319", "S320", "S506"),
    259: ("S105", "S106", "S107"),
    295: ("S323", "S501", "S507"),
    319: ("S312", "S321", "S401", "S402", "S415", "S508", "S509"),
    326: ("S505",),
    327: ("S303", "S304", "S305", "S324", "S413", "S502", "S503", "S504"),
    330: ("S311",),
    377: ("S108", "S306"),
    400: ("S113",),
    502: ("S301", "S302", "S403"),
    605: ("S104",),
    703: ("S101", "S110", "S112"),
    732: ("S103",),
}
_OF_RUFF = {code: number for number, codes in _RUFF.items() for code in codes}


def same(one: int, other: int) -> bool:
    """Whether two CWE numbers mean the same mistake."""
    return one == other or other in _BY_NUMBER.get(one, ())


def number_in(text: str | None) -> int:
    """The first CWE number that a text names, 0 where it names none."""
    found = _NUMBER.search(text or "")
    return int(found[1]) if found is not None else 0


def of_ruff(code: str) -> int:
    """The CWE number of one of ruff's S rules as bandit gives it for the rule it is taken from;
    0 where there is none.
    """
    return _OF_RUFF.get(code, 0)
