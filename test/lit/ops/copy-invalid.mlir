// Only activations in f32 are copied, and a device is a number.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @converted(%x: !quern.rows<576, i16>) {
  // expected-error @below {{operand #0 must be}}
  %y = "quern.copy"(%x) <{name = "x", rows = #quern<rows_of step>}> : (!quern.rows<576, i16>) -> !quern.rows<576, i16>
  return
}

// -----

func.func @unlike(%x: tensor<?x576xf32>) {
  // expected-error @below {{failed to verify that all of {input, result} have same type}}
  %y = "quern.copy"(%x) <{name = "x", rows = #quern<rows_of step>}> : (tensor<?x576xf32>) -> tensor<?x192xf32>
  return
}

// -----

func.func @device_zero(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires a positive integer for quern.device; device 0 is where there is none}}
  %y = quern.scale %x by 2.0 {quern.device = 0 : i32} : tensor<?x576xf32>
  return
}

// -----

func.func @device_name(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires a positive integer for quern.device}}
  %y = quern.scale %x by 2.0 {quern.device = "cpu"} : tensor<?x576xf32>
  return
}
