// The last layers and the output are the first device's; an op is where what it is
// computed from is; a weight that both read exists twice.
// RUN: quern-opt %s --quern-place-ops="layers=0" | FileCheck %s --check-prefixes=CHECK,NONE
// RUN: quern-opt %s --quern-place-ops="layers=1" | FileCheck %s --check-prefixes=CHECK,ONE
// RUN: quern-opt %s --quern-place-ops="layers=2" | FileCheck %s --check-prefixes=CHECK,ALL
// RUN: not quern-opt %s --quern-place-ops="layers=3" 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: not quern-opt %s --quern-place-ops="layers=-1" 2>&1 | FileCheck %s --check-prefix=FEW
// MANY: error: requires 0 to 2 layers on the first device, not 3
// FEW: error: requires 0 to 2 layers on the first device, not -1

// NONE: quern.weight @token_embd : !quern.weight<64 x 32, "q8_0"> {quern.device = 1 : i32}
// NONE-NOT: token_embd_0
// ONE: quern.weight @token_embd : !quern.weight<64 x 32, "q8_0"> {quern.device = 1 : i32}
// ONE-NEXT: quern.weight @[[COPY:token_embd.*]] : !quern.weight<64 x 32, "q8_0"> from "token_embd"{{$}}
// ALL: quern.weight @token_embd : !quern.weight<64 x 32, "q8_0">{{$}}
// ALL-NEXT: quern.weight @blk.0.attn_q
quern.weight @token_embd : !quern.weight<64 x 32, "q8_0">
// NONE: quern.weight @blk.0.attn_q : {{.*}} {quern.device = 1 : i32}
// ONE: quern.weight @blk.0.attn_q : {{.*}} {quern.device = 1 : i32}
quern.weight @blk.0.attn_q : !quern.weight<32 x 32, "q8_0">
// NONE: quern.weight @blk.1.attn_q : {{.*}} {quern.device = 1 : i32}
// ONE: quern.weight @blk.1.attn_q : !quern.weight<32 x 32, "q8_0">{{$}}
quern.weight @blk.1.attn_q : !quern.weight<32 x 32, "q8_0">
quern.weight @output_norm : !quern.weight<1 x 32, "f32">
quern.kv_cache @blk.0.kv : !quern.kv<1 x 32>
quern.kv_cache @blk.1.kv : !quern.kv<1 x 32>

// CHECK-LABEL: func.func @forward
// CHECK-NOT: func.func
// NONE-COUNT-12: quern.device = 1 : i32
// NONE-NOT: quern.device
// ALL-NOT: quern.device
// ONE: %[[O:.*]] = quern.get @[[COPY]] :
// ONE: %[[E:.*]] = quern.embed {{.*}} {quern.device = 1 : i32}
// ONE: quern.linear %[[E]], {{.*}} {quern.device = 1 : i32}
// ONE: quern.rope {{.*}}quern.device = 1 : i32
// ONE: quern.kv_write {{.*}}quern.device = 1 : i32
// ONE: quern.attention {{.*}}quern.device = 1 : i32
// ONE: quern.add {{.*}}quern.device = 1 : i32
// ONE-NOT: quern.device
// ONE: quern.linear {{.*}}, %[[O]] :
// ONE: return
func.func @forward(%tokens: tensor<?xi32>, %step: !quern.step, %rows: tensor<?xi32>) -> tensor<?x64xf32> {
  %e = quern.get @token_embd : !quern.weight<64 x 32, "q8_0">
  %0 = quern.embed %tokens, %e : (tensor<?xi32>, !quern.weight<64 x 32, "q8_0">) -> tensor<?x32xf32>
  %w0 = quern.get @blk.0.attn_q : !quern.weight<32 x 32, "q8_0">
  %1 = quern.linear %0, %w0 : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %2 = quern.rope %1, %step {base = 1.0e4 : f64, dims = 32 : i64, size = 32 : i64} : (tensor<?x32xf32>, !quern.step) -> tensor<?x32xf32>
  %c0 = quern.get @blk.0.kv : !quern.kv<1 x 32>
  quern.kv_write %2, %1, %c0, %step : tensor<?x32xf32>, tensor<?x32xf32>, <1 x 32>
  %3 = quern.attention %2, %c0, %step {scale = 1.0 : f32} : (tensor<?x32xf32>, !quern.kv<1 x 32>, !quern.step) -> tensor<?x32xf32>
  %4 = quern.add %3, %0 : tensor<?x32xf32>
  %w1 = quern.get @blk.1.attn_q : !quern.weight<32 x 32, "q8_0">
  %5 = quern.linear %4, %w1 : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %c1 = quern.get @blk.1.kv : !quern.kv<1 x 32>
  quern.kv_write %5, %5, %c1, %step : tensor<?x32xf32>, tensor<?x32xf32>, <1 x 32>
  %6 = quern.add %5, %4 : tensor<?x32xf32>
  %7 = quern.select_rows %6, %rows : tensor<?x32xf32>, tensor<?xi32>
  %n = quern.get @output_norm : !quern.weight<1 x 32, "f32">
  %8 = quern.rms_norm %7, %n {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !quern.weight<1 x 32, "f32">) -> tensor<?x32xf32>
  %9 = quern.linear %8, %e : (tensor<?x32xf32>, !quern.weight<64 x 32, "q8_0">) -> tensor<?x64xf32>
  return %9 : tensor<?x64xf32>
}
