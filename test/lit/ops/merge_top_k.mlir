// k and lists are printed, in the op's own form and the generic one.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @merge
// GENERIC-LABEL: sym_name = "merge"
func.func @merge(%x: tensor<?x20xf32>) -> tensor<?x12xf32> {
  // CHECK: quern.merge_top_k %{{.*}} {k = 2 : i64, lists = 2 : i64} : (tensor<?x20xf32>) -> tensor<?x12xf32>
  // GENERIC: "quern.merge_top_k"(%{{.*}}) <{k = 2 : i64, lists = 2 : i64}>
  %y = quern.merge_top_k %x {k = 2 : i64, lists = 2 : i64} : (tensor<?x20xf32>) -> tensor<?x12xf32>
  return %y : tensor<?x12xf32>
}
