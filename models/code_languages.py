"""Which language a file is in, by its name: those whose complexity can be told."""

_SUFFIXES = {
    "C": "c h",
    "C#": "cs",
    "C++": "cc cpp cxx hh hpp",
    "Erlang": "erl escript hrl",
    "Fortran": "f f90 f95 for",
    "GDScript": "gd",
    "Go": "go",
    "Java": "java",
    "JavaScript": "cjs js jsx mjs",
    "Kotlin": "kt kts",
    "Lua": "lua",
    "Objective-C": "m mm",
    "PHP": "php",
    "PLSQL": "pkb pks plb pls",
    "Perl": "pl pm",
    "Python": "py",
    "R": "r",
    "Ruby": "rb",
    "Rust": "rs",
    "Scala": "scala",
    "Solidity": "sol",
    "Swift": "swift",
    "TypeScript": "ts tsx",
    "Vue": "vue",
    "Zig": "zig",
}
_BY_SUFFIX = {
    suffix: language for language, listed in _SUFFIXES.items() for suffix in listed.split()
}
LANGUAGES = tuple(_SUFFIXES)


def language_of(name: str) -> str | None:
    """Null where nothing here can measure it."""
    base = name.rpartition("/")[2]
    return _BY_SUFFIX.get(base.rpartition(".")[2].lower()) if "." in base else None
