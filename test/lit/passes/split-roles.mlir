// One program for each role, each with the conversions of its numbers.
// RUN: quern-opt %s --quern-split-roles | FileCheck %s
// RUN: quern-opt %s --quern-split-roles --quern-split-roles | FileCheck %s

// CHECK-NOT: @forward
// CHECK-LABEL: func.func @prompt(
// CHECK-SAME: %[[X:.*]]: tensor<?x32xf32>, %[[A:.*]]: !quern.weight{{.*}}, %[[B:.*]]: !quern.weight
// CHECK-SAME: attributes {quern.role = #quern{{.*}}prompt
// CHECK: %[[C:.*]] = quern.convert %[[X]] : tensor<?x32xf32> -> {{.*}}<32, bf16>
// CHECK-NOT: quern.convert
// CHECK: quern.linear %[[C]], %[[A]] : ({{.*}}<32, bf16>,
// CHECK: quern.linear %[[C]], %[[B]] : ({{.*}}<32, bf16>,
// CHECK: quern.add
// CHECK: quern.linear %[[X]], %[[A]] : (tensor<?x32xf32>,

// CHECK-LABEL: func.func @generated(
// CHECK-SAME: %[[X:.*]]: tensor<?x32xf32>, %[[A:.*]]: !quern.weight{{.*}}, %[[B:.*]]: !quern.weight
// CHECK-SAME: attributes {quern.role = #quern{{.*}}generated
// CHECK: %[[C:.*]] = quern.convert %[[X]] : tensor<?x32xf32> -> {{.*}}<32, i16>
// CHECK-NOT: quern.convert
// CHECK: quern.linear %[[C]], %[[A]] : ({{.*}}<32, i16>,
// CHECK: quern.linear %[[X]], %[[B]] : (tensor<?x32xf32>,
// CHECK: %[[S:.*]] = quern.add
// CHECK: quern.linear %[[C]], %[[A]] : ({{.*}}<32, i16>,
// CHECK-NOT: arithmetic
func.func @forward(%x: tensor<?x32xf32>, %a: !quern.weight<32 x 32, "q4_1">, %b: !quern.weight<32 x 32, "f16">) -> tensor<?x32xf32> {
  %0 = quern.linear %x, %a {arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32>
  %1 = quern.linear %x, %b {arithmetic = #quern.arithmetic<prompt = bf16, generated = f32>} : (tensor<?x32xf32>, !quern.weight<32 x 32, "f16">) -> tensor<?x32xf32>
  %2 = quern.add %0, %1 : tensor<?x32xf32>
  %3 = quern.linear %x, %a {arithmetic = #quern.arithmetic<prompt = f32, generated = i16>} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32>
  return %3 : tensor<?x32xf32>
}
