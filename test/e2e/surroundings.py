"""Surroundings that fail: disks that are full or read-only, closed pipes, Ctrl-C
at any moment, a CPU that lacks what an artifact needs.

One line that says what is wrong and exit code 1, or death by the signal;
nothing half-written is left, and nothing hangs. What strangers give is in
hostile.py.
"""
import concurrent.futures
import fcntl
import itertools
import os
import random
import select
import signal
import subprocess
import time
import unittest

import e2e
import hostile

setUpModule = hostile.setUpModule


def onDisk(kind, place, *command, **environment):
    """Runs a command with a disk of its own mounted on `place`, and prints what
    files are there afterwards; a skip where one may not mount."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True,
                      check=False).returncode:
        raise unittest.SkipTest("no namespace for a disk of the test's own")
    script = ('mount -t tmpfs -o "$1" quern "$2" || exit 77; place="$2"; '
              'shift 2; "$@" </dev/null; code=$?; '
              'find "$place" -type f; exit $code')
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", kind,
                           place, *map(str, command)], capture_output=True,
                          text=True, timeout=600, check=False,
                          env=dict(os.environ, **environment))
    if done.returncode == 77:
        raise unittest.SkipTest(f"no disk to mount: {done.stderr.strip()}")
    return done


class Disks(hostile.Hostile):
    def setUp(self):
        super().setUp()
        self.place = self.folder / self._testMethodName
        self.place.mkdir()

    def compileOn(self, kind, *flags):
        return onDisk(kind, self.place, e2e.options.quern, "compile",
                      hostile.model, "-o", self.place / "x", *flags)

    def test_full(self):
        """At once, in the middle of the executable, and shortly before its
        end, wherever the weights are."""
        size = hostile.artifact.path.stat().st_size // 1024
        for most, flags in ((64, ()), (size // 2, ()), (size - 200, ()),
                            (size - 200, ("--weights=sidecar",))):
            with self.subTest(KiB=most, of=size, flags=flags):
                self.assertOneLine(self.compileOn(f"size={most}k", *flags),
                                   "error", "No space left on device")

    def test_full_where_quern_run_caches(self):
        done = onDisk("size=64k", self.place, e2e.options.quern, "run",
                      hostile.model, hostile.PROMPT,
                      XDG_CACHE_HOME=str(self.place))
        self.assertOneLine(done, "error", "No space left on device")

    def test_read_only(self):
        for flags in ((), ("--weights=sidecar",)):
            self.assertOneLine(self.compileOn("ro", *flags), "error",
                               str(self.place / "x"), "Read-only")
        done = onDisk("ro", self.place, e2e.options.quern, "run",
                      hostile.model, hostile.PROMPT,
                      XDG_CACHE_HOME=str(self.place))
        self.assertOneLine(done, "error", str(self.place), "Read-only")

    def test_saving_a_conversation(self):
        lines = f"cat\n/save {self.place}/saved\n/exit\n"
        for kind in ("ro", "size=4k"):
            long = "" if kind == "ro" else "x" * 5000 + "\n"
            done = onDisk(kind, self.place, "sh", "-c",
                          'printf %s "$0" | "$@" >&2', long + lines,
                          hostile.artifact.path, "chat", "--temp", "0", "-n",
                          "1")
            with self.subTest(disk=kind):
                self.assertEqual((done.returncode, done.stdout), (0, ""))
                self.assertIn(f"{self.place}/saved: cannot write: ",
                              done.stderr)


class Pipes(hostile.Hostile):
    def test_closed_pipes(self):
        """Death by SIGPIPE in silence; where that is ignored, a line."""
        artifact, quern = hostile.artifact.path, e2e.options.quern
        for program, args in ((artifact, ("run", "-n", 200, hostile.PROMPT)),
                              (artifact, ("info",)),
                              (artifact, ("tokenize", hostile.PROMPT)),
                              (artifact, ("chat", "-n", 9)),
                              (quern, ("inspect", hostile.model)),
                              (quern, ("targets",))):
            for ignored in (False, True):
                with self.subTest(args=args, ignored=ignored):
                    reading, writing = os.pipe()
                    os.close(reading)
                    done = subprocess.run(
                        [program, *map(str, args)], stdout=writing,
                        stderr=subprocess.PIPE, input=b"cat\n", timeout=60,
                        restore_signals=not ignored, check=False)
                    os.close(writing)
                    if ignored or done.returncode == 1:
                        self.assertEqual(done.returncode, 1)
                        self.assertEqual(done.stderr.count(b"\n"), 1)
                        self.assertIn(b"Broken pipe", done.stderr)
                    else:
                        self.assertEqual((done.returncode, done.stderr),
                                         (-signal.SIGPIPE, b""))

    def test_nobody_reads_what_is_printed_of_compiling(self):
        """Wherever it is by then, nothing is left. Where the signal is ignored,
        it does not end the program."""
        for lines, ignored in itertools.product(range(8), (False, True)):
            place = self.output / f"pipe{lines}{ignored}"
            place.mkdir()
            process = subprocess.Popen(
                [e2e.options.quern, "compile", hostile.model, "-v", "-o",
                 place / "x", "--weights=sidecar"], stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL, restore_signals=not ignored)
            for _ in range(lines):
                process.stderr.readline()
            process.stderr.close()
            code = process.wait(timeout=60)
            left = sorted(p.name for p in place.iterdir())
            done = (0, ["x", "x.weights"])
            with self.subTest(lines=lines, ignored=ignored):
                self.assertIn((code, left), (done,) if ignored else
                              (done, (-signal.SIGPIPE, [])))

    def test_a_full_standard_output(self):
        for args in (("chat", "-n", 9), ("info",), ("tokenize", hostile.PROMPT),
                     ("verify",)):
            with self.subTest(args=args), open("/dev/full", "w") as full:
                done = subprocess.run([hostile.artifact.path, *map(str, args)],
                                      stdout=full, stderr=subprocess.PIPE,
                                      input=b"cat\n", check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr.decode(), r"^model\.out: .*"
                                 r"No space left on device\n$")


class Signals(hostile.Hostile):
    """At 60 moments by chance of compiling, each in a folder of its own."""

    def interrupt(self, number, *command):
        """(folder, what happened, the signal) of a command that is killed."""
        chance = random.Random(number)
        place = self.output / str(number)
        (place / "tmp").mkdir(parents=True)
        sent = (signal.SIGINT, signal.SIGTERM)[number % 2]
        process = subprocess.Popen(
            [e2e.options.quern, *[str(c).replace("HERE", str(place))
                                  for c in command]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=dict(
                os.environ, TMPDIR=str(place / "tmp"),
                XDG_CACHE_HOME=str(place / "cache")))
        time.sleep(chance.random() ** 1.4 * hostile.seconds * 1.05)
        process.send_signal(sent)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return place, None, sent
        return place, (process.returncode, out, err), sent

    def each(self, first, count, *command):
        """The files left after each that was stopped or came to its end."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda n: self.interrupt(n, *command),
                                 range(first, first + count)))
        stopped = 0
        for place, done, sent in runs:
            with self.subTest(moment=place.name, signal=sent.name):
                self.assertIsNotNone(done, "it hangs")
                code, out, err = done
                self.assertIn(code, (0, -sent, 128 + sent), err)
                self.assertLessEqual(err.count(b"\n"), 1, err)
                stopped += code != 0
                left = [p for p in place.rglob("*") if p.is_file()]
                yield code, sorted(str(p.relative_to(place)) for p in left)
        self.assertGreater(stopped, 0, "none was stopped")

    def verify(self, path):
        """A file that is there is a whole one."""
        self.assertTrue(e2e.Artifact(path).run("verify").startswith("ok: "))

    def test_compile(self):
        for code, left in self.each(0, 24, "compile", hostile.model,
                                    "-o", "HERE/x"):
            self.assertEqual(left, ["x"] if code == 0 else [])

    def test_compile_with_a_side_car(self):
        whole = self.compile(hostile.model, "--weights=sidecar",
                             output=self.folder / "whole")
        good = whole.path.with_suffix(".weights").read_bytes()
        for number, (code, left) in enumerate(self.each(
                100, 18, "compile", hostile.model, "-o", "HERE/x",
                "--weights=sidecar"), 100):
            # The weights come first, and are good for the next time.
            self.assertIn(left, (["x", "x.weights"],) if code == 0 else
                          ([], ["x.weights"]))
            if "x.weights" in left:
                self.assertEqual((self.output / str(number) / "x.weights")
                                 .read_bytes(), good)

    def test_run(self):
        for number, (code, left) in enumerate(self.each(
                200, 18, "run", hostile.model, hostile.PROMPT, "-n", 50), 200):
            # It may have been there already, and answering.
            self.assertLessEqual(len(left), 1, left)
            for name in left:
                self.assertRegex(name, r"^cache/quern/artifacts/"
                                 r"[^/]+-[0-9a-f]{16}$")
                self.verify(self.output / str(number) / name)
            if code == 0:
                self.assertTrue(left)

    def test_answers(self):
        """An artifact keeps nothing, and ends at once."""
        for sent in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(
                [hostile.artifact.path, "run", "--temp", "0", "--raw",
                 hostile.PROMPT],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.read(1)
            process.send_signal(sent)
            _, err = process.communicate(timeout=60)
            if process.returncode != 0:  # else it had ended before
                self.assertEqual((process.returncode, err), (-sent, b""))

    def startChat(self):
        process = subprocess.Popen(
            [hostile.artifact.path, "chat", "--temp", "0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    def test_chat(self):
        """SIGINT stops the answer, and the next message is answered."""
        process = self.startChat()

        def said():
            line = b""
            while b"\n" not in line:
                self.assertTrue(select.select([process.stderr], [], [], 60)[0],
                                "nothing is said of the interrupt")
                line += os.read(process.stderr.fileno(), 4096)
            return line
        for _ in range(3):
            # Its answer is all of the context if nothing stops it.
            process.stdin.write(b"x\n")
            process.stdin.flush()
            self.assertTrue(select.select([process.stdout], [], [], 60)[0])
            process.send_signal(signal.SIGINT)
            self.assertEqual(said(), b"[stopped]\n")
            while select.select([process.stdout], [], [], 0)[0]:
                os.read(process.stdout.fileno(), 4096)
            process.stdin.write(b"/clear\n")
            process.stdin.flush()
            self.assertEqual(said(), b"[the conversation is forgotten]\n")
        _, err = process.communicate(b"/exit\n", timeout=60)
        self.assertEqual((process.returncode, err), (0, b""))
        process = subprocess.Popen([hostile.artifact.path, "chat"],
                                   stdin=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        time.sleep(0.2)
        process.terminate()
        _, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, err), (-signal.SIGTERM, b""))

    def test_chat_whose_reader_is_slow(self):
        """SIGINT while a pipe is full stops the answer as well."""
        process = self.startChat()
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        process.stdin.write(b"x\n")
        process.stdin.flush()
        self.assertTrue(select.select([process.stdout], [], [], 60)[0])
        time.sleep(1)  # for a page of answer
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        _, err = process.communicate(b"/exit\n", timeout=60)
        self.assertEqual((process.returncode, err), (0, b"[stopped]\n"))


class Machines(hostile.Hostile):
    def refuses(self, other, *words):
        """Says so whatever it is asked, even if it is damaged as well."""
        for args in (("run", hostile.PROMPT), ("chat",), ("info",),
                     ("verify",), (),
                     ("--help",), ("frobnicate",)):
            with self.subTest(args=args):
                self.assertOneLine(other.start(*args), other.path.name,
                                   "this CPU", "lacks", *words)
        data = bytearray(other.path.read_bytes())
        data[-60] ^= 1
        other.path.write_bytes(data)
        self.assertOneLine(other.start("info"), other.path.name, *words)

    def test_an_instruction_set_that_no_machine_has(self):
        """The names in the artifact, of which one is changed."""
        data = hostile.artifact.path.read_bytes()
        self.assertEqual(data.count(b"avx,avx2,bmi,"), 1)
        other = e2e.Artifact(self.folder / "other")
        other.path.write_bytes(data.replace(b"avx,avx2,bmi,",
                                            b"avx,avx9,bmi,"))
        other.path.chmod(0o755)
        self.refuses(other, "avx9")

    def test_an_instruction_set_that_is_not_here(self):
        lacking = {"x86-64-v4+vnni+bf16": "avx512_bf16",
                   "x86-64-v4+vnni": "avx512_vnni", "x86-64-v4": "avx512f",
                   "x86-64-v3": "avx2"}
        for cpu, feature in lacking.items():
            if not e2e.cpuHas(feature):
                break
        else:
            self.skipTest("this machine has all instruction sets")
        other = self.compile(hostile.model, "--mcpu", cpu,
                             output=self.folder / "other")
        self.refuses(other, cpu)


if __name__ == "__main__":
    e2e.main()
