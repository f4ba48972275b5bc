// Sums of unlike or non-f32 activations are refused.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @add_unlike(%x: tensor<?x576xf32>, %r: tensor<?x192xf32>) {
  // expected-error @below {{requires the same type for all operands and results}}
  %y = "quern.add"(%x, %r) : (tensor<?x576xf32>, tensor<?x192xf32>) -> tensor<?x576xf32>
  return
}

// -----

func.func @add_f16(%x: tensor<?x576xf16>) {
  // expected-error @below {{operand #0 must be rows of f32 activations}}
  %y = quern.add %x, %x : tensor<?x576xf16>
  return
}
