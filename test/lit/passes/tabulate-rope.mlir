// Every rope gets a table; equal tables exist once.
// RUN: quern-opt %s --quern-tabulate-rope=context=128 --mlir-print-elementsattrs-with-hex-if-larger=-1 | FileCheck %s
// RUN: quern-opt %s --quern-tabulate-rope=context=128 --quern-tabulate-rope=context=128 --mlir-print-elementsattrs-with-hex-if-larger=-1 | FileCheck %s
// RUN: quern-opt %s --quern-tabulate-rope=context=129 | FileCheck %s --check-prefix=MORE
// RUN: quern-opt %s --quern-tabulate-rope | FileCheck %s --check-prefix=DEFAULT

// 64 fine rows, then one for each 64 tokens of the context: positions 0, 1, ...
// 63, 0, 64. Pair 0 turns by one radian a position, pair 1 by 1/100, or half of
// that by its factor. A row is cos, cos, sin, sin.
// CHECK-DAG: @rope.0 = dense<{{\[\[}}1.000000e+00, 1.000000e+00, 0.000000e+00, 0.000000e+00], [0.540302{{[0-9]*}}, 0.999949{{[0-9]*}}, 0.841470{{[0-9]*}}, 0.00999983{{.*}}, [0.391857{{[0-9]*}}, 0.802095{{[0-9]*}}, 0.920026{{[0-9]*}}, 0.597195{{[0-9]*}}]]> : tensor<66x4xf32>
// CHECK-DAG: @rope.1 = dense<{{.*}}, [0.391857{{[0-9]*}}, 0.949235{{[0-9]*}}, 0.920026{{[0-9]*}}, 0.314566{{[0-9]*}}]]> : tensor<66x4xf32>
// CHECK-NOT: quern.constant
// MORE: quern.constant @rope.{{.*}} : tensor<67x4xf32>
// DEFAULT: quern.constant @rope.{{.*}} : tensor<128x4xf32>

// CHECK-LABEL: func.func @forward
// CHECK: %[[A:.*]] = quern.get @rope.0 : tensor<66x4xf32>
// CHECK: quern.rope %{{.*}}, %{{.*}} table %[[A]] {dims = 4
// CHECK: %[[B:.*]] = quern.get @rope.0 : tensor<66x4xf32>
// CHECK: quern.rope %{{.*}}, %{{.*}} table %[[B]] {dims = 4
// CHECK: %[[C:.*]] = quern.get @rope.1 : tensor<66x4xf32>
// CHECK: quern.rope %{{.*}}, %{{.*}} table %[[C]] {dims = 4 : i64, size = 8
func.func @forward(%x: tensor<?x8xf32>, %s: !quern.step) -> tensor<?x8xf32> {
  %0 = quern.rope %x, %s {base = 1.0e4, dims = 4, size = 8} : (tensor<?x8xf32>, !quern.step) -> tensor<?x8xf32>
  %1 = quern.rope %0, %s {base = 1.0e4, dims = 4, size = 4, half} : (tensor<?x8xf32>, !quern.step) -> tensor<?x8xf32>
  %2 = quern.rope %1, %s {base = 1.0e4, dims = 4, size = 8, factors = array<f64: 1.0, 2.0>} : (tensor<?x8xf32>, !quern.step) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}
