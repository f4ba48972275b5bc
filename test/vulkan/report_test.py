"""What the code of each kernel shows, against its budget (budgets.json).

Of a root, of linears in tiles apart: the least width of loads of packed weights; sectors of 32 bytes by the
fewest that would do, for those loads and for all; bytes of shared memory; barriers,
with a row at position 300; and the least share of a chip's threads that can be there
at once, on the chips that the report names. What a linear reads of its panel is not in
the file: it is each byte, once.
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import e2e  # noqa: E402

BUDGETS = json.loads(
    (pathlib.Path(__file__).parent / "budgets.json").read_text())
# One without blocks, one of each kind of scales; then the others.
FORMATS = "f16 q4_1 q4_k q6_k".split()
MORE_FORMATS = ("f32 bf16 q8_0 q4_0 q5_0 q5_1 mxfp4 iq4_nl q2_k q3_k q5_k "
                "iq4_xs").split()


class Report(e2e.Case):
    def report(self, model, form, *flags):
        done = self.quern("compile", model, "--target=vulkan", "--report", form,
                          *flags)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def judge(self, kernel, tiles):
        root = kernel["kernel"].split(".")[1]
        name = "linear_tiles" if tiles else root
        budget = BUDGETS[name]
        weights = [x for x in kernel["loads"] if x["operand"] == "weights"]
        self.assertEqual(bool(weights), root in ("linear", "linear_parts", "embed"))
        for x in weights:
            if root.startswith("linear"):
                self.assertEqual(x["bytes"], x["least_bytes"],
                                 "a panel is not read once")
            self.assertGreaterEqual(min(map(int, x["loads"])), budget["width"])
            self.assertLessEqual(x["sectors"] / x["fewest_sectors"],
                                 budget["weight_sectors"])
        sectors = sum(x["sectors"] for x in kernel["loads"])
        fewest = sum(x["fewest_sectors"] for x in kernel["loads"])
        self.assertLessEqual(sectors / fewest, budget["sectors"])
        self.assertLessEqual(kernel["shared_bytes"], budget["shared_bytes"])
        self.assertLessEqual(kernel["barriers"], budget["barriers"])
        self.assertGreaterEqual(len(kernel["occupancy"]), 3)
        self.assertGreaterEqual(min(kernel["occupancy"].values()),
                                budget["occupancy"])
        return name

    def test_kernels_keep_their_budgets(self):
        self.judgeAll(FORMATS)

    @e2e.slow
    def test_kernels_of_other_formats_keep_their_budgets(self):
        self.judgeAll(MORE_FORMATS)

    def judgeAll(self, formats):
        seen = set()
        for format in formats:
            for arch in ("llama", "gemma3"):
                # Long enough for parts of attention, of a product, and of logits.
                model = self.tiny("model", arch=arch, format=format, layers=2,
                                  context=1100, ff=1024, extraTokens=1000)
                for chip in ("portable", "gpu"):
                    kernels = json.loads(self.report(model, "json",
                                                     f"--mcpu={chip}"))
                    tiles = {k["kernel"] for k in kernels if k["rows"] == 64}
                    self.assertEqual(bool(tiles), chip == "gpu")
                    for kernel in kernels:
                        with self.subTest(format=format, arch=arch, chip=chip,
                                          kernel=kernel["kernel"],
                                          rows=kernel["rows"]):
                            seen.add(self.judge(kernel,
                                                kernel["kernel"] in tiles))
        self.assertEqual(seen, set(BUDGETS))

    def test_generated_rows_share_what_is_read(self):
        """Sixteen rows read as much of the weights as one."""
        model = self.tiny("model", arch="llama", format="q4_k")
        read = {}
        for kernel in json.loads(self.report(model, "json")):
            for x in kernel["loads"]:
                if x["operand"] == "weights" and "least_bytes" in x:
                    read.setdefault(kernel["kernel"], {})[kernel["rows"]] = (
                        x["bytes"], x["requested_bytes"],
                        kernel["workgroups"])
        linears = {k: v for k, v in read.items() if k.startswith("generated")}
        self.assertTrue(linears)
        for name, by_rows in linears.items():
            self.assertEqual(set(by_rows), {1, 16}, name)
            self.assertEqual(by_rows[1], by_rows[16], name)

    def test_as_text(self):
        model = self.tiny("model", arch="llama", format="q8_0")
        lines = self.report(model, "text").splitlines()
        self.assertRegex(lines[0], r"^kernel +rows +workgroups +threads")
        self.assertEqual(len(lines) - 1,
                         len(json.loads(self.report(model, "json"))))

    def test_what_is_refused(self):
        model = self.tiny("model", arch="llama", format="q8_0")
        done = self.quern("compile", model, "--report=text", "--target=vulkan",
                          "--emit=plan")
        self.assertOneLine(done, "error", "--emit")


if __name__ == "__main__":
    e2e.main()
