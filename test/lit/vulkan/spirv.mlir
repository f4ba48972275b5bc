// Kernels as SPIR-V, which the Khronos group's validator takes.
// RUN: quern-opt %s --quern-simt-lower-kernels --quern-simt-lower-tile --quern-vulkan-to-spirv -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: sed -n '/^  spirv.module/,/^  }/p' %t.mlir > %t.one.mlir
// RUN: mlir-translate --no-implicit-module --serialize-spirv %t.one.mlir -o %t.spv
// RUN: spirv-val --target-env vulkan1.3 %t.spv

#c4 = #quern.group<codes = 4, span = 256, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 8, signed = false, bias = 0, unit = 1065353216>, offset = <codec = 1, bits = 8, signed = false, bias = 0, unit = -1082130432>>
// CHECK: spirv.module @{{.*}} Logical GLSL450 requires #spirv.vce<v1.6
// CHECK-DAG: spirv.GlobalVariable @{{.*}} : !spirv.ptr<!spirv.struct<(!spirv.array<2048 x f32>)>, Workgroup>
// CHECK-DAG: bind(0, 0) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i32, stride=4> [0])>, StorageBuffer>
// CHECK-DAG: bind(0, 4) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
// A driver may neither fuse nor split what is written.
// CHECK: spirv.GL.Fma {{.*}} {no_contraction} : f32
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>
// CHECK: spirv.EntryPoint "GLCompute" @main
// CHECK: spirv.ExecutionMode @main "LocalSize", 128, 1, 1
quern.kernel @k role generated rows step {
^bb0(%x: tensor<?x333xf32>, %w: !quern.panels<50 x 333, #c4>):
  %y = quern.linear %x, %w : (tensor<?x333xf32>, !quern.panels<50 x 333, #c4>) -> tensor<?x50xf32>
  quern.yield %y : tensor<?x50xf32>
}
