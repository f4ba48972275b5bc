"""Executables for Vulkan: what they answer, and what they say where they cannot.

They run on whatever device the loader finds (QUERN_VULKAN_DEVICE chooses), with the
validation layer and its synchronization checks looking on: an artifact ends with
the layer's first message.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import e2e  # noqa: E402


def environment(folder, **more):
    """What artifacts run with: caches of their own, empty at first. A start compiles for
    a second, and Mesa's cache saves the later ones that; the user's might have what
    another build made."""
    return {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"),
            "MESA_SHADER_CACHE_DIR": str(folder / "mesa"), **more}


def bytes_of(text):
    """Of a size as programs print it: "1.5 GiB"."""
    number, unit = text.split()
    return float(number) * 1024 ** " KMGT".index(unit[0])


class Case(e2e.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ.update(environment(cls.folder))

    @classmethod
    def compile(cls, model, *flags, **more):
        return super().compile(model, "--target=vulkan", *flags, **more)


class Answers(Case):
    CTX = 150  # crosses two boundaries between pages

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ["QUERN_VULKAN_VALIDATE"] = "1"
        cls.addClassCleanup(os.environ.pop, "QUERN_VULKAN_VALIDATE")
        cls.text.write_text(e2e.makeText(800))  # two chunks of CTX
        cls.short = cls.folder / "short"
        cls.short.write_text(e2e.makeText(350))  # two of 64
        model = cls.tiny("probe", arch="llama", format="q8_0", layers=1)
        done = cls.compile(model).start("run", "-n", 1, "x")
        if done.returncode:
            raise unittest.SkipTest(done.stderr.decode().strip())

    def check(self, name, *flags, ctx=CTX, text=None, **shape):
        """Logits of both roles against the float reference's."""
        model = self.tiny(name, **shape)
        artifact = self.compile(model, *flags)
        text = text or self.text
        ids = artifact.ids(text)
        self.assertGreater(len(ids), ctx)
        reference = e2e.referenceLogits(model, ids, ctx)
        for role in ("prompt", "generated"):
            with self.subTest(model=name, role=role):
                off = e2e.Difference(artifact.logits(text, ctx, role),
                                     reference)
                # Activations are f32, or integers where weights are codes; keys and
                # values as the flags say.
                self.assertLess(off.kl, 1e-8 if "f32" in flags else 1e-6, off)
        return artifact

    def test_llama(self):
        self.check("llama", arch="llama", format="q4_1", context=512,
                   overrides={"attn": "q5_0", "output": "f16"})

    def test_llama_of_odd_shapes(self):
        self.check("odd", "--kv-type", "f32", arch="llama", tied=True, embed=70,
                   ff=150, heads=4, kvHeads=2, headSize=22, format="bf16",
                   context=512)

    def test_gemma3(self):
        self.check("gemma3", "--kv-type", "f32", arch="gemma3", tied=True,
                   window=9, format="q8_0", context=512)

    def test_gemma3_of_k_quants(self):
        self.check("wide", arch="gemma3", format="q4_k", layers=2, context=512,
                   overrides={"ffn": "q6_k", "attn_v": "q3_k"})

    def test_llama_for_gpu(self):
        self.check("for_gpu", "--mcpu=gpu", "--kv-type", "f32", arch="llama",
                   format="q4_k", context=512)

    def test_gemma3_for_gpu(self):
        self.check("for_gpu3", "--mcpu=gpu", arch="gemma3", format="q5_1",
                   window=40, context=512)

    def phases(self, chip, chunks):
        """Attention of a second part of the context, products of parts of the columns
        (where the chip wants many workgroups), alone and in company."""
        name = f"phases_{chip}"
        text = self.folder / name
        text.write_text(e2e.makeText(1450 * chunks))
        artifact = self.check(name, "--mcpu", chip, ctx=550, text=text,
                              arch="llama", format="q4_0", ff=1024, layers=1,
                              context=1100)
        hashes = {artifact.json("perplexity", text, "--ctx", 550, "--role",
                                "generated", "--parallel", n)["logits_hash"]
                  for n in range(1, chunks + 1)}
        self.assertEqual(len(hashes), 1)
        plan = self.quern("compile", self.folder / f"{name}.gguf", "--target",
                          "vulkan", "--mcpu", chip, "--emit", "plan").stdout
        for kernel in ("attention_parts", "merge_parts"):
            self.assertIn(f"generated.{kernel}.0", plan)
        for kernel in ("linear_parts", "sum_parts"):
            self.assertEqual(f"generated.{kernel}.0" in plan, chip == "gpu")

    def test_two_phases(self):
        self.phases("gpu", 1)

    @e2e.slow
    def test_two_phases_in_company(self):
        self.phases("gpu", 2)
        self.phases("portable", 2)

    def test_any_number_of_sequences(self):
        """What is converted lies in blocks of eight rows, however many there are."""
        model = self.tiny("batches", arch="llama", format="q4_0", layers=1,
                          embed=160, context=512)
        hashes = set()
        for most in (1, 3, 8, 33):
            artifact = self.compile(model, "--max-batch", most,
                                    output=self.folder / f"batch-{most}")
            hashes.add(artifact.json("perplexity", self.short, "--ctx", 64,
                                     "--role", "generated")["logits_hash"])
        self.assertEqual(len(hashes), 1)

    def hashOf(self, artifact, **flags):
        args = [x for k, v in flags.items() for x in ("--" + k, v)]
        return artifact.json("perplexity", self.text, "--ctx", self.CTX,
                             *args)["logits_hash"]

    def bits(self, layers, *ways):
        """However rows are put in steps, and whatever device threads do."""
        model = self.tiny("same", arch="gemma3", format="q4_0", window=40,
                          context=512, layers=layers)
        artifact = self.compile(model)
        for role, most in (("prompt", 150), ("generated", 8)):
            first = self.hashOf(artifact, role=role)
            for way in (*ways, dict(chunk=most // 2, parallel=2)):
                with self.subTest(role=role, **way):
                    self.assertEqual(self.hashOf(artifact, role=role, **way),
                                     first)

    def test_bits_depend_on_nothing_but_the_request(self):
        self.bits(2, dict(chunk=7, parallel=1, threads=1))

    @e2e.slow
    def test_bits_of_layers_with_and_without_windows(self):
        self.bits(7, dict(threads=1), dict(chunk=1, parallel=1),
                  dict(chunk=7, parallel=1))

    def test_bits_of_tiles(self):
        """Items of prompt rows that are full and that are not."""
        model = self.tiny("same_for_gpu", arch="llama", format="q4_0", layers=1,
                          context=512)
        artifact = self.compile(model, "--mcpu=gpu")
        first = self.hashOf(artifact)
        for way in (dict(chunk=40, parallel=1), dict(chunk=65, parallel=2)):
            with self.subTest(**way):
                self.assertEqual(self.hashOf(artifact, **way), first)

    def test_the_best_logits_are_enough(self):
        """With --logprobs all logits come back: the tokens are the same. Models of
        some lists, and of more than are merged at once."""
        chains = ((), ("--temp", 0), ("--top-k", 64, "--temp", 3),
                  ("--top-k", 3, "--typical", 0.5), ("--top-k", 0),
                  ("--top-k", 65, "--temp", 3), ("--repeat-penalty", 1.5))
        for extra, arch, some in ((4000, "gemma3", chains),
                                  (20000, "llama", chains[:2])):
            model = self.tiny(f"ranked{extra}", arch=arch, format="q8_0",
                              context=512, layers=1, extraTokens=extra)
            artifact = self.compile(model)
            for chain in some:
                with self.subTest(extra=extra, chain=chain):
                    few, all = (artifact.json(
                        "run", "--raw", "--seed", 7, "-n", 16, *chain, *more,
                        "once upon a time")
                        for more in ((), ("--logprobs", 0)))
                    self.assertEqual(few["content"], all["content"])
                    self.assertEqual(few["usage"], all["usage"])

    def test_what_runs_is_what_is_looked_at(self):
        model = self.tiny("tails", arch="llama", format="q8_0", layers=1)
        done = self.compile(model).json("bench", "--prompt", 4, "--gen", 3,
                                        "--repeats", 1, "--stages")
        for measured in (done["prompt"][0], done["decode"][0]):
            names = {stage["name"]: stage["runs"]
                     for stage in measured["stages"]}
            self.assertEqual(names["top_k"], names["output"])
            self.assertNotIn("logits", names)

    def test_memory_that_the_host_does_not_see(self):
        """Uploads by copies on the device make no other answer."""
        model = self.tiny("hidden", arch="llama", format="q6_k", context=512)
        artifact = self.compile(model)
        ways = [artifact.json("perplexity", self.short, "--ctx", 64,
                              env={**os.environ, **more})["logits_hash"]
                for more in ({}, {"QUERN_VULKAN_HIDE_MEMORY": "1",
                                  "QUERN_VULKAN_MOST_STAGED": "10007"})]
        self.assertEqual(*ways)

    def cut(self, *ways):
        """Launches and buffers are cut, in as many ways as there are sizes."""
        model = self.tiny("cut", arch="llama", format="q8_0", embed=256, ff=700,
                          context=512, tied=True, layers=2,
                          overrides={"attn": "q6_k", "ffn_down": "f16"})
        artifact = self.compile(model, "--ctx", 64, "--max-batch", 1,
                                "--chunk", 32)
        limits = ("QUERN_VULKAN_MOST_BOUND", "QUERN_VULKAN_MOST_ALLOCATED")
        whole = None
        for sizes in ((), *ways):
            with self.subTest(sizes=sizes):
                env = dict(zip(limits, map(str, sizes)))
                got = artifact.json("perplexity", self.short, "--ctx", 64,
                                    env={**os.environ, **env})["logits_hash"]
                whole = whole or got
                self.assertEqual(got, whole)
        done = artifact.start("run", "-n", 1, "x",
                              env={**os.environ, limits[0]: "100"})
        self.assertOneLine(done, artifact.path.name, "at once")

    def test_a_device_that_takes_little_at_once(self):
        self.cut((150_000, 300_000))

    @e2e.slow
    def test_devices_that_take_little_at_once(self):
        self.cut((1 << 18, 1 << 40), (1 << 40, 1 << 17), (1 << 17, 1 << 17))

    def test_a_cache_of_pipelines_is_only_a_cache(self):
        model = self.tiny("cached", arch="llama", format="q8_0", layers=1)
        artifact = self.compile(model)
        folder = self.folder / "pipelines"

        def answer():
            env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
            return artifact.run("run", "--temp", 0, "-n", 4, "x", env=env)

        first = answer()
        files = list((folder / "cache" / "quern" / "pipelines").iterdir())
        self.assertEqual(len(files), 1, files)
        whole = files[0].read_bytes()
        self.assertEqual(answer(), first)
        for damaged in (b"", whole[:-1], whole[:10], bytes(len(whole)),
                        whole[:-1] + bytes([whole[-1] ^ 1])):
            with self.subTest(bytes=len(damaged)):
                files[0].write_bytes(damaged)
                self.assertEqual(answer(), first)
                self.assertEqual(files[0].read_bytes(), whole, "not rebuilt")
                self.assertEqual(list(files[0].parent.iterdir()), files)
        files[0].unlink()
        files[0].mkdir()  # cannot be written
        self.assertEqual(answer(), first)


class Refusals(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.tiny("model", arch="llama", format="q8_0", layers=1,
                             context=1 << 22)
        cls.artifact = cls.compile(cls.model, "--ctx", 256)

    def refused(self, *words, **env):
        done = self.artifact.start("run", "-n", 2, "x",
                                   env={**os.environ, **env})
        self.assertOneLine(done, self.artifact.path.name, *words)

    def test_without_a_driver(self):
        for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
            self.assertNotIn(name, os.environ)
        self.refused("Vulkan", VK_DRIVER_FILES="/nowhere.json",
                     VK_ICD_FILENAMES="/nowhere.json")

    def test_without_a_loader(self):
        """In a place where the library is an empty file."""
        found = subprocess.run(["ldconfig", "-p"], capture_output=True,
                               text=True).stdout
        library = re.search(r"libvulkan\.so\.1 .*=> (\S+)", found)
        if not library:
            self.refused("no Vulkan loader")
            return
        script = f'mount --bind "$1" {library[1]} && shift && exec "$@"'
        empty = self.folder / "empty"
        empty.write_bytes(b"")
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script, "sh", empty,
             self.artifact.path, "run", "-n", "2", "x"], capture_output=True)
        if b"unshare" in done.stderr or b"mount" in done.stderr:
            self.skipTest("no namespace to hide the library in: "
                          + done.stderr.decode().strip())
        self.assertOneLine(done, self.artifact.path.name, "no Vulkan loader",
                           "libvulkan.so.1")

    def loader_in_front(self):
        """The environment in which FailingLoader.c stands before the loader."""
        folder = os.environ.get("QUERN_TEST_FAILING_LOADER")
        if not folder:
            self.skipTest("QUERN_TEST_FAILING_LOADER is no folder")
        found = subprocess.run(["ldconfig", "-p"], capture_output=True,
                               text=True).stdout
        library = re.search(r"libvulkan\.so\.1 .*=> (\S+)", found)
        env = {"LD_LIBRARY_PATH": folder,
               "QUERN_TEST_REAL_LOADER": library[1] if library else ""}
        env = {**os.environ, **env, "QUERN_TEST_FAIL_AFTER": "1000000"}
        done = self.artifact.start("run", "-n", 2, "x", env=env)
        if done.returncode:
            self.skipTest(done.stderr.decode().strip())
        return env

    def test_a_device_with_less_than_the_chip_has(self):
        """Kernels for `gpu` use more shared memory than all devices have."""
        env = self.loader_in_front()
        model = self.tiny("for_gpu", arch="llama", format="q4_k")
        artifact = self.compile(model, "--mcpu=gpu")
        self.assertEqual(artifact.json("info")["metadata"]["chip"], "gpu")
        artifact.run("run", "-n", 2, "x", env=env)
        less = {**env, "QUERN_TEST_SHARED_MEMORY": str(16 << 10)}
        done = artifact.start("run", "-n", 2, "x", env=less)
        self.assertOneLine(done, artifact.path.name,
                           "lacks 32768 bytes of shared memory")
        self.artifact.run("run", "-n", 2, "x", env=less)  # portable
        done = self.artifact.start("run", "-n", 2, "x", env={
            **env, "QUERN_TEST_NO_INTEGER_DOT": "1"})
        self.assertOneLine(done, self.artifact.path.name,
                           "lacks integer dot products")

    def test_a_device_that_is_lost_or_full(self):
        """With a loader in front that fails the first or a later submission."""
        env = self.loader_in_front()
        lost, full = -4, -2  # VkResult
        for after, result, words in ((1, lost, "the device was lost"),
                                     (2, lost, "the device was lost"),
                                     (2, full, "memory")):
            with self.subTest(after=after, result=result):
                done = self.artifact.start("bench", "--prompt", 4, "--gen", 2,
                                           "--repeats", 1, "--json", env={
                    **env, "QUERN_TEST_FAIL_AFTER": str(after),
                    "QUERN_TEST_FAIL_WITH": str(result)})
                self.assertOneLine(done, self.artifact.path.name, words)

    def test_two_pieces_of_the_weights_are_under_way(self):
        """The host fills the next while one is copied: it waits for a piece when the
        second after it is to go out, and an upload that fails is one line."""
        env = {**self.loader_in_front(), "QUERN_VULKAN_HIDE_MEMORY": "1",
               "QUERN_VULKAN_MOST_STAGED": "20000"}
        events = self.folder / "events"
        self.artifact.run("run", "-n", 1, "x",
                          env={**env, "QUERN_TEST_EVENTS": str(events)})
        pieces = -(-self.artifact.json("info")["memory"]["devices"][0]
                   ["weights_bytes"] // 20000)
        self.assertGreater(pieces, 3)
        # Then the constants, in one piece, and the steps.
        self.assertRegex(events.read_text(),
                         rf"^s(sw){{{pieces - 1}}}w(sw)+$")
        lost = -4  # VkResult
        for after in (1, 2, 3, pieces, pieces + 1):
            with self.subTest(after=after):
                done = self.artifact.start("run", "-n", 1, "x", env={
                    **env, "QUERN_TEST_FAIL_AFTER": str(after),
                    "QUERN_TEST_FAIL_WITH": str(lost)})
                self.assertOneLine(done, self.artifact.path.name, "uploading",
                                   "the device was lost")

    def test_what_needs_no_device_works_without(self):
        env = {**os.environ, "VK_DRIVER_FILES": "/nowhere.json",
               "VK_ICD_FILENAMES": "/nowhere.json"}
        about = self.artifact.json("info", env=env)
        self.assertEqual(about["metadata"]["target"], "vulkan")
        self.assertIn("shaderInt8", about["limits"]["kernels_need"])
        self.artifact.run("verify", env=env)
        self.artifact.run("tokenize", "some words", env=env)

    def test_a_device_of_another_name(self):
        self.refused("abacus", "QUERN_VULKAN_DEVICE",
                     QUERN_VULKAN_DEVICE="abacus")

    def test_too_little_memory(self):
        """Said in numbers, before anything is loaded."""
        large = self.compile(self.model, "--ctx", 1 << 22, "--max-batch", 256,
                             output=self.folder / "large")
        done = large.start("run", "-n", 2, "x")
        if b"no Vulkan" in done.stderr:
            self.skipTest(done.stderr.decode().strip())
        self.assertOneLine(done, "large", "of its memory", "more than",
                           "keys and values")
        words = done.stderr.decode()
        size = r"([\d.]+ [KMGT]iB)"
        needed, missing, has = map(bytes_of, re.search(
            f"takes {size} of its memory, {size} more than the {size}",
            words).groups())
        self.assertAlmostEqual((needed - has) / missing, 1, delta=0.1)
        parts = re.search(
            f"weights {size}, keys and values {size}, activations {size}, "
            f"overhead {size}", words)
        self.assertAlmostEqual(sum(map(bytes_of, parts.groups())) / needed, 1,
                               delta=0.1)

    def test_more_keys_than_can_be_bound(self):
        large = self.compile(self.model, "--ctx", 1 << 20,
                             output=self.folder / "long")
        done = large.start("run", "-n", 2, "x")
        if b"no Vulkan" in done.stderr:
            self.skipTest(done.stderr.decode().strip())
        if done.returncode == 0:
            self.skipTest("this device binds that much")
        self.assertOneLine(done, "long", "keys and values of a layer",
                           "--ctx or --max-batch")

    def test_cut_short(self):
        """Anywhere behind the program itself, which is what is long in life."""
        whole = self.artifact.path.read_bytes()
        cut = self.folder / "cut"
        for size in (len(whole) - 1, len(whole) - 5000):
            cut.write_bytes(whole[:size])
            cut.chmod(0o755)
            self.assertOneLine(e2e.Artifact(cut).start("info"), "cut",
                               "cut short")


class Memory(Case):
    def test_the_plan_is_what_fit_says_and_what_is_taken(self):
        """An artifact that takes more of a device than planned ends by itself."""
        model = self.tiny("model", arch="gemma3", format="q8_0", window=40,
                          context=512)
        for context, kv in ((512, "f16"), (200, "f32")):
            with self.subTest(context=context, kv=kv):
                flags = ("--ctx", context, "--kv-type", kv)
                artifact = self.compile(model, *flags,
                                        output=self.folder / "planned")
                planned = artifact.json("info")["memory"]["devices"]
                done = self.quern("fit", model, "--target=vulkan", *flags,
                                  "--device-memory", "1G", "--json")
                self.assertEqual(done.returncode, 0, done.stderr)
                fit = json.loads(done.stdout)["devices"]
                self.assertEqual(len(planned), len(fit))
                for key in ("name", "weights_bytes", "kv_bytes",
                            "activation_bytes", "overhead_bytes"):
                    self.assertEqual(planned[0][key], fit[0][key], key)

    def test_how_much_there_is_must_be_said(self):
        model = self.tiny("model", arch="llama", format="q8_0", layers=1)
        self.assertOneLine(self.quern("fit", model, "--target=vulkan"),
                           "error", "--device-memory")


class File(Case):
    def test_it_needs_glibc_2_28_and_nothing_else(self):
        model = self.tiny("model", arch="llama", format="q8_0", layers=1)
        artifact = self.compile(model)
        table = subprocess.run(["objdump", "-p", artifact.path], text=True,
                               capture_output=True, check=True).stdout
        libraries = set(re.findall(r"NEEDED +(\S+)", table))
        self.assertLessEqual(libraries, {
            "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0",
            "ld-linux-x86-64.so.2"})
        versions = [tuple(map(int, v.split("."))) for v in
                    re.findall(r"GLIBC_([\d.]+)", table)]
        self.assertTrue(versions)
        self.assertLessEqual(max(versions), (2, 28))
        self.assertNotIn("GLIBC_PRIVATE", table)
        # In 2.28 these were in libraries of their own.
        symbols = subprocess.run(["objdump", "-T", artifact.path], text=True,
                                 capture_output=True, check=True).stdout
        self.assertRegex(symbols, r"\(?GLIBC_2\.2\.5\)? +dlopen")
        self.assertRegex(symbols, r"\(?GLIBC_2\.2\.5\)? +pthread_create")

    def test_two_compilations_are_one_file(self):
        model = self.tiny("twice", arch="gemma3", format="q4_0", layers=2)
        artifact = self.compile(model)
        again = self.compile(model, output=self.folder / "again")
        self.assertTrue(artifact.path.read_bytes() == again.path.read_bytes())


if __name__ == "__main__":
    e2e.main()
