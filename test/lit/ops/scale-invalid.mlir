// The result has the operand's type; the factor is an f32.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @scale_unlike(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires the same type for all operands and results}}
  %y = "quern.scale"(%x) <{factor = 2.0 : f32}> : (tensor<?x576xf32>) -> tensor<?x192xf32>
  return
}

// -----

func.func @scale_f64(%x: tensor<?x576xf32>) {
  // expected-error @below {{attribute 'factor' failed to satisfy constraint: 32-bit float attribute}}
  %y = "quern.scale"(%x) <{factor = 2.0 : f64}> : (tensor<?x576xf32>) -> tensor<?x576xf32>
  return
}
