// Conversions to each kind of number.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @convert
// GENERIC-LABEL: sym_name = "convert"
func.func @convert(%x: tensor<?x576xf32>) {
  // CHECK: quern.convert %{{.*}} : tensor<?x576xf32> -> {{(!quern.rows)?}}<576, i16>
  // GENERIC: "quern.convert"(%{{.*}}) : (tensor<?x576xf32>) -> !quern.rows<576, i16>
  %0 = quern.convert %x : tensor<?x576xf32> -> !quern.rows<576, i16>
  // CHECK: quern.convert %{{.*}} : tensor<?x576xf32> -> {{(!quern.rows)?}}<576, bf16>
  // GENERIC: "quern.convert"(%{{.*}}) : (tensor<?x576xf32>) -> !quern.rows<576, bf16>
  %1 = quern.convert %x : tensor<?x576xf32> -> !quern.rows<576, bf16>
  return
}
