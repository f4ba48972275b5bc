// Only activations in f32 are copied, from another device, and a device is a number.
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

func.func @nobody_made_it(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires what a stage or launch of another device has made}}
  %y = quern.copy "x" rows step %x : tensor<?x576xf32>
  return
}

// -----

func.func @same_device(%x: tensor<?x576xf32>) {
  %a = quern.stage "a" rows step (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) attributes {quern.device = 1 : i32} {
  ^bb0(%p: tensor<?x576xf32>):
    quern.yield %p : tensor<?x576xf32>
  }
  // expected-error @below {{requires what a stage or launch of another device has made}}
  %y = quern.copy "a" rows step %a {quern.device = 1 : i32} : tensor<?x576xf32>
  return
}

// -----

func.func @copy_of_a_copy(%x: tensor<?x576xf32>) {
  %a = quern.stage "a" rows step (%x : tensor<?x576xf32>) -> (tensor<?x576xf32>) {
  ^bb0(%p: tensor<?x576xf32>):
    quern.yield %p : tensor<?x576xf32>
  }
  %b = quern.copy "a" rows step %a {quern.device = 1 : i32} : tensor<?x576xf32>
  // expected-error @below {{requires what a stage or launch of another device has made}}
  %c = quern.copy "a" rows step %b {quern.device = 2 : i32} : tensor<?x576xf32>
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
