// The factor is printed, in the op's own form and the generic one.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @scale
// GENERIC-LABEL: sym_name = "scale"
func.func @scale(%x: tensor<?x576xf32>) -> tensor<?x576xf32> {
  // CHECK: quern.scale %{{.*}} by 2.500000e-01 : tensor<?x576xf32>
  // GENERIC: "quern.scale"(%{{.*}}) <{factor = 2.500000e-01 : f32}>
  %y = quern.scale %x by 0.25 : tensor<?x576xf32>
  return %y : tensor<?x576xf32>
}
