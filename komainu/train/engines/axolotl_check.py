"""Run inside axolotl's own environment: its schema judges a config, and every key must be a field of that schema.

The schema takes an unknown key without a word, so a misspelt one would do nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main(config: str, said: str) -> None:
    """Write {"unknown": [keys], "problems": [sentences]} about a YAML file."""
    import yaml
    from axolotl.utils.schemas.config import AxolotlInputConfig
    from pydantic import ValidationError

    given = yaml.safe_load(Path(config).read_text(encoding="utf-8"))
    verdict: dict[str, list[str]] = {
        "unknown": [k for k in given if k not in named(AxolotlInputConfig)],
        "problems": [],
    }
    try:
        made = AxolotlInputConfig(**json.loads(json.dumps(given)))
        verdict["unknown"] += [*inside(given, made)]
        verdict["problems"] += [*changed(given, made)]
    except ValidationError as error:
        verdict["problems"] = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    Path(said).write_text(json.dumps(verdict), encoding="utf-8")


def named(kind: Any) -> set[str]:
    """The keys of a pydantic model."""
    return {*kind.model_fields} | {f.alias for f in kind.model_fields.values() if f.alias}


def inside(given: Any, made: Any, at: str = "") -> Iterator[str]:
    """Keys at any depth that the model made of them does not have; free dicts take any."""
    if isinstance(given, dict) and hasattr(type(made), "model_fields"):
        for key, value in given.items():
            if key not in named(type(made)):
                if at:  # those at the top are told already
                    yield f"{at}{key}"
            else:
                yield from inside(value, getattr(made, key, None), f"{at}{key}.")
    elif isinstance(given, list) and isinstance(made, list):
        for i, (value, each) in enumerate(zip(given, made, strict=False)):
            yield from inside(value, each, f"{at}{i}.")


def changed(given: dict[str, Any], made: Any) -> Iterator[str]:
    """Plain values that the schema took for something else."""
    for key, value in given.items():
        found = getattr(made, key, None)
        if isinstance(value, (bool, int, float, str)) and getattr(found, "value", found) != value:
            yield f"{key}: {value!r} was read as {found!r}"


if __name__ == "__main__":
    main(*sys.argv[1:])
