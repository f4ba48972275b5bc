// Rows of integers are made of words, by a module that the Khronos group's validator
// takes.
// RUN: quern-opt %s --quern-simt-lower-kernels --quern-vulkan-lower-tile --quern-vulkan-to-spirv -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: sed -n '/^  spirv.module/,/^  }/p' %t.mlir > %t.one.mlir
// RUN: mlir-translate --no-implicit-module --serialize-spirv %t.one.mlir -o %t.spv
// RUN: spirv-val --target-env vulkan1.3 %t.spv

// CHECK: bind(0, 3) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, StorageBuffer>
// CHECK: spirv.FDiv %{{.*}} {no_contraction} : f32
// CHECK: spirv.FDiv %{{.*}} {no_contraction} : vector<4xf32>
// CHECK: spirv.GL.RoundEven %{{.*}} : vector<4xf32>
// CHECK: spirv.ConvertFToS
quern.kernel @k role generated rows step {
^bb0(%x: tensor<?x333xf32>):
  %y = quern.convert %x : tensor<?x333xf32> -> !quern.rows<333, i16>
  quern.yield %y : !quern.rows<333, i16>
}
