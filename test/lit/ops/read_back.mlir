// Not folded away: where the numbers lie is what it is for.
// RUN: quern-opt %s --canonicalize | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s

// CHECK-LABEL: func.func @read_back
func.func @read_back(%x: tensor<?x576xf32>) -> tensor<?x576xf32> {
  // CHECK: quern.read_back %{{.*}} : tensor<?x576xf32>
  %y = quern.read_back %x : tensor<?x576xf32>
  return %y : tensor<?x576xf32>
}
