// Chips that the kernels are not made for.
// RUN: not quern-opt %s --quern-simt-lower-kernels="threads=96" 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: not quern-opt %s --quern-simt-lower-kernels="threads=64" 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: not quern-opt %s --quern-simt-lower-kernels="shared=256" 2>&1 | FileCheck %s --check-prefix=SHARED
// RUN: not quern-opt %s --quern-simt-lower-kernels="queries=0" 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: requires workgroups of 128 threads or more, a power of two, and a query
// SHARED: requires 512 bytes of shared memory, the chip has 256
quern.kernel @norm role prompt rows step {
^bb0(%x: tensor<?x192xf32>, %w: tensor<192xf32>):
  %y = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x192xf32>, tensor<192xf32>) -> tensor<?x192xf32>
  quern.yield %y : tensor<?x192xf32>
}
