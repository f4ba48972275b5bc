// Norms by weights, types and epsilons that do not fit.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @rms_norm_c1_length(%x: tensor<?x576xf32>, %w: tensor<100xf32>) {
  // expected-error @below {{requires a vector whose length divides the row as weight}}
  %0 = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x576xf32>, tensor<100xf32>) -> tensor<?x576xf32>
  return
}

// -----

func.func @rms_norm_c1_matrix(%x: tensor<?x576xf32>, %w: !quern.weight<2 x 576, "f32">) {
  // expected-error @below {{requires a vector whose length divides the row as weight}}
  %0 = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x576xf32>, !quern.weight<2 x 576, "f32">) -> tensor<?x576xf32>
  return
}

// -----

func.func @rms_norm_c1_empty(%x: tensor<?x576xf32>, %w: tensor<0xf32>) {
  // expected-error @below {{requires a vector whose length divides the row as weight}}
  %0 = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x576xf32>, tensor<0xf32>) -> tensor<?x576xf32>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<?x576xf32>, %w: tensor<576xf32>) {
  // expected-error @below {{requires a result of the operand's type}}
  %0 = quern.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x576xf32>, tensor<576xf32>) -> tensor<?x192xf32>
  return
}

// -----

func.func @rms_norm_c3(%x: tensor<?x576xf32>, %w: tensor<576xf32>) {
  // expected-error @below {{requires a positive epsilon}}
  %0 = quern.rms_norm %x, %w {epsilon = 0.0 : f32} : (tensor<?x576xf32>, tensor<576xf32>) -> tensor<?x576xf32>
  return
}
