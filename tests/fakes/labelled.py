"""Findings as models word them, sorted by hand into kinds: what likeness is measured on.

Within a kind a user who dismisses one would dismiss the others. Kinds of one lens that sound alike
(a divisor that may be zero, an index that may be out of range) are there on purpose.
"""

from mirador_lsp.core.findings import Lens

Said = tuple[str, str]
"""Message and quoted line."""

KINDS: dict[tuple[Lens, str], tuple[Said, ...]] = {
    (Lens.BUG, "division by zero"): (
        ("This divides by the number of items, which may be zero.", "return total / len(items)"),
        ("Division by zero when the list is empty.", "mean = sum(values) / len(values)"),
        ("The function divides by `count` without checking that it is not zero.", "x / count"),
        ("If `weights` is empty this raises ZeroDivisionError.", "average = s / len(weights)"),
    ),
    (Lens.BUG, "none"): (
        ("`user` may be None here, and the attribute access will raise.", "return user.name"),
        ("The result of `find` can be None and is used without a check.", "node = find(k).value"),
        ("This does not handle the case in which the order is None.", "order.total()"),
        ("AttributeError if `get` returns None.", "d.get(key).strip()"),
    ),
    (Lens.BUG, "out of range"): (
        ("Reads the first element without checking that the list has one.", "first = rows[0]"),
        ("This raises IndexError when the list is empty.", "last = names[-1]"),
        ("The index runs one past the end of the array.", "for (i = 0; i <= a.length; i++)"),
        ("Off by one: the loop reads beyond the last element.", "while (k <= n) s += v[k++];"),
    ),
    (Lens.BUG, "swallowed error"): (
        ("The exception is swallowed, so the error is lost.", "except Exception: pass"),
        ("All errors are ignored without logging.", "except: pass"),
        ("The catch block hides the failure from the caller.", "catch (e) {}"),
        ("Errors are silently ignored here.", "if err != nil { return nil }"),
    ),
    (Lens.BUG, "mutable default"): (
        ("The default argument is a list that is shared between calls.", "def add(x, to=[]):"),
        ("Mutable default value: the dictionary is kept from call to call.", "def f(cache={}):"),
        ("The same list object is used as default for all calls.", "def log(m, seen=[]):"),
        ("A mutable default argument is shared by every call.", "def g(a, b=set()):"),
    ),
    (Lens.BUG, "resource not closed"): (
        ("The file is opened and never closed.", "f = open(path)"),
        ("The connection is not closed when an error occurs.", "c = sqlite3.connect(p)"),
        ("The file handle leaks: use a with statement.", "data = open(name).read()"),
        ("The socket stays open if the request fails.", "s = socket.create_connection(a)"),
    ),
    (Lens.STYLE, "magic number"): (
        ("The number 86400 has no name that says what it means.", "return days * 86400"),
        ("Magic number: 3.5 should be a named constant.", "price = price * 3.5"),
        ("The literal 1024 is used without explanation.", "size = n / 1024"),
        ("A hard-coded value should be a constant with a name.", "if retries > 7:"),
    ),
    (Lens.STYLE, "name"): (
        ("The name `d` does not say what it holds.", "d = load()"),
        ("Variable `tmp2` has a misleading name.", "tmp2 = users()"),
        ("The function name `do` does not tell what it does.", "def do(x):"),
        ("A one-letter name makes this hard to read.", "q = price * n"),
    ),
    (Lens.STYLE, "missing comment"): (
        ("The function has no docstring.", "def total(self):"),
        ("There is no documentation of what this class is for.", "class Cart:"),
        ("This public method lacks a docstring.", "def remove(self, item):"),
        ("No comment explains what the parameters mean.", "def scale(a, b, c):"),
    ),
    (Lens.STYLE, "dead code"): (
        ("The variable `result` is assigned but never used.", "result = compute()"),
        ("This branch can never be reached.", "elif x < 0 and x > 5:"),
        ("Unused variable: nothing reads `old`.", "old = self.items"),
        ("Dead code: the statement after return never runs.", "print('done')"),
    ),
    (Lens.PERFORMANCE, "nested scan"): (
        ("For each item the whole list is searched again.", "if x in seen_list:"),
        ("Nested loops over the same data make this quadratic.", "for b in items:"),
        ("The list is scanned once for every element; use a set.", "if name in names:"),
        ("Repeated linear search inside a loop.", "i = rows.index(r)"),
    ),
    (Lens.PERFORMANCE, "string building"): (
        ("The string is built by repeated concatenation in a loop.", "out += line"),
        ("Concatenating strings in a loop copies them each time; use join.", "s = s + str(x)"),
        ("Each += copies the whole text built so far.", "text += part"),
        ("Use a list and join instead of adding to a string.", "html += '<li>' + n"),
    ),
    (Lens.PERFORMANCE, "repeated work"): (
        ("The regular expression is compiled anew in every iteration.", "re.compile(p).match(l)"),
        ("The file is read again in each pass of the loop.", "cfg = load_config()"),
        ("The same query is run once for every user.", "db.query(User).get(i)"),
        ("This computes the same value on every call; cache it.", "limits = parse(LIMITS)"),
    ),
}
