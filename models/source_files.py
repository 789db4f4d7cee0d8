"""Which paths hold source that people write: no vendored, generated or documentation files.

The rules are in the manner of GitHub's linguist, by path alone, and pinned here: with another set
of them every figure of authorship moves. They count languages that linguist calls programming or
markup for programs.
"""

import re

_LANGUAGES = """
    ada adb ads asm awk bash bat c cc clj cljc cljs cmake cmd coffee cpp cr cs css cu cxx d dart
    el elm erl ex exs f f90 for fs fsx gd glsl go gradle graphql groovy h hbs hcl hh hpp hrl hs
    htm html hxx ino java jl js jsx kt kts less lisp lua m mjs ml mli mm mustache nim nix pas
    php pl pm proto ps1 pug py pyi pyx r rb rkt rs s sass scala scm scss sh sol sql styl svelte
    swift tcl tf thrift ts tsx twig v vb vhd vhdl vim vue xsl xslt zig zsh
"""
_SUFFIXES = frozenset(_LANGUAGES.split())
_NAMES = frozenset({"cmakelists.txt", "dockerfile", "makefile", "rakefile", "gemfile"})
_LEFT_OUT = re.compile(
    r"""
    (^|/)(
        vendor|vendors|third[-_]?party|3rd[-_]?party|node_modules|bower_components|deps
        |external|externals|extern|dist|build|target|site-packages|godeps|carthage|pods
        |docs?|documentation|man|examples?|samples?|demos?|javadoc|fixtures|\.github|\.git
    )/
    | \.min\.(js|css)$
    | [-.]bundle\.js$
    | (_pb2(_grpc)?\.pyi?|\.pb\.(go|cc|h)|\.g\.dart|\.designer\.cs|[._]generated\.\w+)$
    | (^|/)(jquery|bootstrap|modernizr|prototype|require)([-.][^/]*)?\.(js|css|less|scss)$
    | (^|/)(configure|gradlew|mvnw)(\.bat|\.cmd)?$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TEST = re.compile(
    r"""
    (^|/)(tests?|__tests__|spec|specs|testing|e2e)/
    | (^|/)(test_[^/]*|conftest)\.py$
    | [._-](test|spec)\.\w+$
    | (Tests?|IT|Spec)\.(cs|groovy|java|kt|php|scala|swift)$
    """,
    re.VERBOSE,
)
_CONFIGURATION = re.compile(
    r"""
    (^|/)\.?env(\.[^/]*)?$
    | \.(cfg|conf|config|env|ini|json|key|pem|properties|ps1|sh|tf|tfvars|toml|xml|ya?ml)$
    | (^|/)(id_rsa|id_dsa|id_ecdsa|id_ed25519|\.npmrc|\.pypirc|\.netrc|\.htpasswd)$
    """,
    re.VERBOSE | re.IGNORECASE,
)


def is_source(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    suffix = name.rpartition(".")[2] if "." in name else ""
    return (suffix in _SUFFIXES or name in _NAMES) and not is_of_others(path)


def is_of_others(path: str) -> bool:
    """Whether it is generated, vendored, an example or a document, by where it lies."""
    return _LEFT_OUT.search(path) is not None


def is_test(path: str) -> bool:
    """Whether it is there to test the rest."""
    return _TEST.search(path) is not None


def is_configuration(path: str) -> bool:
    """Whether it is where people leave secrets: settings, scripts and keys, nobody else's among
    them.
    """
    return _CONFIGURATION.search(path) is not None and not is_of_others(path)
