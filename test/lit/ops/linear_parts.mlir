// Both phases of a product of few outputs.
// RUN: quern-opt %s | quern-opt | FileCheck %s
// RUN: quern-opt %s --mlir-print-op-generic | quern-opt | FileCheck %s

// CHECK-LABEL: func.func @parts
func.func @parts(%x: tensor<?x100xf32>, %w: tensor<40x100xf32>) -> tensor<?x40xf32> {
  // CHECK: %[[P:.*]] = quern.linear_parts %{{.*}}, %{{.*}} {columns = 64 : i64, parts = 2 : i64} : (tensor<?x100xf32>, tensor<40x100xf32>) -> tensor<?x80xf32>
  %0 = quern.linear_parts %x, %w {columns = 64, parts = 2} : (tensor<?x100xf32>, tensor<40x100xf32>) -> tensor<?x80xf32>
  // CHECK: quern.sum_parts %[[P]] {parts = 2 : i64} : tensor<?x80xf32> -> tensor<?x40xf32>
  %1 = quern.sum_parts %0 {parts = 2} : tensor<?x80xf32> -> tensor<?x40xf32>
  return %1 : tensor<?x40xf32>
}
