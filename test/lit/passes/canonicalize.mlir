// A factor of 1 folds away, others stay; dead ops go, writes do not.
// RUN: quern-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @one(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @one(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %0 = quern.scale %x by 1.0 : tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @half(
// CHECK-NEXT: %[[Y:.*]] = quern.scale %{{.*}} by 5.000000e-01
// CHECK-NEXT: return %[[Y]]
func.func @half(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %0 = quern.scale %x by 0.5 : tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @minus(
// CHECK-NEXT: quern.scale %{{.*}} by -1.000000e+00
func.func @minus(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %0 = quern.scale %x by -1.0 : tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @effects(
// CHECK-NEXT: quern.kv_write
// CHECK-NEXT: return
func.func @effects(%x: tensor<?x32xf32>, %kv: !quern.kv<1 x 32>, %s: !quern.step) {
  %0 = quern.add %x, %x : tensor<?x32xf32>
  quern.kv_write %x, %x, %kv, %s : tensor<?x32xf32>, tensor<?x32xf32>, !quern.kv<1 x 32>
  %1 = quern.attention %x, %kv, %s {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x32xf32>
  return
}
