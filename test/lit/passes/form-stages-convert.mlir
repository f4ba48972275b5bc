// A norm takes its only reader's conversion along.
// RUN: quern-opt %s --quern-form-stages=normalize-convert=true | FileCheck %s
// RUN: quern-opt %s --quern-form-stages=normalize-convert=false | FileCheck %s --check-prefix=OFF

// CHECK-LABEL: func.func @norm
// CHECK: quern.stage "attn_norm" {{.*}} -> (!quern.rows<32, i16>)
// CHECK: %[[N:.*]] = quern.rms_norm
// CHECK-NEXT: quern.convert %[[N]]
// CHECK-NEXT: quern.yield
// CHECK: quern.linear
// OFF-LABEL: func.func @norm
// OFF: quern.rms_norm
// OFF-NEXT: quern.yield
// OFF: quern.stage "convert"
// OFF: quern.convert
// OFF-NEXT: quern.yield
func.func @norm(%x: tensor<?x32xf32>, %n: tensor<32xf32>, %w: !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.rms_norm %x, %n {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32> loc("attn_norm")
  %1 = quern.convert %0 : tensor<?x32xf32> -> !quern.rows<32, i16>
  %2 = quern.linear %1, %w : (!quern.rows<32, i16>, !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}

// The norm has a second reader; what is no norm keeps its rows, too.
// CHECK-LABEL: func.func @two_readers
// CHECK: quern.rms_norm
// CHECK-NEXT: quern.yield
// CHECK: quern.convert
// CHECK: quern.scale
// CHECK-NEXT: quern.yield
// CHECK: quern.convert
func.func @two_readers(%x: tensor<?x32xf32>, %n: tensor<32xf32>) -> (!quern.rows<32, i16>, !quern.rows<32, i16>) attributes {quern.role = #quern<role generated>} {
  %0 = quern.rms_norm %x, %n {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, tensor<32xf32>) -> tensor<?x32xf32>
  %1 = quern.convert %0 : tensor<?x32xf32> -> !quern.rows<32, i16>
  %2 = quern.scale %0 by 2.0 : tensor<?x32xf32>
  %3 = quern.convert %2 : tensor<?x32xf32> -> !quern.rows<32, i16>
  return %1, %3 : !quern.rows<32, i16>, !quern.rows<32, i16>
}
