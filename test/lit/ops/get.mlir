// Each kind of symbol can be got.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

quern.weight @w : !quern.weight<576 x 576, "q4_1">
quern.constant @c = dense<0.0> : tensor<4x2xf32>
quern.kv_cache @kv : !quern.kv<3 x 64>

// CHECK-LABEL: func.func @get
// GENERIC-LABEL: sym_name = "get"
func.func @get() {
  // CHECK: quern.get @w : !quern.weight<576 x 576, "q4_1">
  // GENERIC: "quern.get"() <{symbol = @w}> : () -> !quern.weight<576 x 576, "q4_1">
  %0 = quern.get @w : !quern.weight<576 x 576, "q4_1">
  // CHECK: quern.get @c : tensor<4x2xf32>
  %1 = quern.get @c : tensor<4x2xf32>
  // CHECK: quern.get @kv : !quern.kv<3 x 64{{ ?}}>
  %2 = quern.get @kv : !quern.kv<3 x 64>
  return
}
