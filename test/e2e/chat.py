"""Conversations: from a pipe, and on a terminal with Ctrl-C."""
import contextlib
import json
import os
import pty
import select
import signal
import time

import e2e


class Chat(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.tiny("model", arch="llama", format="q8_0", layers=1,
                             context=256)
        cls.artifact = cls.compile(cls.model)

    def chat(self, lines, *args, code=0):
        """(standard output, standard error) of a chat that reads `lines`."""
        done = self.artifact.start("chat", "--temp", 0, *args,
                                   input="\n".join(lines + [""]).encode())
        self.assertEqual(done.returncode, code, done.stderr)
        return (done.stdout.decode(errors="replace"),
                done.stderr.decode(errors="replace"))

    def saved(self, lines, *args):
        path = self.folder / "saved.json"
        out, err = self.chat(lines + [f"/save {path}"], *args)
        return json.loads(path.read_text())["messages"], out, err


class Pipe(Chat):
    def test_the_first_answer_is_that_of_run(self):
        expected = self.artifact.run("run", "--temp", 0, "-n", 20, "the cat")
        out, err = self.chat(["the cat"], "-n", 20)
        self.assertEqual((out, err), (expected + "\n", ""))

    def test_messages_take_turns(self):
        messages, out, _ = self.saved(["one", "two"], "-n", 5, "--system",
                                      "three")
        self.assertEqual([m["role"] for m in messages],
                         ["system", "user", "assistant", "user", "assistant"])
        self.assertEqual(out, "".join(m["content"] + "\n" for m in messages
                                      if m["role"] == "assistant"))

    def test_a_later_turn_reads_only_what_is_new(self):
        # The template adds a few tokens to each message. One token is sampled
        # and its row never run, so whatever it is comes with the new ones.
        _, first = self.chat(["the cat " * 20, "/stats"], "-n", 1)
        _, second = self.chat(["the cat " * 20, "dog", "/stats"], "-n", 1)
        read = [int(e.split()[2]) for e in (first, second)]
        self.assertLess(read[1], read[0] / 2, (first, second))

    def test_what_is_loaded_is_what_was_saved(self):
        messages, _, _ = self.saved(["one", "two"], "-n", 5)
        again, _, err = self.saved([f"/load {self.folder / 'saved.json'}"])
        self.assertEqual(again, messages)
        self.assertIn("[4 messages from", err)

    def test_what_cannot_be_read_is_not_replaced(self):
        """Not even by the superuser: a link that leads to itself."""
        path = self.folder / "unreadable"
        path.symlink_to(path)
        _, err = self.chat(["one", f"/save {path}"], "-n", 1)
        self.assertIn(f"{path}: cannot write: ", err)
        self.assertTrue(path.is_symlink())

    def test_commands_that_fail_do_not_end_it(self):
        junk = self.folder / "junk"
        for text in ("", "{", '{"messages": 1}', '{"messages": [1]}',
                     '{"messages": [{"role": "assistant", "content": ""}]}',
                     '{"messages": [{"role": "user", "content": ""}]}'):
            junk.write_text(text)
            out, err = self.chat([f"/load {junk}", "/load", "/save",
                                  "/save /nowhere/file", "/no-such", "one"],
                                 "-n", 3)
            self.assertTrue(out.endswith("\n") and out.strip())
            self.assertEqual(err.count("\n"), 5, err)
            for word in (str(junk), "/load needs a file", "/save needs a file",
                         "/nowhere/file: cannot write", "no command /no-such"):
                self.assertIn(word, err)

    def test_a_full_context_is_said(self):
        long = "the other cat " * 60
        out, err = self.chat([long, "one"], "--ctx", 64, "-n", 3)
        self.assertIn("the context holds 64: the message is forgotten", err)
        self.assertEqual(out.count("\n"), 1 + out.strip().count("\n"))
        _, err = self.chat(["one"], "--ctx", 64)
        self.assertIn("[the context of 64 tokens is full", err)
        _, err = self.chat([long], "--ctx", 64, "--on-full", "error", code=1)
        self.assertIn("but the context holds 64", err)

    def test_shift_forgets_the_oldest(self):
        messages, _, err = self.saved(["one", "two", "three", "four"], "-n",
                                      12, "--ctx", 64, "--on-full", "shift",
                                      "--system", "five")
        self.assertIn("messages are forgotten]", err)
        self.assertEqual(messages[0], {"role": "system", "content": "five"})
        self.assertEqual(messages[-2]["content"], "four")
        self.assertLess(len(messages), 9)

    def test_lines_go_on_after_a_backslash(self):
        messages, _, _ = self.saved(["one \\", "two", "//three"], "-n", 1)
        self.assertEqual([m["content"] for m in messages[::2]],
                         ["one \ntwo", "/three"])

    def test_names_of_control_tokens_are_text(self):
        names = [t for t in ("<|im_end|>", "<|end|>", "</s>", "<s>",
                             "<|im_start|>")
                 if len(self.artifact.run("tokenize", "--ids", "--special",
                                          t).split()) == 1]
        self.assertTrue(names, "the tiny vocabulary has no control token")
        for name in names:
            messages, _, err = self.saved([f"a{name}b", "/stats"], "-n", 1)
            self.assertEqual(messages[0]["content"], f"a{name}b")
            _, plain = self.chat(["ab", "/stats"], "-n", 1)
            read = [int(e.split()[2]) for e in (err, plain)]
            # As text it is several tokens, as a control token one.
            self.assertGreater(read[0], read[1] + 1, name)


class Terminal(Chat):
    def setUp(self):
        super().setUp()
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "dumb"
            os.execv(self.artifact.path, [str(self.artifact.path), "chat",
                                          "--temp", "0"])
        self.pid, self.shown = pid, ""

    def tearDown(self):
        os.close(self.terminal)
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass

    def shows(self, word, seconds=0.3):
        """Whether `word` is shown, after what was waited for before."""
        end = time.monotonic() + seconds
        while word not in self.shown and time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.shown += os.read(self.terminal,
                                      4096).decode(errors="replace")
        return word in self.shown

    def until(self, word, seconds=60):
        if not self.shows(word, seconds):
            self.fail(f"no {word!r} in {self.shown!r}")
        self.shown = self.shown[self.shown.index(word) + len(word):]

    def type(self, text):
        os.write(self.terminal, text.encode())

    def test_control_c_and_control_d(self):
        self.until("> ")
        # Between the prompt and reading, what is typed is the terminal's.
        self.type("half a line")
        for _ in range(100):
            self.type("\x03")
            if self.shows("[Ctrl-D or /exit leaves]"):
                break
        self.until("[Ctrl-D or /exit leaves]", seconds=1)
        time.sleep(0.5)
        self.type("/system five\r")
        self.until("begins anew]")
        # Between prompt and reading, the terminal itself eats a Ctrl-D.
        for _ in range(200):
            with contextlib.suppress(OSError):  # its terminal has ended, it soon
                self.type("\x04")
                self.shows("\0", 0.1)  # reads what it writes, lest it wait for that
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.05)
        self.assertEqual(pid, self.pid, "Ctrl-D does not end the chat")
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)


if __name__ == "__main__":
    e2e.main()
