"""Writes a GGUF file again with keys and tensors changed, for bad input.

The file that comes out is well-formed: what is wrong with it is the model. For
files that are damaged as files, tests change bytes themselves.
"""
import gguf
import numpy as np
from gguf import GGUFValueType as Kind


def parts(path):
    """({key: (value, kind, kind of elements)}, {name: (type, data)})."""
    reader = gguf.GGUFReader(path)
    keys = {}
    for name, field in reader.fields.items():
        if not name.startswith("GGUF."):
            inner = field.types[-1] if len(field.types) > 1 else None
            keys[name] = (field.contents(), field.types[0], inner)
    # Data of a quantized tensor is rows of bytes.
    return keys, {t.name: (t.tensor_type, np.array(t.data))
                  for t in reader.tensors}


def kindOf(value, old):
    """The type of a new value: the old one's, unless that cannot hold it."""
    python = {bool: Kind.BOOL, str: Kind.STRING, float: Kind.FLOAT32,
              list: Kind.ARRAY}.get(type(value))
    if python is None:
        python = Kind.INT32 if value < 0 else Kind.UINT32
        python = Kind.UINT64 if value >= 1 << 32 else python
    return old if old is not None and type(value) is bool else python


def innerOf(value, old):
    """The type of an array's elements, likewise; None if it is their own."""
    large = isinstance(value, list) and any(
        isinstance(v, int) and not -1 << 31 <= v < 1 << 31 for v in value)
    return Kind.INT64 if large else old


def edit(source, target, keys=None, tensors=None):
    """Copies `source` with `keys` {key: value, None to drop it} and `tensors`
    {name: (type, array), None to drop it, or a function of the array}."""
    allKeys, allTensors = parts(source)
    architecture = allKeys.pop("general.architecture")[0]
    for key, value in (keys or {}).items():
        old = allKeys.pop(key, (None, None, None))
        if key == "general.architecture":
            architecture = value
        elif value is not None:
            allKeys[key] = (value, kindOf(value, old[1]),
                            innerOf(value, old[2]))
    for name, change in (tensors or {}).items():
        old = allTensors.pop(name, None)
        if callable(change):
            allTensors[name] = (old[0], change(old[1]))
        elif change is not None:
            allTensors[name] = change
    writer = gguf.GGUFWriter(target, architecture or "none")
    if not architecture:
        writer.kv_data[0].pop("general.architecture")
    for key, (value, kind, inner) in allKeys.items():
        writer.add_key_value(key, value, kind, inner)
    for name, (kind, data) in allTensors.items():
        plain = kind in (gguf.GGMLQuantizationType.F32,
                         gguf.GGMLQuantizationType.F16)
        writer.add_tensor(name, np.ascontiguousarray(data),
                          raw_dtype=None if plain else kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
