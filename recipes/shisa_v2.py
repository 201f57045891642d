"""The family from 7B to 70B: one method and one set of data for every size; the learning rate follows from the size.

komainu run recipes/shisa_v2.py:mix folder=SETS licence=NAME
komainu run recipes/shisa_v2.py:family size=llama3.1-8b base=DIR chats=chats.jsonl pairs=pairs.jsonl
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from komainu.data.files import ChatFile, PairFile
from komainu.data.mix import Mix, Part, Take
from komainu.data.token_counts import Target
from komainu.errors import UsageError
from komainu.files import FORMATS
from komainu.stage import Stage
from komainu.train import scale
from komainu.train.base import Fit
from komainu.train.directory import model_at
from komainu.train.dpo import DPO
from komainu.train.reference import Reference
from komainu.train.sft import SFT
from recipes import pairs as dpo
from recipes import sets

Size = Literal["qwen2.5-7b", "llama3.1-8b", "mistral-nemo-12b", "unphi4-14b", "qwen2.5-32b", "llama3.3-70b"]
PARAMS: dict[Size, float] = {
    "qwen2.5-7b": 7e9,
    "llama3.1-8b": 8e9,
    "mistral-nemo-12b": 12e9,
    "unphi4-14b": 14e9,
    "qwen2.5-32b": 32e9,
    "llama3.3-70b": 70e9,
}
PACK = 8192  # tokens; a published batch of 128 is of so many packs, each of some ten chats

SFT_MIX = {  # how much of each set is taken, as in the published training configurations of the family
    "sharegpt": 1.0,
    "roleplay": 1.0,
    "translation": 0.25,
    "rewild": 0.25,
    "magpie_ultra": 0.08,
    "magpie_advanced": 0.08,
    "japan_magpie": 1.0,
    "instruction_following": 0.5,
}
DPO_MIX = {  # the last one is on the card of the release, its share is not published
    "ultrafeedback_armorm": 1.0,
    "roleplay_pairs": 1.0,
    "bare_translation_pairs": 1.0,
    "instruction_pairs": 0.5,
    "politeness_pairs": 1.0,
}


def mixed(
    stages: Mapping[str, Stage],
    weights: Mapping[str, float],
    take: Take = "drawn",
    tokenizer: str = "",
    release: str = "",
) -> Mix:
    """Sets by name, of each as much as its weight says, shuffled with the seed 42.

    Every set of `weights` must be there. Rows are drawn; the published configurations take the first ones of each set
    (take="head"). With the `tokenizer` of the model the record tells tokens too; with `release`, the licence the mix is
    to be published under, rows that cannot be are refused.
    """
    if lacking := [name for name in weights if name not in stages]:
        raise UsageError(f"the mix lacks {', '.join(lacking)}; it is of {', '.join(weights)}")
    parts = tuple(Part(stage=stages[name], weight=weight, take=take) for name, weight in weights.items())
    return Mix(parts=parts, seed=42, target=Target(path=tokenizer) if tokenizer else None, release=release)


def mix(folder: str, licence: str = "unknown", take: Take = "drawn", tokenizer: str = "", release: str = "") -> Mix:
    """The SFT mix of sets that lie in a folder as sharegpt.jsonl, roleplay.parquet and so on; `licence` is of rows that
    tell none."""
    files = {name: ChatFile(path=path, licence=licence) for name, path in found(folder, SFT_MIX).items()}
    return mixed(files, SFT_MIX, take, tokenizer, release)


def preferences(
    folder: str, licence: str = "unknown", take: Take = "drawn", tokenizer: str = "", release: str = ""
) -> Mix:
    """The DPO mix of sets of pairs that lie in a folder."""
    files = {name: PairFile(path=path, licence=licence) for name, path in found(folder, DPO_MIX).items()}
    return mixed(files, DPO_MIX, take, tokenizer, release)


def mix_made(
    chats: str,
    wild: str,
    magpie: str,
    licence: str,
    tokenizer: str,
    teacher: str = "teacher",
    judge: str = "judge",
    seed: int = 0,
) -> Mix:
    """The SFT mix of sets made here by one teacher.

    `chats` are conversations to answer anew, `wild` the chats of real users, `magpie` a Magpie set, all under
    `licence`; `tokenizer` is a directory with the teacher's tokenizer and chat template.
    """
    made: dict[str, Stage] = {
        "sharegpt": sets.sharegpt(chats, licence, teacher, judge),
        "roleplay": sets.roleplay(teacher, judge=judge, seed=seed),
        "translation": sets.translation(teacher, seed=seed),
        "rewild": sets.rewild(wild, licence, teacher, seed=seed),
        "magpie_ultra": sets.magpie_ultra(magpie, licence, teacher, judge, seed=seed),
        "magpie_advanced": sets.magpie_advanced(tokenizer, teacher, judge, seed=seed),
        "japan_magpie": sets.japan_magpie(tokenizer, teacher, judge, seed=seed),
        "instruction_following": sets.instruction_following(teacher, seed=seed),
    }
    return mixed(made, SFT_MIX)


def preferences_made(
    pairs: str,
    licence: str,
    teacher: str = "teacher",
    student: str = "student",
    judge: str = "judge",
    reward: str = "",
    seed: int = 0,
) -> Mix:
    """The DPO mix of sets made here: the better answers are a teacher's, those that a rule fails a student's.

    `pairs` is an existing set of pairs under `licence`; `reward` a reward model, where one is served.
    """
    made: dict[str, Stage] = {
        "ultrafeedback_armorm": dpo.ultrafeedback_armorm(pairs, licence, teacher, reward, judge, seed=seed),
        "roleplay_pairs": dpo.roleplay_pairs(teacher, judge=judge, seed=seed),
        "bare_translation_pairs": dpo.bare_translation_pairs(teacher, student, seed=seed),
        "instruction_pairs": dpo.instruction_pairs(teacher, student, seed=seed),
        "politeness_pairs": dpo.politeness_pairs(teacher, seed=seed),
    }
    return mixed(made, DPO_MIX)


def found(folder: str, names: Mapping[str, float]) -> dict[str, str]:
    """The file of each set in a folder; raises UsageError when one is not there."""
    files = {name: [Path(folder, name + form) for form in FORMATS] for name in names}
    there = {name: str(file) for name, some in files.items() for file in some if file.is_file()}
    if lacking := [name for name in names if name not in there]:
        raise UsageError(f"{folder} lacks {', '.join(lacking)}: a file of each name, in one of {' '.join(FORMATS)}")
    return there


def sft_fit(size: Size, batch: int, seed: int, pack: int = PACK) -> Fit:
    return Fit(
        lr=scale.SFT.at(PARAMS[size], batch),
        global_batch=batch,
        epochs=3.0,
        schedule="linear",
        warmup=0.03,
        weight_decay=1e-4,
        optimizer="adamw8bit",
        betas=(0.9, 0.999),
        neftune=5.0,
        micro_tokens=PACK,
        seed=seed,
        pack=pack,
    )


def dpo_fit(size: Size, batch: int, seed: int) -> Fit:
    return Fit(
        lr=scale.DPO.at(PARAMS[size], batch),
        global_batch=batch,
        schedule="constant",
        warmup=0.03,
        optimizer="adamw8bit",
        betas=(0.9, 0.999),
        micro_tokens=PACK,
        seed=seed,
    )


def family(
    size: Size,
    base: str,
    chats: str,
    pairs: str,
    licence: str = "unknown",
    batch: int = 128,
    seed: int = 0,
    pack: int = PACK,
) -> DPO:
    """SFT on `chats` in batches of `batch` packs of chats, then DPO on `pairs` in batches of half as many pairs.

    A pack is of `pack` tokens, as in the published runs; 0: a batch is of so many chats.
    `base` is a model directory or owner/name@commit of the hub; `size` says which learning rates it gets. The 70B's
    own batch is not published: give it as `batch`, and the learning rates follow.
    """
    return trained(
        size,
        model_at(base, licence),
        ChatFile(path=chats, licence=licence),
        PairFile(path=pairs, licence=licence),
        batch,
        seed,
        pack,
    )


def family_on_mixes(
    size: Size,
    base: str,
    folder: str,
    licence: str = "unknown",
    batch: int = 128,
    seed: int = 0,
    pack: int = PACK,
) -> DPO:
    """The same on the default mixes of the sets that lie in a folder."""
    sets_of = mix(folder, licence), preferences(folder, licence)
    return trained(size, model_at(base, licence), *sets_of, batch, seed, pack)


def trained(size: Size, model: Stage, data: Stage, pairs: Stage, batch: int, seed: int, pack: int) -> DPO:
    """SFT in batches of `batch` packs, then DPO in batches of half as many pairs."""
    sft = SFT(model=model, data=data, fit=sft_fit(size, batch, seed, pack))
    reference = Reference(model=sft, data=pairs)
    return DPO(model=sft, data=pairs, reference=reference, fit=dpo_fit(size, max(1, batch // 2), seed))
