// Rows that are kept.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @select_rows
// GENERIC-LABEL: sym_name = "select_rows"
func.func @select_rows(%x: tensor<?x576xf32>, %rows: tensor<?xi32>) -> tensor<?x576xf32> {
  // CHECK: quern.select_rows %{{.*}}, %{{.*}} : tensor<?x576xf32>, tensor<?xi32>
  // GENERIC: "quern.select_rows"(%{{.*}}, %{{.*}}) : (tensor<?x576xf32>, tensor<?xi32>) -> tensor<?x576xf32>
  %y = quern.select_rows %x, %rows : tensor<?x576xf32>, tensor<?xi32>
  return %y : tensor<?x576xf32>
}
