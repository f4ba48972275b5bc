// The best of each row of logits: by parts, whose lists become one; and all of them.
// RUN: quern-opt %s --quern-rank-logits | FileCheck %s
// RUN: quern-opt %s --quern-rank-logits="k=4 part=8 lists=2" | FileCheck %s --check-prefix=SMALL
// RUN: quern-opt %s --quern-rank-logits="device=0" | FileCheck %s --check-prefix=DEVICE
// RUN: not quern-opt %s --quern-rank-logits="k=0" 2>&1 | FileCheck %s --check-prefix=WRONG
// RUN: not quern-opt %s --quern-rank-logits="k=9 part=8" 2>&1 | FileCheck %s --check-prefix=WRONG
// RUN: not quern-opt %s --quern-rank-logits="lists=1" 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: requires a k from 1 to the part, and two lists that become one

// CHECK-LABEL: func.func @prompt
// CHECK-SAME: -> (tensor<?x3000xf32>, tensor<?x128xf32>)
// CHECK: %[[L:.*]] = quern.select_rows
// CHECK-NEXT: %[[P:.*]] = quern.top_k %[[L]] {k = 64 : i64, part = 1024 : i64} : (tensor<?x3000xf32>) -> tensor<?x384xf32>
// CHECK-NEXT: %[[B:.*]] = quern.merge_top_k %[[P]] {k = 64 : i64, lists = 16 : i64} : (tensor<?x384xf32>) -> tensor<?x128xf32>
// CHECK-NEXT: %[[A:.*]] = quern.read_back %[[L]]
// CHECK-NEXT: return %[[A]], %[[B]]
// DEVICE-LABEL: func.func @prompt
// DEVICE: return {{.*}}, {{.*}} : tensor<?x3000xf32>, tensor<?x128xf32>
func.func @prompt(%x: tensor<?x3000xf32>, %step: !quern.step, %rows: tensor<?xi32>) -> tensor<?x3000xf32> attributes {quern.role = #quern<role prompt>} {
  %0 = quern.select_rows %x, %rows : tensor<?x3000xf32>, tensor<?xi32>
  return %0 : tensor<?x3000xf32>
}

// Fewer columns than are asked for are all the best there are, in one list.
// CHECK-LABEL: func.func @generated
// CHECK: quern.top_k {{.*}} {k = 30 : i64, part = 1024 : i64, quern.device = 1 : i32} : (tensor<?x30xf32>) -> tensor<?x60xf32>
// CHECK-NEXT: quern.read_back {{.*}} {quern.device = 1 : i32}
// SMALL-LABEL: func.func @generated
// SMALL: quern.top_k {{.*}}-> tensor<?x32xf32>
// SMALL-NEXT: quern.merge_top_k {{.*}} {k = 4 : i64, lists = 2 : i64, {{.*}}-> tensor<?x16xf32>
// SMALL-NEXT: quern.merge_top_k {{.*}}-> tensor<?x8xf32>
// SMALL-NEXT: quern.read_back
// What another device makes is left alone.
// DEVICE-LABEL: func.func @generated
// DEVICE: return {{.*}} : tensor<?x30xf32>
func.func @generated(%x: tensor<?x30xf32>, %step: !quern.step, %rows: tensor<?xi32>) -> tensor<?x30xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.select_rows %x, %rows {quern.device = 1 : i32} : tensor<?x30xf32>, tensor<?xi32>
  return %0 : tensor<?x30xf32>
}

// So are more columns than can be counted, what is no program, and what returns none.
// CHECK-LABEL: func.func @large
// CHECK: return {{.*}} : tensor<?x16777216xf32>
func.func @large(%x: tensor<?x16777216xf32>, %rows: tensor<?xi32>) -> tensor<?x16777216xf32> attributes {quern.role = #quern<role generated>} {
  %0 = quern.select_rows %x, %rows : tensor<?x16777216xf32>, tensor<?xi32>
  return %0 : tensor<?x16777216xf32>
}
// CHECK-LABEL: func.func @other
// CHECK-NOT: quern.top_k
func.func @other(%x: tensor<?x30xf32>, %rows: tensor<?xi32>) -> tensor<?x30xf32> {
  %0 = quern.select_rows %x, %rows : tensor<?x30xf32>, tensor<?xi32>
  return %0 : tensor<?x30xf32>
}
func.func @nothing(%x: tensor<?x30xf32>) attributes {quern.role = #quern<role generated>} {
  return
}
