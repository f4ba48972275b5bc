"""Places where nothing can be written, wrong command lines, damaged artifacts:
as in bad_input.py, one line that says what and where.

Exit code 1, no output, and nothing under a temporary name. An artifact's line
begins with its own name.
"""
import errno
import itertools
import os
import resource
import shutil
import signal
import struct
import subprocess
import time
import unittest

import e2e
import gguf_edit
from bad_input import BadInput


class Outputs(BadInput):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.good["llama"]

    def test_signals_at_any_moment_leave_nothing_behind(self):
        target = self.output / "model"
        for delay, sent in itertools.product(
                (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9),
                (signal.SIGINT, signal.SIGTERM)):
            process = subprocess.Popen([e2e.options.quern, "compile",
                                        self.model, "-o", target],
                                       stderr=subprocess.PIPE)
            time.sleep(delay)
            process.send_signal(sent)
            process.communicate()
            if process.returncode == 0:  # it was done before
                target.unlink()
            else:
                self.assertEqual(process.returncode, -sent)
            self.assertEqual(list(self.output.iterdir()), [], delay)

    def test_places_where_nothing_can_be_written(self):
        self.refuse(self.model, output=self.output)  # a folder
        self.refuse(self.model, "nowhere",
                    output=self.folder / "nowhere" / "m")
        self.refuse(self.model, "text", output=self.text / "m")
        self.refuse(self.model, output="/proc/model")
        pipe = self.folder / "pipe"  # and so not /dev/null, for the superuser
        os.mkfifo(pipe)
        self.refuse(self.model, "pipe: is not a regular file", output=pipe)
        self.refuse(self.model, "an executable needs", output="-")

    def test_the_model_is_no_place_to_write_to(self):
        model = self.folder / "precious.gguf"
        shutil.copy(self.model, model)
        before = model.read_bytes()
        link = self.folder / "link to precious"
        link.symlink_to(model)
        for output, flags in ((model, ()), (link, ()),
                              (model, ("--emit", "plan"))):
            self.refuse(model, "is a file of the model", output=output,
                        flags=flags)
        self.assertEqual(model.read_bytes(), before)

    def test_any_name(self):
        for name in ("100 %", "%%%%%%%%.tmp", "{0}", "line\nbreak", "-o", "é"):
            with self.subTest(name=name):
                path = self.output / name
                done = self.quern("compile", self.model, "-o", path.name,
                                  cwd=self.output)
                if name == "-o":
                    self.assertOneLine(done, "error", "--output=-o")
                    continue
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(list(self.output.iterdir()), [path])
                path.unlink()

    def test_a_link_is_followed(self):
        target = self.folder / "target"
        target.write_text("old")
        link = self.folder / "link"
        link.symlink_to(target)
        self.compile(self.model, output=link)
        self.assertTrue(link.is_symlink())
        self.assertGreater(target.stat().st_size, 1000)

    def test_what_has_a_temporary_name_is_left_alone(self):
        for name in ("-dash", "plain"):
            (self.folder / f"{name}.tmp").write_text("precious")
            done = self.quern("compile", self.model, "-o", name,
                              cwd=self.folder)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual((self.folder / f"{name}.tmp").read_text(),
                             "precious")

    def test_a_full_standard_output(self):
        for args in (("inspect", self.model), ("targets",),
                     ("inspect", self.model, "--json")):
            with open("/dev/full", "w") as full:
                done = subprocess.run([e2e.options.quern, *map(str, args)],
                                      stdout=full, stderr=subprocess.PIPE,
                                      text=True)
            self.assertOneLine(done, "error", "standard output")

    @unittest.skipIf(os.geteuid() == 0, "the superuser may write anywhere")
    def test_a_folder_without_permission(self):
        closed = self.folder / "closed"
        closed.mkdir(mode=0o555)
        self.refuse(self.model, "closed", output=closed / "m")

    def test_a_full_disk(self):
        """A limit on the size of files stops the writes as a disk does."""
        whole = self.compile(self.model, output=self.folder / "whole")
        size = whole.path.stat().st_size

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        for most in (1000, 100_000, size // 2, size - 70_000, size - 10):
            with self.subTest(bytes=most, of=size):
                # Python leaves SIGXFSZ ignored, which makes it EFBIG.
                self.refuse(self.model, os.strerror(errno.EFBIG),
                            restore_signals=False, preexec_fn=limit)

    def test_what_was_there_stays_on_an_error(self):
        """Before anything is written, while it is, and shortly before the end."""
        gguf_edit.edit(self.model, self.folder / "x.gguf",
                       tensors={"output_norm.weight": None})
        size = self.compile(self.model, output=self.folder / "whole"
                            ).path.stat().st_size

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        (self.output / "model").write_text("mine")
        try:
            self.refuse(self.folder / "x.gguf")
            for most in (size // 2, size - 10):
                self.refuse(self.model, os.strerror(errno.EFBIG),
                            restore_signals=False, preexec_fn=limit)
            self.assertEqual((self.output / "model").read_text(), "mine")
        finally:
            (self.output / "model").unlink()

    def test_context_beyond_the_models(self):
        self.refuse(self.model, "--ctx", flags=("--ctx", 257))

    def test_flags(self):
        for flags, word in ((("--kv-type", "q7"), "--kv-type"),
                            (("--target", "abacus"), "abacus"),
                            (("--mcpu", "z80"), "z80"),
                            (("--mcpu", "x86-64-v4+warp"), "warp"),
                            (("--chunk", "0"), "--chunk"),
                            (("--max-batch", "1e9"), "--max-batch"),
                            (("--ctx", "-1"), "--ctx"),
                            (("--frobnicate",), "--frobnicate"),
                            (("--emit", "poetry"), "--emit"),
                            (("--threads", ""), "--threads")):
            with self.subTest(flags):
                self.refuse(self.model, word, flags=flags)

    def test_commands(self):
        for args in ((), ("frobnicate",), ("compile",), ("inspect",),
                     ("reference", self.model), ("--frobnicate",),
                     ("reference", self.model, "1 2 x"),
                     ("reference", self.model, "300"),
                     ("reference", self.model, "-1"),
                     ("reference", self.model, "1", "--logits", "/proc/x")):
            with self.subTest(args=args):
                self.assertOneLine(self.quern(*args), "error")


class Artifacts(BadInput):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.artifact = cls.compile(cls.good["llama"])
        cls.data = cls.artifact.path.read_bytes()
        cls.sections = cls.readSections(cls.data)

    @staticmethod
    def readSections(data):
        """{name: (offset, size)}, as the end of the file tells them."""
        count, at = struct.unpack_from("<IQ", data, len(data) - 64 + 12)
        found = {}
        for i in range(count):
            name, offset, size, _ = struct.unpack_from("<16sQQQ", data,
                                                       at + 40 * i)
            found[name.rstrip(b"\0").decode()] = (offset, size)
        return found

    def start(self, data, *args):
        path = self.output / "damaged"
        path.write_bytes(data)
        path.chmod(0o755)
        try:
            return e2e.Artifact(path).start(*args)
        finally:
            path.unlink()

    def flipped(self, at):
        data = bytearray(self.data)
        data[at] ^= 0x10
        return data

    def test_truncated(self):
        size = len(self.data)
        meta = self.sections["meta"][0]
        for most in (size - 1, size - 64, size - 65, size - 5000,
                     self.sections["weights"][0] + 1, meta + 1, meta,
                     *range(4096, meta, 98765)):  # code and its data, too
            with self.subTest(bytes=most, of=size):
                self.assertOneLine(self.start(self.data[:most], "info"),
                                   "damaged", "cut short")
        with self.subTest("longer"):
            self.assertOneLine(self.start(self.data + b"x", "info"),
                               "damaged")

    def test_a_flipped_bit_in_what_is_checked_at_start(self):
        for name in ("meta", "plan", "tokenizer", "template"):
            offset, size = self.sections[name]
            for at in (offset, offset + size // 2, offset + size - 1):
                with self.subTest(section=name, offset=at):
                    self.assertOneLine(self.start(self.flipped(at), "info"),
                                       "damaged", name)
        table = len(self.data) - 64 - 40 * len(self.sections)
        for at in range(table, len(self.data) - 24, 29):
            with self.subTest(offset=at):
                self.assertOneLine(self.start(self.flipped(at), "info"),
                                   "damaged")

    def test_verify(self):
        self.assertTrue(self.artifact.run("verify").startswith("ok: "))
        offset, size = self.sections["weights"]
        for at in (offset, offset + size // 3, offset + size - 1):
            with self.subTest(offset=at):
                self.assertOneLine(self.start(self.flipped(at), "verify"),
                                   "damaged", "weights")
        _, size = self.sections["program"]  # its end is not run
        self.assertOneLine(self.start(self.flipped(size - 1), "verify"),
                           "damaged", "program")

    def test_a_runtime_without_a_model(self):
        code = bytearray(
            self.data[:min(o for o, _ in self.sections.values() if o)])
        at = code.index(b"QUERNLEN") + 8
        code[at:at + 8] = bytes(8)  # as linked: of unknown length
        self.assertOneLine(self.start(code, "run", "hi"), "damaged",
                           "no model")


if __name__ == "__main__":
    e2e.main()
