// Options that name no parts.
// RUN: not quern-opt %s --quern-split-stages="attention-parts=1" 2>&1 | FileCheck %s
// RUN: not quern-opt %s --quern-split-stages="attention-keys=-1" 2>&1 | FileCheck %s
// RUN: not quern-opt %s --quern-split-stages="context=0" 2>&1 | FileCheck %s
// RUN: not quern-opt %s --quern-split-stages="linear-tasks=-1" 2>&1 | FileCheck %s
// RUN: not quern-opt %s --quern-split-stages="linear-columns=48" 2>&1 | FileCheck %s
// CHECK: requires a context, two parts or more, a multiple of 32 columns, and no negative number of keys or tasks
module {
}
