"""Data in Python programs: where it goes, and where it does not."""

import textwrap

import pytest

from mirador_lsp.analysis.flow.contract import Budget, Flows
from mirador_lsp.analysis.flow.knowledge import load_knowledge
from mirador_lsp.analysis.flow.running import analyse
from mirador_lsp.syntax.lowering import lower
from mirador_lsp.syntax.parser import parse

AMPLE = Budget(steps=1_000_000, seconds=60)


def flows_of(text: str, budget: Budget = AMPLE) -> Flows:
    """What flows where in a program that imports `os`."""
    parsed = parse(f"import os\n\n{textwrap.dedent(text)}", "python", budget_seconds=30)
    assert not parsed.broken
    program = lower(parsed)
    assert program is not None
    return analyse(program, load_knowledge("python"), budget)


def kinds(text: str) -> list[str]:
    """The kinds of harm that are done."""
    return [flow.kind for flow in flows_of(text).flows]


REACHES = {
    "straight": "def f(x):\n    os.system(x)",
    "through variables": "def f(x):\n    y = x\n    z = y\n    os.system(z)",
    "joined": "def f(x):\n    os.system('ls ' + x)",
    "formatted": "def f(x):\n    os.system(f'ls {x}')",
    "by percent": "def f(x):\n    os.system('ls %s' % x)",
    "by format": "def f(x):\n    os.system('ls {}'.format(x))",
    "by join": "def f(x):\n    os.system(' '.join(['ls', x]))",
    "grown": "def f(x):\n    s = 'ls'\n    s += x\n    os.system(s)",
    "known index": "def f(x):\n    a = ['a', x]\n    os.system(a[1])",
    "from the end": "def f(x):\n    a = ['a', x]\n    os.system(a[-1])",
    "known key": "def f(x):\n    d = {'a': 'b', 'c': x}\n    os.system(d['c'])",
    "unknown key": "def f(x, k):\n    d = {'a': 'b', 'c': x}\n    os.system(d[k])",
    "nested": "def f(x):\n    d = {'a': [1, {'b': x}]}\n    os.system(d['a'][1]['b'])",
    "appended": "def f(x):\n    a = []\n    a.append(x)\n    os.system(a[0])",
    "popped": "def f(x):\n    a = ['b', x]\n    os.system(a.pop())",
    "unpacked": "def f(x):\n    a, *b = 'c', 'd', x\n    os.system(b[1])",
    "swapped": "def f(x):\n    a = 'b'\n    a, x = x, a\n    os.system(a)",
    "field": "class A: pass\ndef f(x):\n    a = A()\n    a.b = x\n    os.system(a.b)",
    "alias": "class A: pass\ndef f(x):\n    a = A()\n    b = a\n    b.c = x\n    os.system(a.c)",
    "constructor": """
        class A:
            def __init__(self, v):
                self.v = v
        def f(x):
            os.system(A(x).v)
        """,
    "inherited": """
        class A:
            def __init__(self, v):
                self.v = v
        class B(A):
            def __init__(self, v):
                super().__init__(v)
            def get(self):
                return self.v
        def f(x):
            os.system(B(x).get())
        """,
    "property": """
        class A:
            def __init__(self, v):
                self._v = v
            @property
            def v(self):
                return self._v
        def f(x):
            os.system(A(x).v)
        """,
    "dataclass": """
        import dataclasses
        @dataclasses.dataclass
        class A:
            a: str
            b: str
        def f(x):
            os.system(A('c', x).b)
        """,
    "helper": "def g(y):\n    os.system(y)\ndef f(x):\n    g(x)",
    "returned": "def g(y):\n    return 'ls ' + y\ndef f(x):\n    os.system(g(x))",
    "by name": "def g(a, b):\n    os.system(b)\ndef f(x):\n    g(b=x, a='c')",
    "spread": "def g(a, b):\n    os.system(b)\ndef f(x):\n    g(*['a', x])",
    "spread by name": "def g(a, b):\n    os.system(b)\ndef f(x):\n    g(**{'a': 'c', 'b': x})",
    "rest": "def g(*a):\n    os.system(a[1])\ndef f(x):\n    g('b', x)",
    "default": "def f(x, y=None):\n    os.system(y or x)",
    "closure": "def f(x):\n    def g():\n        os.system(x)\n    g()",
    "nonlocal": """
        def f(x):
            a = 'b'
            def g():
                nonlocal a
                a = x
            g()
            os.system(a)
        """,
    "global": "A = 'b'\ndef f(x):\n    global A\n    A = x\n    os.system(A)",
    "callback": "def g(h, v):\n    h(v)\ndef f(x):\n    g(lambda y: os.system(y), x)",
    "mapped": "def f(x):\n    list(map(os.system, [x]))\n    [os.system(y) for y in [x]]",
    "comprehension": "def f(x):\n    os.system([y for y in ['a', x] if y][1])",
    "generator": """
        def g(x):
            yield 'a'
            yield x
        def f(x):
            a = list(g(x))
            os.system(a[1])
        """,
    "decorated": """
        def d(h):
            def w(v):
                return h(v)
            return w
        @d
        def g(v):
            os.system(v)
        def f(x):
            g(x)
        """,
    "either branch": "def f(x, c):\n    y = 'a'\n    if c:\n        y = x\n    os.system(y)",
    "loop": "def f(x):\n    y = ''\n    for c in x:\n        y = y + c\n    os.system(y)",
    "while": "def f(x, n):\n    y = ''\n    while n:\n        y, n = x, n - 1\n    os.system(y)",
    "in a handler": """
        def f(x):
            y = 'a'
            try:
                open('b')
                y = 'c'
            except OSError:
                y = x
            os.system(y)
        """,
    "before what raises": """
        def f(x):
            y = 'a'
            try:
                y = x
                open('b')
                y = 'c'
            except OSError:
                pass
            os.system(y)
        """,
    "finally": "def f(x):\n    try:\n        pass\n    finally:\n        os.system(x)",
    "the raised one": """
        def f(x):
            try:
                raise ValueError(x)
            except ValueError as e:
                os.system(str(e))
        """,
    "match": """
        def f(x):
            match 1:
                case 1:
                    os.system(x)
        """,
    "with": """
        class A:
            def __init__(self, v):
                self.v = v
            def __enter__(self):
                return self.v
            def __exit__(self, *a):
                pass
        def f(x):
            with A(x) as y:
                os.system(y)
        """,
    "walrus": "def f(x):\n    if (y := x):\n        os.system(y)",
    "method of its own": """
        class A:
            def run(self, v):
                os.system(v)
            def go(self, v):
                self.run(v)
        """,
    "getattr": """
        class A: pass
        def f(x):
            a = A()
            setattr(a, 'b', x)
            os.system(getattr(a, 'b'))
        """,
    "tainted key": "def f(x):\n    d = {}\n    d[x] = 'a'\n    for k in d:\n        os.system(k)",
}
STAYS = {
    "constant": "def f(x):\n    os.system('ls')",
    "overwritten": "def f(x):\n    x = 'a'\n    os.system(x)",
    "other index": "def f(x):\n    a = ['a', x]\n    os.system(a[0])",
    "other key": "def f(x):\n    d = {'a': 'b', 'c': x}\n    os.system(d['a'])",
    "taken out": "def f(x):\n    a = [x, 'b']\n    del a[0]\n    os.system(a[0])",
    "cut away": "def f(x):\n    a = [x, 'b', 'c']\n    del a[:1]\n    os.system(a[0])",
    "other field": """
        class A: pass
        def f(x):
            a = A()
            a.b, a.c = x, 'd'
            os.system(a.c)
        """,
    "other object": """
        class A: pass
        def f(x):
            a, b = A(), A()
            a.c, b.c = x, 'd'
            os.system(b.c)
        """,
    "other argument": "def g(a, b):\n    os.system(b)\ndef f(x):\n    g(x, 'c')",
    "other call": "def g(a):\n    return a\ndef f(x):\n    g(x)\n    os.system(g('b'))",
    "overridden": """
        class A:
            def get(self, v):
                return v
        class B(A):
            def get(self, v):
                return 'c'
        def f(x):
            os.system(B().get(x))
        """,
    "dead branch": "def f(x):\n    y = 'a'\n    if 1 > 2:\n        y = x\n    os.system(y)",
    "after return": "def f(x):\n    return\n    os.system(x)",
    "after raise": "def f(x):\n    raise ValueError\n    os.system(x)",
    "after continue": "def f(x):\n    for i in range(3):\n        continue\n        os.system(x)",
    "after break": """
        def f(x):
            y = 'a'
            while True:
                break
                y = x
            os.system(y)
        """,
    "no turn": "def f(x):\n    for i in []:\n        os.system(x)",
    "another case": """
        def f(x):
            match 1:
                case 2:
                    os.system(x)
        """,
    "another handler": """
        def f(x):
            try:
                raise ValueError('a')
            except KeyError:
                os.system(x)
            except ValueError:
                pass
        """,
    "number": "def f(x):\n    os.system('kill %d' % len(x))",
    "quoted": "import shlex\ndef f(x):\n    os.system('ls ' + shlex.quote(x))",
    "allowed": "def f(x):\n    if x not in ('a', 'b'):\n        return\n    os.system(x)",
    "equal": "def f(x):\n    if x == 'a':\n        os.system(x)",
    "letters alone": "def f(x):\n    if x.isalnum():\n        os.system(x)",
    "list of words": "import subprocess\ndef f(x):\n    subprocess.run(['ls', x])",
    "shadowed": """
        def f(x):
            class os:
                system = staticmethod(lambda y: None)
            os.system(x)
        """,
    "typed": "def f(x: int):\n    os.system(f'kill {x}')",
    "helper of nobody": """
        def sink(y):
            os.system(y)
        def f(x):
            if False:
                sink(x)
        """,
}


@pytest.mark.parametrize("name", REACHES)
def test_data_reaches_a_shell(name: str) -> None:
    """Whatever way it takes."""
    assert "command-injection" in kinds(REACHES[name])


@pytest.mark.parametrize("name", STAYS)
def test_data_does_not_reach_a_shell(name: str) -> None:
    """However near it comes."""
    assert kinds(STAYS[name]) == []


def test_a_flow_tells_its_way() -> None:
    """From the source, step by step, to the sink; a parameter is a weak source."""
    (flow,) = flows_of("def g(y):\n    os.system(y)\ndef f(x):\n    z = 'ls ' + x\n    g(z)").flows

    assert flow.what == "the parameter `x`"
    assert flow.weak
    assert flow.certain
    assert flow.cwe == "CWE-78"
    assert flow.into == "a shell command"
    assert [step.says for step in flow.steps] == [
        "joined into a text",
        "kept in `z`",
        "given to `g`",
    ]
    assert flow.sink.says == "given to `system`"


def test_what_a_route_is_given_is_surely_from_outside() -> None:
    """And so is what a request holds."""
    text = """
        from flask import Flask, request
        app = Flask(__name__)
        @app.route('/<name>')
        def page(name):
            os.system(name)
            os.system(request.args['q'])
        """
    assert [(flow.weak, flow.kind) for flow in flows_of(text).flows] == [
        (False, "command-injection"),
        (False, "command-injection"),
    ]


def test_a_query_with_parameters_is_none_that_is_put_together() -> None:
    """Only text that was joined does harm there."""
    safe = "def f(db, x):\n    db.execute('SELECT ?', (x,))\n    db.execute(x)"
    joined = "def f(db, x):\n    db.execute('SELECT ' + x)"

    assert kinds(safe) == []
    assert kinds(joined) == ["sql-injection"]


def test_a_call_that_nobody_knows_is_guessed_and_said_so() -> None:
    """Its result is made of what it was given, perhaps."""
    (flow,) = flows_of("import lib\ndef f(x):\n    os.system(lib.make(x))").flows

    assert not flow.certain


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    f(x)\n    os.system(x)",
        "def f(x):\n    g(x)\ndef g(x):\n    f(x)\n    os.system(x)",
        "def f(x):\n    while True:\n        x = x + x",
        "def f(x):\n    return " + "(" * 60 + "x" + ")" * 60,
        "x = 'a' * 10 ** 9\ny = 2 ** 10 ** 9\nz = '%1000000000d' % 1\n",
        "\n".join(f"def f{n}(x):\n    f{n + 1}(x)\n    f{n + 1}(x)" for n in range(40)),
        "def f(x):\n" + "".join(f"    if x == {n}:\n        x = x + '{n}'\n" for n in range(200)),
        "class A(A): pass\nclass B(B, A):\n    def f(self):\n        return super().f()\nB().f()",
    ],
)
def test_every_program_comes_to_an_end(text: str) -> None:
    """Within its budget; what is left out is told."""
    found = flows_of(text, Budget(steps=20_000, seconds=5))

    assert all("followed only in part" in note for note in found.notes)


def test_the_same_program_gives_the_same_flows() -> None:
    """In the same order."""
    text = "\n".join(REACHES[name] for name in ("joined", "spread", "loop", "closure"))
    first, second = flows_of(text), flows_of(text)

    assert first == second


@pytest.mark.parametrize(
    ("text", "cleared"),
    [
        ("def f():\n    os.system('ls')", True),
        ("import shlex\ndef f(x):\n    os.system(shlex.quote(x))", True),
        ("def g(y):\n    os.system(y)\ndef f(x):\n    g('a')\n    g('b')", True),
        ("def g(y):\n    os.system(y)\ndef f(x):\n    g('a')\n    g(x)", False),
        ("import lib\ndef f():\n    os.system(lib.COMMAND)", False),
        ("class A:\n    def f(self):\n        os.system(self.command)", False),
    ],
)
def test_a_sink_that_is_given_nothing_unknown_is_cleared(text: str, cleared: bool) -> None:
    """Of what nobody can see nothing is said."""
    assert bool(flows_of(text).cleared) is cleared


def test_a_program_without_a_shell_is_harmful_where_it_surely_comes_from_outside() -> None:
    """Whoever calls a function that starts programs says which."""
    assert kinds("def f(command):\n    os.execvp(command[0], command)") == []
    surely = "from flask import request\ndef f():\n    os.execvp(request.args['x'], [])"
    assert kinds(surely) == ["command-injection"]


def test_a_function_that_takes_long_leaves_steps_for_the_others() -> None:
    """It waits until they were run, and what was left out of it is told."""
    deep = "".join(
        f"def c{n}(x):\n    for a in x:\n        c{n + 1}(a); c{n + 1}(x); c{n + 1}([a, x])\n"
        for n in range(12)
    )
    text = f"def a(x):\n    c0(x)\n{deep}def c12(x):\n    pass\ndef z(x):\n    os.system(x)\n"
    found = flows_of(text, Budget(steps=30_000, seconds=60))
    assert [flow.kind for flow in found.flows] == ["command-injection"]
    assert len(found.notes) == 1
