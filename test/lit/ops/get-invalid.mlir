// What is got must be there, be a value, and have the type.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @get_c1_missing() {
  // expected-error @below {{requires a weight, constant or KV cache called 'w'}}
  %0 = quern.get @w : tensor<2xf32>
  return
}

// -----

func.func private @w()
func.func @get_c1_function() {
  // expected-error @below {{requires a weight, constant or KV cache called 'w'}}
  %0 = quern.get @w : tensor<2xf32>
  return
}

// -----

quern.weight @w : !quern.weight<576 x 576, "q4_1">
func.func @get_c2_weight() {
  // expected-error @below {{requires a result of type '!quern.weight<576 x 576, "q4_1">'}}
  %0 = quern.get @w : !quern.weight<576 x 576, "q8_0">
  return
}

// -----

quern.constant @c = dense<0.0> : tensor<4x2xf32>
func.func @get_c2_constant() {
  // expected-error @below {{requires a result of type 'tensor<4x2xf32>'}}
  %0 = quern.get @c : tensor<2x4xf32>
  return
}

// -----

quern.kv_cache @kv : !quern.kv<3 x 64>
func.func @get_c2_cache() {
  // expected-error @below {{requires a result of type '!quern.kv<3 x 64}}
  %0 = quern.get @kv : !quern.kv<3 x 64, window = 512>
  return
}
