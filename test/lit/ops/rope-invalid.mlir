// Rotations of heads that are not there.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @rope_c1_odd(%x: tensor<?x576xf32>, %s: !quern.step) {
  // expected-error @below {{requires an even number of dims, at most size}}
  %0 = quern.rope %x, %s {base = 1.0e4, dims = 63, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  return
}

// -----

func.func @rope_c1_more(%x: tensor<?x576xf32>, %s: !quern.step) {
  // expected-error @below {{requires an even number of dims, at most size}}
  %0 = quern.rope %x, %s {base = 1.0e4, dims = 128, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  return
}

// -----

func.func @rope_c1_none(%x: tensor<?x576xf32>, %s: !quern.step) {
  // expected-error @below {{requires an even number of dims, at most size}}
  %0 = quern.rope %x, %s {base = 1.0e4, dims = 0, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  return
}

// -----

func.func @rope_c2(%x: tensor<?x576xf32>, %s: !quern.step) {
  // expected-error @below {{requires a size that divides the columns}}
  %0 = quern.rope %x, %s {base = 1.0e4, dims = 64, size = 128} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  return
}

// -----

func.func @rope_c3(%x: tensor<?x576xf32>, %s: !quern.step) {
  // expected-error @below {{requires a positive base}}
  %0 = quern.rope %x, %s {base = 0.0, dims = 64, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  return
}

// -----

func.func @rope_c4(%x: tensor<?x576xf32>, %s: !quern.step) {
  // expected-error @below {{requires a result of the operand's type}}
  %0 = quern.rope %x, %s {base = 1.0e4, dims = 64, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x192xf32>
  return
}

// -----

func.func @rope_c3_none(%x: tensor<?x576xf32>, %s: !quern.step) {
  // expected-error @below {{requires a base or a table}}
  %0 = quern.rope %x, %s {dims = 64, size = 64} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  return
}

// -----

func.func @rope_c5(%x: tensor<?x576xf32>, %s: !quern.step) {
  // expected-error @below {{requires a factor for each pair of dims}}
  %0 = quern.rope %x, %s {base = 1.0e4, dims = 64, size = 64, factors = array<f64: 1.0, 2.0>} : (tensor<?x576xf32>, !quern.step) -> tensor<?x576xf32>
  return
}

// -----

func.func @rope_c6_columns(%x: tensor<?x576xf32>, %s: !quern.step, %t: tensor<66x32xf32>) {
  // expected-error @below {{requires a table of dims columns and more than 64 rows}}
  %0 = quern.rope %x, %s table %t {dims = 64, size = 64} : (tensor<?x576xf32>, !quern.step, tensor<66x32xf32>) -> tensor<?x576xf32>
  return
}

// -----

func.func @rope_c6_rows(%x: tensor<?x576xf32>, %s: !quern.step, %t: tensor<64x64xf32>) {
  // expected-error @below {{requires a table of dims columns and more than 64 rows}}
  %0 = quern.rope %x, %s table %t {dims = 64, size = 64} : (tensor<?x576xf32>, !quern.step, tensor<64x64xf32>) -> tensor<?x576xf32>
  return
}
