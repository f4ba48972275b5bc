// The lists are made before the rows are brought back, and nothing is fused to either.
// RUN: quern-opt %s --quern-rank-logits --quern-form-stages --quern-outline-kernels --quern-plan-memory="context=64 max-batch=2 chunk=16" | FileCheck %s

// CHECK: best = 64 : i64
// CHECK-LABEL: func.func @prompt
// CHECK: quern.launch @prompt.select_rows.0 "select_rows"
// CHECK-NEXT: quern.launch @prompt.scale.0 "scale"
// CHECK-NEXT: quern.launch @prompt.top_k.0 "top_k"
// CHECK-NEXT: quern.launch @prompt.merge_top_k.0 "merge_top_k"
// CHECK-NEXT: quern.launch @prompt.read_back.0 "logits"
// CHECK-NEXT: return
func.func @prompt(%x: tensor<?x3000xf32>, %step: !quern.step, %rows: tensor<?xi32>) -> tensor<?x3000xf32> attributes {quern.role = #quern<role prompt>} {
  %0 = quern.select_rows %x, %rows : tensor<?x3000xf32>, tensor<?xi32>
  %1 = quern.scale %0 by 2.0 : tensor<?x3000xf32>
  return %1 : tensor<?x3000xf32>
}
