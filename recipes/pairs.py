"""The sets of the family's DPO mix, each from prompts or an existing set to pairs of a better and a worse answer.

komainu run recipes/pairs.py:instruction_pairs teacher=NAME student=NAME n=500
"""

from __future__ import annotations

from komainu.checks.empty import Empty
from komainu.checks.extra_text import ExtraText
from komainu.checks.in_register import InRegister
from komainu.checks.instructions.followed import Followed
from komainu.checks.language import Language
from komainu.checks.passage import Passage
from komainu.checks.refusal import Refusal
from komainu.checks.repetition import Repetition
from komainu.checks.translated import Translated
from komainu.checks.truncation import Truncation
from komainu.data.against import Against, AskedFor
from komainu.data.ask import Ask
from komainu.data.ask_register import AskRegister
from komainu.data.ask_to_translate import AskToTranslate
from komainu.data.aspects import Aspects
from komainu.data.base import Dataset
from komainu.data.constrain import Constrain
from komainu.data.contest import Contest
from komainu.data.dedup import Exact
from komainu.data.files import PairFile
from komainu.data.filter import Filter
from komainu.data.grid import Grid
from komainu.data.marking import Scorer
from komainu.data.near_dup import Near
from komainu.data.next_turn import NextTurn
from komainu.data.recast import Recast
from komainu.data.rechoose import Rechoose
from komainu.data.regenerate import Regenerate
from komainu.data.reward import Reward
from komainu.data.tell_language import TellLanguage
from komainu.models.base import Model
from recipes.sets import SOUND, judged, prompts_of, taught

# what an answer with extra text must pass
WHOLE = (Empty(), Language(), Refusal(), Repetition(), Passage(), Truncation())
PLAYED = ("character", "scene", "natural", "instructions", "honest")


def scorer(reward: str, judge: str) -> Scorer:
    """The reward model that komainu.toml serves under a name where one is given, else a judge's marks from 1 to 10."""
    return Reward(model=Model(name=reward, max_tokens=1, reward=True)) if reward else judged(judge)


def ultrafeedback_armorm(
    pairs: str,
    licence: str,
    teacher: str = "teacher",
    reward: str = "",
    judge: str = "judge",
    margin: float = 1.0,
    swap: bool = False,
    seed: int = 0,
) -> Dataset:
    """An existing preference set whose chosen answers a stronger teacher writes anew; the rejected ones stay.

    A reward model marks both answers, or a judge where there is none. A pair is kept where the teacher's answer is
    `margin` ahead; with `swap` it is turned round where it is as far behind.
    """
    marks = scorer(reward, judge)
    model = taught(teacher, seed=seed)
    anew = Rechoose(model=model, scorer=marks, checks=SOUND, margin=margin, swap=swap)
    source = PairFile(path=pairs, licence=licence)
    return Dataset(sources=(source,), steps=(TellLanguage(), Exact(on="prompt"), anew, Near()))


def student_pairs(
    student: str = "student",
    teacher: str = "teacher",
    reward: str = "",
    judge: str = "judge",
    prompts: str = "",
    licence: str = "unknown",
    n: int = 500,
    margin: float = 1.0,
) -> Dataset:
    """The same without an existing set: five answers of a student to prompts of a file, or to `n` of our own, are
    marked, the best over the worst makes a pair, and the teacher writes the chosen answer anew."""
    marks = scorer(reward, judge)
    ours = Grid(template="request", lists=("topics", "requests"), n=n)
    sampled = Contest(
        model=taught(student, temperature=0.8), scorer=marks, checks=SOUND, samples=5, margin=margin, rejected="worst"
    )
    anew = Rechoose(model=taught(teacher), scorer=marks, checks=SOUND, margin=margin)
    steps = (TellLanguage(), Exact(on="prompt"), sampled, anew, Near())
    return Dataset(sources=(prompts_of(prompts, licence, ours),), steps=steps)


def roleplay_pairs(
    teacher: str = "teacher",
    player: str = "",
    judge: str = "judge",
    n: int = 100,
    turns: int = 4,
    samples: int = 4,
    margin: float = 1.0,
    seed: int = 0,
) -> Dataset:
    """A character in a scene, `turns` turns long; the last turn is played `samples` times and marked from 1 to 5 in
    five aspects. The best mean over one drawn among those at least `margin` lower."""
    scenes = Grid(template="scene", lists=("characters", "scenarios", "genres"), n=n, role="system", seed=seed)
    user = NextTurn(model=taught(player or teacher, temperature=1.0, seed=seed), template="player")
    turn = (user, Ask(model=taught(teacher, temperature=0.8, seed=seed)), Filter(checks=SOUND))
    marks = Aspects(model=Model(name=judge, max_tokens=1024), template="play_aspects", names=PLAYED)
    played = taught(teacher, temperature=1.0, seed=seed)
    last = Contest(model=played, scorer=marks, checks=SOUND, samples=samples, margin=margin, seed=seed)
    return Dataset(sources=(scenes,), steps=(*turn * (turns - 1), user, last, Near()))


def bare_translation_pairs(
    teacher: str = "teacher",
    student: str = "",
    texts: str = "",
    requests: str = "",
    licence: str = "unknown",
    n: int = 500,
    samples: int = 4,
    seed: int = 0,
) -> Dataset:
    """A translation with nothing around it over one with extra text, of the same request.

    The texts are those of a file, or `n` that the teacher writes; or a file has whole `requests`, with meta.task. The
    rejected answer is one of `samples` of the student (the teacher unless named); where all of them are bare, the
    teacher is asked for additions.
    """
    model = taught(teacher, seed=seed)
    ours = Grid(template="text", lists=("topics", "texts"), n=n, seed=seed)
    own = () if texts else (Ask(model=taught(teacher, temperature=1.0, seed=seed)), Filter(checks=SOUND))
    asked = () if requests else (*own, Near(), AskToTranslate(seed=seed))
    bare = Regenerate(model=model, checks=(*SOUND, ExtraText(), Translated()), tries=3)
    sampled = taught(student or teacher, temperature=1.0, seed=seed + 1)
    ordered = AskedFor(model=taught(teacher, seed=seed + 2), template="extras", list="extras", seed=seed)
    worse = Against(model=sampled, rule=ExtraText(), checks=WHOLE, samples=samples, asked=ordered)
    steps = (TellLanguage(), Exact(on="prompt"), *asked, Ask(model=model), bare, worse)
    return Dataset(sources=(prompts_of(requests or texts, licence, ours),), steps=steps)


def instruction_pairs(
    teacher: str = "teacher",
    student: str = "",
    prompts: str = "",
    licence: str = "unknown",
    n: int = 500,
    most: int = 3,
    samples: int = 4,
    seed: int = 0,
) -> Dataset:
    """An answer that follows every constraint of its prompt over a sampled one that breaks one; both are sound.

    The prompts are those of a file, or `n` of our own, each with 1 to `most` constraints that a program can check. The
    rejected answer is one of `samples` of the student (the teacher unless named).
    """
    model = taught(teacher, seed=seed)
    ours = Grid(template="request", lists=("topics", "requests"), n=n, seed=seed)
    asked = (TellLanguage(), Exact(on="prompt"), Constrain(most=most, seed=seed), Ask(model=model))
    follows = Regenerate(model=model, checks=(*SOUND, Followed()), tries=3)
    sampled = taught(student or teacher, temperature=1.0, seed=seed + 1)
    breaks = Against(model=sampled, rule=Followed(), checks=SOUND, samples=samples)
    return Dataset(sources=(prompts_of(prompts, licence, ours),), steps=(*asked, follows, breaks, Near()))


def politeness_pairs(
    teacher: str = "teacher",
    writer: str = "",
    prompts: str = "",
    licence: str = "unknown",
    n: int = 500,
    seed: int = 0,
) -> Dataset:
    """An answer in the register asked for over the same content in another one: plain, polite or honorific Japanese,
    casual or formal English.

    The prompts are those of a file, or `n` of our own. `writer` (the teacher unless named) rewrites the chosen answer
    into the other register.
    """
    model = taught(teacher, seed=seed)
    ours = Grid(template="request", lists=("topics", "requests"), n=n, seed=seed)
    asked = (TellLanguage(), Exact(on="prompt"), AskRegister(seed=seed), Ask(model=model))
    right = Regenerate(model=model, checks=(*SOUND, InRegister()), tries=3)
    other = Recast(model=taught(writer or teacher, seed=seed + 1), checks=SOUND, seed=seed)
    return Dataset(sources=(prompts_of(prompts, licence, ours),), steps=(*asked, right, other, Near()))
