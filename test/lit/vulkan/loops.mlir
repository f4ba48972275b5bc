// A loop that may have no round gives what it was given.
// RUN: quern-opt %s --quern-simt-lower-kernels --quern-vulkan-to-spirv | FileCheck %s

// CHECK: spirv.mlir.loop
// CHECK: spirv.mlir.merge
// CHECK: %[[SUM:[0-9]+]] = spirv.Load "Function" %{{.*}} : f32
// CHECK: %[[ANY:[0-9]+]] = spirv.SLessThan %{{.*}}, %cst33_i32 : i32
// CHECK-NEXT: spirv.Select %[[ANY]], %[[SUM]], %{{.*}} : i1, f32
quern.kernel @norm role prompt rows step {
^bb0(%x: tensor<?x33xf32>, %w: tensor<33xf32>):
  %y = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x33xf32>, tensor<33xf32>) -> tensor<?x33xf32>
  quern.yield %y : tensor<?x33xf32>
}
