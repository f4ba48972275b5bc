// What is converted is converted where it is made, under its name.
// RUN: quern-opt %s --quern-split-roles --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// CHECK-LABEL: func.func @prompt
// CHECK: %[[N:.*]] = quern.rms_norm {{.*}} loc("blk.0.attn_norm")
// CHECK-NEXT: %[[C:.*]] = quern.convert %[[N]] : {{.*}}bf16> loc("blk.0.attn_norm")
// CHECK-NEXT: quern.add %[[N]], %[[N]]
// CHECK-NEXT: quern.linear %[[C]], {{.*}} loc("blk.0.attn_q")
func.func @forward(%x: tensor<?x32xf32>, %n: tensor<32xf32>, %w: !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32> {
  %0 = quern.rms_norm %x, %n {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32> loc("blk.0.attn_norm")
  %1 = quern.add %0, %0 : tensor<?x32xf32>
  %2 = quern.linear %0, %w {arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32> loc("blk.0.attn_q")
  %3 = quern.add %1, %2 : tensor<?x32xf32>
  return %3 : tensor<?x32xf32>
}
