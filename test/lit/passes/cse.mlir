// A norm that two linears read exists once; attention around a write does not.
// RUN: quern-opt %s --cse | FileCheck %s

// CHECK-LABEL: func.func @norms
// CHECK: %[[N:.*]] = quern.rms_norm
// CHECK-NOT: quern.rms_norm
// CHECK: quern.add %[[N]], %[[N]]
func.func @norms(%x: tensor<?x32xf32>, %w: tensor<32xf32>) -> tensor<?x32xf32> {
  %0 = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  %1 = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  %2 = quern.add %0, %1 : tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @write_between
// CHECK: %[[A:.*]] = quern.attention
// CHECK: quern.kv_write
// CHECK: %[[B:.*]] = quern.attention
// CHECK: quern.add %[[A]], %[[B]]
func.func @write_between(%x: tensor<?x32xf32>, %kv: !quern.kv<1 x 32>, %s: !quern.step) -> tensor<?x32xf32> {
  %0 = quern.attention %x, %kv, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x32xf32>
  quern.kv_write %x, %x, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<1 x 32>
  %1 = quern.attention %x, %kv, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x32xf32>
  %2 = quern.add %0, %1 : tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}
