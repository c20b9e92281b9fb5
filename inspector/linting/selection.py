"""Which rules apply: codes and their beginnings, taken in and left out; the more exact word decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from ..errors import UsageError
from .rule import Finding

ALL = "ALL"


class Selection(NamedTuple):
    """What the command line and the project's file say of rules. ``select`` is `None` where nobody says anything."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def codes(self, names: Mapping[str, str], by_default: Iterable[str]) -> list[str]:
        """The codes that apply, in their order. ``names`` are all rules, ``by_default`` those on by default."""
        words = [(word, True) for word in (*(self.select or ()), *self.extend_select)]
        words += [(word, False) for word in self.ignore]
        stated = [(resolve(word, names), on) for word, on in words]
        usual = set(by_default) if self.select is None else set()
        return [code for code in names if decide(code, stated, code in usual)]


def decide(code: str, stated: Sequence[tuple[str, bool]], usual: bool) -> bool:
    """The longest word that fits decides; of two of one length, the one that leaves out."""
    length, answer = -1, usual
    for word, on in stated:
        size = 0 if word == ALL else len(word)
        if (word == ALL or code.startswith(word)) and (size > length or (size == length and not on)):
            length, answer = size, on
    return answer


def resolve(word: str, names: Mapping[str, str]) -> str:
    """A code, the beginning of one, or a rule's name, as code; `UsageError` names the nearest there is."""
    text = word.strip()
    if text.upper() == ALL:
        return ALL
    if text.upper().startswith("KS") and any(code.startswith(text.upper()) for code in names):
        return text.upper()
    for code, name in names.items():
        if name == text.lower():
            return code
    known = [*names, *names.values()]
    near = get_close_matches(text.upper(), known, 1, 0.6) or get_close_matches(text.lower(), known, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else "'kinspect rule --all' lists them"
    raise UsageError(f"no rule {word!r}", hint=hint)


class FileIgnores:
    """Rules that do not apply to files of a pattern, spelled as in ``.gitignore``, from the project's folder."""

    def __init__(self, stated: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> None:
        self.entries = [(pattern, [resolve(word, names) for word in words]) for pattern, words in stated.items()]
        self.used: set[int] = set()
        self.matchers: list[object] = []

    def ignores(self, finding: Finding, path: str) -> bool:
        """Whether a finding is left out; ``path`` is the file's, from the project's folder."""
        for index, (_, words) in enumerate(self.entries):
            if any(word == ALL or finding.code.startswith(word) for word in words) and self.matches(index, path):
                self.used.add(index)
                return True
        return False

    def matches(self, index: int, path: str) -> bool:
        from pathspec import GitIgnoreSpec

        if not self.matchers:
            self.matchers = [GitIgnoreSpec.from_lines([pattern]) for pattern, _ in self.entries]
        matcher = self.matchers[index]
        assert isinstance(matcher, GitIgnoreSpec)
        return matcher.match_file(path)

    def unused(self) -> list[str]:
        """Patterns that left nothing out."""
        return [pattern for index, (pattern, _) in enumerate(self.entries) if index not in self.used]


__all__ = ["ALL", "FileIgnores", "Selection", "resolve"]
