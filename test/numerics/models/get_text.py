#!/usr/bin/env python3
"""Writes plain English prose for perplexity runs, without any download.

The text is the language reference that every Python carries for `help()`
(`pydoc_data.topics`): a few hundred kilobytes of real sentences. Paragraphs
that are tables, grammar rules or code are left out, the lines of a paragraph
are joined, and topics come in alphabetical order, so that the same Python
always gives the same bytes. 192,000 characters are 20,000 scored tokens or
some more for the models of tools/models.tsv. Figures from different Python
versions are not comparable; the paired differences that reference.py prints
are made on one text anyway.
"""
import argparse
import hashlib
import re
import sys
from pydoc_data.topics import topics


def is_prose(paragraph):
    """Sentences, not a heading, a table, a grammar rule or a code block."""
    text = paragraph.strip()
    if text[-1:] not in (".", ":", ")") or text.startswith(">>>"):
        return False
    if "::=" in text or "--+" in text or "  " in re.sub(r"\n\s*", "\n", text
                                                     ).replace(".  ", ". "):
        return False
    letters = sum(c.isalpha() or c.isspace() for c in text)
    return letters > 0.8 * len(text)


def prose(limit):
    """At most `limit` characters, ending with a whole paragraph."""
    seen, out, size = set(), [], 0
    for name in sorted(topics):
        text = topics[name].replace("\r\n", "\n")
        for paragraph in re.split(r"\n\s*\n", text):
            if paragraph in seen or not is_prose(paragraph):
                continue
            seen.add(paragraph)
            line = re.sub(r"\s+", " ", paragraph).strip() + "\n\n"
            if size + len(line) > limit:
                return "".join(out)
            out.append(line)
            size += len(line)
    return "".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("output", nargs="?", default="-",
                        help="file to write (default: standard output)")
    parser.add_argument("--chars", type=int, default=192000,
                        help="most characters to write (default: %(default)s)")
    args = parser.parse_args()
    data = prose(args.chars).encode("utf-8")
    if args.output == "-":
        sys.stdout.buffer.write(data)
    else:
        with open(args.output, "wb") as out:
            out.write(data)
    print(f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}",
          file=sys.stderr)


if __name__ == "__main__":
    main()
