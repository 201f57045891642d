"""The sets of the family's SFT mix, each from prompts to answers that are kept.

komainu run recipes/sets.py:instruction_following teacher=NAME n=500
"""

from __future__ import annotations

from komainu.checks.empty import Empty
from komainu.checks.extra_text import ExtraText
from komainu.checks.instructions.followed import Followed
from komainu.checks.language import Language
from komainu.checks.leakage import Leakage
from komainu.checks.refusal import Refusal
from komainu.checks.repetition import Repetition
from komainu.checks.translated import Translated
from komainu.checks.truncation import Truncation
from komainu.data.ask import Ask
from komainu.data.ask_to_translate import AskToTranslate
from komainu.data.base import Dataset
from komainu.data.constrain import Constrain
from komainu.data.dedup import Exact
from komainu.data.files import ChatFile
from komainu.data.filter import Filter
from komainu.data.grid import Grid
from komainu.data.near_dup import Near
from komainu.data.regenerate import Regenerate
from komainu.data.tell_language import TellLanguage
from komainu.models.base import Model
from komainu.stage import Stage

SOUND = (Empty(), Language(), Leakage(), Refusal(), Repetition(), Truncation())


def taught(name: str, temperature: float = 0.7, seed: int = 0) -> Model:
    """The teacher that komainu.toml serves under this name."""
    return Model(name=name, temperature=temperature, max_tokens=2048, seed=seed)


def prompts_of(path: str, licence: str, otherwise: Stage) -> Stage:
    """The prompts of a file, or our own where none is given."""
    return ChatFile(path=path, licence=licence, ends="user") if path else otherwise


def instruction_following(
    teacher: str = "teacher", prompts: str = "", licence: str = "unknown", n: int = 500, most: int = 3, seed: int = 0
) -> Dataset:
    """Prompts of a file, or `n` of our own, each with 1 to `most` constraints that a program can check.

    An answer that breaks one is asked for again up to three times, then dropped.
    """
    model = taught(teacher, seed=seed)
    ours = Grid(template="request", lists=("topics", "requests"), n=n, seed=seed)
    asked = (TellLanguage(), Exact(on="prompt"), Constrain(most=most, seed=seed), Ask(model=model))
    kept = Regenerate(model=model, checks=(*SOUND, Followed()), tries=3)
    return Dataset(sources=(prompts_of(prompts, licence, ours),), steps=(*asked, kept, Near()))


def translation(
    teacher: str = "teacher", writer: str = "", texts: str = "", licence: str = "unknown", n: int = 500, seed: int = 0
) -> Dataset:
    """Papers, conversations and novels, translated in both directions, asked for in several styles.

    The texts are the prompts of a file, or `n` that `writer` (the teacher unless named) writes about our topics. A
    translation with words around it, of an impossible size, or that leaks is asked for again, then dropped.
    """
    model = taught(teacher, seed=seed)
    ours = Grid(template="text", lists=("topics", "texts"), n=n, seed=seed)
    own = taught(writer or teacher, temperature=1.0, seed=seed)
    written = () if texts else (Ask(model=own), Filter(checks=SOUND))
    translated = Regenerate(model=model, checks=(*SOUND, ExtraText(), Translated()), tries=3)
    asked = (TellLanguage(), *written, Near(), AskToTranslate(seed=seed), Ask(model=model))
    return Dataset(sources=(prompts_of(texts, licence, ours),), steps=(*asked, translated))
