// Norms over a row and over each head.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @rms_norm
// GENERIC-LABEL: sym_name = "rms_norm"
func.func @rms_norm(%x: tensor<?x576xf32>, %w: tensor<576xf32>, %h: !quern.weight<1 x 64, "f32">) {
  // CHECK: quern.rms_norm %{{.*}}, %{{.*}} {epsilon = 1.22070313E-4 : f32} : (tensor<?x576xf32>, tensor<576xf32>) -> tensor<?x576xf32>
  // GENERIC: "quern.rms_norm"(%{{.*}}, %{{.*}}) <{epsilon = 1.22070313E-4 : f32}>
  %0 = quern.rms_norm %x, %w {epsilon = 0.0001220703125 : f32} : (tensor<?x576xf32>, tensor<576xf32>) -> tensor<?x576xf32>
  // CHECK: quern.rms_norm {{.*}} : (tensor<?x576xf32>, !quern.weight<1 x 64, "f32">) -> tensor<?x576xf32>
  %1 = quern.rms_norm %x, %h {epsilon = 1.0e-5 : f32} : (tensor<?x576xf32>, !quern.weight<1 x 64, "f32">) -> tensor<?x576xf32>
  return
}
