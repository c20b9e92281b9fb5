"""HDF5 metadata without libhdf5: groups, datasets, attributes, links, and where the bytes of each tensor lie.

Why not h5py: its C library has a history of memory faults, follows links out of the file and trusts declared sizes, and
importing it costs more than reading a whole model's index here. h5py comes in for rare structures, in a child process.
"""

from .attributes import Attributes
from .datatypes import Undecoded
from .file import Hdf5File, open_hdf5
from .links import Link
from .objects import Dataset, Group, NamedType, Node
from .window import Hdf5Error, NotCovered, Window

__all__ = [
    "Attributes",
    "Dataset",
    "Group",
    "Hdf5Error",
    "Hdf5File",
    "Link",
    "NamedType",
    "Node",
    "NotCovered",
    "Undecoded",
    "Window",
    "open_hdf5",
]
