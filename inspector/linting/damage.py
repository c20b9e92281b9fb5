"""What of a file could not be seen, and what of it is broken: gathered from everything that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..errors import KinspectError, UnknownFormat, UnreadableModel
from ..readers.archive import MAX_RATIO, RATIO_FLOOR, Range
from ..readers.documents import ABOUT, KERAS_METADATA, MAX_NOTED, MODEL, WEIGHTS
from ..readers.keras_archive import CONFIG, H5, METADATA, NPZ, SHARDS
from ..readers.members import FILE, name_special
from ..readers.zip_directory import ZipDirectory
from .case import CannotExamine, Case
from .container_rule import quoted

READ = ("probe", "members", "documents", "model", "weights", "hdf5_objects", "saved_model", "objects")
CONFIGS = (MODEL, ABOUT, WEIGHTS)  # documents without which no model is read
KNOWN = (CONFIG, METADATA, H5, NPZ, SHARDS)  # of which the readers of models say what is wrong
METHODS = (0, 8)  # stored and deflated: what is unpacked
UNPACKED = 256 << 20  # bytes of packed members whose checksums are held, and twice the file's size
BROKEN_NOTES = ("weights-not-read", "training-not-read")  # of the readers of models


class Damage(NamedTuple):
    """One line on a file, or on the part that ``pointer`` names."""

    message: str
    hint: str | None = None
    pointer: str | None = None


def read_all(case: Case) -> None:
    """Have everything read that shows whether a file can be."""
    for need in READ:
        if need not in case.problems:
            case.has(need)


def list_unread(case: Case) -> Iterator[Damage]:
    """What was not looked at, though it may be sound."""
    read_all(case)
    for problem in case.problems.values():
        if isinstance(problem, CannotExamine):
            yield Damage(problem.message, "report this to the developers of kinspect, with the file if you may")
    if case.is_live:
        return
    for need, find in (("members", unread_members), ("hdf5_objects", unread_objects), ("saved_model", unread_graphs)):
        if case.has(need):
            yield from find(case)
    if case.has("objects") and case.objects.unread:
        yield Damage(case.objects.unread)
    if case.has("documents") and sum(one.role == KERAS_METADATA for one in case.documents) >= MAX_NOTED:
        yield Damage(f"it notes more than {MAX_NOTED:,} objects of Keras; the rest was not looked at")


def unread_members(case: Case) -> Iterator[Damage]:
    for member in case.members:
        if member.problem and is_closed(member.entry) and member.name not in KNOWN:
            yield Damage(f"{quoted(member.place)} {member.problem}", pointer=member.place)
        elif member.problem and member.entry is None:
            what = quoted(member.place.rstrip("/"))
            yield Damage(
                f"{what}: {member.problem}" if member.archive else f"{what} {member.problem}", pointer=member.place
            )


def unread_objects(case: Case) -> Iterator[Damage]:
    for contents in case.hdf5_objects:
        if contents.error is not None and contents.unread:
            yield Damage(contents.error.message, contents.error.hint, contents.name)
        for problem in contents.inventory.problems:
            if problem.unread:
                place = contents.pointer(problem.path)
                yield Damage(f"{quoted(place)} is not read: {problem.message}", pointer=place)


def unread_graphs(case: Case) -> Iterator[Damage]:
    saved = case.saved_model
    if saved is not None and saved.text_form:
        yield Damage("a SavedModel written as text, whose operations are not looked at", "save it in the binary form")
    if saved is not None and not all(graph.is_complete for graph in saved.graphs):
        yield Damage("the SavedModel has more operations than are looked at")


def list_broken(case: Case, *, explained: bool = False) -> Iterator[Damage]:
    """What is broken, each once, in the words of whoever met it; models and weights not, where it is told why."""
    read_all(case)
    told: list[str] = []
    for damage in (*(() if explained else broken_parts(case)), *broken_files(case)):
        if not any(is_same(damage, said) for said in told):
            told.append(damage.message)
            yield damage


def is_same(damage: Damage, said: str) -> bool:
    """Whether something was said already: in these words, or of the same member."""
    return damage.message == said or (damage.pointer is not None and said.startswith(f"{damage.pointer} "))


def broken_parts(case: Case) -> Iterator[Damage]:
    """What kept the file, or a part of its model, from being read."""
    if name_special(case.path) and not case.is_live:
        return
    for need, problem in sorted(case.problems.items(), key=lambda item: item[0] != "model"):
        if isinstance(problem, CannotExamine) or is_told(case, need, problem):
            continue
        if isinstance(problem, (UnreadableModel, UnknownFormat)):
            yield Damage(problem.message, problem.hint)
    if "model" in case.__dict__:
        for note in case.model.notes:
            if note.code in BROKEN_NOTES:
                yield Damage(note.message, "save the model again")


def is_told(case: Case, need: str, problem: KinspectError) -> bool:
    """Whether a problem follows from another, or is none: a SavedModel is no graph of layers, nor need it be."""
    if "probe" not in case.problems:
        is_one = "saved_model" in case.problems or case.has("saved_model")
        if need == "saved_model" or (is_one and isinstance(problem, UnknownFormat)):
            return need != "saved_model"
    return need != "model" and "model" in case.problems


def broken_files(case: Case) -> Iterator[Damage]:
    """The parts that the file consists of: documents, HDF5 files and objects, members."""
    if case.has("documents"):
        for document in case.documents:
            if document.error is not None and not (document.role in CONFIGS and "model" in case.problems):
                yield Damage(document.error.message, document.error.hint, document.name)
    if case.has("hdf5_objects"):
        for contents in case.hdf5_objects:
            if contents.error is not None and not contents.unread:
                yield Damage(contents.error.message, contents.error.hint, contents.name or None)
            for problem in contents.inventory.problems:
                if not problem.unread:
                    place = contents.pointer(problem.path)
                    yield Damage(f"{quoted(place)} cannot be read: {problem.message}", pointer=place)
    if case.has("members"):
        yield from broken_members(case)


def broken_members(case: Case) -> Iterator[Damage]:
    """Members that are not what the archive's directory says; their bytes are held to its checksums."""
    entries = [member.entry for member in case.members if not member.archive and member.kind == FILE and member.entry]
    if not entries:
        return
    left = UNPACKED + 2 * case.probe.size
    with ZipDirectory(Range(str(case.probe.path), 0, case.probe.size)) as directory:
        for entry in entries:
            left -= entry.size
            if left < 0:
                return
            if entry.packed and not is_closed(entry) and entry.size <= max(RATIO_FLOOR, MAX_RATIO * entry.packed):
                what = directory.find_damage(entry)
                if what is not None:
                    yield Damage(f"{quoted(entry.name)} {what}", pointer=entry.name)


def is_closed(entry: object) -> bool:
    """Whether a member is encrypted, or packed in a way that is not unpacked here."""
    flags, method = getattr(entry, "flags", 0), getattr(entry, "method", 0)
    return bool(flags & 1) or method not in METHODS


__all__ = ["Damage", "list_broken", "list_unread"]
