// Attention of generated rows in two phases, where the context is longer than a part.
// RUN: quern-opt %s --quern-split-stages="context=8192 attention-keys=512" | FileCheck %s
// RUN: quern-opt %s --quern-split-stages="context=65536 attention-keys=512" | FileCheck %s --check-prefix=LONG
// RUN: quern-opt %s --quern-split-stages="context=512 attention-keys=512" | FileCheck %s --check-prefix=SHORT
// RUN: quern-opt %s --quern-split-stages="context=8192 attention-keys=512 device=1" | FileCheck %s --check-prefix=OTHER
// RUN: quern-opt %s --quern-split-stages="context=8192" | FileCheck %s --check-prefix=SHORT

// Prompt rows are enough for all workers.
// CHECK-LABEL: func.func @prompt
// CHECK: quern.attention %
// CHECK-NOT: quern.merge_parts
func.func @prompt(%q: tensor<?x128xf32>, %kv: !quern.kv<1 x 64, stored = f16, page = 64>, %s: !quern.step) attributes {quern.role = #quern<role prompt>} {
  %0 = quern.stage "blk.0.attention" rows step(%q, %kv, %s : tensor<?x128xf32>, !quern.kv<1 x 64, stored = f16, page = 64>, !quern.step) -> (tensor<?x128xf32>) {
  ^bb0(%a: tensor<?x128xf32>, %b: !quern.kv<1 x 64, stored = f16, page = 64>, %c: !quern.step):
    %1 = quern.attention %a, %b, %c {scale = 0.125 : f32} : (tensor<?x128xf32>, !quern.kv<1 x 64, stored = f16, page = 64>, !quern.step) -> tensor<?x128xf32>
    quern.yield %1 : tensor<?x128xf32>
  }
  return
}

// 16 parts of 512 keys; of a context of 65536, 32 parts of 2048. What the attention
// said, the first phase says.
// CHECK-LABEL: func.func @generated
// CHECK: %[[P:.*]] = quern.stage "blk.0.attention" rows step(%arg0, %arg1, %arg2 :
// CHECK: quern.attention_parts %{{.*}} {keys = 512 : i64, parts = 16 : i64, scale = 1.250000e-01 : f32, softcap = 3.000000e+01 : f32} : {{.*}} -> tensor<?x2112xf32>
// CHECK: %[[Y:.*]] = quern.stage "blk.0.attention" rows step(%[[P]] : tensor<?x2112xf32>) -> (tensor<?x128xf32>)
// CHECK: quern.merge_parts %{{.*}} {parts = 16 : i64, size = 64 : i64}
// CHECK: quern.yield
// CHECK-NOT: quern.attention %
// CHECK: return %[[Y]]
// LONG-LABEL: func.func @generated
// LONG: quern.attention_parts {{.*}} {keys = 2048 : i64, parts = 32 : i64
// SHORT-LABEL: func.func @generated
// SHORT-NOT: parts
// OTHER-LABEL: func.func @generated
// OTHER-NOT: parts
// OTHER-LABEL: func.func @generated_there
// OTHER: quern.stage {{.*}} attributes {quern.device = 1 : i32}
// OTHER: quern.attention_parts
// OTHER: quern.stage {{.*}} attributes {quern.device = 1 : i32}
// OTHER: quern.merge_parts
func.func @generated(%q: tensor<?x128xf32>, %kv: !quern.kv<1 x 64, stored = f16, page = 64>, %s: !quern.step) -> tensor<?x128xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.stage "blk.0.attention" rows step(%q, %kv, %s : tensor<?x128xf32>, !quern.kv<1 x 64, stored = f16, page = 64>, !quern.step) -> (tensor<?x128xf32>) {
  ^bb0(%a: tensor<?x128xf32>, %b: !quern.kv<1 x 64, stored = f16, page = 64>, %c: !quern.step):
    %1 = quern.attention %a, %b, %c {scale = 0.125 : f32, softcap = 30.0 : f32} : (tensor<?x128xf32>, !quern.kv<1 x 64, stored = f16, page = 64>, !quern.step) -> tensor<?x128xf32>
    quern.yield %1 : tensor<?x128xf32>
  }
  return %0 : tensor<?x128xf32>
}

func.func @generated_there(%q: tensor<?x128xf32>, %kv: !quern.kv<1 x 64, stored = f16, page = 64>, %s: !quern.step) -> tensor<?x128xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.stage "blk.0.attention" rows step(%q, %kv, %s : tensor<?x128xf32>, !quern.kv<1 x 64, stored = f16, page = 64>, !quern.step) -> (tensor<?x128xf32>) attributes {quern.device = 1 : i32} {
  ^bb0(%a: tensor<?x128xf32>, %b: !quern.kv<1 x 64, stored = f16, page = 64>, %c: !quern.step):
    %1 = quern.attention %a, %b, %c {scale = 0.125 : f32} : (tensor<?x128xf32>, !quern.kv<1 x 64, stored = f16, page = 64>, !quern.step) -> tensor<?x128xf32>
    quern.yield %1 : tensor<?x128xf32>
  }
  return %0 : tensor<?x128xf32>
}

// A window of four parts or fewer is one phase's work, a longer one is not.
// CHECK-LABEL: func.func @windows
// CHECK: quern.attention %
// CHECK: quern.attention_parts
// LONG-LABEL: func.func @windows
// LONG-NOT: parts
func.func @windows(%q: tensor<?x128xf32>, %short: !quern.kv<1 x 64, window = 2048, stored = f16, page = 64>, %long: !quern.kv<1 x 64, window = 2049, stored = f16, page = 64>, %s: !quern.step) attributes {quern.role = #quern<role generated>} {
  %0 = quern.stage "blk.0.attention" rows step(%q, %short, %s : tensor<?x128xf32>, !quern.kv<1 x 64, window = 2048, stored = f16, page = 64>, !quern.step) -> (tensor<?x128xf32>) {
  ^bb0(%a: tensor<?x128xf32>, %b: !quern.kv<1 x 64, window = 2048, stored = f16, page = 64>, %c: !quern.step):
    %2 = quern.attention %a, %b, %c {scale = 0.125 : f32} : (tensor<?x128xf32>, !quern.kv<1 x 64, window = 2048, stored = f16, page = 64>, !quern.step) -> tensor<?x128xf32>
    quern.yield %2 : tensor<?x128xf32>
  }
  %1 = quern.stage "blk.1.attention" rows step(%q, %long, %s : tensor<?x128xf32>, !quern.kv<1 x 64, window = 2049, stored = f16, page = 64>, !quern.step) -> (tensor<?x128xf32>) {
  ^bb0(%a: tensor<?x128xf32>, %b: !quern.kv<1 x 64, window = 2049, stored = f16, page = 64>, %c: !quern.step):
    %2 = quern.attention %a, %b, %c {scale = 0.125 : f32} : (tensor<?x128xf32>, !quern.kv<1 x 64, window = 2049, stored = f16, page = 64>, !quern.step) -> tensor<?x128xf32>
    quern.yield %2 : tensor<?x128xf32>
  }
  return
}
