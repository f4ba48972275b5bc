"""The same weights as GGUF and as a safetensors folder: the same model."""
import e2e
import make_tiny  # found by e2e

CTX = 150


class Containers(e2e.Case):
    def pair(self, arch, type, shards):
        """A GGUF file and a folder of the same weights, compiled."""
        shape = make_tiny.Shape(arch=arch, format=type, tied=arch == "gemma3")
        model = self.folder / f"{arch}-{type}.gguf"
        folder = self.folder / f"{arch}-{type}"
        make_tiny.makeGguf(model, shape)
        make_tiny.makeSafetensors(folder, shape, type, shards)
        look = self.quern("inspect", folder).stderr
        if "architecture" in look and "not supported" in look:
            self.skipTest(look.strip())
        return (self.compile(model, output=self.folder / "gguf.out"),
                self.compile(folder, output=self.folder / "folder.out"))

    def check(self, arch, type, shards):
        gguf, folder = self.pair(arch, type, shards)
        self.assertEqual(gguf.run("tokenize", "--file", self.text),
                         folder.run("tokenize", "--file", self.text))
        self.assertEqual(gguf.json("info")["limits"],
                         folder.json("info")["limits"])
        for role in ("prompt", "generated"):
            with self.subTest(role=role):
                a, b = (x.logits(self.text, CTX, role) for x in (gguf, folder))
                off = e2e.Difference(b, a)
                if arch == "gemma3":
                    self.assertTrue((a == b).all(), off)
                # GGUF has the dimensions of Llama's heads in another order,
                # so that their sums are rounded otherwise.
                elif role == "generated" and type != "bf16":
                    self.assertLess(off.rms, 1e-4, off)
                # And of its norms, 1 + w with eight bits, bfloat16 has seven.
                else:
                    self.assertLess(off.rms, 0.01, off)
        answers = [x.run("run", "--temp", 0, "-n", 12, "the other cat")
                   for x in (gguf, folder)]
        if arch == "gemma3":
            self.assertEqual(*answers)

    def test_llama_f16(self):
        self.check("llama", "f16", shards=1)

    def test_llama_f32_in_three_files(self):
        self.check("llama", "f32", shards=3)

    def test_gemma3_f32_in_three_files(self):
        self.check("gemma3", "f32", shards=3)

    @e2e.slow
    def test_other_types(self):
        for arch, type in (("llama", "bf16"), ("gemma3", "f16"),
                           ("gemma3", "bf16")):
            with self.subTest(arch=arch, type=type):
                self.check(arch, type, shards=2)

    def test_the_file_alone_stands_for_its_folder(self):
        shape = make_tiny.Shape(arch="llama", layers=1)
        folder = self.folder / "alone"
        make_tiny.makeSafetensors(folder, shape)
        texts = [self.quern("inspect", path, "--json").stdout
                 for path in (folder, folder / "model.safetensors")]
        self.assertIn("token_embd", texts[0])
        self.assertEqual(texts[0].replace(str(folder), ""),
                         texts[1].replace(str(folder / "model.safetensors"),
                                          ""))


if __name__ == "__main__":
    e2e.main()
