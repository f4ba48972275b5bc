// Attention with and without a soft cap.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @attention
// GENERIC-LABEL: sym_name = "attention"
func.func @attention(%q: tensor<?x576xf32>, %kv: !quern.kv<3 x 64, window = 512>, %s: !quern.step) {
  // CHECK: quern.attention %{{.*}}, %{{.*}}, %{{.*}} {scale = 1.250000e-01 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64{{ ?}}, window = 512>, !quern.step) -> tensor<?x576xf32>
  // GENERIC: "quern.attention"(%{{.*}}, %{{.*}}, %{{.*}}) <{scale = 1.250000e-01 : f32}>
  %0 = quern.attention %q, %kv, %s {scale = 0.125 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64, window = 512>, !quern.step) -> tensor<?x576xf32>
  // CHECK: quern.attention {{.*}} {scale = 1.250000e-01 : f32, softcap = 5.000000e+01 : f32}
  // GENERIC: "quern.attention"(%{{.*}}, %{{.*}}, %{{.*}}) <{scale = 1.250000e-01 : f32, softcap = 5.000000e+01 : f32}>
  %1 = quern.attention %q, %kv, %s {scale = 0.125 : f32, softcap = 50.0 : f32} : (tensor<?x576xf32>, !quern.kv<3 x 64, window = 512>, !quern.step) -> tensor<?x576xf32>
  return
}
