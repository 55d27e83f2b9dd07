"""Small programs that use an entry of a file of knowledge as its library means it."""

from mirador_lsp.analysis.flow.knowledge.files import (
    CleanEntry,
    GuardEntry,
    SinkEntry,
    SourceEntry,
    Wanted,
)

_GLOBALS = """
eval Function globalThis window global self top parent document location localStorage
sessionStorage prompt process setTimeout setInterval setImmediate RegExp parseInt parseFloat
Number Boolean BigInt isNaN isFinite Math Array Date Symbol Intl crypto encodeURIComponent
encodeURI escape unescape JSON String decodeURIComponent decodeURI atob btoa URL URLSearchParams
Object Promise structuredClone Buffer TextDecoder Reflect console $ jQuery fetch require import
module Deno Bun importScripts execScript sanitizeHtml filterXSS DOMPurify res db
"""
"""What a JavaScript program has without importing it."""
_INPUT = {"python": "input()", "javascript": "process.argv[2]"}
_SINKS = {
    "command-injection": ("os.system", "child_process.exec"),
    "code-injection": ("eval", "eval"),
    "sql-injection": ("sqlite3.connect().execute", "mysql.createPool().query"),
    "path-traversal": ("open", "fs.readFileSync"),
    "xss": ("flask.make_response", "document.write"),
    "ssrf": ("requests.get", "axios.get"),
    "open-redirect": ("flask.redirect", "window.open"),
    "deserialization": ("pickle.loads", "node-serialize.unserialize"),
    "template-injection": ("jinja2.Template", "ejs.render"),
    "log-injection": ("logging.info", "console.log"),
    "ldap-injection": ("ldap.initialize().search_s", "ldapjs.createClient().search"),
    "xpath-injection": ("lxml.etree.XPath", "xpath.select"),
    "xxe": ("lxml.etree.fromstring", "libxmljs.parseXml"),
    "regex-injection": ("re.search", "RegExp"),
    "nosql-injection": ("db.users.find_one", "db.users.findOne"),
}
"""Where data of a topic does harm, in Python and in JavaScript."""


def outside(language: str) -> str:
    """An expression for data that surely comes from outside."""
    return _INPUT[language]


def sink_of(topic: str, language: str) -> str:
    """A sink of that topic."""
    return _SINKS[topic][language == "javascript"]


_RECEIVER = "res"
"""Nobody knows what it is; what sends pages is called so."""


class Writer:
    """Writes programs in one language; names of libraries are imported as they are met."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.imports: dict[str, str] = {}

    def name(self, dotted: str) -> str:
        """How the program writes the full name."""
        if self.language == "python":
            return self._in_python(dotted)
        module, _, rest = dotted.partition(".")
        if module.removesuffix("()") in _GLOBALS.split():
            return dotted
        called = module.endswith("()")
        module = module.removesuffix("()")
        local = "m_" + "".join(c if c.isalnum() else "_" for c in module)
        self.imports[module] = f'import {local} from "{module}";'
        return local + ("()" if called else "") + (f".{rest}" if rest else "")

    def _in_python(self, dotted: str) -> str:
        first = dotted.split("(", maxsplit=1)[0]
        parts = first.split(".")
        if len(parts) == 1:
            return dotted
        module = parts[0]
        self.imports[module] = f"import {module}"
        return dotted

    def program(self, *lines: str) -> str:
        """The whole text."""
        return "\n".join([*self.imports.values(), *lines, ""])

    def call(self, dotted: str, given: str, arguments: tuple[Wanted, ...]) -> str:
        """A call that gives something where it counts."""
        wanted = arguments[0] if arguments else 0
        if wanted == "self":
            return self._with_receiver(dotted, given)
        name = self.name(dotted)
        if dotted.endswith("="):
            return f"{name.removesuffix('=')} = {given}"
        if isinstance(wanted, int):
            nothing = "None" if self.language == "python" else "null"
            return f"{name}({', '.join([nothing] * wanted + [given])})"
        if wanted == "*":
            return f"{name}({given})"
        return f"{name}({wanted}={given})"

    def _with_receiver(self, dotted: str, given: str) -> str:
        maker, _, method = dotted.rpartition(".")
        if not maker:
            return f"({given}).{method}()"
        return f"{self.name(maker.removesuffix('()'))}({given}).{method}()"


def harmed(entry: SinkEntry, name: str, writer: Writer, *, method: bool) -> str:
    """A program in which data from outside reaches the sink."""
    return _reaching(entry, name, writer, outside(writer.language), method=method)


def unharmed(entry: SinkEntry, name: str, writer: Writer, *, method: bool) -> str:
    """The same with a text of the program's own."""
    return _reaching(entry, name, writer, '"fixed"', method=method)


def _reaching(entry: SinkEntry, name: str, writer: Writer, given: str, *, method: bool) -> str:
    if entry.composed:
        given = f'"piece " + {given}'
    if method and entry.arguments[0] == "self":
        return writer.program(f"taken = {given}", f"taken.{name}()")
    return writer.program(
        writer.call(f"{_RECEIVER}.{name}" if method else name, given, entry.arguments)
    )


def brought(entry: SourceEntry, name: str, writer: Writer) -> str:
    """A program in which what the source brings is run as code."""
    name = name.removesuffix(".*") + ".some" if name.endswith(".*") else name
    value = writer.name(name)
    return writer.program(f"eval({value})", f"eval({value}())")


def cleaned(entry: CleanEntry, name: str, writer: Writer, topic: str) -> str:
    """A program in which data goes through it before it does the topic's harm."""
    given = writer.call(name, outside(writer.language), tuple(entry.passes))
    return writer.program(writer.call(sink_of(topic, writer.language), given, (0,)))


def guarded(name: str, writer: Writer, topic: str) -> str:
    """A program in which data does the topic's harm only where the test holds."""
    test = f'{writer.name(name)}("fixed", taken)'
    harm = writer.call(sink_of(topic, writer.language), "taken", (0,))
    if writer.language == "python":
        return writer.program(f"taken = {outside('python')}", f"if {test}:", f"    {harm}")
    return writer.program(f"const taken = {outside('javascript')};", f"if ({test}) {{ {harm} }}")


def topics_of(entry: CleanEntry | GuardEntry) -> tuple[str, ...]:
    """The topics that a sanitizer or guard speaks of."""
    return tuple(_SINKS) if "*" in entry.topics else entry.topics


def shown(name: str, given: str, writer: Writer) -> str:
    """A program that runs as a command what a function makes of something, shown as a text."""
    made = f"{writer.name(name)}({given})"
    if writer.language == "python":
        return writer.program("import os", f"os.system(str({made}))")
    run = writer.name("child_process.exec")
    return writer.program(f"{run}(`ls ${{{made}}}`);")
