// Passes that decide for a target leave other devices' ops alone, and nothing is
// shared between devices but the arena's addresses.
// RUN: quern-opt %s --quern-choose-arithmetic="device=0 wide-prompt=f32 wide-generated=f32" --quern-choose-arithmetic="device=1" | FileCheck %s --check-prefix=NUMBERS
// RUN: quern-opt %s --quern-choose-arithmetic --quern-pack-weights="device=0 order=lanes" --quern-pack-weights="device=1" | FileCheck %s --check-prefix=PACKED
// RUN: quern-opt %s --quern-choose-arithmetic="device=0 wide-prompt=f32 wide-generated=f32" --quern-choose-arithmetic="device=1" --quern-pack-weights --quern-split-roles | FileCheck %s --check-prefix=SPLIT
// RUN: quern-opt %s --quern-choose-arithmetic="wide-prompt=f32 wide-generated=f32" --quern-pack-weights --quern-split-roles --quern-form-stages="device=0 epilogue=false" --quern-form-stages="device=1" | FileCheck %s --check-prefix=STAGES
// RUN: quern-opt %s --quern-choose-arithmetic="wide-prompt=f32 wide-generated=f32" --quern-pack-weights --quern-split-roles --quern-form-stages="device=0" --quern-form-stages="device=1" --quern-copy-at-seams --quern-outline-kernels --quern-plan-memory="context=64 max-batch=2 chunk=16" | FileCheck %s --check-prefix=PLAN

// PACKED: @a : !quern.panels<32 x 32, <codes = 8, {{.*}}> {quern.device = 1 : i32}
// PACKED: @b : !quern.panels<32 x 32, <lanes = true,codes = 8,
quern.weight @a : !quern.weight<32 x 32, "q8_0"> {quern.device = 1 : i32}
quern.weight @b : !quern.weight<32 x 32, "q8_0">

// NUMBERS: quern.linear {{.*}} {arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>, quern.device = 1 : i32}
// NUMBERS: quern.linear {{.*}} {arithmetic = #quern.arithmetic<prompt = f32, generated = f32>}

// A conversion is the reader's, wherever its operand was made.
// SPLIT-LABEL: func.func @prompt
// SPLIT: quern.convert {{.*}} {quern.device = 1 : i32}
// SPLIT-NOT: quern.convert
// SPLIT-LABEL: func.func @generated

// STAGES-LABEL: func.func @prompt
// STAGES: quern.stage {{.*}} attributes {quern.device = 1 : i32}
// STAGES: quern.linear %{{[^{]*}} : (
// STAGES-NEXT: quern.add
// STAGES-NEXT: quern.yield
// STAGES: quern.stage
// STAGES: quern.linear
// STAGES-NEXT: quern.yield
// STAGES: quern.stage
// STAGES: quern.add
// STAGES: rows logits

// The bodies are equal; the devices are not.
// PLAN: front_bytes = [[#FRONT:]]
// PLAN: quern.kernel @prompt.linear.0 {{.*}} {quern.device = 1 : i32}
// PLAN: quern.kernel @prompt.linear.1 role prompt rows step {
// PLAN: func.func @prompt
// What is copied lies in the front, and nothing else of the launches does.
// PLAN: quern.launch @prompt.embed.0 {{.*}}offsets = array<i64: [[#FRONT]]>, quern.device = 1
// PLAN: %[[A:.*]] = quern.launch @prompt.linear.0 {{.*}}offsets = array<i64: [[#FRONT-4096]]>, quern.device = 1
// PLAN: %[[C:.*]] = quern.copy {{.*}} %[[A]]
// Whoever begins on another device begins with a barrier.
// PLAN: quern.launch @prompt.linear.1 {{.*}}(%[[C]], {{.*}}) -> {{.*}} {barrier, offsets
// PLAN: func.func @generated
func.func @forward(%x: tensor<?xi32>, %step: !quern.step, %rows: tensor<?xi32>) -> tensor<?x32xf32> {
  %b = quern.get @b : !quern.weight<32 x 32, "q8_0">
  %a = quern.get @a : !quern.weight<32 x 32, "q8_0">
  %0 = quern.embed %x, %a {quern.device = 1 : i32} : (tensor<?xi32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %1 = quern.linear %0, %a {quern.device = 1 : i32} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %2 = quern.add %1, %0 {quern.device = 1 : i32} : tensor<?x32xf32>
  %3 = quern.linear %2, %b : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %4 = quern.add %3, %2 : tensor<?x32xf32>
  %5 = quern.select_rows %4, %rows : tensor<?x32xf32>, tensor<?xi32>
  return %5 : tensor<?x32xf32>
}
