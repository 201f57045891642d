"""The sets of the family's SFT mix, each from prompts to answers that are kept.

komainu run recipes/sets.py:instruction_following teacher=NAME n=500
"""

from __future__ import annotations

from komainu.checks.boilerplate import Boilerplate
from komainu.checks.empty import Empty
from komainu.checks.encoding import Encoding
from komainu.checks.error_text import ErrorText
from komainu.checks.extra_text import ExtraText
from komainu.checks.instructions.followed import Followed
from komainu.checks.language import Language
from komainu.checks.leakage import Leakage
from komainu.checks.markup import Markup
from komainu.checks.passage import Passage
from komainu.checks.refusal import Refusal
from komainu.checks.repetition import Repetition
from komainu.checks.translated import Translated
from komainu.checks.truncation import Truncation
from komainu.data.adopt import Adopt
from komainu.data.ask import Ask
from komainu.data.ask_to_translate import AskToTranslate
from komainu.data.base import Dataset, Step
from komainu.data.best_rated import BestRated
from komainu.data.constrain import Constrain
from komainu.data.dedup import Exact
from komainu.data.files import ChatFile
from komainu.data.filter import Filter
from komainu.data.filter_request import FilterRequest
from komainu.data.first_request import FirstRequest
from komainu.data.grid import Grid
from komainu.data.near_dup import Near
from komainu.data.next_turn import NextTurn
from komainu.data.open_turn import OpenTurn
from komainu.data.privacy import Privacy
from komainu.data.rate import Rate
from komainu.data.rater import Rater
from komainu.data.regenerate import Regenerate
from komainu.data.replay import Replay
from komainu.data.tag import KeepTagged, Tag
from komainu.data.tell_language import TellLanguage
from komainu.data.token_counts import Target
from komainu.data.token_ratio import TokenRatio
from komainu.models.base import Model
from komainu.stage import Stage

SOUND = (
    *(Empty(), Language(), Leakage(), Refusal(), Repetition(), Passage(), Truncation()),
    *(ErrorText(), Boilerplate(), Markup(), Encoding()),
)
READABLE = (Empty(), Repetition(), Encoding())  # what a request must be


def taught(name: str, temperature: float = 0.7, seed: int = 0) -> Model:
    """The teacher that komainu.toml serves under this name."""
    return Model(name=name, temperature=temperature, max_tokens=2048, seed=seed)


def prompts_of(path: str, licence: str, otherwise: Stage) -> Stage:
    """The prompts of a file, or our own where none is given."""
    return ChatFile(path=path, licence=licence, ends="user") if path else otherwise


def judged(name: str, top: float = 10.0) -> Rater:
    """Marks from 1 to `top` by the judge that komainu.toml serves under this name."""
    return Rater(model=Model(name=name, max_tokens=1024), top=top)


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
    teacher: str = "teacher",
    writer: str = "",
    texts: str = "",
    licence: str = "unknown",
    tokenizer: str = "",
    n: int = 500,
    seed: int = 0,
) -> Dataset:
    """Papers, conversations and novels, translated in both directions, asked for in several styles.

    The texts are the prompts of a file, or `n` that `writer` (the teacher unless named) writes about our topics. A
    translation with words around it, of an impossible size, or that leaks is asked for again, then dropped; with the
    `tokenizer` of the model that is to be trained, one whose sides differ too much in its tokens is dropped too.
    """
    model = taught(teacher, seed=seed)
    ours = Grid(template="text", lists=("topics", "texts"), n=n, seed=seed)
    own = taught(writer or teacher, temperature=1.0, seed=seed)
    written = () if texts else (Ask(model=own), Filter(checks=SOUND))
    translated = Regenerate(model=model, checks=(*SOUND, ExtraText(), Translated()), tries=3)
    asked = (TellLanguage(), *written, Near(), AskToTranslate(seed=seed), Ask(model=model))
    sized = (TokenRatio(target=Target(path=tokenizer)),) if tokenizer else ()
    return Dataset(sources=(prompts_of(texts, licence, ours),), steps=(*asked, translated, *sized))


def into_japanese(translator: Model) -> tuple[Step, ...]:
    """English requests as Japanese ones: translated, asked again where that is no translation, and taken as prompts."""
    kept = Regenerate(model=translator, checks=(*SOUND, ExtraText(), Translated()), tries=2)
    return (AskToTranslate(kind="request"), Ask(model=translator), kept, Adopt(), Near(on="prompt"))


def worth_asking(tagger: Model) -> tuple[Step, ...]:
    """Requests that are no duplicates, and that a model finds clear, not trivial and in one of our languages."""
    wanted = {
        "quality": ("average", "good", "excellent"),
        "difficulty": ("easy", "medium", "hard", "very_hard"),
        "language": ("ja", "en"),
    }
    sound = FilterRequest(checks=(Language(), *READABLE))
    return (sound, Near(on="prompt"), Tag(model=tagger), KeepTagged(wanted=wanted))


def own_turns(
    template: str, lists: tuple[str, ...], teacher: str, tokenizer: str, judge: str, n: int, samples: int, seed: int
) -> Dataset:
    """Magpie: the teacher writes user turns of its own under `n` system turns, tags them, answers them at temperature
    0; every answer is marked. `tokenizer` is a directory with the teacher's tokenizer and chat template."""
    systems = Grid(template=template, lists=lists, n=n, role="system", seed=seed)
    asking = OpenTurn(model=taught(teacher, temperature=1.0, seed=seed), samples=samples, tokenizer=tokenizer)
    model = taught(teacher, temperature=0.0)
    answered = (Ask(model=model), Filter(checks=SOUND), Rate(rater=judged(judge), under=6.0))
    return Dataset(sources=(systems,), steps=(asking, *worth_asking(model), *answered))


def magpie_advanced(
    tokenizer: str, teacher: str = "teacher", judge: str = "judge", n: int = 100, samples: int = 4, seed: int = 0
) -> Dataset:
    """The teacher's own questions, steered by academic field and level."""
    return own_turns("advanced", ("fields", "levels"), teacher, tokenizer, judge, n, samples, seed)


def japan_magpie(
    tokenizer: str, teacher: str = "teacher", judge: str = "judge", n: int = 100, samples: int = 4, seed: int = 0
) -> Dataset:
    """The teacher's own questions about Japan: economy, history, culture, business practice, by who asks."""
    return own_turns("japan", ("japan", "askers"), teacher, tokenizer, judge, n, samples, seed)


def magpie_talk(tokenizer: str, chats: str, licence: str, teacher: str = "teacher", seed: int = 0) -> Dataset:
    """Answered chats of one turn made longer: the teacher writes the user's next turn, and answers it."""
    asking = OpenTurn(model=taught(teacher, temperature=1.0, seed=seed), tokenizer=tokenizer)
    model = taught(teacher, temperature=0.0)
    sound = (FilterRequest(checks=(Language(), *READABLE)), Ask(model=model), Filter(checks=SOUND))
    source = ChatFile(path=chats, licence=licence)
    return Dataset(sources=(source,), steps=(TellLanguage(), asking, *sound, Near()))


def magpie_ultra(
    chats: str, licence: str, teacher: str = "teacher", judge: str = "judge", under: float = 6.0, seed: int = 0
) -> Dataset:
    """The requests of an existing Magpie set turned into Japanese data: translated, tagged, answered and marked."""
    model, marks = taught(teacher, temperature=0.0, seed=seed), Rate(rater=judged(judge), under=under)
    english = (FirstRequest(), TellLanguage(languages=("en",), of="request"), Near(on="prompt"))
    asked = (*english, *into_japanese(model), *worth_asking(model))
    answered = (Ask(model=model), Regenerate(model=model, checks=SOUND, tries=2), marks)
    return Dataset(sources=(ChatFile(path=chats, licence=licence),), steps=(*asked, *answered))


def sharegpt(
    chats: str,
    licence: str,
    teacher: str = "teacher",
    judge: str = "judge",
    n: int = 4,
    turns: int = 4,
    top: float = 10.0,
) -> Dataset:
    """An existing set of conversations: filtered, answered anew, the weak last answers resampled, the best kept.

    A last answer that fails a check or gets under 8 tenths of the `top` mark is asked for up to `n` - 1 times more; a
    row whose best is under 6 tenths is dropped.
    """
    model, rater = taught(teacher), judged(judge, top)
    clean = (Privacy(), TellLanguage(), FilterRequest(checks=READABLE), Exact(on="prompt"), Near(on="prompt"))
    best = BestRated(model=model, rater=rater, checks=SOUND, n=n, enough=0.8 * top, under=0.6 * top)
    return Dataset(
        sources=(ChatFile(path=chats, licence=licence),), steps=(*clean, Replay(model=model, most=turns), best)
    )


def rewild(chats: str, licence: str, teacher: str = "teacher", translator: str = "", seed: int = 0) -> Dataset:
    """Real users' first requests, translated into Japanese where they are English, filtered, answered by a teacher."""
    model = taught(teacher, seed=seed)
    asked = (
        FirstRequest(),
        Privacy(),
        TellLanguage(languages=("en",), of="request"),
        FilterRequest(checks=READABLE),
    )
    alike = (Exact(on="prompt"), Near(on="prompt"))
    wild = (*asked, *alike, *into_japanese(taught(translator or teacher, temperature=0.0)))
    answered = (Ask(model=model), Regenerate(model=model, checks=SOUND, tries=2), Near())
    return Dataset(sources=(ChatFile(path=chats, licence=licence),), steps=(*wild, *answered))


def roleplay(
    teacher: str = "teacher", player: str = "", judge: str = "judge", n: int = 100, turns: int = 4, seed: int = 0
) -> Dataset:
    """A character in a scene of a genre, `turns` turns long: one model plays it, another one the user; then marked."""
    scenes = Grid(template="scene", lists=("characters", "scenarios", "genres"), n=n, role="system", seed=seed)
    user = NextTurn(model=taught(player or teacher, temperature=1.0, seed=seed), template="player")
    turn = (user, Ask(model=taught(teacher, temperature=0.8, seed=seed)), Filter(checks=SOUND))
    return Dataset(sources=(scenes,), steps=(*turn * turns, Near(), Rate(rater=judged(judge), under=6.0)))
