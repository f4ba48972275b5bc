// k and parts are printed, in the op's own form and the generic one.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @top_k
// GENERIC-LABEL: sym_name = "top_k"
func.func @top_k(%x: tensor<?x2049xf32>) -> tensor<?x384xf32> {
  // CHECK: quern.top_k %{{.*}} {k = 64 : i64, part = 1024 : i64} : (tensor<?x2049xf32>) -> tensor<?x384xf32>
  // GENERIC: "quern.top_k"(%{{.*}}) <{k = 64 : i64, part = 1024 : i64}>
  %y = quern.top_k %x {k = 64 : i64, part = 1024 : i64} : (tensor<?x2049xf32>) -> tensor<?x384xf32>
  return %y : tensor<?x384xf32>
}

// As many as there are, in one part that is not full.
// CHECK-LABEL: func.func @all
func.func @all(%x: tensor<?x5xf32>) -> tensor<?x10xf32> {
  // CHECK: quern.top_k
  %y = quern.top_k %x {k = 5 : i64, part = 8 : i64} : (tensor<?x5xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}
