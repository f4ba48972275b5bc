// The cap is printed, in the op's own form and the generic one.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @softcap
// GENERIC-LABEL: sym_name = "softcap"
func.func @softcap(%x: tensor<?x576xf32>) -> tensor<?x576xf32> {
  // CHECK: quern.softcap %{{.*}} at 3.000000e+01 : tensor<?x576xf32>
  // GENERIC: "quern.softcap"(%{{.*}}) <{cap = 3.000000e+01 : f32}>
  %y = quern.softcap %x at 30.0 : tensor<?x576xf32>
  return %y : tensor<?x576xf32>
}
