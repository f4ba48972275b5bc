"""The vulkan target from outside: what it prints, and what it refuses."""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import e2e  # noqa: E402


ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = (ROOT / "codegen" / "vulkan", ROOT / "test" / "vulkan")


class Sources(unittest.TestCase):
    def test_nobody_else_speaks_of_it(self):
        """No line of C++ or TableGen outside of the target's folder and tests."""
        files = [f for end in ("cpp", "h", "td") for f in ROOT.rglob(f"*.{end}")
                 if "build" not in f.relative_to(ROOT).parts[0]]
        self.assertTrue(any(OWN[0] in f.parents for f in files))
        for file in files:
            if not any(folder in file.parents for folder in OWN):
                with self.subTest(file=file.relative_to(ROOT)):
                    self.assertNotRegex(file.read_text().lower(),
                                        r"vulkan|spir-?v")


class Target(e2e.Case):
    def test_every_kernel_of_a_model_becomes_spirv(self):
        for arch, format in (("llama", "q4_0"), ("llama", "f16"),
                             ("gemma3", "q8_0"), ("gemma3", "q6_k")):
            with self.subTest(arch=arch, format=format):
                model = self.tiny(f"{arch}-{format}", arch=arch, format=format)
                text = self.folder / "kernels.txt"
                done = self.quern("compile", model, "--target=vulkan",
                                  "--emit=spirv", "-o", text)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                kernels = re.findall(r"spirv.module @(?:__spv__)?([\w.]+)",
                                     text.read_text())
                self.assertEqual(len(kernels), len(set(kernels)))
                for role in ("prompt", "generated"):
                    for root in ("linear", "attention", "rms_norm", "embed"):
                        self.assertTrue(any(
                            k.startswith(f"{role}.{root}") for k in kernels),
                            (role, root, kernels))

    def test_what_it_has_not_is_refused(self):
        model = self.tiny("tiny", arch="llama", format="q8_0", layers=1)
        for flag, word in (("--mcpu=voodoo", "voodoo"), ("--emit=llvm", "only spirv, object")):
            self.assertOneLine(self.quern("compile", model, "--target=vulkan",
                                          flag, "-o", self.folder / "never"),
                               "error", word)
        self.assertEqual([p for p in self.folder.iterdir()
                          if p.name.startswith("never")], [])


if __name__ == "__main__":
    e2e.main()
