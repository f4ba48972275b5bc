"""What an artifact says and does on the command line."""
import ast
import json
import os
import re
import shutil
import subprocess

import e2e

PROMPT = "the other cat"


class CommandLine(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.tiny("model", arch="llama", format="q8_0", layers=1)
        cls.artifact = cls.compile(cls.model)

    def refuse(self, *args, words=(), **more):
        done = self.artifact.start(*args, **more)
        self.assertOneLine(done, self.artifact.path.name, *words)
        return done.stderr.decode()

    def answer(self, *args, **more):
        """Standard output of `run`, which must say nothing else."""
        done = self.artifact.start("run", *args, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()  # whole characters of UTF-8 only


class Run(CommandLine):
    def test_greedy_answers_are_equal(self):
        first = self.answer("--temp", 0, "-n", 40, PROMPT)
        self.assertTrue(first)
        for threads in (1, 2, 3):
            self.assertEqual(
                self.answer("--temp", 0, "-n", 40, "-t", threads, PROMPT),
                first)
        self.assertEqual(self.answer("--temp", 0, "-n", 40, "--seed", 5,
                                     PROMPT), first)

    def test_a_seed_gives_the_same_answer_again(self):
        def ask(seed):
            return self.answer("--temp", 1.5, "-n", 40, "--top-k", 0,
                               "--top-p", 1, "--seed", seed, PROMPT)
        answers = [ask(seed) for seed in range(4)]
        self.assertEqual([ask(seed) for seed in range(4)], answers)
        self.assertGreater(len(set(answers)), 1, "the seed changes nothing")
        by_chance = {self.answer("--temp", 1.5, "-n", 40, "--top-k", 0,
                                 "--top-p", 1, PROMPT) for _ in range(3)}
        self.assertGreater(len(by_chance), 1, "the default seed is fixed")

    def test_one_likely_token_is_the_greedy_one(self):
        greedy = self.answer("--temp", 0, "-n", 30, PROMPT)
        self.assertEqual(self.answer("--top-k", 1, "-n", 30, "--temp", 3,
                                     PROMPT), greedy)

    def test_prompts_from_standard_input(self):
        for flags in ((), ("--raw",)):
            self.assertEqual(
                self.answer("--temp", 0, "-n", 20, *flags, "-",
                            input=PROMPT.encode()),
                self.answer("--temp", 0, "-n", 20, *flags, PROMPT))

    def test_raw_prompts_have_no_template(self):
        raw = self.answer("--temp", 0, "-n", 20, "--raw", PROMPT)
        self.assertNotEqual(raw, self.answer("--temp", 0, "-n", 20, PROMPT))
        self.assertEqual(raw, self.answer(
            "--temp", 0, "-n", 20, "--raw", PROMPT, "--ctx", 200))
        whole = ("<|im_start|>user\n" + PROMPT + "<|im_end|>\n"
                 "<|im_start|>assistant\n")
        self.assertEqual(self.answer("--temp", 0, "-n", 20, "--raw", whole),
                         self.answer("--temp", 0, "-n", 20, PROMPT))

    def test_a_system_message(self):
        whole = ("<|im_start|>system\nbe in the sea<|im_end|>\n"
                 "<|im_start|>user\n" + PROMPT + "<|im_end|>\n"
                 "<|im_start|>assistant\n")
        self.assertEqual(
            self.answer("--temp", 0, "-n", 20, "--system", "be in the sea",
                        PROMPT),
            self.answer("--temp", 0, "-n", 20, "--raw", whole))
        self.refuse("run", "--raw", "--system", "x", PROMPT,
                    words=["--system"])

    def test_counts_of_tokens(self):
        self.assertEqual(self.answer("-n", 0, PROMPT), "")
        longer = ""
        for count in (1, 2, 5, 17):
            before, longer = longer, self.answer("--temp", 0, "-n", count,
                                                 PROMPT)
            # Half a character at the end is shown as one that is not valid.
            self.assertTrue(longer.startswith(before.rstrip("\ufffd")))

    def test_stop_strings_end_the_answer_before_them(self):
        whole = self.answer("--temp", 0, "-n", 40, PROMPT)
        for begin in (1, 3, 10):
            for size in (1, 2, 5):
                stop = whole[begin:begin + size]
                if "\ufffd" in stop or not stop:
                    continue
                with self.subTest(stop=stop):
                    self.assertEqual(
                        self.answer("--temp", 0, "-n", 40, "--stop", "never",
                                    "--stop", stop, PROMPT),
                        whole[:whole.index(stop)])

    def test_a_prompt_longer_than_the_context(self):
        count = len(self.artifact.run("tokenize", "--ids",
                                      PROMPT * 9).split())
        self.refuse("run", "--raw", "--ctx", 8, PROMPT * 9,
                    words=[str(count), "8", "context"])
        self.refuse("run", "--raw", PROMPT * 99, words=["256", "context"])
        self.refuse("run", "--ctx", 257, PROMPT, words=["--ctx", "256"])

    def test_an_empty_prompt(self):
        self.refuse("run", "--raw", "", words=["empty"])
        self.refuse("run", "--raw", "-", words=["empty"], input=b"")

    def test_the_end_of_the_context_is_told(self):
        done = self.artifact.start("run", "--raw", "--temp", 0, "--ctx", 20,
                                   PROMPT)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr.decode(), r"^model\.out: .*20.*full\n$")
        self.assertTrue(done.stdout)

    def test_stats_go_to_standard_error(self):
        done = self.artifact.start("run", "--temp", 0, "-n", 9, "--stats",
                                   PROMPT)
        self.assertEqual(done.stdout.decode(),
                         self.answer("--temp", 0, "-n", 9, PROMPT))
        self.assertRegex(done.stderr.decode(), r"generated +\d+ tokens")

    def test_standard_output_that_takes_nothing(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([self.artifact.path, "run", "-n", "9",
                                   PROMPT], stdout=full, text=True,
                                  stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^model\.out: .*No space left.*\n$")

    def test_strange_prompts(self):
        for prompt in (b"\xff\xfe\x80", b"a\xc3", "\u65e5\u672c".encode(),
                       b"a\0b", b"<|im_end|><|im_start|>", b" ", b"\n" * 50,
                       b"-n"):
            for flags in ((), ("--raw",)):
                with self.subTest(prompt=prompt, flags=flags):
                    done = self.artifact.start("run", "-n", 3, *flags, "-",
                                               input=prompt)
                    self.assertEqual((done.returncode, done.stderr), (0, b""))


class Flags(CommandLine):
    def test_what_is_not_known(self):
        for args, word in ((("frobnicate",), "frobnicate"),
                           (("--frobnicate",), "--frobnicate"),
                           (("run", "--frobnicate", "x"), "--frobnicate"),
                           (("run", "x", "y"), "y"),
                           (("info", "x"), "x"),
                           (("tokenize", "x", "--raw"), "--raw")):
            with self.subTest(args=args):
                self.refuse(*args, words=[f"'{word}'"])

    def test_values_out_of_range(self):
        for args in (("--temp", "-1"), ("--temp", "nan"), ("--temp", "warm"),
                     ("--temp", "inf"), ("--top-p", "1.5"), ("--top-k", "-3"),
                     ("--min-p", "2"), ("--seed", "-1"), ("--seed", "x"),
                     ("-n", "-5"), ("-n", "1.5"), ("--ctx", "0"),
                     ("--threads", "0"), ("--threads", "99999")):
            with self.subTest(args=args):
                name = {"-n": "--tokens"}.get(args[0], args[0])
                self.refuse("run", *args, "x", words=[name, f"{args[1]}"])

    def test_nothing_to_do(self):
        self.refuse()
        self.refuse("run")
        self.refuse("perplexity")
        self.refuse("tokenize")

    def test_help_goes_to_standard_output(self):
        for args in (("--help",), ("--version",), ("run", "--help"),
                     ("perplexity", "--help"), ("bench", "--help"),
                     ("tokenize", "--help"), ("info", "--help"),
                     ("verify", "--help")):
            with self.subTest(args=args):
                done = self.artifact.start(*args)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertTrue(done.stdout)

    def test_its_own_name(self):
        """Wherever it lies and whatever it is called, with no environment."""
        other = self.folder / "a folder" / "na\u00efve name"
        other.parent.mkdir()
        shutil.copy(self.artifact.path, other)
        link = self.folder / "link"
        link.symlink_to(other)
        for path in (other, link):
            artifact = e2e.Artifact(path)
            self.assertEqual(artifact.run("run", "--temp", 0, "-n", 9, PROMPT,
                                          env={}, cwd="/"),
                             self.answer("--temp", 0, "-n", 9, PROMPT))
            self.assertOneLine(artifact.start("frobnicate"), path.name)


class Tokenize(CommandLine):
    TEXT = "the other cat isn't in  Z\u00fcrich\n\n\u65e5\u672c \"x\\n\"\t."

    def pieces(self, artifact, text):
        """[(id, bytes)] as the table of tokens shows them."""
        rows = []
        for line in artifact.run("tokenize", "--no-bos", text).splitlines():
            id, shown = re.fullmatch(r" *(\d+) (\".*\")", line).groups()
            # \xNN are bytes, the rest is UTF-8.
            piece = ast.literal_eval("b" + "".join(
                c if c < "\x80" else "".join(f"\\x{b:02x}" for b in c.encode())
                for c in shown))
            rows.append((int(id), piece))
        return rows

    def test_pieces_are_the_text(self):
        gemma = self.compile(self.tiny("gemma", arch="gemma3", layers=1))
        for artifact in (self.artifact, gemma):
            rows = self.pieces(artifact, self.TEXT)
            self.assertEqual(b"".join(p for _, p in rows).decode(), self.TEXT)
            ids = artifact.run("tokenize", "--no-bos", "--ids", self.TEXT)
            self.assertEqual(ids, " ".join(str(i) for i, _ in rows) + "\n")
        self.assertEqual(
            gemma.run("tokenize", "--ids", self.TEXT), "2 " + ids)

    def test_where_the_text_comes_from(self):
        self.text.write_text(self.TEXT)
        ids = self.artifact.run("tokenize", "--ids", self.TEXT)
        self.assertEqual(ids, self.artifact.run("tokenize", "--ids", "--file",
                                                self.text))
        self.assertEqual(ids, self.artifact.run("tokenize", "--ids", "-",
                                                input=self.TEXT.encode()))
        self.refuse("tokenize", "x", "--file", self.text, words=["--file"])
        self.refuse("tokenize", "--file", self.folder / "nothing",
                    words=["nothing"])
        self.refuse("tokenize", "--file", self.folder,
                    words=[str(self.folder)])

    def test_names_of_control_tokens(self):
        text = "<|im_end|>"
        plain = self.artifact.run("tokenize", "--ids", text).split()
        self.assertGreater(len(plain), 1)
        self.assertNotIn("2", plain)
        self.assertEqual(self.artifact.run("tokenize", "--ids", "--special",
                                           text), "2\n")


class Json(CommandLine):
    def test_info(self):
        info = self.artifact.json("info", "--tokens", 100, "--threads", 2)
        self.assertEqual(set(info), {"metadata", "limits", "memory"})
        self.assertEqual(info["metadata"]["architecture"], "llama")
        self.assertEqual(info["metadata"]["vocabulary"], 300)
        self.assertEqual(info["limits"]["context"], 256)
        self.assertEqual(info["limits"]["max_batch"], 8)
        memory = info["memory"]
        self.assertEqual(memory["tokens"], 100)
        for key in ("reserved_bytes", "touched_bytes"):
            self.assertEqual(memory[key], sum(p[key] for p in
                                              memory["parts"]))
        text = self.artifact.run("info")
        for word in ("tiny llama q8_0", "together", "mapped from the file"):
            self.assertIn(word, text)
        self.refuse("info", "--tokens", 257, words=["--tokens", "256"])
        self.refuse("info", "--tokens", 0, words=["--tokens"])

    def test_limits_are_those_of_the_compiler(self):
        small = self.compile(self.model, "--ctx", 100, "--max-batch", 3,
                             "--chunk", 32, output=self.folder / "small")
        limits = small.json("info")["limits"]
        self.assertEqual([limits[k] for k in ("context", "max_batch",
                                              "chunk")], [100, 3, 32])
        self.assertLess(small.json("info")["memory"]["reserved_bytes"],
                        self.artifact.json("info")["memory"]
                        ["reserved_bytes"])
        # The chunk is a matter of steps, not of numbers.
        a, b = (x.json("perplexity", self.text, "--ctx", 100)
                for x in (small, self.artifact))
        self.assertAlmostEqual(a["perplexity"] / b["perplexity"], 1, places=4)

    def test_bench(self):
        got = self.artifact.json("bench", "--prompt", "16,32", "--gen", 3,
                                 "--batch", "1,2", "--depth", "0,5",
                                 "--repeats", 1, "--threads", 2)
        self.assertEqual(got["threads"], 2)
        self.assertEqual([(p["tokens"], p["depth"]) for p in got["prompt"]],
                         [(16, 0), (32, 0), (16, 5), (32, 5)])
        self.assertEqual([(d["batch"], d["depth"]) for d in got["decode"]],
                         [(1, 0), (2, 0), (1, 5), (2, 5)])
        for one in got["prompt"] + got["decode"]:
            self.assertGreater(one["tokens_per_second"], 0)
        got = self.artifact.json("bench", "--prompt", 8, "--gen", 2,
                                 "--batch", 1, "--repeats", 1, "--stages")
        self.assertGreater(got["read_bytes_per_second"], 1e6)
        parameters = self.artifact.json("info")["metadata"]["parameters"]
        for one, rows in ((got["prompt"][0], 8), (got["decode"][0], 2)):
            for stage in one["stages"]:
                self.assertEqual(set(stage), {"name", "runs", "seconds",
                                              "bytes", "multiply_adds"})
            # All matrices but the embedding, and of a prompt one row of logits.
            products = sum(s["multiply_adds"] for s in one["stages"])
            self.assertLess(products, parameters * rows)
            self.assertGreater(products, 0.3 * parameters * rows)
        text = self.artifact.run("bench", "--prompt", 8, "--gen", 2, "--batch",
                                 1, "--repeats", 1)
        self.assertEqual(len(re.findall(r" \d+\.\d+ tokens/s\n", text)), 2)

    def test_bench_limits(self):
        for args, word in ((("--prompt", 257), "--prompt"),
                           (("--prompt", 7, "--depth", 250), "--prompt"),
                           (("--batch", 9), "--batch"),
                           (("--depth", 250, "--gen", 7), "--depth"),
                           (("--repeats", 0), "--repeats"),
                           (("--prompt", "8,x"), "--prompt")):
            with self.subTest(args=args):
                self.refuse("bench", *args, words=[word])

    def test_perplexity(self):
        got = self.artifact.json("perplexity", self.text, "--ctx", 64)
        self.assertEqual(set(got), {"perplexity", "tokens", "stderr",
                                    "logits_hash"})
        chunks = len(self.artifact.ids(self.text)) // 64
        self.assertEqual(got["tokens"], 31 * chunks)
        self.assertTrue(1 < got["perplexity"] < 1e6)
        self.assertTrue(0 < got["stderr"] < got["perplexity"])
        self.assertRegex(got["logits_hash"], "^[0-9a-f]{16}$")
        text = self.artifact.run("perplexity", self.text, "--ctx", 64)
        self.assertIn(got["logits_hash"], text)
        self.assertIn(f"{got['perplexity']:.5f}", text)
        self.assertEqual(got, self.artifact.json(
            "perplexity", "-", "--ctx", 64, input=self.text.read_bytes()))

    def test_perplexity_limits(self):
        for args, word in ((("--ctx", 257), "--ctx"), (("--ctx", 3), "--ctx"),
                           (("--role", "other"), "--role"),
                           (("--ctx", 64, "--parallel", 9), "9"),
                           (("--ctx", 64, "--chunk", 9, "--role",
                             "generated"), "9"),
                           (("--ctx", 64, "--parallel", 2, "--logits",
                             self.folder / "x"), "--logits"),
                           (("--ctx", 64, "--logits", "/proc/x"), "/proc/x"),
                           (("--ctx", 64, "--logits", "/dev/full"),
                            "/dev/full")):
            with self.subTest(args=args):
                self.refuse("perplexity", self.text, *args, words=[word])
        short = self.folder / "short"
        short.write_text("the cat")
        self.refuse("perplexity", short, "--ctx", 64, words=["64"])
        self.refuse("perplexity", self.folder / "nothing", words=["nothing"])

    def test_inspect_and_targets(self):
        inspected = json.loads(self.quern("inspect", self.model,
                                          "--json").stdout)
        self.assertEqual(inspected["metadata"]["general.architecture"],
                         "llama")
        shapes = {t["name"]: (t["shape"], t["format"])
                  for t in inspected["tensors"]}
        self.assertEqual(shapes["blk.0.ffn_up.weight"], ([160, 96], "q8_0"))
        targets = json.loads(self.quern("targets", "--json").stdout)
        self.assertIn("cpu", [t["name"] for t in targets])

    def test_phases_can_be_printed(self):
        for phase in ("quern", "stages", "plan", "kernels", "llvm", "asm"):
            with self.subTest(phase):
                done = self.quern("compile", self.model, "--emit", phase)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertGreater(len(done.stdout), 500)
        self.assertEqual(sorted(os.listdir(self.folder)).count("model"), 0)


if __name__ == "__main__":
    e2e.main()
