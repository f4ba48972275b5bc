// Gates of another shape and unknown activations are refused.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @glu_unlike(%g: tensor<?x1536xf32>, %u: tensor<?x576xf32>) {
  // expected-error @below {{requires the same type for all operands and results}}
  %y = "quern.glu"(%g, %u) <{activation = #quern<activation silu>}> : (tensor<?x1536xf32>, tensor<?x576xf32>) -> tensor<?x1536xf32>
  return
}

// -----

func.func @glu_activation(%g: tensor<?x1536xf32>) {
  // expected-error @below {{unknown activation 'relu'}}
  %y = quern.glu relu %g, %g : tensor<?x1536xf32>
  return
}
