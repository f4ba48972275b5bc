// Embeddings, with and without a scale, from each kind of table.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

#q8 = #quern.group<codes = 8, span = 32, supers = 1, group = 32, bias = 128, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>

// CHECK-LABEL: func.func @embed
// GENERIC-LABEL: sym_name = "embed"
func.func @embed(%t: tensor<?xi32>, %w: !quern.weight<49152 x 576, "q8_0">, %p: !quern.panels<49152 x 576, #q8>) {
  // The scale is 1 unless it is said.
  // CHECK: quern.embed %{{.*}}, %{{.*}} : (tensor<?xi32>, !quern.weight<49152 x 576, "q8_0">) -> tensor<?x576xf32>
  // GENERIC: "quern.embed"(%{{.*}}, %{{.*}}) <{scale = 1.000000e+00 : f32}>
  %0 = quern.embed %t, %w : (tensor<?xi32>, !quern.weight<49152 x 576, "q8_0">) -> tensor<?x576xf32>
  // CHECK: quern.embed %{{.*}}, %{{.*}} {scale = 2.400000e+01 : f32} : (tensor<?xi32>, !quern.panels<49152 x 576, <codes = 8
  // GENERIC: "quern.embed"(%{{.*}}, %{{.*}}) <{scale = 2.400000e+01 : f32}>
  %1 = quern.embed %t, %p {scale = 24.0 : f32} : (tensor<?xi32>, !quern.panels<49152 x 576, #q8>) -> tensor<?x576xf32>
  return
}
