"""The memory plan against what the kernel says that the process has.

A run is looked at from outside every two milliseconds, and its answer is long
enough that the last looks find all that it ever touches: a process gives
nothing back before it ends. smaps_rollup is exact, where RssAnon in
/proc/PID/status lags by some pages a thread.
"""
import subprocess
import time

import e2e

SLACK = 4 << 20  # and 5 %


def anonymousBytes(pid):
    """Anonymous memory of a process, or 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0


def peakOf(artifact, args, text):
    """(peak of anonymous bytes, stderr, exit code) of a run."""
    process = subprocess.Popen([artifact.path, *map(str, args)],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    process.stdin.write(text)
    process.stdin.close()
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymousBytes(process.pid))
        time.sleep(0.002)
    return peak, process.stderr.read().decode(), process.returncode


class Memory(e2e.Case):
    def judge(self, artifact, tokens, generated=24):
        """A prompt of all but a few of so many tokens, and those generated."""
        prompt, count = self.prompt(artifact, tokens - generated)
        peak, stderr, code = peakOf(
            artifact, ["run", "--raw", "--temp", 0, "--threads", 2, "-n",
                       generated, "-"], prompt.encode())
        self.assertEqual(code, 0, stderr)
        return self.compare(artifact, peak, count + generated)

    def judgeScoring(self, artifact, tokens):
        """`perplexity` of a chunk: many rows of logits, some at a time."""
        self.text.write_text(e2e.makeText(8 * tokens))
        self.assertGreater(len(artifact.ids(self.text)), tokens)
        text = self.text.read_text()
        self.text.write_text(text[:len(text) * 3 * tokens
                                  // len(artifact.ids(self.text)) // 2])
        peak, stderr, code = peakOf(
            artifact, ["perplexity", self.text, "--ctx", tokens, "--threads",
                       2], b"")
        self.assertEqual(code, 0, stderr)
        return self.compare(artifact, peak, tokens)

    def compare(self, artifact, peak, tokens):
        plan = artifact.json("info", "--tokens", tokens,
                             "--threads", 2)["memory"]
        touched, reserved = plan["touched_bytes"], plan["reserved_bytes"]
        words = (f"{tokens} tokens: process {peak}, "
                 f"planned {touched}, reserved {reserved}")
        if e2e.options.verbose:
            print(words)
        self.assertLessEqual(abs(peak - touched), 0.05 * touched + SLACK,
                             words)
        self.assertLessEqual(touched, reserved, words)
        for part in plan["parts"]:
            self.assertLessEqual(part["touched_bytes"], part["reserved_bytes"],
                                 part)
        self.assertEqual(sum(p["touched_bytes"] for p in plan["parts"]),
                         touched)
        return peak, touched

    def prompt(self, artifact, tokens):
        """A text of just about so many tokens, and how many it has."""
        text = e2e.makeText(8 * tokens)
        while True:
            self.text.write_text(text)
            count = len(artifact.ids(self.text))
            if count <= tokens:
                return text, count
            text = text[:len(text) * tokens // count - 1]

    def test_tiny_model_with_much_context(self):
        """32 MiB of keys and values at 2048 tokens, 1 MiB at 64."""
        model = self.tiny("deep", arch="llama", format="q8_0", embed=256,
                          ff=512, heads=16, kvHeads=16, headSize=64, layers=2,
                          context=2048)
        artifact = self.compile(model, "--kv-type", "f32", "--max-batch", 2)
        grown = [self.judge(artifact, n) for n in (40, 1000, 2048)]
        for (p, q), (r, s) in zip(grown, grown[1:]):
            self.assertGreater(r - p, 10 << 20)
            self.assertLess(abs((r - p) - (s - q)), 0.05 * (s - q) + SLACK)

    def test_on_two_devices(self):
        """Both in the process: each has a front, and its own layers' keys."""
        targets = self.quern("targets", "--json").stdout
        if '"toy"' not in targets:
            self.skipTest("built without test/extra")
        model = self.tiny("both", arch="llama", format="q8_0", embed=256,
                          ff=512, heads=16, kvHeads=16, headSize=64, layers=3,
                          context=2048)
        artifact = self.compile(model, "--kv-type", "f32", "--max-batch", 2,
                                "--target", "toy,cpu", "--gpu-layers", 1)
        for tokens in (40, 2048):
            self.judge(artifact, tokens)

    def test_windows_let_go_of_their_pages(self):
        """Layers with a window of 64 hold two pages, not the context's 32."""
        shape = dict(arch="gemma3", format="f32", embed=64, ff=64, heads=8,
                     kvHeads=8, headSize=64, layers=6, context=2048, tied=True)
        sizes = []
        for window in (64, 2048):
            model = self.tiny(f"window-{window}", window=window, **shape)
            artifact = self.compile(model, "--kv-type", "f32", "--chunk", 64)
            sizes.append(self.judge(artifact, 2048)[0])
        # Five of six layers, 4 KiB a token and layer.
        self.assertGreater(sizes[1] - sizes[0], 5 * 1800 * 4096)

    def real(self, name, tokens):
        model = e2e.realModel(name)
        artifact = self.compile(model, output=self.folder / name)
        for count in tokens:
            with self.subTest(model=name, tokens=count):
                self.judge(artifact, count)
        with self.subTest(model=name, scoring=tokens[1]):
            self.judgeScoring(artifact, tokens[1])

    @e2e.slow
    def test_smollm2(self):
        self.real("smollm2.gguf", (64, 1500, 2048))

    @e2e.slow
    def test_gemma3(self):
        self.real("gemma3-270m.gguf", (64, 1500, 4096))


if __name__ == "__main__":
    e2e.main()
