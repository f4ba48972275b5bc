// Element-wise ops join what makes their operand, where nothing could notice.
// RUN: quern-opt %s --quern-form-stages | FileCheck %s
// RUN: quern-opt %s --quern-form-stages --quern-form-stages | FileCheck %s
// RUN: quern-opt %s --quern-form-stages=epilogue=false | FileCheck %s --check-prefix=OFF

// CHECK-LABEL: func.func @residual
// CHECK: %[[Y:.*]] = quern.stage "blk.0.attn_output" rows step
// CHECK: %[[L:.*]] = quern.linear
// CHECK-NEXT: %[[A:.*]] = quern.add %[[L]],
// CHECK-NEXT: %[[S:.*]] = quern.scale %[[A]]
// CHECK-NEXT: quern.yield %[[S]] :
// CHECK-NEXT: }
// CHECK-NEXT: return %[[Y]]
// OFF-LABEL: func.func @residual
// OFF: quern.stage "blk.0.attn_output"
// OFF: quern.linear
// OFF-NEXT: quern.yield
// OFF: quern.stage "blk.0.residual"
// OFF: quern.add
// OFF-NEXT: quern.yield
// OFF: quern.stage "scale"
// OFF: quern.scale
// OFF-NEXT: quern.yield
func.func @residual(%x: tensor<?x32xf32>, %r: tensor<?x32xf32>, %w: tensor<32x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("blk.0.attn_output")
  %1 = quern.add %0, %r : tensor<?x32xf32> loc("blk.0.residual")
  %2 = quern.scale %1 by 2.0 : tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}

// A product that is also read elsewhere is written to memory as it is.
// CHECK-LABEL: func.func @second_use
// CHECK: quern.linear
// CHECK-NEXT: quern.yield
// CHECK: quern.stage "scale"
// CHECK: quern.scale
// CHECK: quern.add
func.func @second_use(%x: tensor<?x32xf32>, %w: tensor<32x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32>
  %1 = quern.scale %0 by 2.0 : tensor<?x32xf32>
  %2 = quern.add %0, %1 : tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}

// The sum reads two products of different rows: it joins the second.
// CHECK-LABEL: func.func @between
// CHECK: %[[A:.*]] = quern.stage "a"
// CHECK: quern.linear
// CHECK-NEXT: quern.yield
// CHECK: %[[B:.*]] = quern.stage "b" rows step{{ ?}}({{.*}}%[[A]] :
// CHECK: %[[L:.*]] = quern.linear
// CHECK-NEXT: quern.add %{{.*}}, %[[L]]
// CHECK: return %[[B]]
func.func @between(%x: tensor<?x32xf32>, %y: tensor<?x32xf32>, %w: tensor<32x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("a")
  %1 = quern.linear %y, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("b")
  %2 = quern.add %0, %1 : tensor<?x32xf32>
  return %2 : tensor<?x32xf32>
}

// The other operand is made between, by what takes no epilogue: the product,
// which nothing reads before the sum, moves down to it.
// CHECK-LABEL: func.func @late_operand
// CHECK: quern.rope
// CHECK-NEXT: quern.yield
// CHECK: quern.stage "product"
// CHECK: quern.linear
// CHECK-NEXT: quern.add
// CHECK-NEXT: quern.yield
func.func @late_operand(%x: tensor<?x32xf32>, %s: !quern.step, %w: tensor<32x32xf32>) -> tensor<?x32xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, tensor<32x32xf32>) -> tensor<?x32xf32> loc("product")
  %1 = quern.rope %x, %s {base = 1.0e4, dims = 32, size = 32} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  %2 = quern.add %0, %1 : tensor<?x32xf32> loc("sum")
  return %2 : tensor<?x32xf32>
}

// Without a role it is no program.
// CHECK-LABEL: func.func @other
// CHECK-NOT: quern.stage
// CHECK: quern.scale
func.func @other(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %0 = quern.scale %x by 2.0 : tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}
