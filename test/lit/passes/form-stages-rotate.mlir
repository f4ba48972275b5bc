// The rotations of queries and keys join the write to the cache.
// RUN: quern-opt %s --quern-form-stages | FileCheck %s
// RUN: quern-opt %s --quern-form-stages=rotate-write=false | FileCheck %s --check-prefix=OFF

// CHECK-LABEL: func.func @write
// CHECK-SAME: %[[Q:.*]]: tensor<?x64xf32>, %[[K:.*]]: tensor<?x32xf32>, %[[V:.*]]: tensor<?x32xf32>
// CHECK: %[[R:.*]] = quern.stage "q_rope" {{.*}} -> (tensor<?x64xf32>)
// CHECK: %[[QR:.*]] = quern.rope
// CHECK-NEXT: %[[KR:.*]] = quern.rope
// CHECK-NEXT: quern.kv_write %[[KR]],
// CHECK-NEXT: quern.yield %[[QR]]
// CHECK: quern.stage "attention" rows step{{ ?}}(%[[R]],
// CHECK: quern.attention
// OFF-LABEL: func.func @write
// OFF: quern.rope
// OFF-NEXT: quern.yield
// OFF: quern.rope
// OFF-NEXT: quern.yield
// OFF: quern.kv_write
// OFF-NEXT: quern.yield{{$}}
// OFF: quern.attention
func.func @write(%q: tensor<?x64xf32>, %k: tensor<?x32xf32>, %v: tensor<?x32xf32>, %kv: !quern.kv<1 x 32>, %s: !quern.step) -> tensor<?x64xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.rope %q, %s {base = 1.0e4, dims = 32, size = 32} : (tensor<?x64xf32>, !quern.step) -> tensor<?x64xf32> loc("q_rope")
  %1 = quern.rope %k, %s {base = 1.0e4, dims = 32, size = 32} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32> loc("k_rope")
  quern.kv_write %1, %v, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<1 x 32>
  %2 = quern.attention %0, %kv, %s {scale = 1.0 : f32} : (tensor<?x64xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

// Wherever the rotation of the queries stands; keys may have another angle.
// CHECK-LABEL: func.func @apart
// CHECK: quern.scale
// CHECK: quern.stage "k_rope" {{.*}} -> (tensor<?x64xf32>)
// CHECK: quern.rope
// CHECK-NEXT: quern.rope
// CHECK-NEXT: quern.kv_write
// CHECK: quern.attention
// OFF-LABEL: func.func @apart
func.func @apart(%q: tensor<?x64xf32>, %k: tensor<?x32xf32>, %v: tensor<?x32xf32>, %kv: !quern.kv<1 x 32>, %s: !quern.step) -> tensor<?x64xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.rope %k, %s {base = 2.0e4, dims = 32, size = 32} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32> loc("k_rope")
  %1 = quern.rope %q, %s {base = 1.0e4, dims = 32, size = 32} : (tensor<?x64xf32>, !quern.step) -> tensor<?x64xf32> loc("q_rope")
  %2 = quern.scale %v by 2.0 : tensor<?x32xf32>
  quern.kv_write %0, %2, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<1 x 32>
  %3 = quern.attention %1, %kv, %s {scale = 1.0 : f32} : (tensor<?x64xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x64xf32>
  return %3 : tensor<?x64xf32>
}

// A declaration is no program.
// CHECK: func.func private @declared
func.func private @declared() attributes {quern.role = #quern<role prompt>}

// Queries that are read before the write stay apart.
// CHECK-LABEL: func.func @read_before
// CHECK: quern.rope
// CHECK-NEXT: quern.yield
// CHECK: quern.scale
// CHECK: quern.rope
// CHECK-NEXT: quern.kv_write
func.func @read_before(%q: tensor<?x64xf32>, %k: tensor<?x32xf32>, %v: tensor<?x32xf32>, %kv: !quern.kv<1 x 32>, %s: !quern.step) -> (tensor<?x64xf32>, tensor<?x64xf32>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.rope %q, %s {base = 1.0e4, dims = 32, size = 32} : (tensor<?x64xf32>, !quern.step) -> tensor<?x64xf32>
  %1 = quern.rope %k, %s {base = 1.0e4, dims = 32, size = 32} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  %2 = quern.scale %0 by 2.0 : tensor<?x64xf32>
  quern.kv_write %1, %v, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<1 x 32>
  %3 = quern.attention %0, %kv, %s {scale = 1.0 : f32} : (tensor<?x64xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x64xf32>
  return %3, %2 : tensor<?x64xf32>, tensor<?x64xf32>
}

// Keys that something else reads are no part of the write.
// CHECK-LABEL: func.func @keys_read
// CHECK: quern.rope
// CHECK-NEXT: quern.yield
// CHECK: quern.kv_write
// CHECK-NEXT: quern.yield
func.func @keys_read(%k: tensor<?x32xf32>, %v: tensor<?x32xf32>, %kv: !quern.kv<1 x 32>, %s: !quern.step) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.rope %k, %s {base = 1.0e4, dims = 32, size = 32} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  quern.kv_write %0, %v, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<1 x 32>
  return %0 : tensor<?x32xf32>
}

// The norms of heads join their rotations; a norm of whole rows does not.
// CHECK-LABEL: func.func @head_norms
// CHECK: quern.stage "attn_norm"
// CHECK: quern.rms_norm
// CHECK-NEXT: quern.yield
// CHECK: quern.stage "q_norm"
// CHECK: quern.rms_norm
// CHECK-NEXT: quern.rms_norm
// CHECK-NEXT: quern.rope
// CHECK-NEXT: quern.rope
// CHECK-NEXT: quern.kv_write
// CHECK: quern.stage "attention"
// OFF-LABEL: func.func @head_norms
// OFF-COUNT-7: quern.stage
func.func @head_norms(%q: tensor<?x64xf32>, %x: tensor<?x32xf32>, %w: tensor<16xf32>, %n: tensor<32xf32>, %kv: !quern.kv<2 x 16>, %s: !quern.step) -> tensor<?x64xf32> attributes {quern.role = #quern<role generated>} {
  %v = quern.rms_norm %x, %n {epsilon = 1.0e-6 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32> loc("attn_norm")
  %0 = quern.rms_norm %q, %w {epsilon = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<16xf32>) -> tensor<?x64xf32> loc("q_norm")
  %1 = quern.rms_norm %v, %w {epsilon = 1.0e-6 : f32} : (tensor<?x32xf32>, tensor<16xf32>) -> tensor<?x32xf32> loc("k_norm")
  %2 = quern.rope %0, %s {base = 1.0e4, dims = 16, size = 16} : (tensor<?x64xf32>, !quern.step) -> tensor<?x64xf32>
  %3 = quern.rope %1, %s {base = 1.0e4, dims = 16, size = 16} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  quern.kv_write %3, %v, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<2 x 16>
  %4 = quern.attention %2, %kv, %s {scale = 1.0 : f32} : (tensor<?x64xf32>, !quern.kv<2 x 16>, !quern.step) -> tensor<?x64xf32>
  return %4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @row_norm
// OFF-LABEL: func.func @row_norm
// CHECK: quern.rms_norm
// CHECK-NEXT: quern.yield
// CHECK: quern.rope
// CHECK-NEXT: quern.kv_write
func.func @row_norm(%k: tensor<?x32xf32>, %n: tensor<32xf32>, %kv: !quern.kv<2 x 16>, %s: !quern.step) attributes {quern.role = #quern<role generated>} {
  %0 = quern.rms_norm %k, %n {epsilon = 1.0e-6 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  %1 = quern.rope %0, %s {base = 1.0e4, dims = 16, size = 16} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  quern.kv_write %1, %k, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<2 x 16>
  return
}
