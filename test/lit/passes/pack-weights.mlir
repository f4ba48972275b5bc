// Matrices that are multiplied or looked up become panels, vectors f32.
// RUN: quern-opt %s --quern-pack-weights | FileCheck %s
// RUN: quern-opt %s --quern-pack-weights --quern-pack-weights | FileCheck %s

// CHECK: quern.weight @matrix : !quern.panels<48 x 32, <codes = 4, span = 32, supers = 1, group = 32, bias = 0, element = -1{{ ?}},
// CHECK-SAME: offset =
quern.weight @matrix : !quern.weight<48 x 32, "q4_1">
// CHECK: quern.weight @table : !quern.panels<64 x 32, <codes = 8,
// CHECK-NOT: offset
quern.weight @table : !quern.weight<64 x 32, "q8_0"> from "token_embd"
// CHECK: quern.weight @floats : !quern.panels<64 x 32, <codes = 0, {{.*}}, element = 1{{ ?}}>>
quern.weight @floats : !quern.weight<64 x 32, "f16">
// CHECK: quern.weight @norm : tensor<32xf32>
quern.weight @norm : !quern.weight<1 x 32, "f32">
// CHECK: quern.weight @half : tensor<32xf32>
quern.weight @half : !quern.weight<1 x 32, "bf16">
// CHECK: quern.weight @unused : tensor<8xf32>
quern.weight @unused : !quern.weight<1 x 8, "f32">

// CHECK-LABEL: func.func @forward
func.func @forward(%t: tensor<?xi32>) -> tensor<?x48xf32> {
  // CHECK: quern.get @table : !quern.panels<64 x 32, <codes = 8,
  %w0 = quern.get @table : !quern.weight<64 x 32, "q8_0">
  %x = quern.embed %t, %w0 : (tensor<?xi32>, !quern.weight<64 x 32, "q8_0">) -> tensor<?x32xf32>
  // CHECK: quern.get @norm : tensor<32xf32>
  %w1 = quern.get @norm : !quern.weight<1 x 32, "f32">
  // CHECK: quern.rms_norm {{.*}} : (tensor<?x32xf32>, tensor<32xf32>)
  %n = quern.rms_norm %x, %w1 {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !quern.weight<1 x 32, "f32">) -> tensor<?x32xf32>
  %w2 = quern.get @half : !quern.weight<1 x 32, "bf16">
  %m = quern.rms_norm %n, %w2 {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !quern.weight<1 x 32, "bf16">) -> tensor<?x32xf32>
  %w3 = quern.get @floats : !quern.weight<64 x 32, "f16">
  %y = quern.linear %m, %w3 : (tensor<?x32xf32>, !quern.weight<64 x 32, "f16">) -> tensor<?x64xf32>
  // CHECK: quern.get @matrix : !quern.panels<48 x 32,
  %w4 = quern.get @matrix : !quern.weight<48 x 32, "q4_1">
  %z = quern.linear %m, %w4 : (tensor<?x32xf32>, !quern.weight<48 x 32, "q4_1">) -> tensor<?x48xf32>
  return %z : tensor<?x48xf32>
}
