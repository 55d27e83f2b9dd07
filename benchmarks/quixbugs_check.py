"""Runs one program on its cases; stands beside both, as a project's tests would.

python check.py NAME          ends with "N passed in 0.0s", and status 1 where one failed
python check.py NAME --each   prints "good NUMBER" for each case that is answered
"""

import importlib
import json
import math
import signal
import sys
from pathlib import Path
from types import GeneratorType
from typing import Any, NoReturn

_SECONDS = 1.0


def main() -> int:
    """Run the cases. The first that does not end is the last that is tried."""
    here = Path(__file__).parent
    sys.path.insert(0, str(here))
    name = sys.argv[1]
    function = getattr(importlib.import_module(name), name)
    cases = json.loads((here / "cases.json").read_text("utf-8"))
    each = "--each" in sys.argv
    signal.signal(signal.SIGALRM, _late)
    passed = 0
    for number, (given, wanted) in enumerate(cases):
        arguments = given if isinstance(given, list) else [given]
        text = json.dumps(arguments)[1:-1]
        signal.setitimer(signal.ITIMER_REAL, _SECONDS)
        try:
            got = _plain(function(*arguments))
        except TimeoutError:
            print(f"{name}({text}) did not end")
            if not each:
                break
            continue
        except Exception as error:  # noqa: BLE001 — whatever a wrong program does
            print(f"{name}({text}) raised {type(error).__name__}: {error}")
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if not _same(got, wanted):
            print(f"{name}({text}) gave {json.dumps(got)} instead of {json.dumps(wanted)}")
            continue
        passed += 1
        if each:
            print(f"good {number}")
    failed = len(cases) - passed
    if failed:
        print(f"{failed} failed, {passed} passed in 0.0s")
        return 1
    print(f"\n{passed} passed in 0.0s")
    return 0


def _late(*_: object) -> NoReturn:
    raise TimeoutError


def _plain(value: Any) -> Any:
    """What JSON makes of an answer: tuples are lists, and generators too."""
    if isinstance(value, GeneratorType):
        value = [_plain(item) for item in value]
    return json.loads(json.dumps(value))


def _same(got: Any, wanted: Any) -> bool:
    if isinstance(got, float) or isinstance(wanted, float):
        return isinstance(got, int | float) and math.isclose(got, wanted, rel_tol=1e-9)
    return bool(got == wanted)


if __name__ == "__main__":
    sys.exit(main())
