"""A verification as the record that JSON and text are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..graph import Model
from .records import Check

FORMATS = {".keras": "keras", ".h5": "h5", ".hdf5": "h5"}


def make_record(
    source: str, fingerprint: Mapping[str, Any] | None, checks: Iterable[Check], *, strict: bool = False
) -> dict[str, Any]:
    """The JSON of the contract. ``ok`` is whether no check failed; one that could not be made (null) fails nothing."""
    plain = [check.to_json(strict) for check in checks]
    return {
        "schema_version": 1,
        "model": describe_model(source, fingerprint),
        "ok": all(check["ok"] is not False for check in plain),
        "strict": strict,
        "checks": plain,
    }


def describe_model(source: str, fingerprint: Mapping[str, Any] | None) -> dict[str, Any]:
    ending = next((form for end, form in FORMATS.items() if source.endswith(end)), "code")
    root = fingerprint["layers"][0] if fingerprint else None
    return {
        "name": fingerprint["name"] if fingerprint else None,
        "class_name": fingerprint["class_name"] if fingerprint else None,
        "kind": fingerprint["kind"] if fingerprint else None,
        "format": ending,
        "keras_version": fingerprint["keras_version"] if fingerprint else None,
        "source": source,
        "built": root["built"] if root else None,
    }


def make_static_record(model: Model, source: str, checks: Iterable[Check], *, strict: bool = False) -> dict[str, Any]:
    """The same record for a file that was read and not loaded."""
    graph = model.graph
    about = {
        "name": graph.name, "class_name": graph.class_name, "kind": graph.kind, "format": model.format,
        "keras_version": model.keras_version, "source": source, "built": graph.built,
    }  # fmt: skip
    return {**make_record(source, None, checks, strict=strict), "model": about}
