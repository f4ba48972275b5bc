// A weight that no kernel can stream is an error at the weight.
// RUN: quern-opt %s --quern-pack-weights --split-input-file --verify-diagnostics

// expected-error @below {{requires a format with kernels; 'gptq' can only be decoded}}
quern.weight @w : !quern.weight<32 x 32, "gptq">
func.func @linear(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %w = quern.get @w : !quern.weight<32 x 32, "gptq">
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.weight<32 x 32, "gptq">) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

// expected-error @below {{requires a known format; 'unheard-of' is none}}
quern.weight @w : !quern.weight<32 x 32, "unheard-of">
func.func @embed(%x: tensor<?xi32>) -> tensor<?x32xf32> {
  %w = quern.get @w : !quern.weight<32 x 32, "unheard-of">
  %0 = quern.embed %x, %w : (tensor<?xi32>, !quern.weight<32 x 32, "unheard-of">) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

// expected-error @below {{requires a vector where nothing multiplies with it}}
quern.weight @w : !quern.weight<32 x 32, "q4_1">

// -----

// A vector is decoded, too.
// expected-error @below {{requires a known format; 'unheard-of' is none}}
quern.weight @w : !quern.weight<1 x 32, "unheard-of">

// -----

// expected-error @below {{requires readers that all multiply with it, or none that does}}
quern.weight @w : !quern.weight<1 x 32, "f32">
func.func @both(%x: tensor<?x32xf32>) -> tensor<?x1xf32> {
  %w = quern.get @w : !quern.weight<1 x 32, "f32">
  %0 = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !quern.weight<1 x 32, "f32">) -> tensor<?x32xf32>
  %1 = quern.linear %0, %w : (tensor<?x32xf32>, !quern.weight<1 x 32, "f32">) -> tensor<?x1xf32>
  return %1 : tensor<?x1xf32>
}
