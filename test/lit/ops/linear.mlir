// Products of each kind of rows with each kind of weight.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

#q8 = #quern.group<codes = 8, span = 32, supers = 1, group = 32, bias = 128, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>

// CHECK-LABEL: func.func @linear
// GENERIC-LABEL: sym_name = "linear"
func.func @linear(%x: tensor<?x576xf32>, %c: !quern.rows<576, i16>, %w: !quern.weight<1536 x 576, "q4_1">, %p: !quern.panels<1536 x 576, #q8>, %f: tensor<1536x576xf32>) {
  // CHECK: quern.linear %{{.*}}, %{{.*}} : (tensor<?x576xf32>, !quern.weight<1536 x 576, "q4_1">) -> tensor<?x1536xf32>
  // GENERIC: "quern.linear"(%{{.*}}, %{{.*}}) : (tensor<?x576xf32>, !quern.weight<1536 x 576, "q4_1">) -> tensor<?x1536xf32>
  %0 = quern.linear %x, %w : (tensor<?x576xf32>, !quern.weight<1536 x 576, "q4_1">) -> tensor<?x1536xf32>
  // CHECK: quern.linear %{{.*}}, %{{.*}} {arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>}
  // GENERIC: "quern.linear"(%{{.*}}, %{{.*}}) <{arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>}>
  %1 = quern.linear %x, %w {arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>} : (tensor<?x576xf32>, !quern.weight<1536 x 576, "q4_1">) -> tensor<?x1536xf32>
  // CHECK: quern.linear %{{.*}}, %{{.*}} : (!quern.rows<576, i16>, !quern.panels<1536 x 576, <codes = 8{{.*}}>>) -> tensor<?x1536xf32>
  %2 = quern.linear %c, %p : (!quern.rows<576, i16>, !quern.panels<1536 x 576, #q8>) -> tensor<?x1536xf32>
  // CHECK: quern.linear %{{.*}}, %{{.*}} : (tensor<?x576xf32>, tensor<1536x576xf32>) -> tensor<?x1536xf32>
  %3 = quern.linear %x, %f : (tensor<?x576xf32>, tensor<1536x576xf32>) -> tensor<?x1536xf32>
  return
}
