// From the selection on, stages have the rows of the logits.
// RUN: quern-opt %s --quern-form-stages --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

quern.weight @w : tensor<64x32xf32>

// CHECK-LABEL: func.func @generated
// CHECK: quern.stage "blk.0.ffn_down" rows step
// CHECK: quern.linear {{.*}} loc("blk.0.ffn_down")
// CHECK: } loc("blk.0.ffn_down")
// CHECK: quern.stage "select_rows" rows logits
// CHECK: quern.stage "output_norm" rows logits
// CHECK: quern.stage "output" rows logits
// CHECK: quern.linear {{.*}} loc("output")
// CHECK-NEXT: quern.softcap
// Not all that stands behind the selection has its rows.
// CHECK: quern.stage "aside" rows step
func.func @generated(%x: tensor<?x32xf32>, %d: tensor<32x32xf32>, %n: tensor<32xf32>, %rows: tensor<?xi32>) -> (tensor<?x64xf32>, tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.linear %x, %d : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("blk.0.ffn_down")
  %1 = quern.select_rows %0, %rows : tensor<?x32xf32>, tensor<?xi32>
  %2 = quern.rms_norm %1, %n {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32> loc("output_norm")
  %w = quern.get @w : tensor<64x32xf32>
  %3 = quern.linear %2, %w : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32> loc("output")
  %4 = quern.softcap %3 at 30.0 : tensor<?x64xf32>
  %5 = quern.scale %x by 2.0 : tensor<?x32xf32> loc("aside")
  return %4, %5 : tensor<?x64xf32>, tensor<?x32xf32>
}
