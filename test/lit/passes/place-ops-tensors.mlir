// What tensors' names say comes before their layers; an op without weights is where
// the fewest copies are. Printed are the ops on device 1, by what they are called here.
// DEFINE: %{layers} =
// DEFINE: %{tensors} =
// DEFINE: %{prefix} =
// DEFINE: %{check} = quern-opt %s --quern-place-ops="layers=%{layers} tensors=%{tensors}" \
// DEFINE:   | sed -n 's/.*at = "\([a-z0-9_]*\)".*quern.device = 1.*/\1/p' \
// DEFINE:   | tr '\n' ' ' | FileCheck %s --match-full-lines --check-prefix=%{prefix}

// The residual stream stays, but for its end: of that fewer rows are selected.
// REDEFINE: %{layers} = 2
// REDEFINE: %{tensors} = blk.*.ffn_*=1
// REDEFINE: %{prefix} = FFN
// RUN: %{check}
// FFN: gate0 up0 glu0 down0 gate1 up1 glu1 down1 sum1 select

// GLU goes where both of its operands are made, or one of them and its reader is.
// REDEFINE: %{tensors} = blk.0.ffn_gate=1,blk.0.ffn_up.weight=1,blk.1.ffn_up=1,blk.1.ffn_down=1
// REDEFINE: %{prefix} = GLU
// RUN: %{check}
// GLU: gate0 up0 glu0 up1 glu1 down1 sum1 select

// A whole layer has its residuals, however its neighbours go.
// REDEFINE: %{tensors} = blk.0.*=1
// REDEFINE: %{prefix} = WHOLE
// RUN: %{check}
// WHOLE: norm0 q0 k0 v0 rope_q0 rope_k0 write0 attention0 o0 add0 gate0 up0 glu0 down0 sum0

// Keys and values, their write, attention and the rotations are together: where most
// of what they read is made and read.
// REDEFINE: %{tensors} = blk.0.attn_k=1,blk.1.attn_?=1
// REDEFINE: %{prefix} = ATTENTION
// RUN: %{check}
// ATTENTION: k0 q1 k1 v1 rope_q1 rope_k1 write1 attention1

// A tied matrix is the embedding where a row of it is read, and the output where it is
// multiplied with. Rows are selected where they are made.
// REDEFINE: %{tensors} = token_embd=1,output_norm=1
// REDEFINE: %{prefix} = EMBEDDING
// RUN: %{check}
// EMBEDDING: embed norm
// REDEFINE: %{tensors} = output*=1
// REDEFINE: %{prefix} = OUTPUT
// RUN: %{check}
// OUTPUT: norm output cap

// The last rule that matches counts; layers are those of names without any.
// REDEFINE: %{layers} = 1
// REDEFINE: %{tensors} = *=1,blk.0.ffn_*=0,blk.?.ffn_down.weight=1
// REDEFINE: %{prefix} = LAST
// RUN: %{check}
// LAST: embed norm0 q0 k0 v0 rope_q0 rope_k0 write0 attention0 o0 add0 down0 sum0 norm1 q1 k1 v1 rope_q1 rope_k1 write1 attention1 o1 add1 gate1 up1 glu1 down1 sum1 select norm output cap
// REDEFINE: %{tensors} = blk.1.attn_output=1
// REDEFINE: %{prefix} = LAYERS
// RUN: %{check}
// LAYERS: embed norm0 q0 k0 v0 rope_q0 rope_k0 write0 attention0 o0 add0 gate0 up0 glu0 down0 sum0 o1 add1

quern.weight @token_embd : !quern.weight<64 x 32, "q8_0">
quern.weight @blk.0.attn_norm : !quern.weight<1 x 32, "f32">
quern.weight @blk.0.attn_q : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.0.attn_k : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.0.attn_v : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.0.attn_output : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.0.ffn_gate : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.0.ffn_up : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.0.ffn_down : !quern.weight<32 x 32, "q8_0">
quern.kv_cache @blk.0.kv : !quern.kv<1 x 32>
quern.weight @blk.1.attn_norm : !quern.weight<1 x 32, "f32">
quern.weight @blk.1.attn_q : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.1.attn_k : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.1.attn_v : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.1.attn_output : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.1.ffn_gate : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.1.ffn_up : !quern.weight<32 x 32, "q8_0">
quern.weight @blk.1.ffn_down : !quern.weight<32 x 32, "q8_0">
quern.kv_cache @blk.1.kv : !quern.kv<1 x 32>
quern.weight @output_norm : !quern.weight<1 x 32, "f32">
func.func @forward(%tokens: tensor<?xi32>, %step: !quern.step, %rows: tensor<?xi32>) -> tensor<?x64xf32> {
  %e = quern.get @token_embd : !quern.weight<64 x 32, "q8_0">
  %x0 = quern.embed %tokens, %e {at = "embed"} : (tensor<?xi32>, !quern.weight<64 x 32, "q8_0">) -> tensor<?x32xf32>
  %n0 = quern.get @blk.0.attn_norm : !quern.weight<1 x 32, "f32">
  %a0 = quern.rms_norm %x0, %n0 {at = "norm0", epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !quern.weight<1 x 32, "f32">) -> tensor<?x32xf32>
  %w_q0 = quern.get @blk.0.attn_q : !quern.weight<32 x 32, "q8_0">
  %q0 = quern.linear %a0, %w_q0 {at = "q0"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %w_k0 = quern.get @blk.0.attn_k : !quern.weight<32 x 32, "q8_0">
  %k0 = quern.linear %a0, %w_k0 {at = "k0"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %w_v0 = quern.get @blk.0.attn_v : !quern.weight<32 x 32, "q8_0">
  %v0 = quern.linear %a0, %w_v0 {at = "v0"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %rq0 = quern.rope %q0, %step {at = "rope_q0", base = 1.0e4 : f64, dims = 32 : i64, size = 32 : i64} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  %rk0 = quern.rope %k0, %step {at = "rope_k0", base = 1.0e4 : f64, dims = 32 : i64, size = 32 : i64} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  %c0 = quern.get @blk.0.kv : !quern.kv<1 x 32>
  quern.kv_write %rk0, %v0, %c0, %step {at = "write0"} : tensor<?x32xf32>, tensor<?x32xf32>, <1 x 32>
  %t0 = quern.attention %rq0, %c0, %step {at = "attention0", scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x32xf32>
  %w_o0 = quern.get @blk.0.attn_output : !quern.weight<32 x 32, "q8_0">
  %o0 = quern.linear %t0, %w_o0 {at = "o0"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %y0 = quern.add %o0, %x0 {at = "add0"} : tensor<?x32xf32>
  %w_gate0 = quern.get @blk.0.ffn_gate : !quern.weight<32 x 32, "q8_0">
  %g0 = quern.linear %y0, %w_gate0 {at = "gate0"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %w_up0 = quern.get @blk.0.ffn_up : !quern.weight<32 x 32, "q8_0">
  %u0 = quern.linear %y0, %w_up0 {at = "up0"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %h0 = quern.glu silu %g0, %u0 {at = "glu0"} : tensor<?x32xf32>
  %w_down0 = quern.get @blk.0.ffn_down : !quern.weight<32 x 32, "q8_0">
  %d0 = quern.linear %h0, %w_down0 {at = "down0"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %x1 = quern.add %d0, %y0 {at = "sum0"} : tensor<?x32xf32>
  %n1 = quern.get @blk.1.attn_norm : !quern.weight<1 x 32, "f32">
  %a1 = quern.rms_norm %x1, %n1 {at = "norm1", epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !quern.weight<1 x 32, "f32">) -> tensor<?x32xf32>
  %w_q1 = quern.get @blk.1.attn_q : !quern.weight<32 x 32, "q8_0">
  %q1 = quern.linear %a1, %w_q1 {at = "q1"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %w_k1 = quern.get @blk.1.attn_k : !quern.weight<32 x 32, "q8_0">
  %k1 = quern.linear %a1, %w_k1 {at = "k1"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %w_v1 = quern.get @blk.1.attn_v : !quern.weight<32 x 32, "q8_0">
  %v1 = quern.linear %a1, %w_v1 {at = "v1"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %rq1 = quern.rope %q1, %step {at = "rope_q1", base = 1.0e4 : f64, dims = 32 : i64, size = 32 : i64} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  %rk1 = quern.rope %k1, %step {at = "rope_k1", base = 1.0e4 : f64, dims = 32 : i64, size = 32 : i64} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  %c1 = quern.get @blk.1.kv : !quern.kv<1 x 32>
  quern.kv_write %rk1, %v1, %c1, %step {at = "write1"} : tensor<?x32xf32>, tensor<?x32xf32>, <1 x 32>
  %t1 = quern.attention %rq1, %c1, %step {at = "attention1", scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x32xf32>
  %w_o1 = quern.get @blk.1.attn_output : !quern.weight<32 x 32, "q8_0">
  %o1 = quern.linear %t1, %w_o1 {at = "o1"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %y1 = quern.add %o1, %x1 {at = "add1"} : tensor<?x32xf32>
  %w_gate1 = quern.get @blk.1.ffn_gate : !quern.weight<32 x 32, "q8_0">
  %g1 = quern.linear %y1, %w_gate1 {at = "gate1"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %w_up1 = quern.get @blk.1.ffn_up : !quern.weight<32 x 32, "q8_0">
  %u1 = quern.linear %y1, %w_up1 {at = "up1"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %h1 = quern.glu silu %g1, %u1 {at = "glu1"} : tensor<?x32xf32>
  %w_down1 = quern.get @blk.1.ffn_down : !quern.weight<32 x 32, "q8_0">
  %d1 = quern.linear %h1, %w_down1 {at = "down1"} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %x2 = quern.add %d1, %y1 {at = "sum1"} : tensor<?x32xf32>
  %s = quern.select_rows %x2, %rows {at = "select"} : tensor<?x32xf32>, tensor<?xi32>
  %n = quern.get @output_norm : !quern.weight<1 x 32, "f32">
  %z = quern.rms_norm %s, %n {at = "norm", epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !quern.weight<1 x 32, "f32">) -> tensor<?x32xf32>
  %l = quern.linear %z, %e {at = "output"} : (tensor<?x32xf32>, !quern.weight<64 x 32, "q8_0">) -> tensor<?x64xf32>
  %m = quern.softcap %l at 30.0 {at = "cap"} : tensor<?x64xf32>
  return %m : tensor<?x64xf32>
}
