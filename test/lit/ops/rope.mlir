// Rotary embeddings with all of their options.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @rope
// GENERIC-LABEL: sym_name = "rope"
func.func @rope(%x: tensor<?x576xf32>, %s: !quern.step, %t: tensor<192x64xf32>) {
  // CHECK: quern.rope %{{.*}}, %{{.*}} {base = 1.000000e+04 : f64, dims = 64 : i64, size = 64 : i64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  // GENERIC: "quern.rope"(%{{.*}}, %{{.*}}) <{base = 1.000000e+04 : f64, dims = 64 : i64, size = 64 : i64}>
  %0 = quern.rope %x, %s {base = 1.0e4, dims = 64, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  // CHECK: quern.rope %{{.*}}, %{{.*}} {{{.*}}dims = 4 : i64, factors = array<f64: 1.000000e+00, 2.000000e+00>, half, size = 64 : i64}
  // GENERIC: "quern.rope"({{.*}} factors = array<f64: 1.000000e+00, 2.000000e+00>, half,
  %1 = quern.rope %x, %s {base = 1.0e4, dims = 4, half, factors = array<f64: 1.0, 2.0>, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  // CHECK: quern.rope %{{.*}}, %{{.*}} table %{{.*}} {{{.*}}} : (tensor<?x576xf32>, !quern.step, tensor<192x64xf32>) -> tensor<?x576xf32>
  // GENERIC: "quern.rope"(%{{.*}}, %{{.*}}, %{{.*}}) <{
  %2 = quern.rope %x, %s table %t {base = 1.0e4, dims = 64, size = 64} : (tensor<?x576xf32>, !quern.step, tensor<192x64xf32>) -> tensor<?x576xf32>
  return
}
