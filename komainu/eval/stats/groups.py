"""Groups of models that no test tells apart: a compact letter display."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def groups(names: Sequence[str], separated: Callable[[str, str], bool]) -> list[list[str]]:
    """Groups of names such that two share one exactly when they are not separated; each in the order of `names`.

    No name could be added to a group, and a name that is separated from all others has a group of its own. This is the
    compact letter display of all-pairs tests (Piepho 2004, J. Comput. Graph. Stat. 13:456), one group a letter. The
    least number of groups is NP-hard to find (Gramm et al. 2007, Comput. Stat. Data Anal. 52:725); here each pair that
    no group has yet, first names first, grows by the name that adds most such pairs. With `names` from best to worst,
    and where none between two that are not separated is separated from them, that gives the maximal runs: the least.

    `separated` must be symmetric, and is asked once a pair. One that shares a group with two others need not be as good
    as both: groups overlap.
    """
    assert len(set(names)) == len(names), "each name once"
    near: dict[str, set[str]] = {name: set() for name in names}
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            if not separated(a, b):
                near[a].add(b)
                near[b].add(a)
    found: list[list[str]] = []
    alone = {name: set(near[name]) for name in names}  # whom a name is near to and shares no group with yet
    for name in names:
        if not near[name]:
            found.append([name])
        while alone[name]:
            group = [name]
            new = {each: int(each in alone[name]) for each in near[name]}  # who may join, with how many such pairs
            while new:
                best = max(new.values())
                group.append(joins := next(each for each in names if new.get(each) == best))
                new = {each: n + (each in alone[joins]) for each, n in new.items() if each in near[joins]}
            for each in group:
                alone[each].difference_update(group)
            found.append([each for each in names if each in group])
    return found
