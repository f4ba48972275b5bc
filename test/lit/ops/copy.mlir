// Rows on another device.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s

// CHECK-LABEL: func.func @copies
// CHECK: quern.copy "blk.0.ffn_down" rows step %{{.*}} {quern.device = 1 : i32} : tensor<?x576xf32>
// CHECK: quern.copy "output_norm" rows logits %{{.*}} : tensor<?x576xf32>
func.func @copies(%x: tensor<?x576xf32>) -> (tensor<?x576xf32>, tensor<?x576xf32>) {
  %0 = quern.copy "blk.0.ffn_down" rows step %x {quern.device = 1 : i32} : tensor<?x576xf32>
  %1 = quern.copy "output_norm" rows logits %0 : tensor<?x576xf32>
  return %0, %1 : tensor<?x576xf32>, tensor<?x576xf32>
}
