"""Methods of texts, by what their result is made of."""

TELLING = frozenset(
    {
        *("startswith", "endswith", "isdigit", "isalnum", "isalpha", "isidentifier", "isnumeric"),
        *("isdecimal", "isspace", "isupper", "islower", "istitle", "isascii", "isprintable"),
        *("count", "find", "rfind", "index", "rindex", "issubset", "issuperset", "isdisjoint"),
        *("includes", "indexOf", "lastIndexOf", "test", "localeCompare", "charCodeAt", "every"),
        *("some", "has", "hasOwnProperty", "codePointAt", "__len__", "__contains__", "is_integer"),
    }
)
"""Methods whose result tells of a text, and is not made of it."""
STARTING = frozenset({"startswith", "endswith", "startsWith", "endsWith", "issubset", "issuperset"})
"""Of these, those that are true or false; and whatever begins with "is"."""
SAME_TEXT = frozenset(
    {
        *("strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold"),
        *("swapcase", "encode", "decode", "expandtabs", "removeprefix", "removesuffix", "ljust"),
        *("rjust", "center", "zfill", "translate", "format_map", "toString", "trim", "trimStart"),
        *("trimEnd", "toLowerCase", "toUpperCase", "normalize", "valueOf", "slice", "substring"),
        *("substr", "charAt", "at", "padStart", "padEnd", "repeat", "hex", "isoformat", "copy"),
        *("__str__", "__repr__", "tobytes", "as_posix"),
    }
)
PIECES = frozenset(
    {
        *("split", "rsplit", "splitlines", "partition", "rpartition", "match", "matchAll"),
        *("findall", "groups", "group", "groupdict"),
    }
)
MIXED = frozenset({"replace", "format", "join", "concat", "replaceAll", "sub"})
FOLDED = frozenset(
    {
        *("strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace"),
        *("startswith", "endswith", "isdigit", "isalnum", "isalpha", "find", "count"),
        *("removeprefix", "removesuffix", "zfill", "encode", "decode", "isidentifier"),
    }
)
"""Of texts that are known, and whose arguments are."""
