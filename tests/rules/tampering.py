"""Changes to model files, as somebody may make them who does not use Keras for it: for the examples of rules."""

import json
import zipfile
from pathlib import Path

__all__ = ["edit_archive", "edit_attribute", "edit_config", "write_archive"]
METADATA = {"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}


def edit_archive(path, change):
    """Replace the members of an archive by what `change` makes of a dict of their bytes."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members = change(members) or members
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def edit_config(path, change):
    """Change the config of a ``.keras`` archive, or of a legacy ``.h5`` file, in place."""
    path = Path(path)
    if path.suffix in (".h5", ".hdf5"):
        edit_attribute(path, "model_config", change)
        return

    def edit(members):
        config = json.loads(members["config.json"])
        config = change(config) or config
        return {**members, "config.json": json.dumps(config).encode()}

    edit_archive(path, edit)


def edit_attribute(path, name, change):
    """Change a JSON attribute in the root of an HDF5 file."""
    import h5py

    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs[name])
        config = change(config) or config
        file.attrs[name] = json.dumps(config)


def write_archive(path, config, **members):
    """An archive with a config, and no weights unless given."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps(METADATA))
        archive.writestr("config.json", json.dumps(config))
        for name, data in members.items():
            archive.writestr(name, data)
