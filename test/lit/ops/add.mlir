// The sum is read, verified and printed again.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @add
// GENERIC-LABEL: sym_name = "add"
func.func @add(%x: tensor<?x576xf32>, %r: tensor<?x576xf32>) -> tensor<?x576xf32> {
  // CHECK: quern.add %{{.*}}, %{{.*}} : tensor<?x576xf32>
  // GENERIC: "quern.add"(%{{.*}}, %{{.*}}) : (tensor<?x576xf32>, tensor<?x576xf32>) -> tensor<?x576xf32>
  %y = quern.add %x, %r : tensor<?x576xf32>
  return %y : tensor<?x576xf32>
}
