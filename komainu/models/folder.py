"""The config and the tokenizer of a model directory; a file that cannot be read is told by name.

transformers and tokenizers raise whatever they come upon in a file with something missing or of a wrong type, so
everything they raise is taken for a fault of the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError
from komainu.files import read_object

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONFIG = "config.json"
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


def load_config(directory: Path) -> Any:
    """Raises UsageError for a config that is none, or of a model that transformers does not know."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise refused(directory, "config", (CONFIG,), error) from None


def load_tokenizer(directory: Path) -> Any:
    """With or without a chat template. Raises UsageError for one that does not load."""
    from transformers import AutoTokenizer

    try:
        found = AutoTokenizer.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
        found.decode(found("a")["input_ids"])  # some settings of a wrong type show only now
    except Exception as error:
        raise refused(directory, "tokenizer", TOKENIZER, error) from None
    return found


def counter_of(file: Path) -> Tokenizer:
    """A tokenizer.json that only counts tokens: nothing is cut off or filled up."""
    from tokenizers import Tokenizer

    try:
        found = Tokenizer.from_file(str(file))
    except Exception as error:
        raise refused(file.parent, "tokenizer", (file.name,), error) from None
    found.no_truncation()
    found.no_padding()
    return found


def refused(directory: Path, what: str, names: tuple[str, ...], error: Exception) -> UsageError:
    """What is wrong with the files of these names, or else what was said of all of them."""
    said = f"it lacks {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
    there = " or ".join(name for name in names if (directory / name).is_file()) or names[0]
    wrong = "; ".join(unreadable(directory, names)) or f"{there}: {said}; get the files that the model was trained with"
    return UsageError(f"the {what} of {directory} does not load: {wrong}")


def unreadable(directory: Path, names: tuple[str, ...]) -> Iterator[str]:
    """Of the files that are there, those that are not what their names say."""
    from tokenizers import Tokenizer

    for file in (directory / name for name in names if (directory / name).is_file()):
        try:
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".json":
                read_object(file)
            if file.name == TOKENIZER[0]:
                Tokenizer.from_str(text)
        except UnicodeDecodeError as error:
            yield f"{file}: not UTF-8: {error.reason}; get the file again"
        except UsageError as error:
            yield str(error)
        except Exception as error:  # tokenizers raises nothing more exact
            yield f"{file}: {error}; get the file again"
