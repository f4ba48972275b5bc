// Dot products of bytes are one instruction of packed words, which the Khronos group's
// validator takes; codes are the unsigned operand.
// RUN: quern-opt %s --quern-simt-lower-kernels --quern-vulkan-lower-tile --quern-vulkan-to-spirv -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: sed -n '/^  spirv.module/,/^  }/p' %t.mlir > %t.one.mlir
// RUN: mlir-translate --no-implicit-module --serialize-spirv %t.one.mlir -o %t.spv
// RUN: spirv-val --target-env vulkan1.3 %t.spv

#c4 = #quern.group<lanes = true, codes = 4, span = 32, supers = 1, group = 32, bias = 8, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
// CHECK: spirv.module @{{.*}} requires #spirv.vce<v1.6, [{{.*}}DotProductInput4x8BitPacked
// CHECK-COUNT-16: spirv.SUDot %{{.*}}, %{{.*}}, <PackedVectorFormat4x8Bit> : i32 -> i32
// CHECK-NOT: spirv.SUDot
quern.kernel @k role generated rows step {
^bb0(%x: !quern.rows<333, i16>, %w: !quern.panels<50 x 333, #c4>):
  %y = quern.linear %x, %w : (!quern.rows<333, i16>, !quern.panels<50 x 333, #c4>) -> tensor<?x50xf32>
  quern.yield %y : tensor<?x50xf32>
}
