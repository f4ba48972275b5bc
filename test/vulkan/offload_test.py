"""Models of which a part runs on a device that Vulkan drives (see artifact_test.py),
the rest on the CPU.
"""
import itertools
import json
import os

import artifact_test as artifact
import e2e
from splits import Splits


class Answers(Splits, e2e.Case):
    TARGETS = "vulkan,cpu"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ.update(artifact.environment(cls.folder,
                                               QUERN_VULKAN_VALIDATE="1"))
        cls.addClassCleanup(os.environ.pop, "QUERN_VULKAN_VALIDATE")
        model = cls.tiny("probe", arch="llama", format="q8_0", layers=1)
        done = cls.compile(model, "--target=vulkan").start("run", "-n", 1, "x")
        if done.returncode:
            raise artifact.unittest.SkipTest(done.stderr.decode().strip())

    def comparePlans(self, model, layers, *flags):
        """An artifact that takes more of a device than planned ends by itself."""
        with self.subTest(model=model.stem, layers=layers, flags=flags):
            planned = self.split(model, layers, *flags)
            memory = planned.json("info")["memory"]
            done = self.quern("fit", model, "--target", self.TARGETS,
                              "--gpu-layers", layers, *flags, "--json",
                              "--device-memory", "4G")
            device, host = json.loads(done.stdout)["devices"]
            taken = memory.get("devices", [])
            self.assertEqual([d["name"] for d in taken],
                             ["vulkan"] if layers or "--place" in flags else [])
            for key in ("weights_bytes", "kv_bytes", "activation_bytes",
                        "overhead_bytes"):
                self.assertEqual(taken[0][key] if taken else 0, device[key])
            if taken:
                self.assertEqual(memory["host_weight_bytes"],
                                 host["weights_bytes"])
            parts = {p["name"]: p["reserved_bytes"] for p in memory["parts"]}
            for key, part in (("activation_bytes", "activations"),
                              ("kv_bytes", "keys and values")):
                self.assertEqual(host[key], parts.get(part, 0))
            planned.run("run", "--raw", "--temp", 0, "-n", 2, "x")

    def plans(self, ways, *kinds):
        model = self.tiny("planned", arch="gemma3", format="q8_0", window=40,
                          context=512, layers=self.LAYERS)
        for layers, *places in ways:
            for flags in kinds:
                self.comparePlans(model, layers, *places, *flags)

    F16, F32 = ("--ctx", 512), ("--ctx", 200, "--kv-type", "f32")

    def test_the_plan_is_what_fit_says_and_what_is_taken(self):
        self.plans(((0,), self.half, self.byName()[0]), self.F32)

    @e2e.slow
    def test_the_plans_of_all_splits(self):
        self.plans(((0,), self.half), self.F16)
        self.plans(((1,), (self.LAYERS - 1,), (self.LAYERS,)), self.F16,
                   self.F32)
        self.plans(self.byName(), ())

    @e2e.slow
    def test_the_plans_of_real_models(self):
        for name, splits in (("smollm2.gguf", (7, 15)),
                             ("gemma3-270m.gguf", (5, 9))):
            model = e2e.realModel(name)
            link = self.folder / name  # artifacts go beside it
            link.symlink_to(model)
            for layers, context, kind in itertools.product(
                    splits, (512, 3000, 8192), ("f16", "f32")):
                self.comparePlans(link, layers, "--ctx", context, "--kv-type",
                                  kind, "--max-batch", 2)


class Order(e2e.Case):
    def test_memory_of_its_own_goes_first(self):
        model = self.tiny("model", arch="llama", format="q8_0", layers=1)
        for command in ("compile", "fit"):
            done = self.quern(command, model, "--target", "cpu,vulkan",
                              "--gpu-layers", 1)
            self.assertOneLine(done, "error", "--target cpu,vulkan",
                               "vulkan has memory of its own")

    def test_a_chip_for_each(self):
        model = self.tiny("model", arch="llama", format="q8_0", layers=1)
        for chips, words in (("portable", "a chip for each of vulkan,cpu"),
                             ("portable,portable", "cpu"),
                             ("portable,x86-64-v3,x", "a chip for each")):
            done = self.quern("compile", model, "--target", "vulkan,cpu",
                              "--gpu-layers", 1, "--mcpu", chips)
            self.assertOneLine(done, "error", "--mcpu", words)
        done = self.quern("compile", model, "--target", "vulkan,cpu",
                          "--gpu-layers", 0, "--emit", "spirv")
        self.assertOneLine(done, "error", "--emit spirv: nothing runs on vulkan")


class WithoutADriver(e2e.Case):
    def test_it_is_needed_for_layers_only(self):
        model = self.tiny("model", arch="llama", format="q8_0", layers=2)
        none = {**artifact.environment(self.folder),
                "VK_DRIVER_FILES": "/nowhere.json",
                "VK_ICD_FILENAMES": "/nowhere.json"}
        for layers in (0, 1):
            path = self.folder / f"with-{layers}"
            out = self.compile(model, "--target=vulkan,cpu", "--gpu-layers",
                               layers, output=path)
            done = out.start("run", "--raw", "-n", 2, "x", env=none)
            if layers:
                self.assertOneLine(done, path.name, "Vulkan")
            else:
                self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    e2e.main()
