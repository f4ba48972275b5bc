"""Flags of `run` that decide which token comes next, and --logprobs."""
import json
import math
import os
import re
import subprocess

import e2e

PROMPT = "the other cat"
FREE = ("--temp", 1.5, "--top-k", 0, "--top-p", 1, "--min-p", 0)

# Every flag of the groups of --help that are about sampling: values that must
# be taken, values that must be refused.
FLAGS = {
    "--temp": (("0", "0.7", "1000"), ("-0.1", "1001", "inf", "nan", "x", "")),
    "--top-k": (("0", "1", "1000000"), ("-1", "1.5", "x")),
    "--top-p": (("0", "0.5", "1"), ("-0.1", "1.01", "7")),
    "--min-p": (("0", "0.5", "1"), ("-0.1", "1.01")),
    "--typical": (("0", "0.5", "1"), ("-0.1", "1.01")),
    "--top-nsigma": (("-1", "0", "1.5"), ("inf", "x")),
    "--xtc-probability": (("0", "0.5", "1"), ("-0.1", "1.1")),
    "--xtc-threshold": (("0", "0.1", "1"), ("-0.1", "1.1")),
    "--dynatemp-range": (("0", "0.5"), ("-1", "1001")),
    "--dynatemp-exp": (("0", "2"), ("-1", "1001")),
    "--seed": (("0", "18446744073709551615"), ("-1", "1.5", "x",
                                               "18446744073709551616")),
    "--logit-bias": (("5+1", "5-1.5", "299-1e3"),
                     ("5", "5+", "x+1", "300+1", "-1+1", "5+nan", "5+-1")),
    "--repeat-last-n": (("0", "64"), ("-1", "x", "16777217")),
    "--repeat-penalty": (("1", "1.3", "0.5"), ("0", "-1", "nan")),
    "--presence-penalty": (("-1", "0", "1.5"), ("inf", "x")),
    "--frequency-penalty": (("-1", "0", "1.5"), ("inf", "x")),
    "--dry-multiplier": (("0", "0.8"), ("-1", "x")),
    "--dry-base": (("1", "1.75"), ("0.9", "x")),
    "--dry-allowed-length": (("0", "2"), ("-1", "x")),
    "--dry-penalty-last-n": (("0", "64"), ("-1", "16777217")),
    "--dry-sequence-breaker": (("none", "\\n", "the"), ()),
    "--mirostat": (("0", "1", "2"), ("3", "-1", "x")),
    "--mirostat-ent": (("0", "5"), ("-1", "x")),
    "--mirostat-lr": (("0", "0.1"), ("-1", "x")),
}


class Sampling(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.artifact = cls.compile(cls.tiny("model", arch="llama",
                                            format="q8_0", layers=1))

    def ask(self, *args, n=20):
        """The answer, as the one object that --json prints."""
        return json.loads(self.artifact.run("run", "--json", "-n", n, *args,
                                            PROMPT))

    def content(self, *args, n=20):
        return self.ask(*args, n=n)["content"]

    def tokens(self, *args, n=20):
        return self.ask("--logprobs", 0, *args, n=n)["logprobs"]["content"]


class Values(Sampling):
    def test_no_flag_is_forgotten_here(self):
        groups = re.split(r"\n(\w+):\n", self.artifact.run("run", "--help"))
        text = "\n".join(groups[i + 1] for i in range(1, len(groups) - 1, 2)
                         if groups[i] in ("Sampling", "Repetition",
                                          "Mirostat"))
        self.assertEqual(set(re.findall(r"^  (--[a-z-]+)", text, re.M)),
                         set(FLAGS))

    def test_values_in_range(self):
        for flag, (taken, _) in FLAGS.items():
            for value in taken:
                with self.subTest(flag=flag, value=value):
                    self.ask(flag, value, n=3)
        # Breakers are looked at only where DRY is on.
        for value in FLAGS["--dry-sequence-breaker"][0]:
            self.ask(f"--dry-sequence-breaker={value}",
                     "--dry-multiplier=0.5", n=3)

    def test_values_out_of_range(self):
        for flag, (_, refused) in FLAGS.items():
            for value in refused:
                for args in ((flag, value), (f"{flag}={value}",)):
                    with self.subTest(args=args):
                        self.assertOneLine(
                            self.artifact.start("run", *args, PROMPT),
                            self.artifact.path.name, flag,
                            value if flag != "--logit-bias" else "token")


class Choices(Sampling):
    def test_seeds(self):
        answers = [self.ask("--seed", seed, *FREE) for seed in range(5)]
        self.assertEqual([a["seed"] for a in answers], list(range(5)))
        self.assertEqual([self.content("--seed", seed, *FREE)
                          for seed in range(5)],
                         [a["content"] for a in answers])
        self.assertGreater(len({a["content"] for a in answers}), 1)
        # One by chance is told, and reproduces the answer.
        chance = self.ask(*FREE)
        self.assertEqual(self.content("--seed", chance["seed"], *FREE),
                         chance["content"])

    def test_greedy(self):
        greedy = self.content("--temp", 0)
        for flags in (("--temp", 0, "--seed", 7), ("--temp", 3, "--top-k", 1),
                      ("--temp", 3, "--top-p", 0), ("--temp", 3, "--min-p",
                                                    1)):
            self.assertEqual(self.content(*flags), greedy, flags)

    def test_a_bias_bans_a_token_and_forces_one(self):
        ids = [t["id"] for t in self.tokens("--temp", 0)]
        banned = self.tokens("--temp", 0, "--logit-bias", f"{ids[0]}-1e9")
        self.assertNotIn(ids[0], [t["id"] for t in banned])
        forced = self.tokens(*FREE, "--logit-bias", "270+1e6")
        self.assertEqual({t["id"] for t in forced}, {270})
        both = self.tokens("--temp", 0, "--logit-bias", f"{ids[0]}-1e9",
                           "--logit-bias", f"{banned[0]['id']}-1e9")
        self.assertNotIn(both[0]["id"], (ids[0], banned[0]["id"]))

    def test_penalties_act(self):
        force = ("--temp", 0, "--logit-bias", "270+30")
        self.assertEqual({t["id"] for t in self.tokens(*force)}, {270})
        for flags in (("--presence-penalty", 100),
                      ("--frequency-penalty", 20),
                      ("--repeat-penalty", 100),
                      ("--dry-multiplier", 100, "--dry-base", 2)):
            with self.subTest(flags=flags):
                self.assertGreater(len({t["id"] for t in self.tokens(
                    *force, *flags)}), 1)

    def test_mirostat_and_xtc_act(self):
        plain = self.content("--seed", 1, *FREE, n=40)
        for flags in (("--mirostat", 1), ("--mirostat", 2, "--mirostat-ent",
                                          "0.5"),
                      ("--dynatemp-range", 1), ("--typical", 0.2),
                      ("--top-nsigma", 0.5)):
            self.assertNotEqual(self.content("--seed", 1, *FREE, *flags, n=40),
                                plain, flags)
        # XTC at its strongest never takes the likeliest of several.
        xtc = self.ask("--seed", 1, *FREE, "--xtc-probability", 1,
                       "--xtc-threshold", 0.01, "--logprobs", 1)
        for token in xtc["logprobs"]["content"]:
            if token["top_logprobs"][0]["logprob"] < math.log(0.5):
                self.assertNotEqual(token["id"],
                                    token["top_logprobs"][0]["id"])


class Ends(Sampling):
    def test_every_end_token_ends(self):
        ended = []
        for id in range(300):
            if id > 20:  # control tokens come first
                break
            answer = self.ask("--temp", 0, "--logit-bias", f"{id}+1e6", n=2)
            if answer["finish_reason"] == "stop":
                ended.append(id)
                self.assertEqual(answer["content"], "")
                self.assertEqual(answer["usage"]["completion_tokens"], 0)
        self.assertIn(2, ended)  # <|im_end|>
        self.assertLess(len(ended), 5)

    def test_stop_strings_across_tokens(self):
        tokens = self.tokens("--temp", 0, n=60)
        whole = self.content("--temp", 0, n=60)
        tried = 0
        for a, b in zip(tokens, tokens[1:]):
            if "\ufffd" in a["token"] + b["token"] or not whole:
                continue
            stop = a["token"][-1] + b["token"][0]
            answer = self.ask("--temp", 0, "--stop", "never", "--stop", stop,
                              n=60)
            with self.subTest(stop=stop):
                tried += 1
                self.assertEqual(answer["content"],
                                 whole[:whole.index(stop)])
                self.assertEqual(answer["finish_reason"], "stop")
        self.assertGreater(tried, 3, "the answer has too few characters")

    def test_a_stop_string_that_only_begins_is_printed(self):
        whole = self.content("--temp", 0, n=30)
        self.assertEqual(self.content("--temp", 0, "--stop", whole[-1] + "never",
                                   n=30), whole)

    def test_a_stream_is_whole_characters(self):
        """A pipe gives what was written in pieces, and each is UTF-8."""
        for seed in range(4):
            args = [*FREE, "--seed", seed, "-n", 80]
            process = subprocess.Popen(
                [self.artifact.path, "run", *map(str, args), PROMPT],
                stdout=subprocess.PIPE)
            pieces = []
            while piece := os.read(process.stdout.fileno(), 65536):
                pieces.append(piece.decode())  # fails where one is cut
            process.stdout.close()
            self.assertEqual(process.wait(), 0)
            self.assertEqual("".join(pieces), self.content(*args[:-2], n=80))

    def test_counts(self):
        answer = self.ask("--temp", 0, n=7)
        self.assertEqual(answer["finish_reason"], "length")
        self.assertEqual(answer["usage"]["completion_tokens"], 7)
        self.assertEqual(self.ask(n=0)["content"], "")


class Logprobs(Sampling):
    def test_they_are_probabilities(self):
        for n in (0, 1, 5, 100):
            answer = self.ask("--logprobs", n, *FREE, "--seed", 3, n=12)
            content = answer["logprobs"]["content"]
            self.assertEqual(len(content), 12)
            for token in content:
                top = token["top_logprobs"]
                self.assertEqual(len(top), n)
                values = [t["logprob"] for t in top]
                self.assertEqual(values, sorted(values, reverse=True))
                self.assertLessEqual(sum(map(math.exp, values)), 1 + 1e-9)
                self.assertLessEqual(token["logprob"], 0)
                same = [t["logprob"] for t in top if t["id"] == token["id"]]
                self.assertEqual(same[:1] or [token["logprob"]],
                                 [token["logprob"]])
                self.assertEqual(len({t["id"] for t in top}), n)
            self.assertEqual(
                b"".join(bytes(t["bytes"]) for t in content).decode(
                    errors="replace").count("\ufffd") > 0,
                "\ufffd" in answer["content"])

    def test_all_of_them_make_one(self):
        """The tiny vocabulary has 300 tokens; the likeliest 100 are most."""
        first = self.ask("--logprobs", 100, n=1)["logprobs"]["content"][0]
        self.assertGreater(sum(math.exp(t["logprob"])
                               for t in first["top_logprobs"]), 0.8)

    def test_the_greedy_token_is_the_likeliest(self):
        for token in self.ask("--logprobs", 2, "--temp",
                              0)["logprobs"]["content"]:
            self.assertEqual(token["id"], token["top_logprobs"][0]["id"])
            self.assertEqual(token["logprob"],
                             token["top_logprobs"][0]["logprob"])

    def test_they_do_not_depend_on_the_sampler(self):
        plain = self.ask("--logprobs", 3, "--temp", 0, n=1)
        cut = self.ask("--logprobs", 3, "--temp", 0, "--top-k", 1,
                       "--min-p", 1, n=1)
        self.assertEqual(plain["logprobs"], cut["logprobs"])

    def test_the_answer_stays_pure(self):
        flags = ("run", "--temp", 0, "-n", 9, PROMPT)
        done = self.artifact.start(*flags, "--logprobs", 2)
        self.assertEqual(done.stdout, self.artifact.start(*flags).stdout)
        lines = done.stderr.decode().splitlines()
        self.assertRegex(lines[0], r"^token +id +logprob +likeliest$")
        self.assertEqual(len(lines), 10)

    def test_out_of_range(self):
        for value in ("-1", "101", "x", "1.5", ""):
            with self.subTest(value=value):
                self.assertOneLine(
                    self.artifact.start("run", "--logprobs", value, PROMPT),
                    self.artifact.path.name, "--logprobs", value)


if __name__ == "__main__":
    e2e.main()
