"""Where a new test file goes: as the project does it, and never over something."""

from pathlib import Path

import pytest

from mirador_lsp.workspace.new_tests import new_tests


def project(folder: Path, *files: str, **contents: str) -> Path:
    """A project with these files; `contents` has those that are not empty, `__` for a dot."""
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name, text in contents.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "contents", "source", "language", "name", "framework", "module"),
    [
        (
            *(["src/shop/__init__.py", "tests/conftest.py"], {"pyproject__toml": ""}),
            *("src/shop/cart.py", "python", "tests/test_cart.py", "pytest", "shop.cart"),
        ),
        (
            *([], {"pyproject__toml": "dev = ['pytest']"}),
            *("shop/cart.py", "python", "shop/test_cart.py", "pytest", "shop.cart"),
        ),
        (
            *(["tests/test_box.py"], {"setup__py": ""}),
            *("cart.py", "python", "tests/test_cart.py", "unittest", "cart"),
        ),
        (
            *(["shop/__init__.py"], {"setup__py": ""}),
            *("shop/__init__.py", "python", "shop/test_shop.py", "unittest", "shop"),
        ),
        ([], {}, "cart.py", "python", "test_cart.py", "unittest", "cart"),
        (
            *([], {"package__json": '{"devDependencies": {"vitest": "^1"}}'}),
            *("src/cart.ts", "typescript", "src/cart.test.ts", "vitest", "./cart"),
        ),
        (
            *(["src/box.spec.tsx"], {"package__json": '{"scripts": {"test": "jest"}}'}),
            *("src/cart.tsx", "tsx", "src/cart.spec.tsx", "jest", "./cart"),
        ),
        (
            *(["src/__tests__/box.test.js"], {"package__json": "[broken"}),
            *("src/cart.js", "javascript", "src/__tests__/cart.test.js", "node:test", "../cart.js"),
        ),
        ([], {"go__mod": ""}, "a/cart.go", "go", "a/cart_test.go", "go test", ""),
        (
            *([], {"pom__xml": ""}),
            *("src/main/java/a/Cart.java", "java", "src/test/java/a/CartTest.java", "JUnit 5", ""),
        ),
        (
            *([], {"Cargo__toml": '[package]\nname = "my-shop"\n'}),
            *("src/cart.rs", "rust", "tests/cart_tests.rs", "cargo test", "my_shop::cart"),
        ),
        (
            *(["spec/x_spec.rb"], {"Gemfile": ""}),
            *("lib/cart.rb", "ruby", "spec/cart_spec.rb", "RSpec", "../lib/cart"),
        ),
        (
            *(["tests/A.php"], {"composer__json": ""}),
            *("src/Cart.php", "php", "tests/CartTest.php", "PHPUnit", "../src/Cart.php"),
        ),
        (
            *(["src/cart.h"], {"CMakeLists__txt": ""}),
            *("src/cart.c", "c", "src/test_cart.c", "assert", "./cart.h"),
        ),
        ([], {}, "Cart.cs", "csharp", "CartTests.cs", "xUnit", ""),
    ],
)
def test_each_kind_of_project(
    tmp_path: Path,
    files: list[str],
    contents: dict[str, str],
    source: str,
    language: str,
    name: str,
    framework: str,
    module: str,
) -> None:
    """Folder, name, framework and the way to the code are the project's own."""
    root = project(tmp_path, source, *files, **contents)
    found = new_tests(root / source, language)
    assert found is not None
    assert Path(found.path) == root / name
    assert found.uri == (root / name).as_uri()
    assert (found.framework, found.module) == (framework, module)
    assert name.endswith(found.name)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A name that is taken, by a broken link as well, gets a number where the tools allow it."""
    root = project(tmp_path, "a/cart.go", "a/cart_test.go", "go.mod")
    (root / "a" / "cart_2_test.go").symlink_to(root / "nowhere")
    found = new_tests(root / "a" / "cart.go", "go")
    assert found is not None
    assert found.name == "a/cart_3_test.go"


def test_a_linked_folder_of_tests_is_not_used(tmp_path: Path) -> None:
    """A project cannot have a file written elsewhere."""
    outside = tmp_path / "outside"
    outside.mkdir()
    root = project(tmp_path / "in", "cart.py", "pyproject.toml")
    (root / "tests").symlink_to(outside)
    found = new_tests(root / "cart.py", "python")
    assert found is not None
    assert Path(found.path) == root / "test_cart.py"


@pytest.mark.parametrize("language", ["json", "bash", ""])
def test_languages_without_tests(tmp_path: Path, language: str) -> None:
    """No place, and no guess."""
    assert new_tests(tmp_path / "a", language) is None
