"""What git finds around itself: the caller's environment, without what names a repository of his.

A hook, for example, runs with GIT_DIR set: git would work on the repository that was committed to.
"""

import os

_NAMING = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS",
        "GIT_DIR", "GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)  # fmt: skip


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _NAMING} | more
