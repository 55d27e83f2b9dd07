"""Which file an import names, in the ways of several languages."""

import pytest

from mirador_lsp.index.imports import names_file


@pytest.mark.parametrize(
    ("module", "importer", "file"),
    [
        ("shop.money", "shop/billing.py", "shop/money.py"),
        ("shop.money", "tests/test_money.py", "src/shop/money.py"),
        ("shop", "a.py", "shop/__init__.py"),
        (".money", "shop/billing.py", "shop/money.py"),
        ("..core.money", "shop/web/pay.py", "shop/core/money.py"),
        (".", "shop/billing.py", "shop/__init__.py"),
        ("./money", "src/shop/billing.ts", "src/shop/money.ts"),
        ("../core", "src/shop/billing.tsx", "src/core/index.ts"),
        ("./types.js", "src/a.ts", "src/types.ts"),
        ("example.org/shop/money", "main.go", "money/round.go"),
        ("com.shop.Money", "src/com/shop/Billing.java", "src/com/shop/Money.java"),
        ("crate::money", "src/lib.rs", "src/money/mod.rs"),
        ('"money.h"', "src/billing.c", "src/money.h"),
        ("<shop/money.hpp>", "src/billing.cpp", "include/shop/money.hpp"),
    ],
)
def test_a_module_names_its_file(module: str, importer: str, file: str) -> None:
    """By the end of its path, wherever the sources lie."""
    assert names_file(module, importer, file)


@pytest.mark.parametrize(
    ("module", "importer", "file"),
    [
        ("shop.money", "a.py", "shop/billing.py"),
        ("os", "a.py", "shop/money.py"),
        (".money", "shop/billing.py", "other/money.py"),
        ("./money", "src/shop/billing.ts", "src/other/money.ts"),
        ("../../../../etc", "a/b.ts", "passwd.ts"),
        ("", "a.py", "b.py"),
        ("...", "a.py", "b.py"),
        ("///", "a.py", "b.py"),
    ],
)
def test_it_names_no_other(module: str, importer: str, file: str) -> None:
    """A relative one is looked for where it is written."""
    assert not names_file(module, importer, file)
