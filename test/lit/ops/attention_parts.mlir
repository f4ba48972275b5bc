// Both phases of an attention over a long context.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s

// CHECK-LABEL: func.func @parts
func.func @parts(%q: tensor<?x576xf32>, %kv: !quern.kv<3 x 64, window = 512>, %s: !quern.step) -> tensor<?x576xf32> {
  // CHECK: %[[P:.*]] = quern.attention_parts %{{.*}}, %{{.*}}, %{{.*}} {keys = 512 : i64, parts = 16 : i64, scale = 1.250000e-01 : f32, softcap = 5.000000e+01 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64{{ ?}}, window = 512>, !quern.step) -> tensor<?x9504xf32>
  %0 = quern.attention_parts %q, %kv, %s {keys = 512, parts = 16, scale = 0.125 : f32, softcap = 50.0 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64, window = 512>, !quern.step) -> tensor<?x9504xf32>
  // CHECK: quern.merge_parts %[[P]] {parts = 16 : i64, size = 64 : i64} : tensor<?x9504xf32> -> tensor<?x576xf32>
  %1 = quern.merge_parts %0 {parts = 16, size = 64} : tensor<?x9504xf32> -> tensor<?x576xf32>
  return %1 : tensor<?x576xf32>
}
