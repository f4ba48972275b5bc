// Rows on another device.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s

// CHECK-LABEL: func.func @copies
// CHECK: quern.copy "blk.0.ffn_down" rows step %{{.*}} {quern.device = 1 : i32} : tensor<?x576xf32>
// CHECK: quern.copy "output_norm" rows logits %{{.*}} : tensor<?x576xf32>
func.func @copies(%x: tensor<?x576xf32>) -> (tensor<?x576xf32>, tensor<?x576xf32>) {
  %a = quern.stage "blk.0.ffn_down" rows step (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) {
  ^bb0(%p: tensor<?x576xf32>):
    quern.yield %p : tensor<?x576xf32>
  }
  %b = quern.stage "output_norm" rows logits (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) attributes {quern.device = 1 : i32} {
  ^bb0(%p: tensor<?x576xf32>):
    quern.yield %p : tensor<?x576xf32>
  }
  %0 = quern.copy "blk.0.ffn_down" rows step %a {quern.device = 1 : i32} : tensor<?x576xf32>
  %1 = quern.copy "output_norm" rows logits %b : tensor<?x576xf32>
  return %0, %1 : tensor<?x576xf32>, tensor<?x576xf32>
}
