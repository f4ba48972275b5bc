// Stages of one shape share a kernel; names and windows go to the launch.
// RUN: quern-opt %s --quern-form-stages --quern-outline-kernels | FileCheck %s
// RUN: quern-opt %s --quern-form-stages --quern-outline-kernels --quern-outline-kernels | FileCheck %s

// CHECK: quern.kernel @generated.linear.0 role generated rows step {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x32xf32>, %{{.*}}: tensor<32x32xf32>):
// CHECK: quern.kernel @generated.linear.1 role generated rows step {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x32xf32>, %{{.*}}: tensor<64x32xf32>):
// What is fused makes another body.
// CHECK: quern.kernel @generated.linear.2
// CHECK: quern.add
// CHECK-NOT: quern.kernel
// CHECK-LABEL: func.func @linears
// CHECK: %[[A:.*]] = quern.launch @generated.linear.0 "a"
// CHECK: quern.launch @generated.linear.0 "b"{{ ?}}(%[[A]], %{{.*}} : tensor<?x32xf32>, tensor<32x32xf32>) -> (tensor<?x32xf32>)
// CHECK: quern.launch @generated.linear.1 "c"
// CHECK: quern.launch @generated.linear.2 "d"
// CHECK-NOT: quern.stage
func.func @linears(%x: tensor<?x32xf32>, %w: tensor<32x32xf32>, %v: tensor<32x32xf32>, %u: tensor<64x32xf32>) -> (tensor<?x64xf32>, tensor<?x32xf32>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("a")
  %1 = quern.linear %0, %v : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("b")
  %2 = quern.linear %1, %u : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32> loc("c")
  %3 = quern.linear %1, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("d")
  %4 = quern.add %3, %x : tensor<?x32xf32>
  return %2, %4 : tensor<?x64xf32>, tensor<?x32xf32>
}

// The prompt's kernels are its own, even if they read the same.
// CHECK: quern.kernel @prompt.linear.0 role prompt rows step
// CHECK-LABEL: func.func @prompt
// CHECK: quern.launch @prompt.linear.0 "a"
func.func @prompt(%x: tensor<?x32xf32>, %w: tensor<32x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role prompt>} {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("a")
  return %0 : tensor<?x32xf32>
}

// CHECK: quern.kernel @prompt.attention.0 role prompt rows step {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x32xf32>, %{{.*}}: !quern.kv<1 x 32{{ ?}}, window = ?>, %{{.*}}: !quern.step):
// Another number of KV heads is another shape, another scale another body.
// CHECK: quern.kernel @prompt.attention.1
// CHECK: quern.kernel @prompt.attention.2
// CHECK-NOT: quern.kernel
// CHECK-LABEL: func.func @windows
// CHECK: quern.launch @prompt.attention.0 "all"{{.*}} !quern.kv<1 x 32{{ ?}}>,
// CHECK: quern.launch @prompt.attention.0 "near"{{.*}} !quern.kv<1 x 32{{ ?}}, window = 512>,
// CHECK: quern.launch @prompt.attention.0 "far"{{.*}} !quern.kv<1 x 32{{ ?}}, window = 1024>,
// CHECK: quern.launch @prompt.attention.1 "heads"
// CHECK: quern.launch @prompt.attention.2 "scaled"
func.func @windows(%q: tensor<?x32xf32>, %a: !quern.kv<1 x 32>, %b: !quern.kv<1 x 32, window = 512>, %c: !quern.kv<1 x 32, window = 1024>, %d: !quern.kv<2 x 16>, %s: !quern.step) -> tensor<?x32xf32> attributes {quern.role = #quern<role prompt>} {
  %0 = quern.attention %q, %a, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x32xf32> loc("all")
  %1 = quern.attention %0, %b, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32, window = 512>, !quern.step) -> tensor<?x32xf32> loc("near")
  %2 = quern.attention %1, %c, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32, window = 1024>, !quern.step) -> tensor<?x32xf32> loc("far")
  %3 = quern.attention %2, %d, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<2 x 16>, !quern.step) -> tensor<?x32xf32> loc("heads")
  %4 = quern.attention %3, %a, %s {scale = 2.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x32xf32> loc("scaled")
  return %4 : tensor<?x32xf32>
}
