// The numbers of activations follow from the weight's format and from what the
// target wants, never from a number of rows.
// RUN: quern-opt %s --quern-choose-arithmetic | FileCheck %s
// RUN: quern-opt %s --quern-choose-arithmetic="codes-prompt=f32 codes-generated=bf16 floats-prompt=f32 floats-generated=bf16" | FileCheck %s --check-prefix=OTHER
// RUN: quern-opt %s --quern-choose-arithmetic="codes-prompt=i8 codes-generated=i8 wide-prompt=i16_words" | FileCheck %s --check-prefix=WIDE
// RUN: quern-opt %s --quern-choose-arithmetic --quern-choose-arithmetic | FileCheck %s

// CHECK-LABEL: func.func @codes
// CHECK: quern.linear {{.*}} {arithmetic = #quern.arithmetic<prompt = bf16, generated = i16>} : {{.*}}"q4_1"
// OTHER: quern.linear {{.*}} {arithmetic = #quern.arithmetic<prompt = f32, generated = bf16>} : {{.*}}"q4_1"
func.func @codes(%x: tensor<?x32xf32>, %w: !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32> {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// Codes above 127 are a choice of their own, be they of many bits or from a table.
// CHECK-LABEL: func.func @wide_codes
// CHECK-COUNT-2: arithmetic<prompt = bf16, generated = i16>
// WIDE-LABEL: func.func @codes
// WIDE: arithmetic<prompt = i8, generated = i8>
// WIDE-LABEL: func.func @wide_codes
// WIDE-COUNT-2: arithmetic<prompt = i16_words, generated = i16>
func.func @wide_codes(%x: tensor<?x32xf32>, %w: !quern.weight<32 x 32, "q8_0">, %v: !quern.weight<32 x 32, "iq4_nl">) -> tensor<?x32xf32> {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.weight<32 x 32, "q8_0">) -> tensor<?x32xf32>
  %1 = quern.linear %0, %v : (tensor<?x32xf32>, !quern.weight<32 x 32, "iq4_nl">) -> tensor<?x32xf32>
  return %1 : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @floats
// CHECK: quern.linear {{.*}} {arithmetic = #quern.arithmetic<prompt = bf16, generated = f32>} : {{.*}}"f16"
// OTHER: quern.linear {{.*}} {arithmetic = #quern.arithmetic<prompt = f32, generated = bf16>} : {{.*}}"f16"
func.func @floats(%x: tensor<?x32xf32>, %w: !quern.weight<32 x 32, "f16">) -> tensor<?x32xf32> {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.weight<32 x 32, "f16">) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// A decision that was made before stays.
// CHECK-LABEL: func.func @decided
// CHECK: quern.linear {{.*}} {arithmetic = #quern.arithmetic<prompt = f32, generated = f32>}
func.func @decided(%x: tensor<?x32xf32>, %w: !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32> {
  %0 = quern.linear %x, %w {arithmetic = #quern.arithmetic<prompt = f32, generated = f32>} : (tensor<?x32xf32>, !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// The packing pass says what is wrong with a format that has no kernels.
// CHECK-LABEL: func.func @without_kernels
// CHECK-NOT: arithmetic
// CHECK: return
func.func @without_kernels(%x: tensor<?x32xf32>, %w: !quern.weight<32 x 32, "gptq">, %v: !quern.weight<32 x 32, "unheard-of">) {
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.weight<32 x 32, "gptq">) -> tensor<?x32xf32>
  %1 = quern.linear %x, %v : (tensor<?x32xf32>, !quern.weight<32 x 32, "unheard-of">) -> tensor<?x32xf32>
  return
}
