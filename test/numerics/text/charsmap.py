"""Writes character maps in SentencePiece's format: a double-array trie (the layout
of Darts-clone) and the replacements."""

import struct


def build(pairs):
    """The bytes for a dictionary of replacements."""
    texts, offsets = b"", {}
    for key, value in pairs.items():
        offsets[key.encode()] = len(texts)
        texts += value.encode() + b"\0"

    root = {}
    for key, value in offsets.items():
        node = root
        for byte in key:
            node = node.setdefault(byte, {})
        node[None] = value

    units, used = {0: 0}, {0}

    def place(node, at, label):
        """Puts the children of the node in unit `at`; fills in that unit."""
        labels = [b for b in node if b is not None]
        wanted = ([0] if None in node else []) + labels
        base = 1
        while any(at ^ base ^ b in used for b in wanted) or not _encodes(base):
            base += 1
        for b in wanted:
            used.add(at ^ base ^ b)
        units[at] = label | _offset(base) | (0x100 if None in node else 0)
        if None in node:
            units[at ^ base] = node[None] | 0x80000000
        for b in labels:
            place(node[b], at ^ base ^ b, b)

    place(root, 0, 0)
    size = (max(units) // 256 + 1) * 256
    trie = struct.pack(f"<{size}I", *(units.get(i, 0x80000000) for i in range(size)))
    return struct.pack("<I", len(trie)) + trie + texts


def _encodes(base):
    return base < 1 << 21 or base % 256 == 0


def _offset(base):
    return base << 10 if base < 1 << 21 else (base >> 8 << 10) | 0x200
