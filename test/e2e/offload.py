"""Layers on two targets that both work in the process's memory: the toy of
test/extra, which borrows the CPU's kernels but not all of its fusion, and the CPU.
"""
import json

import e2e
from splits import Splits


class Toy(Splits, e2e.Case):
    TARGETS = "toy,cpu"

    def setUp(self):
        super().setUp()
        targets = json.loads(self.quern("targets", "--json").stdout)
        if "toy" not in [t["name"] for t in targets]:
            self.skipTest("built without test/extra")


if __name__ == "__main__":
    e2e.main()
