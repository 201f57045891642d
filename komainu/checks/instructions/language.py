"""The language of a text by langdetect, the same on every run."""

from __future__ import annotations

from functools import cache
from typing import Any


def detected(text: str) -> str | None:
    """The likeliest language of a text (ISO 639-1, zh-cn, zh-tw), None when it has nothing to tell it by.

    The detector draws at random; here it draws from a fixed seed, and from a factory of its own, so that nobody
    else's use of the library plays a part.
    """
    from langdetect.lang_detect_exception import LangDetectException

    detector = factory().create()
    detector.append(text)
    try:
        return str(detector.detect())
    except LangDetectException:
        return None


@cache
def factory() -> Any:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    made = DetectorFactory()
    made.load_profile(PROFILES_DIRECTORY)
    made.set_seed(0)
    return made
