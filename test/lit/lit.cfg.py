# What lit needs to know to run the tests of quern-opt and quern: which files
# are tests, and where the programs are that their RUN lines name. The folders
# come from lit.site.cfg.py, which CMake writes.
import os

import lit.formats

config.name = "quern"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.quern_test_folder

# Our own programs first: no other quern that is installed may be tested.
config.environment["PATH"] = os.path.pathsep.join(
    [config.quern_bin, config.llvm_tools, config.environment["PATH"]])
config.environment["FILECHECK_OPTS"] = "--dump-input-filter=error"

# `%refused COMMAND`: the command must fail as a user may expect it to.
config.substitutions.append(
    ("%refused", "sh " + os.path.join(config.test_source_root, "cli", "refused")))
